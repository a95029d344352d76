"""Calendars over HTTP: what a person has planned, what clashes, when people are free, and feeds at secret addresses."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from icalendar import Calendar

from events.catalogue.identity import Leave
from leads.calendars import feed as feeds

from .conftest import ANA, BAO, MAI, PEOPLE

DAY = "2040-03-05"  # a Monday; the firm works from 01:00 to 05:00 and from 06:00 to 10:00 UTC


def at(hour, minute=0, day=DAY):
    return f"{day}T{hour:02}:{minute:02}:00Z"


def soon(days):
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


@pytest.fixture
async def account(world, done):
    return done(await world.ana.post("/v1/accounts", {"name": "Đông Á", "owner": str(ANA)}), 201)["id"]


@pytest.fixture
def plan(world, account, done):
    async def planned(start, until=None, **more):
        body = {"kind": "meeting", "account": account, "status": "planned", "planned_at": start, **more}
        return done(await world.ana.post("/v1/activities", body | ({"planned_until": until} if until else {})), 201)

    return planned


async def test_what_overlaps_is_said_or_refused_as_one_wishes(world, account, plan, done, assert_problem):
    first = await plan(at(2), at(3))
    assert first["conflicts"] == []
    second = await plan(at(2, 30))
    [clash] = second["conflicts"]
    assert (clash["reason"], clash["activity"], clash["start"]) == ("overlap", first["id"], at(2))
    body = {"kind": "visit", "account": account, "status": "asked", "planned_at": at(2, 15), "conflicts": "refuse"}
    refused = assert_problem(await world.ana.post("/v1/activities", body), 409, "schedule-conflict", "/planned_at")
    assert [each["activity"] for each in refused["conflicts"]] == [first["id"], second["id"]]
    free = done(await world.ana.post("/v1/activities", {**body, "planned_at": at(3)}), 201)
    assert free["conflicts"] == []
    late = done(await world.ana.post("/v1/activities", {**body, "planned_at": at(20)}), 201)
    assert [each["reason"] for each in late["conflicts"]] == ["outside-working-time"]
    ignored = await plan(at(2), conflicts="ignore")
    assert ignored["conflicts"] == []
    task = await plan(at(2), kind="task", conflicts="refuse")
    assert task["conflicts"] == []


async def test_a_move_is_held_against_the_calendar_too(world, plan, done, assert_problem):
    first, second = await plan(at(2)), await plan(at(4))
    path = f"/v1/activities/{second['id']}"
    clash = {"planned_at": at(2, 15), "conflicts": "refuse"}
    assert_problem(await world.ana.post(f"{path}/move", clash), 409, "schedule-conflict", "/planned_at")
    assert_problem(await world.ana.post(f"{path}/agreement", clash), 409, "schedule-conflict")
    moved = done(await world.ana.post(f"{path}/move", {"planned_at": at(2, 15)}))
    assert [each["activity"] for each in moved["conflicts"]] == [first["id"]]
    done(await world.ana.post(f"/v1/activities/{first['id']}/cancellation", {}))
    agreed = done(await world.ana.post(f"{path}/agreement", clash))
    assert (agreed["conflicts"], agreed["status"]) == ([], "agreed")


async def test_of_two_who_take_the_same_time_at_once_one_gets_it(world, account):
    body = {"kind": "meeting", "account": account, "status": "planned", "planned_at": at(2), "conflicts": "refuse"}
    answers = await asyncio.gather(*(world.ana.post("/v1/activities", body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_nobody_plans_for_who_is_on_leave(world, account, assert_problem):
    leave = Leave(from_on=date(2040, 3, 5), to_on=date(2040, 3, 6))
    await world.know(PEOPLE[ANA].model_copy(update={"leaves": (leave,)}))
    body = {"kind": "meeting", "account": account, "status": "planned", "planned_at": at(2), "conflicts": "refuse"}
    refused = assert_problem(await world.ana.post("/v1/activities", body), 409, "schedule-conflict")
    assert [each["reason"] for each in refused["conflicts"]] == ["leave"]


async def test_a_calendar_shows_what_is_planned_and_what_clashes(world, plan, done, assert_problem):
    long = await plan(at(1), at(4), title="Trình bày")
    short = await plan(at(2), at(2, 15), kind="call")
    gone = await plan(at(2))
    done(await world.ana.post(f"/v1/activities/{gone['id']}/cancellation", {}))
    await plan(at(2), kind="task")
    asked = {"at_from": at(2), "at_to": at(3)}
    found = done(await world.ana.get("/v1/calendar", **asked))["items"]
    assert [(each["activity"], each["title"], each["conflicts"]) for each in found] == [
        (long["id"], "Trình bày", [short["id"]]), (short["id"], None, [long["id"]]),
    ]  # fmt: skip
    page = done(await world.ana.get("/v1/calendar", **asked, limit=1))
    assert page["items"] == found[:1]
    rest = done(await world.ana.get("/v1/calendar", **asked, limit=1, cursor=page["next_cursor"]))
    assert (rest["items"], rest["next_cursor"]) == (found[1:], None)
    assert done(await world.mai.get("/v1/calendar", **asked, person=str(ANA)))["items"] == found
    assert done(await world.bao.get("/v1/calendar", **asked, person=str(ANA)))["items"] == []
    assert done(await world.zoe.get("/v1/calendar", **asked, person=str(ANA)))["items"] == []
    backwards = {"at_from": at(3), "at_to": at(2)}
    assert_problem(await world.ana.get("/v1/calendar", **backwards), 422, "invalid", "/at_to")
    assert_problem(await world.importer.get("/v1/calendar", **asked), 422, "invalid", "/person")


async def test_free_time_is_working_time_without_leave_and_plans(world, plan, done, assert_problem):
    await plan(at(2), at(3))
    await plan(at(2, 30), at(4))
    leave = Leave(from_on=date(2040, 3, 6), to_on=date(2040, 3, 6))
    await world.know(PEOPLE[ANA].model_copy(update={"leaves": (leave,)}))
    asked = {"at_from": at(0), "at_to": at(2, day="2040-03-07")}
    both = done(await world.mai.get("/v1/free-busy", **asked, person=[str(ANA), str(MAI)]))
    ana, mai = both["people"]
    assert ana["busy"] == [{"start": at(2), "until": at(4)}]
    expected = [(at(1), at(2)), (at(4), at(5)), (at(6), at(10)), (at(1, day="2040-03-07"), at(2, day="2040-03-07"))]
    assert [(each["start"], each["until"]) for each in ana["free"]] == expected
    assert both["free_together"] == ana["free"]
    assert len(mai["free"]) == 5
    assert_problem(await world.ana.get("/v1/free-busy", **asked, person=str(MAI)), 403, "forbidden", "/person")
    assert_problem(await world.mai.get("/v1/free-busy", **asked, person=str(BAO)), 403, "forbidden")
    assert_problem(await world.mai.get("/v1/free-busy", **asked, person=[str(ANA)] * 21), 422, "invalid")


async def test_a_feed_is_read_without_signing_in_until_it_is_ended(world, plan, done, assert_problem):
    visit = await plan(soon(1), kind="visit", status="agreed", title="Gặp chị Hà 0912345678", note="secret")
    off = await plan(soon(2))
    done(await world.ana.post(f"/v1/activities/{off['id']}/cancellation", {}))
    assert done(await world.ana.get("/v1/calendar-feed"))["made_at"] is None
    made = done(await world.ana.post("/v1/calendar-feed"), 201)
    answer = await world.nobody.get(made["path"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    shown = {str(each["uid"]): each for each in Calendar.from_ical(answer.content).walk("VEVENT")}
    assert [str(shown[f"{id_}@dealstream"]["status"]) for id_ in (visit["id"], off["id"])] == ["CONFIRMED", "CANCELLED"]
    assert str(shown[f"{visit['id']}@dealstream"]["summary"]) == "Visit: Đông Á"
    assert not [word for word in ("Hà", "0912", "secret") if word in answer.text]
    async with world.connect() as connection:
        kept = await connection.fetchval("SELECT string_agg(calendar_feed::text, ' ') FROM calendar_feed")
    token = made["path"].rpartition("/")[2].removesuffix(".ics")
    assert token not in kept
    again = done(await world.ana.post("/v1/calendar-feed"), 201)
    assert_problem(await world.nobody.get(made["path"]), 404, "not-found")
    assert (await world.nobody.get(again["path"])).status_code == 200
    assert_problem(await world.mai.post("/v1/calendar-feed/revocation", {"person": str(ANA)}), 403, "forbidden")
    done(await world.ana.post("/v1/calendar-feed/revocation"))
    assert_problem(await world.nobody.get(again["path"]), 404, "not-found")
    assert_problem(await world.nobody.get("/v1/public/calendars/unknown.ics"), 404, "not-found")
    assert_problem(await world.importer.post("/v1/calendar-feed"), 403, "forbidden")
    keyed = await world.ana.post("/v1/calendar-feed", {}, idempotency_key="k")
    assert_problem(keyed, 400, "malformed", "/Idempotency-Key")


async def test_a_feed_names_only_accounts_that_the_person_holds_or_nobody_does(world, account, plan, done):
    visit = await plan(soon(1), kind="visit", status="agreed")
    path = done(await world.ana.post("/v1/calendar-feed"), 201)["path"]
    done(await world.adam.post(f"/v1/accounts/{account}/custody", {"owner": str(BAO)}))
    [shown] = Calendar.from_ical((await world.nobody.get(path)).content).walk("VEVENT")
    assert (str(shown["uid"]), str(shown["summary"])) == (f"{visit['id']}@dealstream", "Visit")


async def test_a_feed_ends_with_its_person_and_is_held_back(world, done, assert_problem, monkeypatch):
    path = done(await world.ana.post("/v1/calendar-feed"), 201)["path"]
    monkeypatch.setattr(feeds, "PER_MINUTE", 2)
    assert [(await world.nobody.get(path)).status_code for _ in range(2)] == [200, 200]
    held = await world.nobody.get(path)
    assert_problem(held, 429, "too-many-requests")
    assert 0 < int(held.headers["retry-after"]) <= 60
    async with world.connect() as connection:
        await connection.execute("UPDATE public_pace SET used_until = clock_timestamp()")
    await world.know(PEOPLE[ANA].model_copy(update={"active": False}))
    assert_problem(await world.nobody.get(path), 404, "not-found")
    done(await world.adam.post("/v1/calendar-feed/revocation", {"person": str(ANA)}))
