"""When people are taken by what is planned: spans, what overlaps, when somebody is free. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import reduce
from typing import Final, NamedTuple
from uuid import UUID

from chassis.refusals import Refusal
from chassis.working_time import DAY, WorkingTime
from events.catalogue.activities import ActivityKind, ActivityState

TAKE_TIME: Final = frozenset({ActivityKind.CALL, ActivityKind.MEETING, ActivityKind.VISIT})
"""A task has a day by which it is done and a message is sent between two calls: neither takes anybody's time."""
USUAL_LENGTH: Final = timedelta(minutes=30)
"""Of what has no planned end."""
LOOKED_THROUGH: Final = timedelta(days=31)
"""What is planned for longer than this cannot lie within working time."""


class Span(NamedTuple):
    """From an instant to before another."""

    start: datetime
    until: datetime

    def overlaps(self, other: "Span") -> bool:
        """What begins when another ends does not overlap it."""
        return self.start < other.until and other.start < self.until


class ConflictReason(StrEnum):
    """Why a time does not suit."""

    OVERLAP = "overlap"
    LEAVE = "leave"
    OUTSIDE_WORKING_TIME = "outside-working-time"


class Conflict(NamedTuple):
    """What speaks against a time. Outside of working time people may meet, so that is only said."""

    reason: ConflictReason
    span: Span
    activity: UUID | None = None

    @property
    def forbids(self) -> bool:
        return self.reason is not ConflictReason.OUTSIDE_WORKING_TIME


class ScheduleConflict(Refusal):
    """The person is taken or away at this time."""

    slug = "schedule-conflict"


def span_of(activity: ActivityState) -> Span | None:
    """The time that it takes; None where it takes none, or has no time."""
    if activity.planned_at is None or activity.kind not in TAKE_TIME:
        return None
    return Span(activity.planned_at, activity.planned_until or activity.planned_at + USUAL_LENGTH)


def overlapping(planned: Sequence[tuple[UUID, Span]]) -> dict[UUID, list[UUID]]:
    """Which of them overlap which, each list by time."""
    found: dict[UUID, list[UUID]] = {id_: [] for id_, _ in planned}
    running: list[tuple[UUID, Span]] = []
    for id_, span in sorted(planned, key=lambda each: (each[1], each[0])):
        running = [each for each in running if each[1].until > span.start]
        for other, theirs in running:
            if span.overlaps(theirs):
                found[id_].append(other)
                found[other].append(id_)
        running.append((id_, span))
    return found


def against_calendar(span: Span, working: WorkingTime) -> Iterator[Conflict]:
    """The person's leave, else the hours in which the person does not work."""
    if any(working.is_away(day) for day in _days(span, working)):
        yield Conflict(ConflictReason.LEAVE, span)
    elif not _is_worked(span, working):
        yield Conflict(ConflictReason.OUTSIDE_WORKING_TIME, span)


def merged(spans: Iterable[Span], within: Span) -> list[Span]:
    """The same time as spans that neither touch nor overlap, cut to the time asked for."""
    found: list[Span] = []
    for span in sorted(spans):
        start, until = max(span.start, within.start), min(span.until, within.until)
        if start >= until:
            continue
        if found and start <= found[-1].until:
            found[-1] = Span(found[-1].start, max(until, found[-1].until))
        else:
            found.append(Span(start, until))
    return found


def without(spans: Iterable[Span], taken: Sequence[Span]) -> list[Span]:
    """What is left of the spans; ``taken`` is in order and touches itself nowhere."""
    left = []
    for span in spans:
        start = span.start
        for other in taken:
            if other.until <= start or other.start >= span.until:
                continue
            if start < other.start:
                left.append(Span(start, other.start))
            start = other.until
        if start < span.until:
            left.append(Span(start, span.until))
    return left


def worked(within: Span, working: WorkingTime) -> list[Span]:
    """The person's working time."""
    spans = (Span(*span) for day in _days(within, working) for span in working.spans(day))
    return merged(spans, within)


def in_common(people: Sequence[Sequence[Span]]) -> list[Span]:
    """When all of them are free."""
    return reduce(_both, people[1:], list(people[0])) if people else []


def _both(ours: Sequence[Span], theirs: Sequence[Span]) -> list[Span]:
    cuts = (Span(max(one.start, two.start), min(one.until, two.until)) for one in ours for two in theirs)
    return sorted(span for span in cuts if span.start < span.until)


def _days(span: Span, working: WorkingTime) -> Iterator[date]:
    """The days of the firm's zone that the span touches."""
    day = span.start.astimezone(working.zone).date()
    last = max(span.start, span.until - timedelta.resolution).astimezone(working.zone).date()
    while day <= last:
        yield day
        day += DAY


def _is_worked(span: Span, working: WorkingTime) -> bool:
    if span.until - span.start > LOOKED_THROUGH:
        return False
    if span.start == span.until:
        return working.is_working(span.start)
    return working.between(span.start, span.until) == span.until - span.start
