"""Appointments over HTTP: asked for, agreed to, moved, missed, held; visits without prior contact."""

from datetime import UTC, datetime, timedelta

import pytest


def at(days=0.0):
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


@pytest.fixture
async def lead(world, done):
    return done(await world.ana.post("/v1/leads", {"external_id": "lead", "prospect": {"name": "Minh"}}), 201)


def a_visit(lead, **more):
    return {"kind": "visit", "lead": lead["id"], "status": "planned", "planned_at": at(-0.1), **more}


async def test_an_appointment_is_asked_for_agreed_to_moved_and_held(world, lead, done, assert_problem):
    visit = done(await world.ana.post("/v1/activities", a_visit(lead, status="asked", planned_at=at(1))), 201)
    path = f"/v1/activities/{visit['id']}"
    assert_problem(await world.ana.post(f"{path}/completion"), 409, "not-agreed")
    agreed = done(await world.ana.post(f"{path}/agreement", {"planned_at": at(2), "planned_until": at(2.1)}))
    assert (agreed["status"], len(agreed["moves"]), agreed["version"]) == ("agreed", 1, 3)
    assert_problem(await world.ana.post(f"{path}/no-show"), 422, "not-due-yet", "/occurred_at")
    anew = done(await world.ana.post(f"{path}/move", {"planned_at": at(3), "agreed": False}))
    assert (anew["status"], anew["agreed_at"], len(anew["moves"])) == ("asked", None, 2)
    assert done(await world.ana.post(f"{path}/agreement"))["status"] == "agreed"
    assert done(await world.ana.post(f"{path}/completion"))["status"] == "done"
    for step in ("request", "agreement", "no-show"):
        assert_problem(await world.ana.post(f"{path}/{step}"), 409, "activity-is-closed")
    assert_problem(await world.ana.post(f"{path}/move", {"planned_at": at(1)}), 409, "activity-is-closed")


async def test_a_visit_without_prior_contact_says_why(world, lead, done, assert_problem):
    refusal = "visit-without-contact"
    assert_problem(await world.ana.post("/v1/activities", a_visit(lead)), 422, refusal, "/without_contact")
    excused = done(await world.ana.post("/v1/activities", a_visit(lead, without_contact="cold-route")), 201)
    assert excused["without_contact"] == "cold-route"
    call = {"kind": "call", "lead": lead["id"], "occurred_at": at(-1)}
    done(await world.ana.post("/v1/activities", call), 201)
    assert done(await world.ana.post("/v1/activities", a_visit(lead)), 201)["without_contact"] is None
    too_early = {**a_visit(lead, status="done"), "occurred_at": at(-2)}
    assert_problem(await world.ana.post("/v1/activities", too_early), 422, refusal)


async def test_a_contact_with_a_lead_of_the_account_is_one_with_the_account(world, done, assert_problem):
    account = done(await world.ana.post("/v1/accounts", {"name": "Đông Á"}), 201)
    visit = {"kind": "visit", "account": account["id"]}
    assert_problem(await world.ana.post("/v1/activities", visit), 422, "visit-without-contact")
    lead = done(await world.ana.post("/v1/leads", {}), 201)
    done(await world.ana.post("/v1/activities", {"kind": "call", "lead": lead["id"]}), 201)
    assert_problem(await world.ana.post("/v1/activities", visit), 422, "visit-without-contact")
    done(await world.ana.patch(f"/v1/leads/{lead['id']}", {"account": account["id"]}))
    done(await world.ana.post("/v1/activities", visit), 201)


async def test_in_a_batch_an_earlier_call_is_prior_contact(world, lead):
    visit, call = a_visit(lead, performer_external_id="ana"), {"kind": "call", "lead": lead["id"]}
    call["performer_external_id"] = "ana"
    batch = {"items": [{"item_id": str(place), **each} for place, each in enumerate((visit, call, visit))]}
    answer = await world.importer.post("/v1/activities:batch", batch)
    assert [each["status"] for each in answer.json()["results"]] == [422, 201, 201]


async def test_a_call_is_no_appointment(world, lead, done, assert_problem):
    call = {"kind": "call", "lead": lead["id"], "planned_at": at(1)}
    asked = await world.ana.post("/v1/activities", {**call, "status": "asked"})
    assert_problem(asked, 422, "not-an-appointment", "/status")
    planned = done(await world.ana.post("/v1/activities", {**call, "status": "planned"}), 201)
    for step in ("request", "agreement", "no-show"):
        path = f"/v1/activities/{planned['id']}/{step}"
        assert_problem(await world.ana.post(path), 422, "not-an-appointment")
    moved = done(await world.ana.post(f"/v1/activities/{planned['id']}/move", {"planned_at": at(2)}))
    assert (moved["status"], len(moved["moves"])) == ("planned", 1)


async def test_who_does_not_see_it_moves_nothing(world, lead, done, assert_problem):
    visit = done(await world.ana.post("/v1/activities", a_visit(lead, status="asked")), 201)
    for step, body in (("request", {}), ("agreement", {}), ("no-show", {}), ("move", {"planned_at": at(1)})):
        path = f"/v1/activities/{visit['id']}/{step}"
        assert_problem(await world.bao.post(path, body), 404, "not-found")
        assert_problem(await world.zoe.post(path, body), 404, "not-found")
