"""Working time: which days are worked, and that what is counted from one instant to another adds up and goes back."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chassis.working_time import NoWorkingTime, PublicHolidays, WorkingTime, working_time_of
from events.catalogue.identity import Leave, TenantState, Weekday, WorkingCalendar, WorkingHours

SECOND, HOUR = timedelta(seconds=1), 3_600
HANOI, BERLIN, APIA = "Asia/Ho_Chi_Minh", "Europe/Berlin", "Pacific/Apia"
ZONES = (HANOI, BERLIN, APIA, "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC")
TET = PublicHolidays(
    {date(2026, 2, 16) + timedelta(days=day): "Tết" for day in range(5)}, frozenset({date(2026, 2, 7)})
)


def firm(zone: str = HANOI, holidays: PublicHolidays = TET, **calendar: Any) -> WorkingTime:
    given = WorkingCalendar(**calendar) if calendar else None
    tenant = TenantState(
        id=UUID(int=1), slug="f", name="F", zone=zone, base_currency="VND", working_calendar=given,
    )  # fmt: skip
    return working_time_of(tenant, holidays)


def hours(*spans: tuple[str, str, str]) -> tuple[WorkingHours, ...]:
    return tuple(WorkingHours(weekday=Weekday(day), opens=opens, closes=closes) for day, opens, closes in spans)


def at(day: int, hour: int, minute: int = 0, month: int = 3, zone: str = HANOI) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo(zone))


WEEKEND_SHIFT = hours(("saturday", "20:00", "24:00"), ("sunday", "00:00", "06:00"), ("sunday", "01:30", "02:45"))
NIGHTS = hours(*((day.value, "00:00", "04:00") for day in Weekday), *((day.value, "22:15", "24:00") for day in Weekday))


@st.composite
def calendars(draw: st.DrawFn) -> WorkingTime:
    weekly = draw(st.sampled_from([None, NIGHTS, hours(("wednesday", "09:00", "17:00")), WEEKEND_SHIFT[:2]]))
    some_days = st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=20)
    more: dict[str, Any] = {} if weekly is None else {"weekly_hours": weekly}
    found = firm(
        draw(st.sampled_from(ZONES)), days_off=tuple(draw(some_days)), working_days=tuple(draw(some_days)), **more
    )
    from_on = draw(st.dates(date(2026, 1, 1), date(2026, 12, 1)))
    leave = Leave(from_on=from_on, to_on=from_on + timedelta(days=draw(st.integers(0, 30))))
    return found.on_leave((leave,)) if draw(st.booleans()) else found


instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))  # noqa: DTZ001


@given(calendars(), st.lists(instants, min_size=3, max_size=3).map(sorted))
def test_parts_add_up_to_the_whole(works: WorkingTime, some: list[datetime]) -> None:
    first, middle, last = some
    assert works.between(first, middle) + works.between(middle, last) == works.between(first, last)
    assert works.seconds_between(last, first) == -works.seconds_between(first, last)
    assert timedelta() <= works.between(first, last) <= last - first


@given(calendars(), instants, st.integers(0, 400 * HOUR))
def test_what_has_been_worked_after_a_while_is_that_while(works: WorkingTime, start: datetime, seconds: int) -> None:
    end = works.after(start, seconds)
    assert works.seconds_between(start, end) == seconds
    if seconds:
        assert works.seconds_between(start, end - SECOND) == seconds - 1, "it is the first such instant"


@given(calendars(), instants, instants)
def test_going_back_over_what_was_worked_comes_no_later(works: WorkingTime, start: datetime, end: datetime) -> None:
    start, end = sorted((start, end))
    assert works.after(start, works.between(start, end).total_seconds()) <= max(end, start)


@given(calendars(), st.dates(date(2026, 1, 1), date(2026, 12, 1)), st.integers(1, 40))
def test_days_are_counted_as_they_are_found(works: WorkingTime, day: date, days: int) -> None:
    found = works.days_after(day, days)
    assert works.is_working_day(found)
    assert works.days_between(day, found) == days
    assert works.days_after(day, 0) == day or not works.is_working_day(day)


def test_the_usual_week_has_a_break_and_a_weekend() -> None:
    works = firm(holidays=PublicHolidays())
    assert works.seconds_between(at(6, 11), at(6, 14)) == 2 * HOUR
    assert works.seconds_between(at(6, 16), at(9, 9)) == 2 * HOUR
    assert works.after(at(6, 16, 30), HOUR) == at(9, 8, 30)
    assert works.after(at(7, 3), HOUR) == at(9, 9)
    assert works.after(at(7, 3), 0) == at(7, 3)
    assert works.days_after(date(2026, 3, 6), 1) == date(2026, 3, 9)
    assert [works.is_working(at(6, hour)) for hour in (7, 8, 12, 13, 17)] == [False, True, False, True, False]


def test_holidays_are_off_and_the_weekend_in_their_place_is_worked() -> None:
    works = firm()
    assert not works.is_working_day(date(2026, 2, 17))
    assert works.is_working_day(date(2026, 2, 7))
    assert works.seconds_between(at(7, 0, month=2), at(8, 0, month=2)) == 8 * HOUR, "as on a Monday"
    assert works.days_after(date(2026, 2, 13), 1) == date(2026, 2, 23)


def test_the_firm_knows_better_than_the_state_and_leave_better_than_the_firm() -> None:
    works = firm(days_off=(date(2026, 2, 7),), working_days=(date(2026, 2, 17), date(2026, 2, 22)))
    assert [works.is_working_day(date(2026, 2, day)) for day in (7, 16, 17, 22)] == [False, False, True, True]
    away = works.on_leave((Leave(from_on=date(2026, 2, 17), to_on=date(2026, 2, 22)),))
    assert [away.is_working_day(date(2026, 2, day)) for day in (17, 22, 23)] == [False, False, True]
    assert (away.is_away(date(2026, 2, 22)), works.is_away(date(2026, 2, 22))) == (True, False)


@pytest.mark.parametrize(
    ("shift", "day", "worked"),
    [
        (("sunday", "00:00", "06:00"), date(2026, 3, 29), 5),
        (("sunday", "00:00", "06:00"), date(2026, 10, 25), 7),
        (("sunday", "02:10", "02:50"), date(2026, 3, 29), 0),
        (("sunday", "02:30", "04:00"), date(2026, 3, 29), 1),
    ],
)
def test_when_the_clock_changes_real_hours_count(shift: tuple[str, str, str], day: date, worked: int) -> None:
    works = firm(BERLIN, PublicHolidays(), weekly_hours=hours(shift))
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(BERLIN))
    assert works.seconds_between(midnight, midnight + timedelta(days=1)) == worked * HOUR


@given(st.sampled_from(ZONES), st.dates(date(2010, 1, 1), date(2030, 1, 1)), st.integers(0, 1_439))
@example(APIA, date(2011, 12, 30), 720)
def test_days_and_hours_never_overlap(zone: str, day: date, minute: int) -> None:
    clock = f"{minute // 60:02}:{minute % 60:02}"
    day_long = [(each.value, "00:00", clock) for each in Weekday] + [(each.value, clock, "24:00") for each in Weekday]
    works = firm(zone, PublicHolidays(), weekly_hours=hours(*day_long))
    spans = [span for number in range(-1, 2) for span in works.spans(day + timedelta(days=number))]
    ends = [instant for span in spans for instant in span]
    assert ends == sorted(ends)
    assert sum((closes - opens for opens, closes in spans), timedelta()) == ends[-1] - ends[0]


def test_where_nobody_works_nothing_comes_next() -> None:
    away = firm().on_leave((Leave(from_on=date(2020, 1, 1), to_on=date(2090, 1, 1)),))
    with pytest.raises(NoWorkingTime):
        away.after(at(1, 8), 1)
    with pytest.raises(NoWorkingTime):
        away.days_after(date(2026, 1, 1), 1)
    assert away.seconds_between(at(1, 0), at(1, 0, month=6)) == 0


def test_what_comes_in_late_is_worked_on_the_next_day() -> None:
    works = firm(holidays=PublicHolidays())
    monday, friday = date(2026, 3, 9), date(2026, 3, 6)
    assert [works.working_day_of(each) for each in (at(6, 3), at(6, 16, 59), at(6, 17), at(8, 12))] == [
        friday, friday, monday, monday,
    ]  # fmt: skip


def test_time_is_counted_forwards() -> None:
    with pytest.raises(ValueError, match="forwards"):
        firm().after(at(1, 8), -1)
    with pytest.raises(ValueError, match="forwards"):
        firm().days_after(date(2026, 1, 1), -1)
