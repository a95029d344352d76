"""Activities over HTTP: written down, planned, completed, listed; first contacts, texts out of events, who may."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from events.catalogue.activities import ActivityDone
from events.catalogue.leads import LeadContacted
from events.testing import published

ANA = "00000000-0000-0000-0000-0000000000a1"


def at(days=0, **more):
    """Some time ago, or to come."""
    return (datetime.now(UTC) + timedelta(days=days, **more)).isoformat()


def a_call(**more):
    return {"kind": "call", "lead_external_id": "lead", "two_way": True, **more}


def a_visit(lead, **more):
    return {"kind": "visit", "lead": lead["id"], "without_contact": "cold-route", **more}


def items(*some):
    return {"items": [{"item_id": str(number), **item} for number, item in enumerate(some, start=1)]}


def answered(answer):
    return [
        (each["status"], each["existing"], (each["problem"] or {}).get("code")) for each in answer.json()["results"]
    ]


@pytest.fixture
async def lead(world, done):
    return done(await world.ana.post("/v1/leads", {"external_id": "lead", "prospect": {"name": "Minh"}}), 201)


@pytest.fixture
async def planned(world, lead, done):
    visit = {"kind": "visit", "lead": lead["id"], "status": "planned", "planned_at": at(1), "title": "See the stock"}
    visit["without_contact"] = "cold-route"
    return done(await world.ana.post("/v1/activities", visit), 201)


async def test_a_call_is_written_down_read_and_changed(world, lead, done, assert_problem):
    call = done(await world.ana.post("/v1/activities", a_call(note="Wants 200.", outcome="interested")), 201)
    path = f"/v1/activities/{call['id']}"
    assert (call["lead"], call["contact"], call["status"], call["direction"]) == (
        lead["id"], lead["contact"], "done", "outbound",
    )  # fmt: skip
    assert (call["note"], call["outcome"], call["performer"]["person"]) == ("Wants 200.", "interested", ANA)
    assert done(await world.ana.get(path)) | {"conflicts": []} == call
    changed = done(await world.ana.patch(path, {"note": "Wants 250.", "outcome": None}, version=1))
    assert (changed["version"], changed["note"], changed["outcome"]) == (2, "Wants 250.", None)
    assert done(await world.ana.get(path))["note"] == "Wants 250."
    assert_problem(await world.ana.patch(path, {"note": "x"}, version=1), 412, "stale-version")


async def test_a_visit_is_planned_held_and_then_counted_once_a_day(world, lead, planned, done, assert_problem):
    path = f"/v1/activities/{planned['id']}/completion"
    assert (planned["status"], planned["title"], planned["first_of_day"]) == ("planned", "See the stock", False)
    held = done(await world.ana.post(path, {"note": "Full shelves.", "outcome": "offer-wanted"}))
    assert (held["status"], held["two_way"], held["first_of_day"]) == ("done", True, True)
    assert (held["title"], held["note"]) == ("See the stock", "Full shelves.")
    assert_problem(await world.ana.post(path, {"occurred_at": at(-1)}), 409, "activity-is-closed")
    again = done(await world.ana.post("/v1/activities", a_visit(lead)), 201)
    assert not again["first_of_day"]
    yesterday = await world.ana.post("/v1/activities", a_visit(lead, occurred_at=at(-1)))
    assert done(yesterday, 201)["first_of_day"]


async def test_visits_written_down_at_once_count_once(world, lead):
    visits = [world.ana.post("/v1/activities", a_visit(lead)) for _ in range(6)]
    answers = [answer.json()["first_of_day"] for answer in await asyncio.gather(*visits)]
    assert sorted(answers) == [False] * 5 + [True]


async def test_the_first_contact_stands_on_the_lead_also_when_told_late(world, lead, done):
    async def told(**more):
        done(await world.ana.post("/v1/activities", a_call(**more)), 201)
        shown = done(await world.ana.get(f"/v1/leads/{lead['id']}"))
        return shown["version"], shown["first_contact_at"], shown["first_talk_at"]

    before, early = at(-1), at(-2)
    assert await told(automatic=True) == (lead["version"], None, None)
    assert await told(two_way=False, direction="inbound") == (lead["version"], None, None)
    version, contact, talk = await told(two_way=False, occurred_at=before)
    assert (version, contact, talk) == (lead["version"] + 1, same(before), None)
    assert await told(occurred_at=early) == (lead["version"] + 2, same(early), same(early))
    assert await told() == (lead["version"] + 2, same(early), same(early))
    async with world.connect() as connection:
        assert len(await published(connection, LeadContacted)) == 2


def same(text):
    return text.replace("+00:00", "Z")


async def test_what_people_write_is_in_no_event(world, lead, planned, done):
    secret = "Mr Minh is getting divorced"
    done(await world.ana.post("/v1/activities", a_call(title=secret, note=secret)), 201)
    done(await world.ana.post(f"/v1/activities/{planned['id']}/completion", {"note": secret}))
    done(await world.ana.patch(f"/v1/activities/{planned['id']}", {"note": f"{secret}!"}))
    async with world.connect() as connection:
        assert await connection.fetchval("SELECT count(*) FROM activity_text WHERE note LIKE $1", f"{secret}%") == 2
        assert await connection.fetchval("SELECT count(*) FROM outbox_event WHERE payload::text LIKE '%Minh%'") == 1
        assert len(await published(connection, ActivityDone)) == 2


async def test_they_are_listed_by_person_subject_kind_and_period(world, lead, planned, done):
    done(await world.ana.post("/v1/activities", a_call(external_id="early", occurred_at=at(-2))), 201)
    done(await world.ana.post("/v1/activities", a_call(external_id="late", occurred_at=at(-1))), 201)
    done(await world.importer.post("/v1/activities", a_call(external_id="bao", performer_external_id="bao")), 201)

    async def found(**query):
        shown = done(await world.importer.get("/v1/activities", **query))["items"]
        return [each["external_id"] or each["kind"] for each in shown]

    assert await found() == ["early", "late", "bao", "visit"]
    assert await found(sort="-at", limit=2) == ["visit", "bao"]
    assert await found(performer=ANA, kind="call") == ["early", "late"]
    assert await found(lead=lead["id"], status="planned") == ["visit"]
    assert await found(contact=lead["contact"], at_from=at(-1.5), at_to=at(-0.5)) == ["late"]
    assert await found(account=lead["id"]) == []
    first = done(await world.importer.get("/v1/activities", limit=3))
    after = done(await world.importer.get("/v1/activities", limit=3, cursor=first["next_cursor"]))
    assert [each["kind"] for each in after["items"]] == ["visit"]


async def test_a_batch_may_be_sent_again(world, lead):
    calls = items(a_call(external_id="a"), a_call(external_id="b", note="x"), a_call(external_id="a"), {"kind": "note"})
    answer = await world.importer.post("/v1/activities:batch", calls)
    assert answer.status_code == 422
    calls["items"].pop()
    for item in calls["items"]:
        item["performer_external_id"] = "ana"
    created, exists = (201, None, None), (409, None, "already-exists")
    assert answered(await world.importer.post("/v1/activities:batch", calls)) == [created, created, exists]
    again = await world.importer.post("/v1/activities:batch", calls)
    assert answered(again) == [(200, True, None)] * 2 + [exists]
    assert answered(await world.bao.post("/v1/activities:batch", items({**a_call(), "external_id": "a"}))) == [exists]
    atomic = {**items(a_call(external_id="c", performer=ANA), a_call(lead_external_id="none")), "atomic": True}
    assert [code for *_, code in answered(await world.importer.post("/v1/activities:batch", atomic))] == [
        "not-applied",
        "invalid",
    ]


async def test_a_batch_of_visits_counts_each_day_once_and_tells_the_lead_once(world, lead):
    visits = [a_visit(lead, performer_external_id="ana") for _ in range(3)]
    answer = await world.importer.post("/v1/activities:batch", items(*visits, {**visits[0], "occurred_at": at(-3)}))
    assert answer.status_code == 200
    async with world.connect() as connection:
        assert await connection.fetchval("SELECT count(*) FROM activity WHERE first_of_day") == 2
        assert len(await published(connection, LeadContacted)) == 2


async def test_who_does_not_see_the_lead_sees_and_writes_nothing_about_it(world, lead, planned, assert_problem, done):
    path = f"/v1/activities/{planned['id']}"
    for caller in (world.bao, world.zoe):
        assert done(await caller.get("/v1/activities"))["items"] == []
        assert_problem(await caller.get(path), 404, "not-found")
        assert_problem(await caller.post(f"{path}/completion"), 404, "not-found")
        assert_problem(await caller.post(f"{path}/cancellation"), 404, "not-found")
        assert_problem(await caller.patch(path, {"note": "x"}), 404, "not-found")
    assert_problem(await world.bao.post("/v1/activities", a_call()), 422, "invalid", "/lead_external_id")
    assert_problem(
        await world.bao.post("/v1/activities", {"kind": "call", "lead": lead["id"]}), 422, "invalid", "/lead"
    )
    named = a_call(performer_external_id="bao")
    assert_problem(await world.ana.post("/v1/activities", named), 403, "forbidden")
    assert done(await world.mai.post(f"{path}/cancellation", {"reason": "ill"}))["status"] == "cancelled"


async def test_who_holds_the_lead_sees_what_others_did_and_leaves_it(world, lead, done, assert_problem):
    call = done(await world.importer.post("/v1/activities", a_call(performer_external_id="bao")), 201)
    path = f"/v1/activities/{call['id']}"
    assert done(await world.ana.get(path)) == done(await world.bao.get(path))
    assert [each["id"] for each in done(await world.ana.get("/v1/activities"))["items"]] == [call["id"]]
    assert_problem(await world.ana.patch(path, {"note": "x"}), 403, "forbidden")
    assert_problem(await world.mai.patch(path, {"note": "x"}), 403, "forbidden")


async def test_what_is_wrong_is_named(world, lead, assert_problem):
    async def refused(code, pointer, **more):
        body = {name: value for name, value in a_call(**more).items() if value != "absent"}
        assert_problem(await world.ana.post("/v1/activities", body), 422, code, pointer)

    await refused("invalid", "/planned_at", status="planned")
    await refused("invalid", "/outcome", status="planned", planned_at=at(1), outcome="x")
    await refused("invalid", "/planned_until", planned_at=at(1), planned_until=at(0))
    await refused("invalid", "/planned_at", planned_at="9999-12-31T23:59:59Z")
    await refused("invalid", "/outcome", outcome="Mr Minh was angry")
    await refused("invalid", "", lead_external_id="absent")
    await refused("invalid", "/lead_external_id", lead_external_id="nobody")
    await refused("note-is-no-plan", "/kind", kind="note", status="planned", planned_at=at(1))
    nobody = {**a_call(), "external_id": "x"}
    assert_problem(await world.importer.post("/v1/activities", nobody), 422, "invalid", "/performer")
    assert (await world.ana.post("/v1/activities", {"kind": "task", "external_id": "x"})).status_code == 201
    assert_problem(await world.bao.post("/v1/activities", {"kind": "task", "external_id": "x"}), 409, "already-exists")
