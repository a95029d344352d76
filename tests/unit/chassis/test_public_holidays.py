"""Public holidays as the governments decreed them, and the countries that are known."""

from datetime import date
from uuid import UUID

import pytest
from holidays import list_supported_countries

from chassis.holiday_countries import COUNTRIES
from chassis.public_holidays import country_of, holidays_of
from chassis.working_time import NO_HOLIDAYS, working_time_of
from events.catalogue.identity import TenantState


def firm(zone: str) -> TenantState:
    return TenantState(id=UUID(int=1), slug="f", name="F", zone=zone, base_currency="USD")


def days(month: int, *numbers: int) -> list[date]:
    return [date(2026, month, number) for number in numbers]


async def test_viet_nam_has_tet_by_the_moon_and_days_off_that_were_moved() -> None:
    works = working_time_of(firm("Asia/Ho_Chi_Minh"), await holidays_of("VN"))
    off = days(1, 1) + days(2, 16, 17, 18, 19, 20) + days(4, 27, 30) + days(5, 1) + days(8, 31) + days(9, 1, 2)
    assert [day for day in off if works.is_working_day(day)] == []
    worked = days(1, 5) + days(2, 13, 23) + days(4, 28, 29) + days(8, 22) + days(9, 3)
    assert [day for day in worked if not works.is_working_day(day)] == []


async def test_china_works_on_the_weekends_that_pay_for_its_long_holidays() -> None:
    works = working_time_of(firm("Asia/Shanghai"), await holidays_of("CN"))
    paid = days(1, 4) + days(2, 14, 28) + days(5, 9) + days(9, 20) + days(10, 10)
    assert [day for day in paid if not works.is_working_day(day)] == []
    off = days(1, 1) + days(2, 16, 17, 18, 19, 20, 23) + days(5, 1, 4, 5) + days(10, 1, 2, 5, 6, 7)
    assert [day for day in off if works.is_working_day(day)] == []
    assert not works.is_working_day(date(2026, 1, 11)), "an ordinary Sunday"


@pytest.mark.parametrize(
    ("holidays", "zone", "country"),
    [
        ("zone", "Asia/Ho_Chi_Minh", "VN"),
        ("zone", "Asia/Saigon", "VN"),
        ("zone", "Asia/Shanghai", "CN"),
        ("zone", "UTC", None),
        ("none", "Asia/Shanghai", None),
        ("VN", "Asia/Shanghai", "VN"),
    ],
)
async def test_a_calendar_names_a_country_or_means_that_of_the_zone(
    holidays: str, zone: str, country: str | None
) -> None:
    assert country_of(holidays, zone) == country
    assert ((await holidays_of(country)) is NO_HOLIDAYS) == (country is None)


async def test_holidays_are_loaded_once() -> None:
    assert await holidays_of("VN") is await holidays_of("VN")


def test_the_known_countries_are_those_of_the_library() -> None:
    assert set(list_supported_countries(include_aliases=False)) == COUNTRIES
