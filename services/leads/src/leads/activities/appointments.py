"""The cycle of an appointment: asked for, agreed to, moved, held or missed; and the rule that nobody comes unannounced.
Pure.

    planned -> asked -> agreed -> done (held) | no-show
    each of the first three may be moved or cancelled; what was asked for is only held once it was agreed to

A visit that is planned or made without an appointment needs an earlier contact with the customer, or a reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from chassis.aggregates import Command
from chassis.refusals import Kind, Refusal
from events.catalogue.activities import (
    ActivityEvent,
    ActivityKind,
    ActivityMoved,
    ActivityState,
    ActivityStatus,
    AppointmentAgreed,
    AppointmentAsked,
    AppointmentMissed,
    Move,
)
from events.moment import Moment
from leads.sequence import refuse_earlier

MET = frozenset({ActivityKind.MEETING, ActivityKind.VISIT})
"""People see each other: there may be an appointment, and once it was held, both sides talked."""
CLOSED = frozenset({ActivityStatus.DONE, ActivityStatus.CANCELLED, ActivityStatus.NO_SHOW})
MOVES_MAX = 50
"""The moves stay in the state, which each event carries."""


class ActivityIsClosed(Refusal):
    """The activity was done, missed or cancelled before."""

    slug = "activity-is-closed"


class NotAnAppointment(Refusal):
    """Only meetings and visits are asked for, agreed to or missed."""

    slug = "not-an-appointment"
    kind = Kind.INVALID


class NotAgreed(Refusal):
    """The customer has not agreed to the appointment."""

    slug = "not-agreed"


class NotDueYet(Refusal):
    """Nobody can be missed before the time of the appointment."""

    slug = "not-due-yet"
    kind = Kind.INVALID


class TimesBackwards(Refusal):
    """It ends before it begins."""

    slug = "times-backwards"
    kind = Kind.INVALID


class TooManyMoves(Refusal):
    """It was moved fifty times: cancel it and plan another."""

    slug = "too-many-moves"


class VisitWithoutContact(Refusal):
    """Nobody had a contact with this customer before: call first, ask for an appointment, or say why not."""

    slug = "visit-without-contact"
    kind = Kind.INVALID


class Plan(NamedTuple):
    """From when until when, if an end is planned, with the day in the tenant's zone."""

    start: Moment
    until: datetime | None = None

    def fields(self) -> dict[str, Any]:
        if self.until is not None and self.until < self.start.at:
            raise TimesBackwards(pointer="/planned_until")
        return {"planned_at": self.start.at, "planned_on": self.start.on, "planned_until": self.until}


@dataclass(frozen=True, kw_only=True)
class AskAppointment(Command):
    """The customer was asked."""


@dataclass(frozen=True, kw_only=True)
class AgreeAppointment(Command):
    """The customer agreed, maybe to another time."""

    plan: Plan | None = None


@dataclass(frozen=True, kw_only=True)
class MoveActivity(Command):
    """It has another time. Unless the customer agreed to that, an appointment is asked for anew."""

    plan: Plan
    agreed: bool = True


@dataclass(frozen=True, kw_only=True)
class MissAppointment(Command):
    """The customer was not there."""


def refuse_cold(activity: ActivityState, *, prior_contact: bool) -> None:
    """The rule on visits; imported history is as it was."""
    if is_cold(activity, prior_contact=prior_contact):
        raise VisitWithoutContact(pointer="/without_contact")


def is_cold(activity: ActivityState, *, prior_contact: bool) -> bool:
    asked = activity.status in {ActivityStatus.ASKED, ActivityStatus.AGREED}
    excused = prior_contact or activity.without_contact is not None or activity.imported
    return activity.kind is ActivityKind.VISIT and not asked and not excused


def ask(command: AskAppointment, activity: ActivityState) -> Iterator[ActivityEvent]:
    if activity.status in {ActivityStatus.ASKED, ActivityStatus.AGREED}:
        return
    _refuse_other(activity)
    asked = {"status": ActivityStatus.ASKED, "asked_at": command.moment.at}
    yield AppointmentAsked(activity=activity.model_copy(update=asked))


def agree(command: AgreeAppointment, activity: ActivityState) -> Iterator[ActivityEvent]:
    if activity.status is ActivityStatus.AGREED and (command.plan is None or _is_so(command.plan, activity)):
        return
    _refuse_other(activity)
    refuse_earlier(command.moment.at, activity.asked_at)
    if command.plan is not None and not _is_so(command.plan, activity):
        moved = _moved(command.moment, command.plan, activity)
        yield moved
        activity = moved.activity
    if activity.status is not ActivityStatus.AGREED:
        yield AppointmentAgreed(activity=activity.model_copy(update=_agreed(command.moment)))


def move(command: MoveActivity, activity: ActivityState) -> Iterator[ActivityEvent]:
    if _is_so(command.plan, activity) and activity.status not in CLOSED:
        return
    refuse_closed(activity)
    moved = _moved(command.moment, command.plan, activity)
    asks_anew = activity.status is ActivityStatus.AGREED and not command.agreed
    again = {"status": ActivityStatus.ASKED, "agreed_at": None, "agreed_on": None} if asks_anew else {}
    yield moved.model_copy(update={"activity": moved.activity.model_copy(update=again)})


def miss(command: MissAppointment, activity: ActivityState) -> Iterator[ActivityEvent]:
    if activity.status is ActivityStatus.NO_SHOW:
        return
    _refuse_other(activity)
    if activity.status is ActivityStatus.ASKED:
        raise NotAgreed
    if activity.planned_at is not None and command.moment.at < activity.planned_at:
        raise NotDueYet(pointer="/occurred_at")
    missed = {"status": ActivityStatus.NO_SHOW, "closed_on": command.moment.on}
    yield AppointmentMissed(activity=activity.model_copy(update=missed))


def refuse_unheld(at: datetime, activity: ActivityState) -> None:
    """What was asked for is held once it was agreed to, and not before that."""
    if activity.kind in MET and activity.status is ActivityStatus.ASKED:
        raise NotAgreed
    refuse_earlier(at, activity.agreed_at)


def refuse_closed(activity: ActivityState) -> None:
    if activity.status in CLOSED:
        raise ActivityIsClosed(current_status=activity.status.value)


def _refuse_other(activity: ActivityState) -> None:
    if activity.kind not in MET:
        raise NotAnAppointment(pointer="")
    refuse_closed(activity)


def _is_so(plan: Plan, activity: ActivityState) -> bool:
    return (plan.start.at, plan.until) == (activity.planned_at, activity.planned_until)


def _agreed(moment: Moment) -> dict[str, Any]:
    return {"status": ActivityStatus.AGREED, "agreed_at": moment.at, "agreed_on": moment.on}


def _moved(moment: Moment, plan: Plan, activity: ActivityState) -> ActivityMoved:
    if len(activity.moves) >= MOVES_MAX:
        raise TooManyMoves
    refuse_earlier(moment.at, activity.moves[-1].at if activity.moves else activity.asked_at)
    from_at, from_on = activity.planned_at or moment.at, activity.planned_on or moment.on
    left = Move(at=moment.at, on=moment.on, from_at=from_at, from_on=from_on, performer=activity.performer)
    changes = {**plan.fields(), "moves": (*activity.moves, left)}
    return ActivityMoved(move=left, activity=activity.model_copy(update=changes))
