"""Visits over HTTP: plans by class and what is due, check-in and check-out, who sees positions; none is in an event."""

from datetime import UTC, datetime, timedelta

import pytest

from .conftest import ANA, BAO

HANOI = {"latitude": 21.0278, "longitude": 105.8342}
ACROSS = {"latitude": 21.0300, "longitude": 105.8342}
HO_CHI_MINH_CITY = {"latitude": 10.7769, "longitude": 106.7009}
MONTHLY = {
    "customer_class": "a",
    "every_days": 30,
    "steps": [{"code": "stock", "text": "Đếm hàng"}, {"code": "shelf", "text": "Chụp kệ", "required": False}],
}


def ago(minutes=0, days=0):
    return (datetime.now(UTC) - timedelta(minutes=minutes, days=days)).isoformat()


@pytest.fixture
async def account(world, done):
    found = done(await world.ana.post("/v1/accounts", {"name": "Đông Á"}), 201)
    done(await world.ana.put(f"/v1/accounts/{found['id']}/site", HANOI))
    return found["id"]


@pytest.fixture
async def visit(world, account, done):
    return await a_visit(world, account, done)


async def a_visit(world, account, done):
    body = {"kind": "visit", "account": account, "status": "planned", "planned_at": ago(60), "without_contact": "known"}
    return f"/v1/activities/{done(await world.ana.post('/v1/activities', body), 201)['id']}"


async def test_a_visit_is_checked_in_and_out_and_verified(world, visit, done):
    here = {**ACROSS, "occurred_at": ago(40), "accuracy_metres": 8, "photo": "photos/71"}
    came = done(await world.ana.post(f"{visit}/check-in", here))
    assert (came["distance_metres"], came["flags"], came["verified"]) == (245, [], False)
    left = done(await world.ana.post(f"{visit}/check-out", {**HANOI, "occurred_at": ago(10)}))
    assert (left["flags"], left["verified"], left["has_photo"]) == ([], True, True)
    assert 1799 <= left["stay_seconds"] <= 1801
    held = done(await world.ana.post(f"{visit}/completion", {"outcome": "offer-wanted"}))
    assert (held["status"], held["verified"]) == ("done", True)
    came, left = done(await world.ana.get(f"{visit}/proof"))["readings"]
    assert (came["step"], came["photo"], came["latitude"], left["step"]) == ("in", "photos/71", 21.03, "out")


async def test_nobody_is_in_two_towns_within_an_hour(world, account, visit, done):
    other = await a_visit(world, account, done)
    done(await world.ana.post(f"{other}/check-in", {**HO_CHI_MINH_CITY, "occurred_at": ago(59)}))
    came = done(await world.ana.post(f"{visit}/check-in", {**HANOI, "occurred_at": ago(40)}))
    assert came["flags"] == ["impossible-travel"]


async def test_the_firm_says_what_it_takes_for_a_visit(world, visit, done, assert_problem):
    assert done(await world.ana.get("/v1/visit-rules"))["radius_metres"] == 300
    assert_problem(await world.mai.put("/v1/visit-rules", {"radius_metres": 200}), 403, "forbidden")
    done(await world.ops.put("/v1/visit-rules", {"radius_metres": 200}))
    assert done(await world.ana.get("/v1/visit-rules")) == {
        "radius_metres": 200, "stay_minutes": 10, "plan_minutes": 120, "speed_max": 200, "photo_required": False,
    }  # fmt: skip
    assert done(await world.ana.post(f"{visit}/check-in", ACROSS))["flags"] == ["outside-radius"]
    assert done(await world.zoe.get("/v1/visit-rules"))["radius_metres"] == 300


async def test_where_people_were_is_in_no_event_and_only_for_who_leads_them(world, visit, done, assert_problem):
    done(await world.ana.post(f"{visit}/check-in", {**ACROSS, "photo": "photos/71"}))
    async with world.connect() as connection:
        told = await connection.fetch("SELECT payload::text FROM outbox_event")
    assert [row for row in told if "checked_in_at" in row[0]]
    assert not [row for row in told if "21.03" in row[0] or "105.83" in row[0] or "photos" in row[0]]
    assert len(done(await world.mai.get(f"{visit}/proof"))["readings"]) == 1
    for stranger in (world.zoe, world.bao):
        assert (await stranger.get(f"{visit}/proof")).status_code in {403, 404}
    assert_problem(await world.mai.post(f"{visit}/check-in", HANOI), 403, "forbidden")
    done(await world.importer.post(f"{visit}/check-out", HANOI))


