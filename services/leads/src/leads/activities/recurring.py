"""Plans that come again: the same time of the clock each week or month, as people keep it. Pure.

A month that lacks the day has its last one, and the next has the day again. Where the clock is changed the time of the
clock stays.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Every(StrEnum):
    """How often."""

    WEEK = "week"
    MONTH = "month"


def times(first: datetime, every: Every, interval: int, number: int, zone: ZoneInfo) -> Iterator[datetime]:
    """So many instants, the first included, each ``interval`` weeks or months after the one before."""
    wall = first.astimezone(zone)
    for place in range(number):
        step = place * interval
        day = wall.date() + timedelta(weeks=step) if every is Every.WEEK else _months_later(wall.date(), step)
        yield datetime.combine(day, wall.timetz())


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
