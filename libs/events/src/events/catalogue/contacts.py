"""Events of contacts: all personal data that is published, on a topic whose records can be erased."""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from events.catalogue.leads import CustomValue, Owner
from events.event import UNSTAMPED, Event, Timestamp, Value
from events.topics import LEADS_CONTACT


class Channel(StrEnum):
    """A way to reach somebody."""

    MAIL = "mail"
    CALL = "call"
    MESSAGE = "message"
    VISIT = "visit"


class Purpose(StrEnum):
    """What somebody is reached for."""

    MARKETING = "marketing"
    """Advertising: only with consent; silence is none."""
    SALES = "sales"
    """Talking about business with a prospect or customer: until they opt out."""


class Consent(Value):
    """What somebody decided about being reached; a withdrawal is a decision as well."""

    given: bool
    at: Timestamp
    source: str
    """Where it was said: a form, a call, an opt-out link."""
    text: str | None = None
    """What was shown or read to the person."""


class DoNotContact(Value):
    """Somebody is not to be reached at all, in any way, for anything."""

    at: Timestamp
    source: str
    reason: str | None = None


class ContactState(Value):
    """A person at a prospect or customer: personal data, erased by a null record."""

    id: UUID
    external_id: str | None = None
    account_id: UUID | None = None
    name: str
    email: str | None = None
    phone: str | None = None
    phone_e164: str | None = None
    """The phone as it is dialled from anywhere; absent where it could not be read so."""
    country: str | None = None
    """In which the phone is dialled as it is written; absent where it is the firm's own, or was never said."""
    job_title: str | None = None
    company: str | None = None
    """The company as the prospect named it, which need not be an account."""
    tax_code: str | None = None
    owner: Owner | None = None
    """Who entered it; others see it through a lead or an account of theirs."""
    custom: Mapping[str, CustomValue] = {}
    """Fields that the firm defined for contacts, by their keys."""
    custom_revisions: Mapping[str, int] = {}
    consents: Mapping[str, Consent] = {}
    """The newest decision for each ``<channel>:<purpose>``; what is absent was never decided."""
    do_not_contact: DoNotContact | None = None


class ContactEvent(Event, topic=LEADS_CONTACT):
    """Base of what happens to a contact."""

    contact: ContactState = UNSTAMPED


class ContactAdded(ContactEvent, type="dealstream.contact.added", version=1):
    """A contact was added."""


class ContactChanged(ContactEvent, type="dealstream.contact.changed", version=1):
    """A contact's data changed."""


class ContactConsentChanged(ContactEvent, type="dealstream.contact.consent_changed", version=1):
    """A contact gave or withdrew consent to be reached in one way for one purpose."""

    channel: Channel
    purpose: Purpose
    consent: Consent


class ContactDoNotContactSet(ContactEvent, type="dealstream.contact.do_not_contact_set", version=1):
    """A contact is not to be reached any more."""


class ContactDoNotContactLifted(ContactEvent, type="dealstream.contact.do_not_contact_lifted", version=1):
    """A contact may be reached again, as far as consent goes."""
