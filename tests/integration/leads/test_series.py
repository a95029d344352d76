"""Plans that come again, over HTTP."""

import pytest

WEEKLY = {"kind": "meeting", "status": "planned", "every": "week", "times": 3, "title": "Họp tuần"}
FIRST = {"planned_at": "2040-03-05T09:00:00+07:00", "planned_until": "2040-03-05T10:00:00+07:00"}


@pytest.fixture
async def body(world, done):
    return {**WEEKLY, **FIRST, "account": done(await world.ana.post("/v1/accounts", {"name": "Đông Á"}), 201)["id"]}


async def test_a_meeting_of_each_week_is_planned_and_its_rest_called_off(world, body, done, assert_problem):
    made = done(await world.ana.post("/v1/activity-series", body), 201)
    days = ["2040-03-05", "2040-03-12", "2040-03-19"]
    assert [each["planned_on"] for each in made["activities"]] == days
    assert {(each["title"], each["series"]) for each in made["activities"]} == {("Họp tuần", made["series"])}
    assert made["activities"][2]["planned_until"] == "2040-03-19T03:00:00Z"
    listed = done(await world.ana.get("/v1/activities", series=made["series"]))["items"]
    assert [each["planned_on"] for each in listed] == days
    path = f"/v1/activity-series/{made['series']}/cancellation"
    assert_problem(await world.bao.post(path), 404, "not-found")
    assert_problem(await world.zoe.post(path), 404, "not-found")
    ended = done(await world.ana.post(path, {"at_from": "2040-03-12T00:00:00Z", "reason": "season-over"}))
    assert [each["status"] for each in ended["activities"]] == ["cancelled", "cancelled"]
    [left] = done(await world.ana.get("/v1/activities", series=made["series"], status="planned"))["items"]
    assert left["planned_on"] == "2040-03-05"
    assert_problem(await world.ana.post(path, {"at_from": "2040-03-12T00:00:00Z"}), 404, "not-found")


async def test_each_of_them_finds_its_time_free_or_none_is_planned(world, body, done, assert_problem):
    once = {name: body[name] for name in ("kind", "status", "account")}
    taken = {**once, "planned_at": "2040-03-12T09:30:00+07:00"}
    other = done(await world.ana.post("/v1/activities", taken), 201)["id"]
    warned = done(await world.ana.post("/v1/activity-series", {**body, "times": 2}), 201)["activities"]
    assert [[clash["activity"] for clash in each["conflicts"]] for each in warned] == [[], [other]]
    later = {**body, "planned_at": "2040-03-05T14:00:00+07:00", "planned_until": None}
    done(await world.ana.post("/v1/activities", {**taken, "planned_at": "2040-03-19T14:00:00+07:00"}), 201)
    refused = await world.ana.post("/v1/activity-series", {**later, "conflicts": "refuse"})
    assert_problem(refused, 409, "schedule-conflict", "/planned_at")
    assert len(done(await world.ana.get("/v1/activities"))["items"]) == 4


async def test_a_series_that_says_nothing_is_refused(world, body, assert_problem):
    async def refused(code, pointer, **more):
        assert_problem(await world.ana.post("/v1/activity-series", {**body, **more}), 422, code, pointer)

    await refused("invalid", "/times", times=61)
    await refused("invalid", "/every", every="day")
    await refused("invalid", "/external_id", external_id="x")
    await refused("invalid", "/status", status="done")
    await refused("invalid", "/times", every="month", interval=12, times=60, planned_at="2090-01-01T00:00:00Z",
                  planned_until=None)  # fmt: skip
    await refused("note-is-no-plan", "/kind", kind="note")
    await refused("visit-without-contact", "/without_contact", kind="visit")
