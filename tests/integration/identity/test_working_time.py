"""The working calendar and leave over HTTP, and what the directory makes of them."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from events.catalogue.identity import PersonLeaveChanged, TenantSettingsChanged
from events.testing import assert_published

SATURDAYS = {
    "weekly_hours": [
        {"weekday": "saturday", "opens": "08:00", "closes": "12:00"},
        {"weekday": "friday", "opens": "13:00", "closes": "17:00"},
        {"weekday": "friday", "opens": "08:00", "closes": "12:00"},
    ],
    "holidays": "VN",
    "days_off": ["2026-03-06"],
    "working_days": ["2026-03-08", "2026-03-08"],
}


@pytest.fixture
async def firm(world, done):
    return UUID(done(await world.admin.get("/v1/me"))["tenant"])


@pytest.fixture
async def team(world, done):
    """Ana in the North, which Mai leads; Bao elsewhere. Everybody signs in with a key."""
    found = {}
    for name, role in (("mai", "manager"), ("ana", "rep"), ("bao", "manager")):
        found[name] = done(await world.admin.post("/v1/people", {"name": name, "roles": [role]}), 201)["id"]
    north = done(await world.admin.post("/v1/teams", {"name": "North", "lead": found["mai"]}), 201)["id"]
    place = {"from_on": "2020-01-01", "team": north}
    done(await world.admin.post(f"/v1/people/{found['ana']}/assignment", place))
    callers = {}
    for name, role in (("mai", "manager"), ("ana", "rep"), ("bao", "manager")):
        key = {"name": name, "roles": [role], "person": found[name]}
        callers[name] = world.nobody.bearing(done(await world.admin.post("/v1/api-keys", key), 201)["key"])
    return found, callers


async def test_a_firm_works_as_it_says(world, firm, done):
    usual = done(await world.admin.get("/v1/tenant"))["working_calendar"]
    assert (len(usual["weekly_hours"]), usual["holidays"]) == (10, "zone")
    before = await world.resources.directory.working_time(firm)
    assert not before.is_working_day(date(2026, 2, 17)), "Tết, by the zone's country"
    shown = done(await world.admin.patch("/v1/tenant", {"working_calendar": SATURDAYS}))["working_calendar"]
    assert [each["opens"] for each in shown["weekly_hours"]] == ["08:00", "13:00", "08:00"]
    assert shown["working_days"] == ["2026-03-08"]
    world.resources.directory.forget_everything()
    works = await world.resources.directory.working_time(firm)
    worked = [works.is_working_day(date(2026, 3, day)) for day in range(5, 9)]
    assert worked == [False, False, True, True]
    start, end = datetime(2026, 3, 6, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)
    assert works.seconds_between(start, end) == (4 + 8) * 3_600, "the extra Sunday as the first worked weekday"
    assert done(await world.admin.patch("/v1/tenant", {"working_calendar": None}))["working_calendar"] == usual
    async with world.connect() as connection:
        await assert_published(connection, TenantSettingsChanged, tenant__working_calendar=None)


async def test_who_is_on_leave_does_not_work(world, firm, team, done):
    people, callers = team
    days = {"from_on": "2026-03-02", "to_on": "2026-03-06"}
    view = done(await callers["ana"].post(f"/v1/people/{people['ana']}/leave", days))
    assert view["leaves"] == [days]
    back = done(
        await callers["mai"].post(
            f"/v1/people/{people['ana']}/presence", {"from_on": "2026-03-04", "to_on": "2026-03-04"}
        )
    )
    assert [each["to_on"] for each in back["leaves"]] == ["2026-03-03", "2026-03-06"]
    world.resources.directory.forget_everything()
    works = await world.resources.directory.working_time(firm, UUID(people["ana"]))
    assert [works.is_working_day(date(2026, 3, day)) for day in range(2, 7)] == [False, False, True, False, False]
    assert (await world.resources.directory.working_time(firm)).is_working_day(date(2026, 3, 2))
    async with world.connect() as connection:
        await assert_published(connection, PersonLeaveChanged, person__name="ana")


async def test_leave_is_one_s_own_affair_and_the_manager_s(world, team, assert_problem):
    people, callers = team
    days = {"from_on": "2026-03-02", "to_on": "2026-03-06"}
    assert_problem(await callers["ana"].post(f"/v1/people/{people['mai']}/leave", days), 403, "forbidden")
    assert_problem(await callers["bao"].post(f"/v1/people/{people['ana']}/leave", days), 403, "forbidden")
    assert_problem(await world.stranger.post(f"/v1/people/{people['ana']}/leave", days), 404, "not-found")


async def test_fields_at_fault_are_named(world, team, assert_problem):
    people, _ = team
    path = f"/v1/people/{people['ana']}/leave"
    for body, pointer in (
        ({"from_on": "2026-03-02"}, "/to_on"),
        ({"from_on": "2026-03-02", "to_on": "2026-03-01"}, "/to_on"),
        ({"from_on": "2026-03-02", "to_on": "2036-03-01"}, "/to_on"),
        ({"from_on": "soon", "to_on": "2026-03-01"}, "/from_on"),
    ):
        assert_problem(await world.admin.post(path, body), 422, "invalid", pointer)
    span = {"weekday": "monday", "opens": "08:00", "closes": "12:00"}
    for wrong, code, pointer in (
        ({"holidays": "Viet Nam"}, "invalid", "/working_calendar/holidays"),
        ({"holidays": "XX"}, "no-known-holidays", "/working_calendar/holidays"),
        ({"weekly_hours": []}, "invalid", "/working_calendar/weekly_hours"),
        ({"weekly_hours": [{**span, "opens": "8"}]}, "invalid", "/working_calendar/weekly_hours/0/opens"),
        ({"weekly_hours": [{**span, "weekday": "someday"}]}, "invalid", "/working_calendar/weekly_hours/0/weekday"),
        ({"weekly_hours": [span, span]}, "hours-not-usable", "/working_calendar/weekly_hours/1"),
        ({"days_off": ["2026-13-01"]}, "invalid", "/working_calendar/days_off/0"),
    ):
        assert_problem(await world.admin.patch("/v1/tenant", {"working_calendar": wrong}), 422, code, pointer)
