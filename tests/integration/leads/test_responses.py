"""First responses on a real database: their deadlines, breaches told once by whoever ticks, the list, and merges."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from events.catalogue.identity import Leave
from events.catalogue.responses import LeadResponseBreached, LeadResponseMet
from events.testing import FixedClock, published
from integration.leads.conftest import ANA, BAO, PEOPLE
from leads.responses.breaching import breach_responses, breach_some
from leads.responses.gauges import WAITING, count

LIMIT = {"kind": "first-response", "working_minutes": 60}
FRIDAY_EVENING = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
"""Half past four in Ha Noi."""
MONDAY = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
"""Half past eight: an hour of work later."""


@pytest.fixture
async def limited(world, done):
    """An hour for every lead, two for those of fairs, which have them anew with another owner."""
    world.resources.clock = FixedClock(FRIDAY_EVENING)
    done(await world.ops.post("/v1/time-limits", LIMIT), 201)
    of_fairs = {**LIMIT, "working_minutes": 120, "source": "fair", "restarts_with_owner": True}
    assert done(await world.ops.post("/v1/time-limits", of_fairs), 201)["restarts_with_owner"] is True
    return world


async def captured(world, done, at=None, **body):
    when = {} if at is None else {"occurred_at": at.isoformat()}
    return done(await world.importer.post("/v1/leads", {"owner": str(ANA), **body, **when}), 201)


async def called(world, done, lead, at=None):
    call = {"kind": "call", "lead": lead["id"], "performer_external_id": "ana", "two_way": True}
    return done(await world.importer.post("/v1/activities", call if at is None else {**call, "occurred_at": at}), 201)


async def shown(world, done, lead):
    return done(await world.importer.get(f"/v1/leads/{lead['id']}"))["response"]


def due(view):
    return datetime.fromisoformat(view["due_at"])


async def test_the_deadline_is_in_the_working_time_of_who_holds_the_lead(limited, done):
    plain = await captured(limited, done)
    assert (plain["response"]["status"], due(plain["response"])) == ("running", MONDAY)
    assert (await captured(limited, done, source="fair"))["response"]["working_minutes"] == 120
    away = Leave(from_on=date(2026, 11, 23), to_on=date(2026, 11, 24))
    await limited.know(PEOPLE[ANA].model_copy(update={"leaves": (away,)}))
    assert due((await captured(limited, done))["response"]) == MONDAY + timedelta(days=2)
    nobodys = done(await limited.importer.post("/v1/leads", {"source": "web"}), 201)
    assert due(nobodys["response"]) == MONDAY
    batch = {"items": [{"item_id": "1", "command": "capture", "external_id": "b", "owner_external_id": "bao"}]}
    done(await limited.importer.post("/v1/leads:batch", batch))
    [of_batch] = done(await limited.bao.get("/v1/leads", external_id="b"))["items"]
    assert due(of_batch["response"]) == MONDAY


async def test_another_owner_has_the_time_anew_where_the_limit_says_so(limited, done):
    plain, of_fair = await captured(limited, done), await captured(limited, done, source="fair")
    limited.resources.clock.advance(days=2, hours=16)
    for lead, restarts in ((plain, False), (of_fair, True)):
        path = f"/v1/leads/{lead['id']}/assignment"
        moved = done(await limited.importer.post(path, {"owner_external_id": "bao"}))["response"]
        assert (due(moved) > due(lead["response"])) is restarts
    pooled = await captured(limited, done, source="fair")
    done(await limited.ana.post(f"/v1/leads/{pooled['id']}/return-to-pool", {"reason": "not mine"}))
    limited.resources.clock.advance(minutes=20)
    claimed = done(await limited.bao.post(f"/v1/leads/{pooled['id']}/claim"))["response"]
    assert due(claimed) == due(pooled["response"]) + timedelta(minutes=20)


async def test_a_breach_is_told_once_by_several_at_once_and_dated_at_its_deadline(limited, done):
    long_ago = FRIDAY_EVENING - timedelta(days=700)
    unanswered = await captured(limited, done, at=long_ago, imported=True)
    answered = await captured(limited, done)
    await called(limited, done, answered)
    waits = await captured(limited, done, source="fair")
    limited.resources.clock.advance(days=2, hours=16, minutes=30)
    counts = await asyncio.gather(*(breach_some(limited.resources) for _ in range(3)))
    assert max(counts) == 1
    assert await breach_some(limited.resources) == 0
    states = [(await shown(limited, done, lead))["status"] for lead in (unanswered, answered, waits)]
    assert states == ["overdue", "met", "running"]
    async with limited.connect() as connection:
        [breach] = await published(connection, LeadResponseBreached)
        [met] = await published(connection, LeadResponseMet)
    assert (breach.lead.id, breach.occurred_at) == (UUID(unanswered["id"]), due(unanswered["response"]))
    assert (met.lead.id, met.withdraws_breach) == (UUID(answered["id"]), False)


async def test_a_call_that_is_written_down_late_takes_the_breach_back(limited, done):
    lead = await captured(limited, done)
    limited.resources.clock.advance(days=4)
    assert await breach_some(limited.resources) == 1
    await called(limited, done, lead, at=(FRIDAY_EVENING + timedelta(minutes=10)).isoformat())
    assert (await shown(limited, done, lead))["status"] == "met"
    assert await breach_some(limited.resources) == 0
    async with limited.connect() as connection:
        [met] = await published(connection, LeadResponseMet)
    assert met.withdraws_breach
    assert met.lead.working_seconds_to_contact == 600


async def test_the_list_is_by_deadline_within_what_one_sees(limited, done, assert_problem):
    ids = [(await captured(limited, done, source=source))["id"] for source in ("fair", "web", "fair", "web")]
    others = (await captured(limited, done, owner=str(BAO)))["id"]
    merged = await captured(limited, done, source="web")
    done(await limited.ana.post(f"/v1/leads/{ids[1]}/merge", {"lead": merged["id"]}))
    in_order = [ids[1], ids[3], ids[0], ids[2]]
    first = done(await limited.ana.get("/v1/responses", limit=3))
    rest = done(await limited.ana.get("/v1/responses", limit=3, cursor=first["next_cursor"]))
    assert [each["lead"] for each in first["items"] + rest["items"]] == in_order
    assert [each["lead"] for each in done(await limited.bao.get("/v1/responses"))["items"]] == [others]
    assert done(await limited.zoe.get("/v1/responses"))["items"] == []
    limited.resources.clock.advance(days=2, hours=16, minutes=30)
    assert await breach_some(limited.resources) == 3
    for query, found in (
        ({"status": "overdue"}, in_order[:2]),
        ({"status": "running"}, in_order[2:]),
        ({"status": "met"}, []),
        ({"source": "fair"}, in_order[2:]),
        ({"owner": str(ANA), "due_to": (MONDAY + timedelta(seconds=1)).isoformat()}, in_order[:2]),
        ({"due_from": (MONDAY + timedelta(seconds=1)).isoformat()}, in_order[2:]),
    ):
        assert [each["lead"] for each in done(await limited.ana.get("/v1/responses", **query))["items"]] == found
    for query, pointer in (({"status": "soon"}, "/status"), ({"due_from": "soon"}, "/due_from")):
        assert_problem(await limited.ana.get("/v1/responses", **query), 422, "invalid", pointer)
    assert_problem(await limited.ana.get("/v1/responses", cursor="x"), 400, "wrong-cursor", "/cursor")


async def test_the_survivor_of_a_merge_has_the_earlier_contact_until_they_are_parted(limited, done):
    survivor, other = await captured(limited, done), await captured(limited, done)
    await called(limited, done, survivor)
    await called(limited, done, other, at=(FRIDAY_EVENING - timedelta(hours=1)).isoformat())
    path = f"/v1/leads/{survivor['id']}"
    before = done(await limited.ana.get(path))
    one = done(await limited.ana.post(f"{path}/merge", {"lead": other["id"]}))
    assert datetime.fromisoformat(one["first_contact_at"]) == FRIDAY_EVENING - timedelta(hours=1)
    parted = done(await limited.ana.post(f"{path}/unmerge", {"lead": other["id"]}))
    assert parted["first_contact_at"] == before["first_contact_at"]
    assert parted["response"] == before["response"]


async def test_only_a_first_response_may_run_anew(limited, assert_problem, done):
    answer = {"kind": "handoff-answer", "working_minutes": 5, "restarts_with_owner": True}
    refused = await limited.ops.post("/v1/time-limits", answer)
    assert_problem(refused, 422, "nothing-restarts", "/restarts_with_owner")
    plain = done(await limited.ops.post("/v1/time-limits", {**answer, "restarts_with_owner": False}), 201)
    refused = await limited.ops.patch(f"/v1/time-limits/{plain['id']}", {"restarts_with_owner": True})
    assert_problem(refused, 422, "nothing-restarts", "/restarts_with_owner")


async def test_the_loop_tells_breaches_until_told_to_stop(world, done):
    done(await world.ops.post("/v1/time-limits", LIMIT), 201)
    lead = await captured(world, done, at=datetime.now(UTC) - timedelta(days=20))
    stop = asyncio.Event()
    task = asyncio.create_task(breach_responses(world.resources, stop))
    while (await shown(world, done, lead))["status"] != "overdue":
        await asyncio.sleep(0.05)
    stop.set()
    await task


async def test_the_gauges_count_what_waits(limited, done):
    lead = await captured(limited, done)
    await captured(limited, done, source="fair")
    limited.resources.clock.advance(days=2, hours=16, minutes=30)
    await breach_some(limited.resources)
    await count(limited.resources)
    waiting = {state: WAITING.labels("firm", state)._value.get() for state in ("running", "overdue")}
    assert waiting == {"running": 1, "overdue": 1}
    await called(limited, done, lead)
    await count(limited.resources)
    assert WAITING.labels("firm", "overdue")._value.get() == 0
    assert WAITING.labels("other", "running")._value.get() == 0