async def test_what_is_wrong_is_named(world, account, visit, done, assert_problem):
    async def refused(code, status, pointer, **more):
        assert_problem(await world.ana.post(f"{visit}/check-in", {**HANOI, **more}), status, code, pointer)

    await refused("invalid", 422, "/latitude", latitude=90.1)
    await refused("invalid", 422, "/longitude", longitude=False)
    await refused("invalid", 422, "/accuracy_metres", accuracy_metres=-1)
    assert_problem(await world.ana.post(f"{visit}/check-out", HANOI), 409, "not-checked-in")
    call = {"kind": "call", "account": account, "status": "planned", "planned_at": ago(5)}
    path = f"/v1/activities/{done(await world.ana.post('/v1/activities', call), 201)['id']}"
    assert_problem(await world.ana.post(f"{path}/check-in", HANOI), 422, "not-a-visit")
    assert_problem(await world.zoe.put(f"/v1/accounts/{account}/site", HANOI), 404, "not-found")
    twice = {**MONTHLY, "steps": [MONTHLY["steps"][0]] * 2}
    assert_problem(await world.ops.post("/v1/visit-plans", twice), 422, "invalid", "/steps")
    assert_problem(await world.ops.post("/v1/visit-plans", {**MONTHLY, "every_days": 0}), 422, "invalid", "/every_days")


async def test_a_lead_has_a_site_of_its_own_until_its_account_has_one(world, account, done, assert_problem):
    lead = done(await world.ana.post("/v1/leads", {}), 201)["id"]
    body = {"kind": "visit", "lead": lead, "status": "planned", "planned_at": ago(5), "without_contact": "cold-route"}
    path = f"/v1/activities/{done(await world.ana.post('/v1/activities', body), 201)['id']}"
    assert_problem(await world.bao.put(f"/v1/leads/{lead}/site", HANOI), 404, "not-found")
    assert_problem(await world.ana.get(f"/v1/leads/{lead}/site"), 404, "not-found")
    assert done(await world.ana.put(f"/v1/leads/{lead}/site", HANOI))["customer"] == lead
    assert done(await world.ana.get(f"/v1/leads/{lead}/site"))["latitude"] == HANOI["latitude"]
    assert done(await world.ana.post(f"{path}/check-in", HANOI))["distance_metres"] == 0


async def test_accounts_of_a_class_are_due_so_many_days_after_the_last_visit(world, account, done, assert_problem):
    assert_problem(await world.ana.post("/v1/visit-plans", MONTHLY), 403, "forbidden")
    assert done(await world.ops.post("/v1/visit-plans", MONTHLY))["steps"][0]["required"] is True
    assert done(await world.ana.get("/v1/visit-plans"))["items"] == [done(await world.ana.get("/v1/visit-plans/a"))]
    assert_problem(await world.zoe.get("/v1/visit-plans/a"), 404, "not-found")
    assert done(await world.ana.get("/v1/due-visits"))["items"] == []
    done(await world.ana.patch(f"/v1/accounts/{account}", {"customer_class": "a"}))
    [due] = done(await world.ana.get("/v1/due-visits"))["items"]
    assert (due["account"], due["last_visit_on"], due["planned"]) == (account, None, None)
    assert done(await world.bao.get("/v1/due-visits"))["items"] == []
    visit = {"kind": "visit", "account": account, "without_contact": "known"}
    done(await world.ana.post("/v1/activities", {**visit, "occurred_at": ago(days=29)}), 201)
    assert done(await world.ana.get("/v1/due-visits"))["items"] == []
    soon = (datetime.now(UTC) + timedelta(days=3)).date()
    [due] = done(await world.ana.get("/v1/due-visits", by=soon, owner=ANA))["items"]
    last = datetime.fromisoformat(due["last_visit_on"])
    assert datetime.fromisoformat(due["due_on"]) - last == timedelta(days=30)
    planned = {**visit, "status": "planned", "planned_at": ago(days=-1)}
    id_ = done(await world.ana.post("/v1/activities", planned), 201)["id"]
    [due] = done(await world.ana.get("/v1/due-visits", by=soon, unplanned=False))["items"]
    assert due["planned"] == id_
    assert done(await world.ana.get("/v1/due-visits", by=soon, unplanned=True))["items"] == []
    assert done(await world.ana.get("/v1/due-visits", by=soon, owner=BAO))["items"] == []
    pause = {"until": (soon + timedelta(days=30)).isoformat(), "reason": "rebuilding"}
    done(await world.ana.post(f"/v1/accounts/{account}/pause", pause))
    assert done(await world.ana.get("/v1/due-visits", by=soon))["items"] == []
    done(await world.ana.post(f"/v1/accounts/{account}/pause", {}))
    done(await world.ops.post("/v1/visit-plans", {**MONTHLY, "active": False}))
    assert done(await world.ana.get("/v1/due-visits", by=soon))["items"] == []


