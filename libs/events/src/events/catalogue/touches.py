"""How prospects came in: the touches of a lead, and of the leads that it stands for."""

from datetime import date
from uuid import UUID

from pydantic import NonNegativeInt

from events.catalogue.owner import Owner
from events.catalogue.response_clock import ResponseClock
from events.event import Timestamp, Value


class Touch(Value):
    """A prospect that was a lead already came in once more."""

    at: Timestamp
    on: date
    external_id: str | None = None
    """What the caller calls this capture; the same one, sent again, is no further touch."""
    source: str | None = None
    campaign: str | None = None
    medium: str | None = None
    from_lead: UUID | None = None
    """Where leads were merged: the one whose capture or touch it was, this lead's own capture included."""


class Origin(Value):
    """How a lead came in and was answered, by which it counts: of leads that are merged the earliest of each."""

    created_at: Timestamp
    created_on: date
    external_id: str | None = None
    source: str | None = None
    campaign: str | None = None
    medium: str | None = None
    first_owner: Owner | None = None
    first_held_at: Timestamp | None = None
    first_contact_at: Timestamp | None = None
    first_contact_on: date | None = None
    first_talk_at: Timestamp | None = None
    first_talk_on: date | None = None
    working_seconds_to_contact: NonNegativeInt | None = None
    response: ResponseClock | None = None


class Merged(Value):
    """A lead of the same prospect that was merged into this one."""

    lead_id: UUID
    at: Timestamp
    origin: Origin
    filled: tuple[str, ...] = ()
    """The fields that this lead lacked and has from the other."""
