"""The tenant's calendar, against the standard library's and by hand where that has none."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.periods import UNITS, Calendar, Days, Unit, compared, months_later

DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))
STARTS = st.integers(1, 12)


@given(DAYS, STARTS, st.sampled_from(UNITS))
def test_each_day_lies_in_one_unit_that_ends_where_the_next_begins(day: date, fiscal: int, unit: Unit) -> None:
    calendar = Calendar(fiscal_start=fiscal)
    start = calendar.start(unit, day)
    following = calendar.following(unit, start)
    assert start <= day < following
    assert calendar.start(unit, start) == start
    assert calendar.start(unit, following) == following
    assert calendar.start(unit, following - timedelta(days=1)) == start


@given(DAYS, STARTS)
def test_names_of_units_follow_one_another(day: date, fiscal: int) -> None:
    calendar = Calendar(fiscal_start=fiscal)
    for unit in UNITS:
        start = calendar.start(unit, day)
        assert calendar.name(unit, start) < calendar.name(unit, calendar.following(unit, start))


@pytest.mark.parametrize(
    ("unit", "fiscal", "day", "named"),
    [
        ("day", 1, date(2026, 11, 22), "2026-11-22"),
        ("week", 1, date(2027, 1, 3), "2026-W53"),
        ("week", 1, date(2026, 11, 22), "2026-W47"),
        ("month", 1, date(2026, 11, 22), "2026-11"),
        ("quarter", 1, date(2026, 11, 22), "2026-Q4"),
        ("year", 4, date(2026, 11, 22), "2026"),
        ("fiscal-year", 1, date(2026, 11, 22), "FY2026"),
        ("fiscal-year", 4, date(2026, 3, 31), "FY2026"),
        ("fiscal-year", 4, date(2026, 4, 1), "FY2027"),
        ("fiscal-quarter", 4, date(2026, 4, 1), "FY2027-Q1"),
        ("fiscal-quarter", 2, date(2026, 1, 31), "FY2026-Q4"),
    ],
)
def test_units_have_the_names_that_people_use(unit: Unit, fiscal: int, day: date, named: str) -> None:
    calendar = Calendar(fiscal_start=fiscal)
    assert calendar.name(unit, calendar.start(unit, day)) == named


def test_a_day_is_the_day_in_the_tenants_zone() -> None:
    hanoi = Calendar("Asia/Ho_Chi_Minh")
    assert hanoi.day_of(datetime(2026, 11, 22, 17, 30, tzinfo=UTC)) == date(2026, 11, 23)
    assert hanoi.end_of(date(2026, 11, 22)) == datetime(2026, 11, 22, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "before"),
    [
        (date(2026, 3, 1), date(2026, 4, 1), Days(date(2026, 2, 1), date(2026, 3, 1))),
        (date(2026, 1, 1), date(2026, 4, 1), Days(date(2025, 10, 1), date(2026, 1, 1))),
        (date(2026, 3, 5), date(2026, 3, 12), Days(date(2026, 2, 26), date(2026, 3, 5))),
    ],
)
def test_the_period_before_is_as_long_in_months_or_in_days(start: date, end: date, before: Days) -> None:
    assert compared(Days(start, end), "previous") == before


def test_a_year_ago_ends_where_february_did() -> None:
    leap = Days(date(2028, 2, 29), date(2028, 3, 1))
    assert compared(leap, "last-year") == Days(date(2027, 2, 28), date(2027, 3, 1))


@given(DAYS, st.integers(-600, 600))
def test_months_later_keeps_the_day_where_it_can(day: date, months: int) -> None:
    later = months_later(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


def test_days_are_half_open_and_can_be_cut() -> None:
    days = Days(date(2026, 1, 1), date(2026, 2, 1))
    assert date(2026, 1, 1) in days
    assert date(2026, 2, 1) not in days
    assert days.until(date(2026, 1, 9)) == Days(date(2026, 1, 1), date(2026, 1, 10))
    assert days.since(date(2026, 1, 9)) == Days(date(2026, 1, 9), date(2026, 2, 1))
    assert days.until(date(2025, 1, 1)).empty
