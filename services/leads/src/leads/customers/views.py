"""What leads answers about reaching contacts."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from chassis.aggregates import Loaded
from events.catalogue.contacts import Channel, Consent, ContactState, DoNotContact, Purpose
from leads.customers.consent import Why


class ConsentView(BaseModel):
    """The newest decision about one way and purpose."""

    channel: Channel
    purpose: Purpose
    given: bool
    at: datetime
    source: str
    text: str | None

    @classmethod
    def of(cls, key: str, said: Consent) -> "ConsentView":
        """``key`` as a contact's state has it: ``<channel>:<purpose>``."""
        channel, _, purpose = key.partition(":")
        return cls(channel=Channel(channel), purpose=Purpose(purpose), **dict(said))


class DoNotContactView(BaseModel):
    """Since when and why a contact is not to be reached."""

    at: datetime
    source: str
    reason: str | None

    @classmethod
    def of(cls, barred: DoNotContact | None) -> "DoNotContactView | None":
        return None if barred is None else cls(**dict(barred))


class ReachView(BaseModel):
    """What a contact decided about being reached. What is not here was never decided, which is no consent."""

    contact: UUID
    version: int
    consents: list[ConsentView]
    do_not_contact: DoNotContactView | None

    @classmethod
    def of(cls, loaded: Loaded[ContactState]) -> "ReachView":
        contact = loaded.state
        return cls(
            contact=contact.id,
            version=loaded.version,
            consents=[ConsentView.of(key, said) for key, said in sorted(contact.consents.items())],
            do_not_contact=DoNotContactView.of(contact.do_not_contact),
        )


class MayContactView(BaseModel):
    """Whether a contact may be reached, and if not, why."""

    allowed: bool
    reason: Why | None


class OptOutLinkView(BaseModel):
    """Where a contact opts out: POST to it; GET says what it is about."""

    path: str
    channel: Channel
    purpose: Purpose


class OptOutView(BaseModel):
    """What a link withdraws, and whether it is withdrawn."""

    channel: Channel
    purpose: Purpose
    opted_out: bool
