"""May somebody be reached, in which way and for what? What contacts decided about it, and what follows. Pure.

Whoever is marked do-not-contact is reached in no way. Advertising needs a consent that was given and stands: silence is
none. A call about business is allowed until the person opts out of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from chassis.aggregates import Command
from chassis.refusals import Refusal
from events.catalogue.contacts import (
    Channel,
    Consent,
    ContactConsentChanged,
    ContactDoNotContactLifted,
    ContactDoNotContactSet,
    ContactEvent,
    ContactState,
    DoNotContact,
    Purpose,
)
from leads.duplicates.match_keys import MatchKeys, mail_key
from leads.sequence import refuse_earlier

NEEDS_CONSENT = frozenset({Purpose.MARKETING})
"""For these purposes silence forbids."""

Why = Literal["do-not-contact", "opted-out", "no-consent"]


class ContactForbidden(Refusal):
    """This contact must not be reached in this way for this purpose."""

    slug = "do-not-contact"


class NotBarred(Refusal):
    """The contact may be reached already."""

    slug = "not-barred"


def may_contact(contact: ContactState, channel: Channel, purpose: Purpose) -> bool:
    """Whether something may be sent to the contact, or a call or visit be planned."""
    return why_not(contact, channel, purpose) is None


def refuse_contact(
    contact: ContactState, channel: Channel, purpose: Purpose = Purpose.SALES, *, pointer: str | None = None
) -> None:
    """Refuses to plan or send what the contact may not get; ``pointer`` is the field that asks for it."""
    if (why := why_not(contact, channel, purpose)) is not None:
        raise ContactForbidden(pointer=pointer, reason=why, channel=channel.value, purpose=purpose.value)


def why_not(contact: ContactState, channel: Channel, purpose: Purpose) -> Why | None:
    """What forbids it; None where it is allowed."""
    if contact.do_not_contact is not None:
        return "do-not-contact"
    decided = contact.consents.get(consent_key(channel, purpose))
    if decided is not None and not decided.given:
        return "opted-out"
    return "no-consent" if decided is None and purpose in NEEDS_CONSENT else None


def consent_key(channel: Channel, purpose: Purpose) -> str:
    """Under which a contact's state has the newest decision."""
    return f"{channel.value}:{purpose.value}"


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody said about being reached."""

    channel: Channel
    purpose: Purpose
    given: bool
    source: str
    text: str | None = None

    def consent(self, command: Command) -> Consent:
        return Consent(given=self.given, at=command.moment.at, source=self.source, text=self.text)


@dataclass(frozen=True, kw_only=True)
class RecordConsent(Command):
    """The contact gave or withdrew consent."""

    statements: tuple[Statement, ...]
    said_by: MatchKeys | None = None
    """The mail and phone of whoever said it, where that need not be the contact; else it is the contact."""
    lifts: bool = True
    """Whether it may take back an opt-out: not where anybody may say so in the contact's name."""


@dataclass(frozen=True, kw_only=True)
class BarContact(Command):
    """The contact is not to be reached any more."""

    source: str
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class UnbarContact(Command):
    """The contact may be reached again."""


ConsentCommand = RecordConsent | BarContact | UnbarContact


def decide(command: ConsentCommand, contact: ContactState) -> Iterator[ContactEvent]:
    """What the contact's decision changes; the same one again changes nothing."""
    match command:
        case RecordConsent():
            yield from _recorded(command, contact)
        case BarContact():
            if contact.do_not_contact is None:
                barred = DoNotContact(at=command.moment.at, source=command.source, reason=command.reason)
                yield ContactDoNotContactSet(contact=contact.model_copy(update={"do_not_contact": barred}))
        case UnbarContact():
            if contact.do_not_contact is None:
                raise NotBarred
            refuse_earlier(command.moment.at, contact.do_not_contact.at)
            yield ContactDoNotContactLifted(contact=contact.model_copy(update={"do_not_contact": None}))


def _recorded(command: RecordConsent, contact: ContactState) -> Iterator[ContactEvent]:
    consents: Mapping[str, Consent] = contact.consents
    for statement in command.statements:
        key = consent_key(statement.channel, statement.purpose)
        standing = consents.get(key)
        if not _speaks_for(contact, command.said_by, statement.channel):
            continue
        if standing is not None and not standing.given and not command.lifts:
            continue
        if standing is not None and (standing.given, standing.text) == (statement.given, statement.text):
            continue
        if standing is not None and command.moment.at < standing.at:
            continue  # history that is loaded late does not undo what was decided since
        said = statement.consent(command)
        consents = {**consents, key: said}
        yield ContactConsentChanged(
            channel=statement.channel,
            purpose=statement.purpose,
            consent=said,
            contact=contact.model_copy(update={"consents": consents}),
        )


def _speaks_for(contact: ContactState, said_by: MatchKeys | None, channel: Channel) -> bool:
    """Nobody decides about the mailbox or the phone of another, though the rest tells that they are one prospect."""
    if said_by is None:
        return True
    same_mail = said_by.mail is not None and said_by.mail == mail_key(contact.email)
    same_phone = said_by.phone is not None and said_by.phone == contact.phone_e164
    match channel:
        case Channel.MAIL:
            return same_mail
        case Channel.CALL | Channel.MESSAGE:
            return same_phone
        case Channel.VISIT:
            return same_mail or same_phone