async def test_the_standard_steps_of_a_visit_are_done_or_missed(world, account, visit, done, assert_problem):
    done(await world.ana.post(f"{visit}/check-in", {**HANOI, "occurred_at": ago(30)}))
    left = {**HANOI, "steps": ["shelf"]}
    assert_problem(await world.ana.post(f"{visit}/check-out", left), 422, "invalid", "/steps")
    done(await world.ops.post("/v1/visit-plans", MONTHLY))
    done(await world.ana.patch(f"/v1/accounts/{account}", {"customer_class": "a"}))
    assert_problem(await world.ana.post(f"{visit}/check-out", {**HANOI, "steps": ["x"]}), 422, "invalid", "/steps")
    found = done(await world.ana.post(f"{visit}/check-out", left))
    assert (found["steps_done"], found["steps_missed"]) == (["shelf"], ["stock"])


async def test_a_day_of_visits_is_gone_through_the_short_way(world, done, assert_problem):
    async def planned(hour, name, latitude):
        account = done(await world.ana.post("/v1/accounts", {"name": name}), 201)["id"]
        if latitude is not None:
            done(await world.ana.put(f"/v1/accounts/{account}/site", {"latitude": latitude, "longitude": 105.8}))
        at = {"planned_at": f"2040-03-05T{hour:02}:00:00+07:00", "status": "agreed", "kind": "visit"}
        return done(await world.ana.post("/v1/activities", {**at, "account": account}), 201)["id"]

    far, near = await planned(0, "Far", 21.3), await planned(23, "Near", 21.1)
    middle, nowhere = await planned(9, "Middle", 21.2), await planned(10, "Nowhere", None)
    asked = {"on": "2040-03-05", "latitude": 21.0, "longitude": 105.8}
    route = done(await world.ana.get("/v1/visit-route", **asked))
    assert [stop["visit"] for stop in route["stops"]] == [near, middle, far]
    assert route["metres"] == sum(stop["leg_metres"] for stop in route["stops"]) == route["bound_metres"]
    assert (route["shortest"], route["without_site"]) == (True, [nowhere])
    assert route["as_planned_metres"] > 1.6 * route["metres"]
    anywhere = done(await world.mai.get("/v1/visit-route", on="2040-03-05", person=ANA))
    assert anywhere["metres"] < route["metres"]
    assert done(await world.ana.get("/v1/visit-route", on="2040-03-04"))["stops"] == []
    assert done(await world.zoe.get("/v1/visit-route", on="2040-03-05", person=ANA))["stops"] == []
    half = {"on": "2040-03-05", "latitude": 21.0}
    assert_problem(await world.ana.get("/v1/visit-route", **half), 422, "invalid", "/longitude")
    assert_problem(await world.importer.get("/v1/visit-route", on="2040-03-05"), 422, "invalid", "/person")
    assert_problem(await world.ana.get("/v1/visit-route", on="5 March"), 422, "invalid", "/on")
