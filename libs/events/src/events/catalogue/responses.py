"""Events of first responses: whether a person of ours turned to the prospect before the deadline."""

from enum import StrEnum
from uuid import UUID

from events.catalogue.leads import LeadEvent, LeadState, LeadStatus
from events.catalogue.qualification import is_junk


class ResponseStatus(StrEnum):
    """How the first response to a lead stands."""

    RUNNING = "running"
    OVERDUE = "overdue"
    """The deadline has passed, and nobody has turned to the prospect yet."""
    LATE = "late"
    """Somebody did, after the deadline."""
    MET = "met"
    EXCUSED = "excused"
    """Nobody did, and the lead was let go because there never was a prospect."""


def response_status(lead: LeadState) -> ResponseStatus | None:
    """By the lead's state; None where the firm sets no limit, and where another lead stands for it."""
    clock, contact = lead.response, lead.first_contact_at
    if clock is None or lead.merged_into is not None:
        return None
    if contact is not None and contact <= clock.due_at:
        return ResponseStatus.MET
    if contact is None and lead.status is LeadStatus.DISQUALIFIED and is_junk(lead.disqualified_reason):
        return ResponseStatus.EXCUSED
    if not clock.breached:
        return ResponseStatus.RUNNING
    return ResponseStatus.OVERDUE if contact is None else ResponseStatus.LATE


class LeadResponseMet(LeadEvent, type="dealstream.lead.response_met", version=1):
    """A person of ours turned to the prospect before the deadline of the first response."""

    activity_id: UUID
    withdraws_breach: bool = False
    """It was written down so late that the breach had been told already, which is taken back."""


class LeadResponseBreached(LeadEvent, type="dealstream.lead.response_breached", version=1):
    """The deadline of the first response passed, and no person of ours had turned to the prospect."""
