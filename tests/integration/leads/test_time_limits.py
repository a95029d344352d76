"""Offers with a deadline in working time: when it is, what happens after it, and who sets limits."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from events.catalogue.leads import HandoffExpired, LeadOfferExpired
from events.testing import FixedClock, published
from leads.limits.expiring import expire_offers, expire_some

HOUR = {"kind": "handoff-answer", "working_minutes": 60}
FRIDAY_EVENING = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
"""Half past four in Ha Noi."""


async def an_offer(world, done, at=None, **lead):
    when = {} if at is None else {"occurred_at": at.isoformat()}
    body = {"owner_external_id": "ana", **lead, **when}
    path = f"/v1/leads/{done(await world.importer.post('/v1/leads', body), 201)['id']}"
    done(await world.importer.post(f"{path}/qualification", when))
    offered = done(await world.importer.post(f"{path}/handoff", {"offered_to_external_id": "bao", **when}), 201)
    return path, f"/v1/handoffs/{offered['id']}", offered


async def test_the_deadline_of_an_offer_is_in_working_time(world, done):
    world.resources.clock = FixedClock(FRIDAY_EVENING)
    _, _, before = await an_offer(world, done)
    assert before["due_at"] is None
    done(await world.ops.post("/v1/time-limits", HOUR), 201)
    done(await world.ops.post("/v1/time-limits", {**HOUR, "source": "fair", "working_minutes": 1}), 201)
    working = await world.resources.directory.working_time(UUID(int=0xF1))
    _, _, offered = await an_offer(world, done)
    due = datetime.fromisoformat(offered["due_at"])
    assert working.seconds_between(FRIDAY_EVENING, due) == 3600
    assert due.date() == datetime(2026, 11, 23, tzinfo=UTC).date()
    _, _, sooner = await an_offer(world, done, source="fair")
    assert datetime.fromisoformat(sooner["due_at"]) == FRIDAY_EVENING + timedelta(minutes=1)
    _, _, history = await an_offer(world, done, at=FRIDAY_EVENING - timedelta(days=2))
    assert history["due_at"] is not None


async def test_an_offer_that_nobody_answers_expires_once_and_its_lead_may_be_offered_again(world, done, assert_problem):
    world.resources.clock = FixedClock(FRIDAY_EVENING)
    done(await world.ops.post("/v1/time-limits", HOUR), 201)
    lead, handoff, _ = await an_offer(world, done)
    _, answered, _ = await an_offer(world, done)
    done(await world.bao.post(f"{answered}/acceptance"))
    world.resources.clock.advance(days=2)
    assert await expire_some(world.resources) == 0
    world.resources.clock.advance(days=2)
    assert max(await asyncio.gather(*(expire_some(world.resources) for _ in range(3)))) == 1
    assert await expire_some(world.resources) == 0
    expired = done(await world.ana.get(handoff))
    assert (expired["status"], expired["answered_at"]) == ("expired", None)
    assert done(await world.ana.get("/v1/handoffs", status="expired"))["items"] == [expired]
    refused = assert_problem(await world.bao.post(f"{handoff}/acceptance"), 409, "handoff-already-answered")
    assert refused["current_status"] == "expired"
    free = done(await world.ana.get(lead))
    assert (free["status"], free["open_handoff"], free["offered_to"]) == ("qualified", None, None)
    assert done(await world.ana.post(f"{lead}/handoff", {"offered_to_external_id": "bao"}), 201)["status"] == "offered"
    assert done(await world.ana.get(answered))["status"] == "accepted"
    async with world.connect() as connection:
        assert len(await published(connection, HandoffExpired)) == 1
        assert len(await published(connection, LeadOfferExpired)) == 1


async def test_an_answer_at_the_last_moment_and_the_expiry_do_not_both_happen(world, done):
    world.resources.clock = FixedClock(FRIDAY_EVENING)
    done(await world.ops.post("/v1/time-limits", HOUR), 201)
    offers = [await an_offer(world, done) for _ in range(6)]
    world.resources.clock.advance(days=4)
    answers, _ = await asyncio.gather(
        asyncio.gather(*(world.bao.post(f"{handoff}/acceptance") for _, handoff, _ in offers)),
        expire_some(world.resources),
    )
    for (lead, handoff, _), answer in zip(offers, answers, strict=True):
        status, shown = done(await world.importer.get(handoff))["status"], done(await world.importer.get(lead))
        assert (status, shown["status"]) == (
            ("accepted", "converted") if answer.status_code == 200 else ("expired", "qualified")
        )
        assert shown["open_handoff"] is None


async def test_the_loop_lets_offers_expire_until_told_to_stop(world, done):
    done(await world.ops.post("/v1/time-limits", HOUR), 201)
    _, handoff, _ = await an_offer(world, done, at=datetime.now(UTC) - timedelta(days=20))
    stop = asyncio.Event()
    task = asyncio.create_task(expire_offers(world.resources, stop))
    while done(await world.ana.get(handoff))["status"] != "expired":
        await asyncio.sleep(0.05)
    stop.set()
    await task


async def test_only_sales_ops_set_limits_one_of_a_kind_for_each_source(world, done, assert_problem):
    path = f"/v1/time-limits/{done(await world.ops.post('/v1/time-limits', HOUR), 201)['id']}"
    assert_problem(await world.ops.post("/v1/time-limits", HOUR), 409, "already-exists", "/source")
    for caller in (world.ana, world.mai, world.importer):
        assert_problem(await caller.post("/v1/time-limits", HOUR), 403, "forbidden")
        assert_problem(await caller.patch(path, {"active": False}), 403, "forbidden")
        assert done(await caller.get(path))["working_minutes"] == 60
    assert_problem(await world.zoe.get(path), 404, "not-found")
    assert done(await world.zoe.get("/v1/time-limits"))["items"] == []
    assert_problem(await world.ops.patch(path, {"working_minutes": 0}), 422, "invalid", "/working_minutes")
    done(await world.ops.patch(path, {"active": False}))
    done(await world.ops.post("/v1/time-limits", {**HOUR, "source": "fair"}), 201)
    done(await world.ops.post("/v1/time-limits", HOUR), 201)
    assert len(done(await world.ana.get("/v1/time-limits", kind="handoff-answer", active=True))["items"]) == 2


async def test_an_offer_that_is_written_down_late_can_be_answered(world, done):
    clock = world.resources.clock = FixedClock(datetime(2026, 3, 5, 3, tzinfo=UTC))
    done(await world.ops.post("/v1/time-limits", {"kind": "handoff-answer", "working_minutes": 480}), 201)
    body = {"owner_external_id": "ana", "occurred_at": "2026-03-01T03:00:00Z"}
    lead = done(await world.importer.post("/v1/leads", body), 201)["id"]
    done(await world.ana.post(f"/v1/leads/{lead}/qualification", {"occurred_at": "2026-03-02T03:00:00Z"}))
    offer = {"offered_to_external_id": "bao", "occurred_at": "2026-03-03T01:00:00Z"}
    handoff = done(await world.ana.post(f"/v1/leads/{lead}/handoff", offer), 201)["id"]
    await expire_some(world.resources)
    assert done(await world.bao.get(f"/v1/handoffs/{handoff}"))["status"] == "offered"
    clock.at += timedelta(days=7)
    await expire_some(world.resources)
    assert done(await world.bao.get(f"/v1/handoffs/{handoff}"))["status"] == "expired"
