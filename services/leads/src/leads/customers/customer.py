"""An account: a company that buys or may buy. The company owns the record, a person holds it. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists, Kind, Refusal
from events.catalogue.custody import BuyingRole, Custody, Stakeholder
from events.catalogue.customers import CustomerGivenUp, CustomerRolesChanged, CustomerTakenOver
from events.catalogue.leads import CustomerChanged, CustomerEvent, CustomerOpened, CustomerState, Owner
from leads.activities.following_up import FollowUpCommand, PauseFollowUp, PlanFollowUp, follow_up_columns, on_customer
from leads.custom.values import NO_VALUES, CustomValues
from leads.customers.custody import handed

STAKEHOLDERS_MOST = 100
"""More would make every event of the account heavy."""


class HierarchyLoop(Refusal):
    """This would put the account above itself."""

    slug = "hierarchy-loop"
    kind = Kind.INVALID


class AccountIsHeld(Refusal):
    """Somebody else holds the account."""

    slug = "account-is-held"


class TooManyStakeholders(Refusal):
    """The account has as many contacts with a part in buying as it can."""

    slug = "too-many-stakeholders"


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
    """Change the fields named; ``line`` is the new parent and all above it. Another owner takes the account over."""

    changes: Mapping[str, Any]
    line: tuple[UUID, ...] = ()
    custom: CustomValues = NO_VALUES


@dataclass(frozen=True, kw_only=True)
class TakeOver(Command):
    """A person holds the account; ``only_free`` does not take it from another."""

    to: Owner
    only_free: bool = False


@dataclass(frozen=True, kw_only=True)
class GiveUp(Command):
    """Nobody holds the account any more."""


@dataclass(frozen=True, kw_only=True)
class SetBuyingRoles(Command):
    """What part a contact has in what the account buys; no role, no part."""

    contact_id: UUID
    roles: tuple[BuyingRole, ...]


CustomerCommand = OpenCustomer | ChangeCustomer | TakeOver | GiveUp | SetBuyingRoles | FollowUpCommand


def decide(command: CustomerCommand, customer: CustomerState | None) -> Iterator[CustomerEvent]:
    match command, customer:
        case OpenCustomer(), None:
            yield CustomerOpened(customer=_opened(command))
        case OpenCustomer(), CustomerState():
            raise AlreadyExists(id=str(customer.id))
        case ChangeCustomer(), CustomerState():
            yield from _change(command, customer)
        case TakeOver(), CustomerState():
            yield from _take_over(command, customer)
        case GiveUp(), CustomerState():
            yield from _hand(customer, None, command)
        case SetBuyingRoles(), CustomerState():
            yield from _set_roles(command, customer)
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
        custody=_first_custody(command),
    )


def _first_custody(command: OpenCustomer) -> tuple[Custody, ...]:
    if command.owner is None:
        return ()
    return (Custody(owner=command.owner, from_at=command.moment.at, from_on=command.moment.on),)


def _change(command: ChangeCustomer, customer: CustomerState) -> Iterator[CustomerEvent]:
    if customer.id in command.line:
        raise HierarchyLoop(pointer="/parent")
    changes = dict(command.changes)
    owner = changes.pop("owner", customer.owner)
    changed = customer.model_copy(update={**changes, **command.custom.onto(customer)})
    if changed != customer:
        yield CustomerChanged(customer=changed)
    yield from _hand(changed, owner, command)


def _take_over(command: TakeOver, customer: CustomerState) -> Iterator[CustomerEvent]:
    if command.only_free and customer.owner is not None and customer.owner.person != command.to.person:
        raise AccountIsHeld
    yield from _hand(customer, command.to, command)


def _hand(customer: CustomerState, owner: Owner | None, command: Command) -> Iterator[CustomerEvent]:
    before = customer.owner
    if owner == before:
        return
    after = handed(customer, owner, command.moment)
    if owner is not None:
        yield CustomerTakenOver(from_owner=before, to_owner=owner, customer=after)
    elif before is not None:
        yield CustomerGivenUp(from_owner=before, customer=after)


def _set_roles(command: SetBuyingRoles, customer: CustomerState) -> Iterator[CustomerEvent]:
    roles = tuple(role for role in BuyingRole if role in command.roles)
    known = {each.contact_id: each for each in customer.stakeholders}
    if (known[command.contact_id].roles if command.contact_id in known else ()) == roles:
        return
    known[command.contact_id] = Stakeholder(contact_id=command.contact_id, roles=roles)
    if not roles:
        del known[command.contact_id]
    if len(known) > STAKEHOLDERS_MOST:
        raise TooManyStakeholders(f"An account has at most {STAKEHOLDERS_MOST} of them.")
    after = customer.model_copy(update={"stakeholders": tuple(known.values())})
    yield CustomerRolesChanged(contact_id=command.contact_id, roles=roles, customer=after)


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
