"""An account: a company that buys or may buy. The company owns the record, a person holds it. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists, Kind, Refusal
from events.catalogue.leads import CustomerChanged, CustomerEvent, CustomerOpened, CustomerState, Owner
from leads.activities.following_up import FollowUpCommand, PauseFollowUp, PlanFollowUp, follow_up_columns, on_customer
from leads.custom.values import NO_VALUES, CustomValues


class HierarchyLoop(Refusal):
    """This would put the account above itself."""

    slug = "hierarchy-loop"
    kind = Kind.INVALID


@dataclass(frozen=True, kw_only=True)
class OpenCustomer(Command):
    """Open an account."""

    creates: ClassVar[bool] = True
    id: UUID
    external_id: str | None = None
    name: str
    sector: str | None = None
    country: str | None = None
    parent: UUID | None = None
    owner: Owner | None = None
    custom: CustomValues = NO_VALUES
    customer_class: str | None = None


@dataclass(frozen=True, kw_only=True)
class ChangeCustomer(Command):
    """Change the fields named; ``line`` is the new parent and all above it."""

    changes: Mapping[str, Any]
    line: tuple[UUID, ...] = ()
    custom: CustomValues = NO_VALUES


CustomerCommand = OpenCustomer | ChangeCustomer | FollowUpCommand


def decide(command: CustomerCommand, customer: CustomerState | None) -> Iterator[CustomerEvent]:
    match command, customer:
        case OpenCustomer(), None:
            yield CustomerOpened(customer=_opened(command))
        case OpenCustomer(), CustomerState():
            raise AlreadyExists(id=str(customer.id))
        case ChangeCustomer(), CustomerState():
            if customer.id in command.line:
                raise HierarchyLoop(pointer="/parent")
            changed = customer.model_copy(update={**command.changes, **command.custom.onto(customer)})
            if changed != customer:
                yield CustomerChanged(customer=changed)
        case ((PlanFollowUp() | PauseFollowUp()), CustomerState()):
            yield from on_customer(command, customer)


def _opened(command: OpenCustomer) -> CustomerState:
    return CustomerState(
        id=command.id,
        external_id=command.external_id,
        name=command.name,
        sector=command.sector,
        country=command.country,
        parent=command.parent,
        owner=command.owner,
        opened_on=command.moment.on,
        custom=command.custom.values,
        custom_revisions=command.custom.revisions,
        customer_class=command.customer_class,
    )


def apply(_customer: CustomerState | None, event: CustomerEvent) -> CustomerState:
    """An event carries the state after it."""
    return event.customer


CUSTOMER = Aggregate(
    noun="account",
    table="customer",
    state=CustomerState,
    decide=decide,
    apply=apply,
    columns=lambda customer: {
        "external_id": customer.external_id,
        "name": customer.name,
        "parent_id": customer.parent,
        "owner_id": customer.owner and customer.owner.person,
        "owner_team_id": customer.owner and customer.owner.team,
        "customer_class": customer.customer_class,
        **follow_up_columns(customer),
    },
    history="customer_change",
)
