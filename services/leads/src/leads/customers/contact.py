"""A contact: a person at a prospect or customer. All personal data of the service is here and nowhere else. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists
from events.catalogue.contacts import ContactAdded, ContactChanged, ContactEvent, ContactState
from leads.custom.values import NO_VALUES, CustomValues
from leads.customers import consent
from leads.customers.consent import BarContact, ConsentCommand, RecordConsent, UnbarContact
from leads.duplicates.match_keys import (
    REVISION,
    MatchKeys,
    company_blocks,
    company_key,
    mail_key,
    person_key,
    phone_key,
    searchable,
    tax_code_key,
)


@dataclass(frozen=True, kw_only=True)
class AddContact(Command):
    """Add a contact."""

    creates: ClassVar[bool] = True
    contact: ContactState


@dataclass(frozen=True, kw_only=True)
class ChangeContact(Command):
    """Change the fields named; a national number is read as in the contact's country, else as at home."""

    changes: Mapping[str, Any]
    home: str | None = None
    """The country of the firm."""
    custom: CustomValues = NO_VALUES


@dataclass(frozen=True, kw_only=True)
class JoinAccount(Command):
    """The contact belongs to this account from now on, unless it belongs to one already."""

    account_id: UUID


ContactCommand = AddContact | ChangeContact | JoinAccount | ConsentCommand

_DIALLED = frozenset({"phone", "country"})
"""What says how the contact is called: nothing else that changes makes another number of it."""


def decide(command: ContactCommand, contact: ContactState | None) -> Iterator[ContactEvent]:
    match command, contact:
        case AddContact(), None:
            yield ContactAdded(contact=command.contact)
        case AddContact(), ContactState():
            raise AlreadyExists(id=str(contact.id))
        case ChangeContact(), ContactState():
            changed = contact.model_copy(update={**command.changes, **command.custom.onto(contact)})
            if command.changes.keys() & _DIALLED:
                dialled = phone_key(changed.phone, changed.country or command.home)
                changed = changed.model_copy(update={"phone_e164": dialled})
            if changed != contact:
                yield ContactChanged(contact=changed)
        case JoinAccount(), ContactState():
            if contact.account_id is None:
                yield ContactChanged(contact=contact.model_copy(update={"account_id": command.account_id}))
        case RecordConsent() | BarContact() | UnbarContact(), ContactState():
            yield from consent.decide(command, contact)


def apply(_contact: ContactState | None, event: ContactEvent) -> ContactState:
    """An event carries the state after it."""
    return event.contact


def keys_of(contact: ContactState) -> MatchKeys:
    """By what the contact is found again."""
    return MatchKeys(
        mail=mail_key(contact.email),
        phone=contact.phone_e164,
        tax_code=tax_code_key(contact.tax_code),
        person=person_key(contact.name),
        company=company_key(contact.company),
    )


def key_columns(keys: MatchKeys) -> Mapping[str, object]:
    """Where the keys are kept; names as PostgreSQL searches them."""
    return {
        "mail_key": keys.mail,
        "phone_key": keys.phone,
        "tax_code_key": keys.tax_code,
        "person_key": searchable(keys.person),
        "company_key": searchable(keys.company),
        "company_blocks": company_blocks(keys.company) or None,
        "keys_revision": REVISION,
    }


def _columns(contact: ContactState) -> Mapping[str, object]:
    return {
        "external_id": contact.external_id,
        "name": contact.name,
        "account_id": contact.account_id,
        "owner_id": contact.owner and contact.owner.person,
        "owner_team_id": contact.owner and contact.owner.team,
        **key_columns(keys_of(contact)),
    }


CONTACT = Aggregate(
    noun="contact",
    table="contact",
    state=ContactState,
    decide=decide,
    apply=apply,
    columns=_columns,
    history="contact_change",
)
