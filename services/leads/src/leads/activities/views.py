"""What leads answers about activities. Titles and notes, which are in no event, stand here."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from chassis.aggregates import Loaded
from events.catalogue.activities import ActivityKind, ActivityState, ActivityStatus, Direction, VisitFlag
from leads.activities.store import NO_TEXT, ActivityText
from leads.calendars.views import ConflictView
from leads.views import OwnerView


class MoveView(BaseModel):
    """It was moved ``at`` a time away from a time."""

    at: datetime
    on: date
    from_at: datetime
    from_on: date


class ActivityView(BaseModel):
    """An activity."""

    id: UUID
    version: int
    external_id: str | None
    kind: ActivityKind
    status: ActivityStatus
    lead: UUID | None
    account: UUID | None
    contact: UUID | None
    performer: OwnerView
    planned_at: datetime | None
    planned_until: datetime | None
    planned_on: date | None
    done_at: datetime | None
    done_on: date | None
    entered_at: datetime
    completed_entry_at: datetime | None
    """When it was written down as done."""
    title: str | None
    note: str | None
    outcome: str | None
    direction: Direction | None
    two_way: bool
    automatic: bool
    first_of_day: bool
    """The first visit of this person to this customer on this day."""
    asked_at: datetime | None
    """When the customer was asked for the appointment."""
    agreed_at: datetime | None
    """When the customer agreed to it."""
    moves: list[MoveView]
    without_contact: str | None
    """Why there was a visit though nobody had a contact with the customer before."""
    series: UUID | None
    """What was planned together with it."""
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    distance_metres: int | None
    """From the customer's site at the check-in."""
    stay_seconds: int | None
    has_photo: bool
    flags: list[VisitFlag]
    """What speaks against the visit."""
    verified: bool
    """Checked in and out, and nothing speaks against it."""
    steps_done: list[str]
    steps_missed: list[str]
    """Required steps of the plan that were not done."""
    closed_on: date | None
    """The day on which it was cancelled or nobody came."""
    reason: str | None
    imported: bool

    @classmethod
    def of(cls, loaded: Loaded[ActivityState], text: ActivityText = NO_TEXT) -> "ActivityView":
        activity = loaded.state
        return cls(
            id=activity.id,
            version=loaded.version,
            external_id=activity.external_id,
            kind=activity.kind,
            status=activity.status,
            lead=activity.lead_id,
            account=activity.account_id,
            contact=activity.contact_id,
            performer=OwnerView.sure(activity.performer),
            planned_at=activity.planned_at,
            planned_until=activity.planned_until,
            planned_on=activity.planned_on,
            done_at=activity.done_at,
            done_on=activity.done_on,
            entered_at=activity.entered_at,
            completed_entry_at=activity.completed_entry_at,
            title=text.title,
            note=text.note,
            outcome=activity.outcome,
            direction=activity.direction,
            two_way=activity.two_way,
            automatic=activity.automatic,
            first_of_day=activity.first_of_day,
            asked_at=activity.asked_at,
            agreed_at=activity.agreed_at,
            moves=[MoveView(**dict(move)) for move in activity.moves],
            without_contact=activity.without_contact,
            series=activity.series_id,
            checked_in_at=activity.checked_in_at,
            checked_out_at=activity.checked_out_at,
            distance_metres=activity.distance_metres,
            stay_seconds=activity.stay_seconds,
            has_photo=activity.has_photo,
            flags=list(activity.flags),
            verified=activity.verified,
            steps_done=list(activity.steps_done),
            steps_missed=list(activity.steps_missed),
            closed_on=activity.closed_on,
            reason=activity.reason,
            imported=activity.imported,
        )


class PlannedActivityView(ActivityView):
    """An activity, and what speaks against the time for which it is planned."""

    conflicts: list[ConflictView]


class SeriesView(BaseModel):
    """Plans that come again, by time."""

    series: UUID
    activities: list[PlannedActivityView]
