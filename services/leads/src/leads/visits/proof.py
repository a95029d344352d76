"""The proof of a visit: where its performer checked in and out, how long it took, and what speaks against it. Pure.

    agreed or planned -> checked in -> checked out, before or after the visit is completed

Nothing that speaks against a visit stops anybody at a customer's door: it is a flag on the visit, a fact in the event.
Positions themselves are in no event; distances are.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Any, Final, NamedTuple

from chassis.aggregates import Command
from chassis.refusals import Kind, Refusal
from events.catalogue.activities import (
    ActivityEvent,
    ActivityKind,
    ActivityState,
    ActivityStatus,
    VisitCheckedIn,
    VisitCheckedOut,
    VisitFlag,
)
from leads.activities.appointments import refuse_closed, refuse_unheld
from leads.sequence import refuse_earlier
from leads.visits.plan import VisitPlan

EARTH_METRES: Final = 6_371_008.8
"""The mean radius."""


class NotAVisit(Refusal):
    """Only visits are checked in and out."""

    slug = "not-a-visit"
    kind = Kind.INVALID


class AlreadyChecked(Refusal):
    """This visit was checked in, or out, before."""

    slug = "already-checked"


class NotCheckedIn(Refusal):
    """Nobody checked in to this visit."""

    slug = "not-checked-in"


class Position(NamedTuple):
    """Degrees north and east."""

    latitude: float
    longitude: float


class Rules(NamedTuple):
    """What a firm takes for a visit."""

    radius_metres: int = 300
    """So far from the customer's site one may be, and so inaccurate a position."""
    stay_minutes: int = 10
    plan_minutes: int = 120
    """So long before or after the planned time."""
    speed_max: int = 200
    """Kilometres an hour: nobody of the firm is faster."""
    photo_required: bool = False


USUAL: Final = Rules()


class Reading(NamedTuple):
    """What a device said, without the position."""

    distance_metres: int | None
    """From the customer's site; None where that is not known."""
    accuracy_metres: int | None = None
    mock: bool = False
    """The device was told where it is."""
    impossible_travel: bool = False
    photo: bool = False


@dataclass(frozen=True, kw_only=True)
class CheckIn(Command):
    """The performer is at the customer's."""

    reading: Reading
    rules: Rules = USUAL


@dataclass(frozen=True, kw_only=True)
class CheckOut(Command):
    """The performer leaves, having done these steps of the plan in force."""

    reading: Reading
    rules: Rules = USUAL
    steps: tuple[str, ...] = ()
    plan: VisitPlan | None = None


def check_in(command: CheckIn, activity: ActivityState) -> Iterator[ActivityEvent]:
    at, reading = command.moment.at, command.reading
    if activity.kind is not ActivityKind.VISIT:
        raise NotAVisit(pointer="")
    if activity.checked_in_at is not None:
        if activity.checked_in_at == at:
            return
        raise AlreadyChecked(checked_in_at=activity.checked_in_at.isoformat())
    refuse_closed(activity)
    refuse_unheld(at, activity)
    there = {
        "checked_in_at": at,
        "distance_metres": reading.distance_metres,
        "has_photo": reading.photo,
        "flags": _ordered((*_against(reading, command.rules), *_off_plan(command, activity))),
    }
    yield VisitCheckedIn(activity=activity.model_copy(update=there))


def check_out(command: CheckOut, activity: ActivityState) -> Iterator[ActivityEvent]:
    at, reading, rules = command.moment.at, command.reading, command.rules
    if activity.checked_in_at is None:
        raise NotCheckedIn
    if activity.checked_out_at is not None:
        if activity.checked_out_at == at:
            return
        raise AlreadyChecked(checked_out_at=activity.checked_out_at.isoformat())
    if activity.status is not ActivityStatus.DONE:
        refuse_closed(activity)
    refuse_earlier(at, activity.checked_in_at)
    stay = at - activity.checked_in_at
    has_photo = activity.has_photo or reading.photo
    flags = {*activity.flags, *_against(reading, rules)}
    if stay < timedelta(minutes=rules.stay_minutes):
        flags.add(VisitFlag.TOO_SHORT)
    if rules.photo_required and not has_photo:
        flags.add(VisitFlag.NO_PHOTO)
    left: dict[str, Any] = {
        "checked_out_at": at,
        "stay_seconds": stay // timedelta(seconds=1),
        "has_photo": has_photo,
        "flags": _ordered(flags),
        "verified": not flags,
    }
    if command.plan is not None:
        left |= {"steps_done": command.plan.done(command.steps), "steps_missed": command.plan.missed(command.steps)}
    yield VisitCheckedOut(activity=activity.model_copy(update=left))


def metres_between(one: Position, other: Position) -> int:
    """Over the ground, by the haversine formula on a globe: half a percent off at most."""
    north, south = radians(one.latitude), radians(other.latitude)
    across = sin(radians(other.longitude - one.longitude) / 2) ** 2
    share = sin((south - north) / 2) ** 2 + cos(north) * cos(south) * across
    return round(2 * EARTH_METRES * asin(sqrt(min(share, 1.0))))


def is_impossible(metres: int, time: timedelta, rules: Rules) -> bool:
    """Whether nobody gets so far in this time; as far as the radius, positions are not exact."""
    return metres > rules.radius_metres + rules.speed_max * 1_000 * (abs(time) / timedelta(hours=1))


def _against(reading: Reading, rules: Rules) -> Iterator[VisitFlag]:
    if reading.distance_metres is None:
        yield VisitFlag.NO_SITE
    elif reading.distance_metres > rules.radius_metres:
        yield VisitFlag.OUTSIDE_RADIUS
    if reading.accuracy_metres is not None and reading.accuracy_metres > rules.radius_metres:
        yield VisitFlag.INACCURATE
    if reading.mock:
        yield VisitFlag.MOCK_POSITION
    if reading.impossible_travel:
        yield VisitFlag.IMPOSSIBLE_TRAVEL


def _off_plan(command: CheckIn, activity: ActivityState) -> Iterator[VisitFlag]:
    if activity.planned_at is None:
        return
    near = timedelta(minutes=command.rules.plan_minutes)
    until = activity.planned_until or activity.planned_at
    if not activity.planned_at - near <= command.moment.at <= until + near:
        yield VisitFlag.OFF_PLAN


def _ordered(flags: Iterable[VisitFlag]) -> tuple[VisitFlag, ...]:
    return tuple(sorted(set(flags)))
