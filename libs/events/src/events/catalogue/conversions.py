"""Events of conversions: how far a lead has come on its way to a deal, across the services that take part.

An accepted handoff starts a conversion. It waits for what deals answers, and ends for good when the deal is open, or
is undone when deals refuses it.
"""

from datetime import date
from enum import StrEnum
from uuid import UUID

from events.catalogue.leads import Owner
from events.event import UNSTAMPED, Event, Timestamp, Value
from events.topics import DEALS_REFUSAL, LEADS_CONVERSION


class ConversionStatus(StrEnum):
    """Where a conversion stands."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    UNDONE = "undone"


class ConversionState(Value):
    """A lead on its way to account, contact and deal."""

    id: UUID
    handoff_id: UUID
    lead_id: UUID
    deal_id: UUID
    account_id: UUID
    account_opened: bool = False
    """The account was opened for this; it stays the lead's when the conversion is undone, and the next one takes it."""
    contact_id: UUID | None = None
    """The lead's contact, which became one of the account."""
    offered_by: Owner
    offered_to: Owner
    source: str | None = None
    status: ConversionStatus = ConversionStatus.WAITING
    started_at: Timestamp
    """When the handoff was accepted."""
    started_on: date
    due_at: Timestamp
    """When deals should have answered, by the clock."""
    ended_at: Timestamp | None = None
    ended_on: date | None = None
    code: str | None = None
    """Why it was undone."""


class RefusalState(Value):
    """An accepted handoff that cannot become a deal, for good: no deal of it will ever be opened."""

    id: UUID
    handoff_id: UUID
    lead_id: UUID
    code: str
    """The name of the rule that forbids it, as in problem documents."""
    detail: str
    refused_at: Timestamp


class ConversionEvent(Event, topic=LEADS_CONVERSION):
    """Base of what happens to a conversion."""

    conversion: ConversionState = UNSTAMPED


class ConversionStarted(ConversionEvent, type="dealstream.conversion.started", version=1):
    """A handoff was accepted: the lead is converted, its account there, and the deal is to follow."""


class ConversionConfirmed(ConversionEvent, type="dealstream.conversion.confirmed", version=1):
    """The deal is open: the conversion is final."""


class ConversionUndone(ConversionEvent, type="dealstream.conversion.undone", version=1):
    """Deals refused the deal: the lead is qualified and open for another offer, as it was before the handoff."""

    code: str


class RefusalEvent(Event, topic=DEALS_REFUSAL):
    """Base of what happens to a refusal."""

    refusal: RefusalState = UNSTAMPED


class DealRefused(RefusalEvent, type="dealstream.refusal.made", version=1):
    """Deals will not open the deal that an accepted handoff calls for."""
