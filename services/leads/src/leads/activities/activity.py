"""An activity: planned, done or cancelled. Pure. ``appointments`` has the cycle of meetings and visits.

Whoever writes down late what was done keeps the time at which it was done; the time of entry stands beside it. What was
done stays done.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists, Kind, Refusal
from events.catalogue.activities import (
    ActivityCancelled,
    ActivityDone,
    ActivityEvent,
    ActivityKind,
    ActivityNoted,
    ActivityPlanned,
    ActivityState,
    ActivityStatus,
    AppointmentAgreed,
    AppointmentAsked,
    Direction,
)
from events.catalogue.leads import Owner
from leads.activities import appointments
from leads.activities.appointments import (
    MET,
    AgreeAppointment,
    AskAppointment,
    MissAppointment,
    MoveActivity,
    NotAnAppointment,
    TimesBackwards,
    refuse_closed,
    refuse_cold,
    refuse_unheld,
)
from leads.activities.on_leads import is_contact
from leads.calendars.planned import span_of
from leads.visits.proof import CheckIn, CheckOut, check_in, check_out

SENT = frozenset({ActivityKind.CALL, ActivityKind.MESSAGE})
"""One side turns to the other: we do, where nothing else is said."""


class NoteIsNoPlan(Refusal):
    """A note is written, not planned."""

    slug = "note-is-no-plan"
    kind = Kind.INVALID


@dataclass(frozen=True, kw_only=True)
class RecordActivity(Command):
    """Plan an activity, ask for an appointment, or write down what was done or agreed to, as the state says."""

    creates: ClassVar[bool] = True
    activity: ActivityState
    prior_contact: bool = True
    """Whether somebody of ours had a contact with the customer before."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """How it went."""

    outcome: str | None = None
    direction: Direction | None = None
    two_way: bool | None = None


@dataclass(frozen=True, kw_only=True)
class CompleteActivity(Command):
    """It was done, by the performer as of that day."""

    entered_at: datetime
    performer: Owner
    how: Done = Done()
    first_of_day: bool = False
    texts_changed: bool = False


@dataclass(frozen=True, kw_only=True)
class CancelActivity(Command):
    """It will not be done."""

    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class NoteActivity(Command):
    """Title or note changed, or the outcome is another."""

    changes: Mapping[str, Any]
    texts_changed: bool = False


def decide(command: Command, activity: ActivityState | None) -> Iterator[ActivityEvent]:
    if activity is None:
        if not isinstance(command, RecordActivity):
            raise TypeError(f"{type(command).__name__} needs an activity")
        yield _recorded(command)
    elif isinstance(command, RecordActivity):
        raise AlreadyExists(id=str(activity.id))
    else:
        yield from _DECISIONS[type(command)](command, activity)


def _recorded(command: RecordActivity) -> ActivityEvent:
    activity = command.activity
    if activity.planned_at is not None and (activity.planned_until or activity.planned_at) < activity.planned_at:
        raise TimesBackwards(pointer="/planned_until")
    refuse_cold(activity, prior_contact=command.prior_contact)
    if activity.status is ActivityStatus.DONE:
        return ActivityDone(activity=activity)
    if activity.kind is ActivityKind.NOTE:
        raise NoteIsNoPlan(pointer="/kind")
    if activity.status is ActivityStatus.PLANNED:
        return ActivityPlanned(activity=activity)
    if activity.kind not in MET:
        raise NotAnAppointment(pointer="/status")
    return AppointmentAsked(activity=activity) if activity.agreed_at is None else AppointmentAgreed(activity=activity)


def went(kind: ActivityKind, how: Done) -> Mapping[str, Any]:
    """The fields that say how it went, with what follows from the kind where nothing is said."""
    direction = how.direction or (Direction.OUTBOUND if kind in SENT else None)
    two_way = kind in MET if how.two_way is None else how.two_way
    return {"outcome": how.outcome, "direction": direction, "two_way": two_way}


def _complete(command: CompleteActivity, activity: ActivityState) -> Iterator[ActivityEvent]:
    at = command.moment.at
    if activity.status is ActivityStatus.DONE and activity.done_at == at:
        return
    refuse_closed(activity)
    refuse_unheld(at, activity)
    done = {
        "status": ActivityStatus.DONE,
        "performer": command.performer,
        "done_at": at,
        "done_on": command.moment.on,
        "completed_entry_at": command.entered_at,
        "first_of_day": command.first_of_day,
        "text_revision": activity.text_revision + command.texts_changed,
        **went(activity.kind, command.how),
    }
    yield ActivityDone(activity=activity.model_copy(update=done))


def _cancel(command: CancelActivity, activity: ActivityState) -> Iterator[ActivityEvent]:
    if activity.status is ActivityStatus.CANCELLED:
        return
    refuse_closed(activity)
    off = {"status": ActivityStatus.CANCELLED, "closed_on": command.moment.on, "reason": command.reason}
    yield ActivityCancelled(activity=activity.model_copy(update=off))


def _note(command: NoteActivity, activity: ActivityState) -> Iterator[ActivityEvent]:
    revision = activity.text_revision + command.texts_changed
    changed = activity.model_copy(update={**command.changes, "text_revision": revision})
    if changed != activity:
        yield ActivityNoted(activity=changed)


_DECISIONS: Mapping[type[Command], Callable[[Any, ActivityState], Iterator[ActivityEvent]]] = {
    CompleteActivity: _complete,
    CancelActivity: _cancel,
    NoteActivity: _note,
    AskAppointment: appointments.ask,
    AgreeAppointment: appointments.agree,
    MoveActivity: appointments.move,
    MissAppointment: appointments.miss,
    CheckIn: check_in,
    CheckOut: check_out,
}


def apply(_activity: ActivityState | None, event: ActivityEvent) -> ActivityState:
    """An event carries the state after it."""
    return event.activity


def _columns(activity: ActivityState) -> Mapping[str, object]:
    planned_from, planned_until = span_of(activity) or (None, None)
    return {
        "external_id": activity.external_id,
        "kind": activity.kind.value,
        "status": activity.status.value,
        "lead_id": activity.lead_id,
        "account_id": activity.account_id,
        "contact_id": activity.contact_id,
        "customer_id": activity.customer_id,
        "performer_id": activity.performer.person,
        "performer_team_id": activity.performer.team,
        "at": activity.done_at or activity.planned_at or activity.entered_at,
        "done_on": activity.done_on,
        "contacted": is_contact(activity),
        "first_of_day": activity.first_of_day,
        "planned_from": planned_from,
        "planned_until": planned_until,
        "series_id": activity.series_id,
    }


ACTIVITY = Aggregate(
    noun="activity", table="activity", state=ActivityState, decide=decide, apply=apply, columns=_columns
)
