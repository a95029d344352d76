"""Working time of a firm or of one of its people: which days are worked, and how much of it lies between instants.

Times of the clock are those of the firm's zone; what is counted are seconds that really pass, so a working day in which
the clock is changed is longer or shorter. A day is worked or not by the first of these that knows it: the person's
leave, the firm's days off, its extra working days, public holidays and the days worked in their place, the weekday.
An extra working day on a weekday without hours has those of the first weekday that is worked. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from chassis.refusals import Kind, Refusal
from events.catalogue.identity import Leave, TenantState, WorkingCalendar

DAY = timedelta(days=1)
LONGEST_SEARCH = timedelta(days=3_660)
"""A calendar in which nobody works for ten years has no next working time."""

Span = tuple[datetime, datetime]


class NoWorkingTime(Refusal):
    """Nobody works in the ten years that follow."""

    slug = "no-working-time"
    kind = Kind.INVALID


@dataclass(frozen=True, slots=True)
class PublicHolidays:
    """Of one country: days off with their names, and days of the weekend that are worked in their place."""

    off: Mapping[date, str] = field(default_factory=dict)
    worked: frozenset[date] = frozenset()


NO_HOLIDAYS = PublicHolidays()


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """Answers for one calendar; one without hours at all never works."""

    zone: ZoneInfo
    hours: tuple[tuple[tuple[int, int], ...], ...]
    """For Monday to Sunday the worked spans, in minutes of the day, in order, not touching one another."""
    holidays: PublicHolidays = NO_HOLIDAYS
    days_off: frozenset[date] = frozenset()
    working_days: frozenset[date] = frozenset()
    leaves: tuple[Leave, ...] = ()

    def on_leave(self, leaves: tuple[Leave, ...]) -> "WorkingTime":
        """The same for a person who is away on these days."""
        return replace(self, leaves=leaves)

    def is_working_day(self, day: date) -> bool:
        return bool(self._minutes(day))

    def is_away(self, day: date) -> bool:
        """Whether the person is on leave."""
        return any(leave.from_on <= day <= leave.to_on for leave in self.leaves)

    def days_after(self, day: date, days: int) -> date:
        """The working day that is so many after a day; with 0 the day itself, or the next one worked."""
        if days < 0:
            raise ValueError("working days are counted forwards")
        found = day if days == 0 else day + DAY
        for _ in range(max(days, 1)):
            found = self._next_worked(found) + DAY
        return found - DAY

    def days_between(self, day: date, until: date) -> int:
        """How many days after ``day`` up to ``until`` are worked."""
        return sum(self.is_working_day(day + DAY * number) for number in range(1, (until - day).days + 1))

    def seconds_between(self, start: datetime, end: datetime) -> int:
        """Whole working seconds from one instant to another; below zero where the end is before the start."""
        if end < start:
            return -self.seconds_between(end, start)
        return self.between(start, end) // timedelta(seconds=1)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time in [start, end), to the microsecond."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        total = timedelta()
        day, last = self._day(start), self._day(end)
        while day <= last:
            for opens, closes in self.spans(day):
                total += max(min(closes, end) - max(opens, start), timedelta())
            day += DAY
        return total

    def after(self, start: datetime, working_seconds: float) -> datetime:
        """The first instant at which so much has been worked since ``start``; with 0 the start itself."""
        left = timedelta(seconds=working_seconds)
        if left < timedelta():
            raise ValueError("working time is counted forwards")
        start = start.astimezone(UTC)
        if not left:
            return start
        for opens, closes in self._spans_from(start):
            if closes - opens >= left:
                return opens + left
            left -= closes - opens
        raise NoWorkingTime

    def is_working(self, at: datetime) -> bool:
        """Whether this instant is worked."""
        return any(opens <= at < closes for opens, closes in self.spans(self._day(at)))

    def working_day_of(self, at: datetime) -> date:
        """The day on which something that comes in at this instant is worked on first."""
        day = self._day(at)
        spans = self.spans(day)
        return day if spans and at < spans[-1][1] else self._next_worked(day + DAY)

    def spans(self, day: date) -> tuple[Span, ...]:
        """The worked spans of a day as instants."""
        clock = ((self._instant(day, opens), self._instant(day, closes)) for opens, closes in self._minutes(day))
        return tuple((opens, closes) for opens, closes in clock if opens < closes)

    def _minutes(self, day: date) -> tuple[tuple[int, int], ...]:
        usual = self.hours[day.weekday()]
        if self.is_away(day) or day in self.days_off:
            return ()
        if day in self.working_days:
            return usual or self._first_hours()
        if day in self.holidays.worked:
            return usual or self._first_hours()
        return () if day in self.holidays.off else usual

    def _first_hours(self) -> tuple[tuple[int, int], ...]:
        return next((hours for hours in self.hours if hours), ())

    def _next_worked(self, day: date) -> date:
        for _ in range(LONGEST_SEARCH.days):
            if self.is_working_day(day):
                return day
            day += DAY
        raise NoWorkingTime

    def _spans_from(self, start: datetime) -> Iterator[Span]:
        day = self._day(start)
        while True:
            for opens, closes in self.spans(day):
                if closes > start:
                    yield max(opens, start), closes
            day = self._next_worked(day + DAY)

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def _instant(self, day: date, minute: int) -> datetime:
        """A time of the clock as an instant; one that the clock leaps over is the instant of the leap."""
        days, minute = divmod(minute, 1_440)
        wall = datetime.combine(day + DAY * days, time(minute // 60, minute % 60), self.zone)
        at = wall.astimezone(UTC)
        if at.astimezone(self.zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
            return at
        return _leap(self.zone, wall.replace(fold=1).astimezone(UTC), at)


def _leap(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The instant between two at which the clock is put forward, which is at a whole minute."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(minutes=1):
        middle = (before + (after - before) / 2).replace(second=0, microsecond=0)
        if middle <= before:
            break
        before, after = (middle, after) if middle.astimezone(zone).utcoffset() == offset else (before, middle)
    return after


def working_time_of(
    tenant: TenantState, holidays: PublicHolidays = NO_HOLIDAYS, leaves: tuple[Leave, ...] = ()
) -> WorkingTime:
    """The firm's working time, with the holidays of the country that its calendar names."""
    whole = _of_firm(tenant.zone, tenant.working_calendar or WorkingCalendar(), _Same(holidays))
    return whole.on_leave(leaves) if leaves else whole


class _Same:
    """Holidays as a part of a cache's key: by which object they are, not by their thousands of days."""

    __slots__ = ("holidays",)

    def __init__(self, holidays: PublicHolidays) -> None:
        self.holidays = holidays

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.holidays is self.holidays

    def __hash__(self) -> int:
        return id(self.holidays)


@lru_cache(maxsize=1_000)
def _of_firm(zone: str, calendar: WorkingCalendar, same: _Same) -> WorkingTime:
    week: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    for hours in calendar.weekly_hours:
        week[hours.weekday.number].append((minute_of(hours.opens), minute_of(hours.closes)))
    return WorkingTime(
        zone=ZoneInfo(zone),
        hours=tuple(tuple(sorted(day)) for day in week),
        holidays=same.holidays,
        days_off=frozenset(calendar.days_off),
        working_days=frozenset(calendar.working_days),
    )


def minute_of(clock: str) -> int:
    """``"17:30"`` as minutes of the day; ``"24:00"`` is its end."""
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
