"""The public pool: claim within limits, return, recycle what nobody follows up, and who held a lead when."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from events.catalogue.identity import Leave, PersonState, Role
from events.catalogue.leads import LeadPooled
from events.testing import FixedClock, published
from leads.pool import recycling
from leads.pool.recycling import recycle
from leads.qualification.recalling import recall_some

FIRM, ANA, BAO = UUID(int=0xF1), UUID(int=0xA1), UUID(int=0xB1)
MONDAY = datetime(2026, 3, 2, 3, tzinfo=UTC)


@pytest.fixture
def clock(world):
    world.resources.clock = FixedClock(MONDAY)
    return world.resources.clock


@pytest.fixture
def set_pool(world, done):
    async def give(**pool):
        body = {"rules": [], "pool": pool}
        done(await world.ops._sent("PUT", "/v1/assignment-policy", body, {"If-Match": "*"}))

    return give


@pytest.fixture
def capture(world, done):
    async def make(**body):
        return done(await world.importer.post("/v1/leads", {"title": "x", **body}), 201)["id"]

    return make


async def custody(world, done, lead):
    found = done(await world.ops.get(f"/v1/leads/{lead}/custody"))["items"]
    return [(each["how"], each["owner"] and UUID(each["owner"]["person"])) for each in found]


async def test_a_lead_goes_round_and_its_custody_is_known_to_the_second(world, done, capture, set_pool, clock):
    await set_pool()
    lead = await capture(prospect={"name": "Lan", "phone": "024 1234 5678"})
    clock.at += timedelta(hours=1)
    taken = done(await world.bao.post(f"/v1/leads/{lead}/claim"))
    assert (taken["owner"]["person"], taken["pool"]) == (str(BAO), None)
    done(await world.bao.get(f"/v1/contacts/{taken['contact']}"))
    clock.at += timedelta(hours=2)
    back = done(await world.bao.post(f"/v1/leads/{lead}/return-to-pool", {"reason": "not in my line"}))
    assert (back["owner"], back["pool"]["why"], back["pool"]["reason"]) == (None, "returned", "not in my line")
    clock.at += timedelta(hours=3)
    done(await world.ana.post(f"/v1/leads/{lead}/claim"))
    found = done(await world.ana.get(f"/v1/leads/{lead}/custody"))["items"]
    assert [each["how"] for each in found] == ["nobody-fits", "claim", "returned", "claim"]
    assert [each["from_at"] for each in found[1:]] == [each["until"] for each in found[:-1]]
    assert [each["from_at"][11:13] for each in found] == ["03", "04", "06", "09"]
    assert (found[-1]["until"], found[-1]["owner"]["person"]) == (None, str(ANA))
    assert found[-1]["by"].startswith("key:")
    page = done(await world.ana.get(f"/v1/leads/{lead}/custody", limit=3))
    rest = done(await world.ana.get(f"/v1/leads/{lead}/custody", limit=3, cursor=page["next_cursor"]))
    assert page["items"] + rest["items"] == found


async def test_custody_within_one_batch_is_not_lost(world, done, capture):
    lead = await capture(owner_external_id="ana")
    items = [
        {"item_id": name, "command": "assign", "id": lead, "owner_external_id": name} for name in ("bao", "mai", "ana")
    ]
    done(await world.ops.post("/v1/leads:batch", {"items": items}))
    assert await custody(world, done, lead) == [
        ("hand", ANA), ("hand", BAO), ("hand", UUID(int=0xC1)), ("hand", ANA),
    ]  # fmt: skip


async def test_the_pool_is_everybody_s_but_not_its_contacts(world, done, capture, set_pool, assert_problem):
    await set_pool()
    some = [await capture(source=source, prospect={"name": "Lan"}) for source in ("fair", "web", "fair")]
    await capture(owner_external_id="bao")
    shown = done(await world.ana.get("/v1/pool"))["items"]
    assert [lead["id"] for lead in shown] == some
    assert not {"contact", "owner"} & shown[0].keys()
    first = done(await world.ana.get("/v1/pool", limit=1, source="fair"))
    second = done(await world.ana.get("/v1/pool", limit=1, source="fair", cursor=first["next_cursor"]))
    assert [lead["id"] for lead in first["items"] + second["items"]] == [some[0], some[2]]
    assert done(await world.zoe.get("/v1/pool"))["items"] == []
    for path in (f"/v1/leads/{some[0]}", f"/v1/leads/{some[0]}/custody"):
        assert_problem(await world.ana.get(path), 404, "not-found")
    for caller in (world.zoe, world.importer):
        assert_problem(await caller.post(f"/v1/leads/{some[0]}/claim"), 403, "forbidden")
    done(await world.ops.post(f"/v1/leads/{some[0]}/disqualification", {"reason": "spam"}))
    assert [lead["id"] for lead in done(await world.ana.get("/v1/pool"))["items"]] == some[1:]


async def test_only_who_sees_a_lead_gives_it_back_and_nobody_claims_what_is_held(
    world, done, capture, set_pool, assert_problem
):
    await set_pool()
    held = await capture(owner_external_id="ana")
    back = {"reason": "x"}
    assert_problem(await world.bao.post(f"/v1/leads/{held}/return-to-pool", back), 404, "not-found")
    assert_problem(await world.bao.post(f"/v1/leads/{held}/claim"), 404, "not-found")
    assert_problem(await world.ana.post(f"/v1/leads/{held}/claim"), 409, "lead-is-not-in-pool")
    assert_problem(await world.ana.post(f"/v1/leads/{held}/return-to-pool", {}), 422, "invalid", "/reason")
    done(await world.mai.post(f"/v1/leads/{held}/return-to-pool", back))
    assert_problem(await world.ops.post(f"/v1/leads/{held}/return-to-pool", back), 409, "lead-is-not-held")


async def test_a_limit_holds_for_a_person_also_at_the_same_moment(world, capture, set_pool, clock):
    await set_pool(claim_limit={"leads": 2, "per": "week"})
    some = [await capture() for _ in range(6)]
    answers = await asyncio.gather(*(world.ana.post(f"/v1/leads/{lead}/claim") for lead in some[:5]))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"claim-limit-reached"}
    assert (await world.bao.post(f"/v1/leads/{some[5]}/claim")).status_code == 200
    clock.at = datetime(2026, 3, 8, 16, 59, tzinfo=UTC)
    left = [lead for lead, answer in zip(some, answers, strict=False) if answer.status_code == 409]
    assert (await world.ana.post(f"/v1/leads/{left[0]}/claim")).status_code == 409, "Sunday, a minute to midnight"
    clock.at = datetime(2026, 3, 8, 17, 0, tzinfo=UTC)
    assert (await world.ana.post(f"/v1/leads/{left[0]}/claim")).status_code == 200, "Monday in Hanoi"


async def test_of_two_who_claim_at_the_same_moment_one_gets_it(world, done, capture, set_pool):
    await set_pool()
    for _ in range(4):
        lead = await capture()
        answers = await asyncio.gather(*(each.post(f"/v1/leads/{lead}/claim") for each in (world.ana, world.bao)))
        assert sorted(answer.status_code for answer in answers) == [200, 404]
        assert len(await custody(world, done, lead)) == 2


async def test_what_nobody_follows_up_comes_back_after_working_days(world, done, capture, set_pool, clock):
    await set_pool(recycle_after_days=3)
    quiet, busy, bao_s = [await capture(owner_external_id=name) for name in ("ana", "ana", "bao")]
    clock.at = datetime(2026, 3, 4, 3, tzinfo=UTC)
    done(await world.ana.post(f"/v1/leads/{busy}/qualification"))
    await world.know(
        PersonState(
            id=BAO,
            name="Bao",
            roles=(Role.REP,),
            leaves=(Leave(from_on=date(2026, 3, 3), to_on=date(2026, 3, 5)),),
        )
    )
    clock.at = datetime(2026, 3, 5, 16, 59, tzinfo=UTC)
    assert await recycle(world.resources, FIRM) == 0, "Thursday is the third working day after Monday"
    clock.at = datetime(2026, 3, 5, 17, tzinfo=UTC)
    assert await recycle(world.resources, FIRM) == 1
    assert await recycle(world.resources, FIRM) == 0, "what is done is done once"
    assert await custody(world, done, quiet) == [("hand", ANA), ("recycled", None)]
    clock.at = datetime(2026, 3, 9, 17, tzinfo=UTC)
    assert await recycle(world.resources, FIRM) == 1, "Wednesday's qualification was a follow-up; the weekend is none"
    assert (await custody(world, done, busy))[-1] == ("recycled", None)
    clock.at = datetime(2026, 3, 10, 17, tzinfo=UTC)
    assert await recycle(world.resources, FIRM) == 1, "Bao was away for three days"
    assert await custody(world, done, bao_s) == [("hand", BAO), ("recycled", None)]


async def test_recycling_goes_on_where_it_ended_and_beside_itself(world, done, capture, set_pool, monkeypatch):
    monkeypatch.setattr(recycling, "AT_ONCE", 2)
    clock = world.resources.clock = FixedClock(MONDAY)
    await set_pool(recycle_after_days=1)
    some = [await capture(owner_external_id="ana") for _ in range(7)]
    kept = await capture(owner_external_id="ana")
    done(await world.ana.post(f"/v1/leads/{kept}/qualification"))
    done(await world.ana.post(f"/v1/leads/{kept}/handoff", {"offered_to": str(BAO)}))
    clock.at += timedelta(days=9)
    counts = await asyncio.gather(recycle(world.resources, FIRM), recycle(world.resources, FIRM))
    assert sum(counts) == 7
    async with world.connect() as connection:
        gone = await published(connection, LeadPooled)
    assert sorted(str(event.lead.id) for event in gone) == sorted(some)
    assert {event.from_owner.person for event in gone} == {ANA}


async def test_without_a_limit_nothing_is_recycled(world, capture, set_pool, clock):
    await set_pool()
    await capture(owner_external_id="ana")
    clock.at += timedelta(days=300)
    assert await recycle(world.resources, FIRM) == 0


async def test_whoever_called_again_and_again_keeps_the_lead(world, done, capture, set_pool, clock):
    await set_pool(recycle_after_days=2)
    lead = await capture(owner_external_id="ana")
    for day in (3, 5, 9):
        clock.at = datetime(2026, 3, day, 3, tzinfo=UTC)
        call = {"kind": "call", "lead": lead, "direction": "outbound", "occurred_at": clock.at.isoformat()}
        done(await world.ana.post("/v1/activities", call), 201)
        clock.at += timedelta(hours=14, days=1)
        assert await recycle(world.resources, FIRM) == 0
    clock.at += timedelta(days=4)
    assert await recycle(world.resources, FIRM) == 1
    assert (await custody(world, done, lead))[-1] == ("recycled", None)


async def test_a_recalled_lead_stays_with_its_owner(world, done, capture, set_pool, clock):
    await set_pool(recycle_after_days=3)
    lead = await capture(owner_external_id="ana")
    let_go = {"reason": "no budget", "recall_on": "2026-06-01"}
    done(await world.ana.post(f"/v1/leads/{lead}/disqualification", let_go))
    clock.at = datetime(2026, 6, 1, 3, tzinfo=UTC)
    assert await recall_some(world.resources) == 1
    assert await recycle(world.resources, FIRM) == 0
    clock.at += timedelta(days=4)
    assert await recycle(world.resources, FIRM) == 1


async def test_a_lead_that_is_given_back_stays_with_its_owner(world, done, capture, set_pool, clock):
    await set_pool(recycle_after_days=3)
    lead = await capture(owner_external_id="ana")
    done(await world.ana.post(f"/v1/leads/{lead}/qualification"))
    handoff = done(await world.ana.post(f"/v1/leads/{lead}/handoff", {"offered_to": str(BAO)}), 201)["id"]
    clock.at += timedelta(days=14)
    done(await world.bao.post(f"/v1/handoffs/{handoff}/return", {"reason": "x"}))
    clock.at += timedelta(minutes=1)
    assert await recycle(world.resources, FIRM) == 0


async def test_nothing_is_asked_of_an_owner_in_a_pause_and_before_the_next_step(world, done, capture, set_pool, clock):
    await set_pool(recycle_after_days=3)
    paused, planned = [await capture(owner_external_id="ana") for _ in range(2)]
    pause = {"until": "2026-06-01", "reason": "budget-next-quarter"}
    done(await world.ana.post(f"/v1/leads/{paused}/pause", pause))
    step = {"next_step": {"what": "call", "due_on": "2026-06-01"}}
    done(await world.ana.post(f"/v1/leads/{planned}/next-step", step))
    for day in ((2026, 3, 16), (2026, 6, 1), (2026, 6, 4)):
        clock.at = datetime(*day, 3, tzinfo=UTC)
        assert await recycle(world.resources, FIRM) == 0
    clock.at = datetime(2026, 6, 5, 3, tzinfo=UTC)
    assert await recycle(world.resources, FIRM) == 2


async def test_a_call_that_is_logged_while_the_job_runs_keeps_the_lead(world, done, capture, set_pool, monkeypatch):
    clock = world.resources.clock = FixedClock(MONDAY)
    await set_pool(recycle_after_days=3)
    lead = await capture(owner_external_id="ana")
    call = {"kind": "call", "lead": lead, "direction": "outbound"}
    done(await world.ana.post("/v1/activities", {**call, "occurred_at": clock.at.isoformat()}), 201)
    clock.at += timedelta(days=14)
    find = recycling.store.quiet_leads

    async def meanwhile(*given, **more):
        rows = await find(*given, **more)
        assert [str(row["id"]) for row in rows] == [lead]
        done(await world.ana.post("/v1/activities", {**call, "occurred_at": clock.at.isoformat()}), 201)
        return rows

    monkeypatch.setattr(recycling.store, "quiet_leads", meanwhile)
    assert await recycle(world.resources, FIRM) == 0


async def test_what_is_done_with_a_merged_lead_is_done_with_its_survivor(world, done, capture, set_pool, clock):
    await set_pool(recycle_after_days=3)
    survivor, other = [await capture(owner_external_id="ana") for _ in range(2)]
    clock.at += timedelta(days=14)
    task = {"kind": "task", "lead": other, "occurred_at": clock.at.isoformat()}
    done(await world.ana.post("/v1/activities", task), 201)
    done(await world.ana.post(f"/v1/leads/{survivor}/merge", {"lead": other}))
    assert await recycle(world.resources, FIRM) == 0


async def test_a_firm_whose_job_fails_holds_up_no_other(world, done, capture, set_pool, clock):
    """Its record has not come to the directory yet; it comes first in the table."""
    await set_pool(recycle_after_days=3)
    lead = await capture(owner_external_id="ana")
    clock.at += timedelta(days=20)
    async with world.connect() as connection:
        await connection.execute(
            "INSERT INTO assignment_policy (tenant_id, id, version, state)"
            " SELECT $1, $1, version, state FROM assignment_policy",
            UUID(int=0xEE),
        )
        await connection.execute("UPDATE assignment_policy SET version = version WHERE tenant_id = $1", FIRM)
    assert await recycling.recycle_all(world.resources) == 1
    assert done(await world.ops.get(f"/v1/leads/{lead}"))["owner"] is None
