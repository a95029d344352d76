"""Events of activities: calls, messages, meetings, visits, tasks and notes of sales people.

What was said, who was there and where a person stood is personal data and never here: titles and notes stay in the
service that took them, events carry kinds, codes, times, ids and flags.
"""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import NonNegativeInt

from events.catalogue.leads import Owner
from events.event import UNSTAMPED, Event, Timestamp, Value
from events.topics import LEADS_ACTIVITY


class ActivityKind(StrEnum):
    """What is done."""

    CALL = "call"
    MESSAGE = "message"
    MEETING = "meeting"
    VISIT = "visit"
    TASK = "task"
    NOTE = "note"


class ActivityStatus(StrEnum):
    """Where an activity stands. A meeting or visit that was held is done."""

    PLANNED = "planned"
    ASKED = "asked"
    AGREED = "agreed"
    DONE = "done"
    NO_SHOW = "no-show"
    CANCELLED = "cancelled"


class Direction(StrEnum):
    """Who turned to whom."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"


class VisitFlag(StrEnum):
    """What speaks against a visit."""

    OUTSIDE_RADIUS = "outside-radius"
    NO_SITE = "no-site"
    INACCURATE = "inaccurate-position"
    OFF_PLAN = "off-plan"
    TOO_SHORT = "too-short"
    NO_PHOTO = "no-photo"
    MOCK_POSITION = "mock-position"
    IMPOSSIBLE_TRAVEL = "impossible-travel"


class Move(Value):
    """A plan was given another time. On the planned day or later it is late: that day's plan came to nothing."""

    at: Timestamp
    on: date
    from_at: Timestamp
    from_on: date
    performer: Owner | None = None
    """Whose plan it was, with the team and region of then; absent where it was moved before that was kept."""


class ActivityState(Value):
    """Something that a person does for a prospect or customer. Days named ``*_on`` are days in the tenant's zone."""

    id: UUID
    external_id: str | None = None
    kind: ActivityKind
    status: ActivityStatus
    lead_id: UUID | None = None
    account_id: UUID | None = None
    contact_id: UUID | None = None
    customer_id: UUID | None = None
    """Whom it counts for: the account, else the lead, else the contact."""
    performer: Owner
    """Who does it, with the team and region of the day it was done on; until then, of the day it was planned."""
    planned_at: Timestamp | None = None
    planned_until: Timestamp | None = None
    planned_on: date | None = None
    done_at: Timestamp | None = None
    """When it was done, however late it was written down."""
    done_on: date | None = None
    recorded_on: date
    """The day on which it was planned, or done without a plan, however late that was written down."""
    entered_at: Timestamp
    """When it was written down: planned, or done without a plan."""
    completed_entry_at: Timestamp | None = None
    """When it was written down as done."""
    outcome: str | None = None
    """A code, no text."""
    direction: Direction | None = None
    two_way: bool = False
    """Both sides talked: an unanswered call or a message without reply is not a talk."""
    automatic: bool = False
    """A machine did it, as an automatic reply: no contact of a person."""
    first_of_day: bool = False
    """The first visit of this person to this customer on this day: customers visited count these."""
    asked_at: Timestamp | None = None
    """When the customer was asked for an appointment."""
    agreed_at: Timestamp | None = None
    """When the customer agreed to the appointment; absent after it was moved without their agreement."""
    agreed_on: date | None = None
    moves: tuple[Move, ...] = ()
    without_contact: str | None = None
    """A code: why a visit was made or planned though nobody had talked to the customer before."""
    series_id: UUID | None = None
    """What was planned together, to come again each week or month."""
    checked_in_at: Timestamp | None = None
    checked_out_at: Timestamp | None = None
    distance_metres: NonNegativeInt | None = None
    """From the customer's site at the check-in; absent where no site is known."""
    stay_seconds: NonNegativeInt | None = None
    has_photo: bool = False
    flags: tuple[VisitFlag, ...] = ()
    verified: bool = False
    """Checked in and out, and nothing speaks against it."""
    steps_done: tuple[str, ...] = ()
    """Codes of the standard steps of the account's class that were done."""
    steps_missed: tuple[str, ...] = ()
    """The required ones that were not."""
    closed_on: date | None = None
    """The day on which it was cancelled or nobody came."""
    reason: str | None = None
    """A code: why it was cancelled."""
    text_revision: NonNegativeInt = 0
    """Grows with each change of title or note, which are not here."""
    imported: bool = False


class ActivityEvent(Event, topic=LEADS_ACTIVITY):
    """Base of what happens to an activity."""

    activity: ActivityState = UNSTAMPED


class ActivityPlanned(ActivityEvent, type="dealstream.activity.planned", version=1):
    """Somebody means to do it at a time."""


class AppointmentAsked(ActivityEvent, type="dealstream.activity.asked", version=1):
    """The customer was asked for an appointment."""


class AppointmentAgreed(ActivityEvent, type="dealstream.activity.agreed", version=1):
    """The customer agreed to an appointment."""


class ActivityMoved(ActivityEvent, type="dealstream.activity.moved", version=1):
    """It has another time."""

    move: Move


class VisitCheckedIn(ActivityEvent, type="dealstream.activity.checked_in", version=1):
    """The performer says to be at the customer's site; where that is, is not told."""


class VisitCheckedOut(ActivityEvent, type="dealstream.activity.checked_out", version=1):
    """The performer left the customer's site; now it is known how long the visit was."""


class AppointmentMissed(ActivityEvent, type="dealstream.activity.missed", version=1):
    """The customer was not there."""


class ActivityDone(ActivityEvent, type="dealstream.activity.done", version=1):
    """It was done; a meeting or visit was held."""


class ActivityCancelled(ActivityEvent, type="dealstream.activity.cancelled", version=1):
    """It will not be done, for a reason."""


class ActivityNoted(ActivityEvent, type="dealstream.activity.noted", version=1):
    """Title, note or outcome changed; the text is not told."""
