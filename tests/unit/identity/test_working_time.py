"""The firm's working calendar and its people's leave."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st

from events.catalogue.identity import (
    USUAL_WEEK,
    Leave,
    PersonLeaveChanged,
    PersonState,
    Role,
    TenantSettingsChanged,
    TenantState,
    Weekday,
    WorkingCalendar,
    WorkingHours,
)
from events.moment import Moment
from events.testing import given
from identity.person import LEAVES_MAX, PERSON, ChangeLeave, TooManyLeaves
from identity.tenant import TENANT, ChangeTenantSettings, HoursNotUsable, NoKnownHolidays

NOW = Moment.of(datetime(2026, 3, 2, 9, tzinfo=UTC), "UTC")
FIRM = TenantState(id=UUID(int=1), slug="firm", name="Firm", zone="Asia/Ho_Chi_Minh", base_currency="VND")
ANA = PersonState(id=UUID(int=7), name="Ana", roles=(Role.REP,))
FIRST = date(2026, 1, 1)


def calendar(**changes):
    return ChangeTenantSettings(moment=NOW, changes={"working_calendar": WorkingCalendar(**changes)})


def hours(opens, closes, weekday=Weekday.MONDAY):
    return WorkingHours(weekday=weekday, opens=opens, closes=closes)


def leave(first, last):
    return Leave(from_on=FIRST + timedelta(days=first), to_on=FIRST + timedelta(days=last))


def away(first, last):
    return ChangeLeave(moment=NOW, days=leave(first, last), away=True)


def there(first, last):
    return ChangeLeave(moment=NOW, days=leave(first, last), away=False)


def test_a_calendar_is_given_and_taken_back():
    given(TENANT, FIRM).when(calendar(holidays="CN")).then(TenantSettingsChanged()).then_state(
        working_calendar=WorkingCalendar(weekly_hours=USUAL_WEEK, holidays="CN")
    )
    usual = ChangeTenantSettings(moment=NOW, changes={"working_calendar": None})
    given(TENANT, FIRM, calendar(holidays="CN")).when(usual).then(TenantSettingsChanged()).then_state(
        working_calendar=None
    )
    given(TENANT, FIRM).when(usual).then_nothing()


@pytest.mark.parametrize(
    ("wrong", "refusal", "pointer"),
    [
        ({"holidays": "XX"}, NoKnownHolidays, "/working_calendar/holidays"),
        ({"weekly_hours": ()}, HoursNotUsable, "/working_calendar/weekly_hours"),
        ({"weekly_hours": (hours("12:00", "08:00"),)}, HoursNotUsable, "/working_calendar/weekly_hours/0"),
        ({"weekly_hours": (hours("08:00", "08:00"),)}, HoursNotUsable, "/working_calendar/weekly_hours/0"),
        (
            {"weekly_hours": (hours("08:00", "12:00"), hours("11:59", "24:00"))},
            HoursNotUsable,
            "/working_calendar/weekly_hours/1",
        ),
    ],
)
def test_a_calendar_in_which_nobody_could_work_is_refused(wrong, refusal, pointer):
    assert given(TENANT, FIRM).when(calendar(**wrong)).then_refused(refusal).pointer == pointer


def test_spans_may_touch_and_other_days_may_have_the_same():
    spans = (hours("08:00", "12:00"), hours("12:00", "24:00"), hours("08:00", "12:00", Weekday.SUNDAY))
    given(TENANT, FIRM).when(calendar(weekly_hours=spans)).then(TenantSettingsChanged())


def test_leave_is_taken_joined_and_cut():
    given(PERSON, ANA).when(away(3, 5)).then(PersonLeaveChanged()).then_state(leaves=(leave(3, 5),))
    given(PERSON, ANA, away(3, 5)).when(away(4, 4)).then_nothing()
    given(PERSON, ANA, away(3, 5), away(6, 7)).when(there(9, 9)).then_nothing()
    given(PERSON, ANA, away(3, 5)).when(away(6, 7)).then(PersonLeaveChanged()).then_state(leaves=(leave(3, 7),))
    given(PERSON, ANA, away(3, 7)).when(there(5, 5)).then(PersonLeaveChanged()).then_state(
        leaves=(leave(3, 4), leave(6, 7))
    )


@for_any(st.lists(st.tuples(st.booleans(), st.integers(0, 30), st.integers(0, 5)), max_size=12))
def test_leaves_are_the_days_one_said_one_is_away(said):
    person, days = ANA, set()
    for is_away, first, more in said:
        command = (away if is_away else there)(first, first + more)
        person = given(PERSON, person).when(command).state
        span = set(range(first, first + more + 1))
        days = days | span if is_away else days - span
    found = [(each.from_on - FIRST).days + day for each in person.leaves for day in range(_length(each))]
    assert found == sorted(days), "each day once, in order"
    assert all(one.to_on + timedelta(days=1) < two.from_on for one, two in zip(person.leaves, person.leaves[1:]))  # noqa: B905


def _length(found):
    return (found.to_on - found.from_on).days + 1


def test_the_number_of_leaves_is_bounded():
    many = tuple(leave(2 * number, 2 * number) for number in range(LEAVES_MAX))
    given(PERSON, ANA.model_copy(update={"leaves": many})).when(away(-2, -2)).then_refused(TooManyLeaves)
