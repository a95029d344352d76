"""A contact: a person at a prospect or customer. All personal data of the service is here and nowhere else. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists
from events.catalogue.leads import ContactAdded, ContactChanged, ContactEvent, ContactState


@dataclass(frozen=True, kw_only=True)
class AddContact(Command):
    """Add a contact."""

    creates: ClassVar[bool] = True
    contact: ContactState


@dataclass(frozen=True, kw_only=True)
class ChangeContact(Command):
    """Change the fields named."""

    changes: Mapping[str, Any]


ContactCommand = AddContact | ChangeContact


def decide(command: ContactCommand, contact: ContactState | None) -> Iterator[ContactEvent]:
    match command, contact:
        case AddContact(), None:
            yield ContactAdded(contact=command.contact)
        case AddContact(), ContactState():
            raise AlreadyExists(id=str(contact.id))
        case ChangeContact(), ContactState():
            changed = contact.model_copy(update=command.changes)
            if changed != contact:
                yield ContactChanged(contact=changed)


def apply(_contact: ContactState | None, event: ContactEvent) -> ContactState:
    """An event carries the state after it."""
    return event.contact


CONTACT = Aggregate(
    noun="contact",
    table="contact",
    state=ContactState,
    decide=decide,
    apply=apply,
    columns=lambda contact: {
        "external_id": contact.external_id,
        "name": contact.name,
        "account_id": contact.account_id,
        "owner_id": contact.owner and contact.owner.person,
        "owner_team_id": contact.owner and contact.owner.team,
    },
)
