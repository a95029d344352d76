"""The tenant's calendar: days, ISO weeks, months, quarters, years, and fiscal quarters and years. Pure.

Days are days in the tenant's one reporting zone; they come with the events. All periods are half-open: ``[from, to)``.
A fiscal year is called after the calendar year in which it ends.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

Unit = Literal["day", "week", "month", "quarter", "year", "fiscal-quarter", "fiscal-year"]
UNITS: Final[tuple[Unit, ...]] = get_args(Unit)

OF_WHOLE_MONTHS: Final[dict[str, int]] = {"month": 1, "quarter": 3, "year": 12, "fiscal-quarter": 3, "fiscal-year": 12}

Comparison = Literal["previous", "last-year"]


@dataclass(frozen=True, slots=True)
class Days:
    """The days from ``start`` on and before ``end``; without limit where one is absent."""

    start: date | None = None
    end: date | None = None

    @property
    def empty(self) -> bool:
        return self.start is not None and self.end is not None and self.start >= self.end

    def until(self, last: date | None) -> "Days":
        """The same days, but none after ``last``."""
        if last is None:
            return self
        limit = last + timedelta(days=1)
        return Days(self.start, limit if self.end is None else min(self.end, limit))

    def since(self, first: date) -> "Days":
        """The same days, but none before ``first``."""
        return Days(first if self.start is None else max(self.start, first), self.end)

    def __contains__(self, day: date) -> bool:
        return (self.start is None or day >= self.start) and (self.end is None or day < self.end)


ALWAYS: Final = Days()


@dataclass(frozen=True, slots=True)
class Calendar:
    """How a tenant cuts time: its zone and the month in which its fiscal year begins."""

    zone: str = "UTC"
    fiscal_start: int = 1

    def day_of(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.zone)).date()

    def end_of(self, day: date) -> datetime:
        """The instant at which the day is over."""
        return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(self.zone))

    def start(self, unit: Unit, day: date) -> date:
        """The first day of the unit that holds ``day``."""
        if unit == "day":
            return day
        if unit == "week":
            return day - timedelta(days=day.weekday())
        length = OF_WHOLE_MONTHS[unit]
        first = self.fiscal_start if unit.startswith("fiscal") else 1
        return months_later(day.replace(day=1), -((day.month - first) % length))

    def following(self, unit: Unit, start: date) -> date:
        """The first day of the next unit."""
        if unit in OF_WHOLE_MONTHS:
            return months_later(start, OF_WHOLE_MONTHS[unit])
        return start + timedelta(days=7 if unit == "week" else 1)

    def name(self, unit: Unit, start: date) -> str:
        """What the unit that begins on ``start`` is called: 2026-11-22, 2026-W47, 2026-11, 2026-Q4, 2026, FY2026."""
        if unit == "day":
            return start.isoformat()
        if unit == "week":
            year, week, _ = start.isocalendar()
            return f"{year}-W{week:02d}"
        if unit == "month":
            return f"{start:%Y-%m}"
        if unit in {"quarter", "year"}:
            return f"{start.year}" if unit == "year" else f"{start.year}-Q{(start.month + 2) // 3}"
        fiscal_year = months_later(self.start("fiscal-year", start), 11).year
        quarter = (start.month - self.fiscal_start) % 12 // 3 + 1
        return f"FY{fiscal_year}" if unit == "fiscal-year" else f"FY{fiscal_year}-Q{quarter}"


def months_later(first: date, months: int) -> date:
    """The day of the same number in another month, or that month's last day."""
    place = first.year * 12 + first.month - 1 + months
    year, month = divmod(place, 12)
    return first.replace(year=year, month=month + 1, day=min(first.day, _days_in(year, month + 1)))


def compared(days: Days, comparison: Comparison) -> Days:
    """The days to compare with: as many before, or the same a year ago. Whole months go back by whole months."""
    if days.start is None or days.end is None:
        raise ValueError("a comparison needs both ends of the period")
    if comparison == "last-year":
        return Days(months_later(days.start, -12), months_later(days.end, -12))
    if days.start.day == days.end.day == 1:
        months = (days.end.year - days.start.year) * 12 + days.end.month - days.start.month
        return Days(months_later(days.start, -months), days.start)
    return Days(days.start - (days.end - days.start), days.start)


def _days_in(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1)).day
