"""A person leaves: the open work passes to others, step by step, and everything else stays."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.unit_of_work import UnitOfWork
from events.catalogue.identity import Assignment, PersonState, Role
from events.catalogue.leads import Owner
from events.catalogue.transfers import (
    DealTransferAdvanced,
    DealTransferBegun,
    DealTransferCompleted,
    DealTransferState,
    HandoffRedirected,
    LeadOfferRedirected,
    Refused,
    Successor,
    TransferBegun,
    successor,
)
from events.codec import Message
from events.envelope import Envelope
from events.ids import uuid7
from events.testing import FixedClock, assert_published, published
from leads.transfers import carrying_out
from leads.transfers.carrying_out import carry_out_some, carry_out_transfers, hear

FIRM = UUID(int=0xF1)
NORTH, SOUTH = str(UUID(int=0x11)), str(UUID(int=0x12))
ANA, BAO, MAI = (str(UUID(int=number)) for number in (0xA1, 0xB1, 0xC1))
DEAL = uuid4()


@pytest.fixture
async def work_of_bao(world, done):
    """Two leads, one of them closed, an account, and a lead of Ana's that is offered to Bao."""
    made = {}
    for name in ("open", "closed"):
        body = {"title": name, "owner_external_id": "bao", "source": "fair"}
        made[name] = done(await world.importer.post("/v1/leads", body), 201)["id"]
    done(await world.importer.post(f"/v1/leads/{made['closed']}/disqualification", {"reason": "no budget"}))
    account = {"name": "Sao Mai", "owner_external_id": "bao"}
    made["account"] = done(await world.importer.post("/v1/accounts", account), 201)["id"]
    made["offered"] = done(await world.ana.post("/v1/leads", {"title": "offered"}), 201)["id"]
    done(await world.ana.post(f"/v1/leads/{made['offered']}/qualification"))
    offer = await world.ana.post(f"/v1/leads/{made['offered']}/handoff", {"offered_to": BAO})
    made["handoff"] = done(offer, 201)["id"]
    return made


async def requested(world, done, by=None, **more):
    body = {"person_external_id": "bao", "to_external_id": "ana", **more}
    return done(await (by or world.importer).post("/v1/transfers", body), 202)["id"]


async def carried_out(world, at_once=200):
    steps = 0
    while await carry_out_some(world.resources, at_once):
        steps += 1
    return steps


async def told(world, event, state):
    """What deals says, as the consumer delivers it."""
    envelope = Envelope(
        id=uuid7(), type=event.type, source="/dealstream/deals", subject=str(state.id), time=state.from_at, tenant=FIRM,
        aggregate_version=1, partition_key=f"{FIRM}:{state.id}",
    )  # fmt: skip
    message = Message(envelope, event.stamped(state.from_at, state), event.topic.name, 0, 0, state.id)
    async with world.connect() as connection, connection.transaction():
        await hear(UnitOfWork.within(connection, world.resources, message), message)


async def deals_are_done(world, transfer, moved=0, refusals=()):
    async with world.connect() as connection:
        begun = await assert_published(connection, TransferBegun, transfer__id=UUID(transfer))
    asked = begun.transfer
    state = DealTransferState(
        id=asked.id, from_owner=asked.from_owner, successors=asked.successors, from_at=asked.from_at,
        from_on=asked.from_on, requested_by=asked.requested_by,
    )  # fmt: skip
    await told(world, DealTransferBegun(), state)
    sums = state.model_copy(update={"moved": moved, "refused": len(refusals)})
    await told(world, DealTransferAdvanced(refusals=refusals), sums)
    await told(world, DealTransferCompleted(), sums.model_copy(update={"done": True}))


def parts(transfer):
    return {each["part"]: (each["moved"], each["refused"], each["done"]) for each in transfer["parts"]}


async def test_open_work_passes_on_and_the_rest_stays(world, work_of_bao, done):
    transfer = await requested(world, done)
    assert await carried_out(world) == 6
    report = done(await world.importer.get(f"/v1/transfers/{transfer}"))
    moved = {"leads": (1, 0, True), "accounts": (1, 0, True), "handoffs": (1, 0, True), "deals": (0, 0, False)}
    assert (report["status"], parts(report)) == ("running", moved)
    lead = done(await world.ana.get(f"/v1/leads/{work_of_bao['open']}"))
    assert (lead["owner"]["person"], lead["first_owner"]["person"]) == (ANA, BAO)
    closed = done(await world.bao.get(f"/v1/leads/{work_of_bao['closed']}"))
    assert (closed["owner"]["person"], closed["version"]) == (BAO, 3)
    spans = done(await world.ana.get(f"/v1/accounts/{work_of_bao['account']}/custody"))["spans"]
    assert [span["owner"]["person"] for span in spans] == [ANA, BAO]
    offered = done(await world.ana.get(f"/v1/leads/{work_of_bao['offered']}"))
    handoff = done(await world.ana.get(f"/v1/handoffs/{work_of_bao['handoff']}"))
    assert offered["offered_to"]["person"] == handoff["offered_to"]["person"] == ANA
    assert (handoff["offered_by"]["person"], handoff["status"]) == (ANA, "offered")
    async with world.connect() as connection:
        redirected = await assert_published(connection, HandoffRedirected)
        assert redirected.to_owner.person == UUID(ANA)
        await assert_published(connection, LeadOfferRedirected, lead__id=UUID(work_of_bao["offered"]))
    done(await world.ana.post(f"/v1/handoffs/{work_of_bao['handoff']}/acceptance"))


async def test_it_is_done_when_deals_has_done_its_part(world, work_of_bao, done, assert_problem):
    transfer = await requested(world, done)
    again = await world.importer.post("/v1/transfers", {"person": BAO, "to": ANA})
    assert_problem(again, 409, "transfer-is-open", "/person")
    await carried_out(world)
    await deals_are_done(world, transfer, moved=3, refusals=(Refused(id=DEAL, code="no-successor"),))
    report = done(await world.importer.get(f"/v1/transfers/{transfer}"))
    assert (report["status"], parts(report)["deals"]) == ("done", (3, 1, True))
    refusals = done(await world.importer.get(f"/v1/transfers/{transfer}/refusals"))["items"]
    assert refusals == [{"part": "deals", "id": str(DEAL), "code": "no-successor"}]


async def test_a_second_time_moves_nothing(world, work_of_bao, done):
    first = await requested(world, done)
    await carried_out(world)
    await deals_are_done(world, first)
    async with world.connect() as connection:
        before = [event for event in await published(connection) if "transfer" not in event.type]
    second = await requested(world, done)
    await carried_out(world)
    report = done(await world.importer.get(f"/v1/transfers/{second}"))
    assert all((moved, refused) == (0, 0) for moved, refused, _ in parts(report).values())
    async with world.connect() as connection:
        assert [event for event in await published(connection) if "transfer" not in event.type] == before


async def test_rules_by_team_and_what_no_rule_names(world, work_of_bao, done):
    transfer = await requested(world, done, to_external_id=None, rules=[{"team": NORTH, "to": MAI}])
    await carried_out(world)
    report = done(await world.importer.get(f"/v1/transfers/{transfer}"))
    assert [parts(report)[part][:2] for part in ("leads", "accounts", "handoffs")] == [(0, 1)] * 3
    page = done(await world.importer.get(f"/v1/transfers/{transfer}/refusals", limit=2))
    rest = done(await world.importer.get(f"/v1/transfers/{transfer}/refusals", cursor=page["next_cursor"]))
    found = {each["id"]: (each["part"], each["code"]) for each in [*page["items"], *rest["items"]]}
    assert found == {
        work_of_bao["account"]: ("accounts", "no-successor"),
        work_of_bao["handoff"]: ("handoffs", "no-successor"),
        work_of_bao["open"]: ("leads", "no-successor"),
    }
    assert done(await world.bao.get(f"/v1/leads/{work_of_bao['open']}"))["owner"]["person"] == BAO


async def test_a_team_rule_goes_before_the_rest(world, work_of_bao, done):
    await requested(world, done, rules=[{"team": SOUTH, "to_external_id": "mai"}])
    await carried_out(world)
    assert done(await world.mai.get(f"/v1/leads/{work_of_bao['open']}"))["owner"]["person"] == MAI


async def test_a_preview_says_what_would_pass_and_writes_nothing(world, work_of_bao, done):
    async with world.connect() as connection:
        before = await connection.fetchval("SELECT count(*) FROM outbox_event")
    body = {"person_external_id": "bao", "rules": [{"team": NORTH, "to": MAI}]}
    preview = done(await world.importer.post("/v1/transfers:preview", body))
    assert [(each["part"], each["count"], each["without_successor"]) for each in preview["parts"]] == [
        ("leads", 1, 1),
        ("accounts", 1, 1),
        ("handoffs", 1, 1),
        ("deals", 0, 0),
    ]
    all_of_it = done(await world.importer.post("/v1/transfers:preview", {"person": BAO, "to": ANA}))
    assert all_of_it["parts"][0]["shares"] == [{"to": ANA, "count": 1}]
    async with world.connect() as connection:
        assert await connection.fetchval("SELECT count(*) FROM outbox_event") == before
        assert await connection.fetchval("SELECT count(*) FROM transfer") == 0


async def test_it_waits_for_its_day_and_may_be_called_off(world, work_of_bao, done, assert_problem):
    tomorrow = (world.resources.clock.now() + timedelta(days=2)).date().isoformat()
    transfer = await requested(world, done, from_on=tomorrow)
    assert await carried_out(world) == 0
    assert done(await world.importer.get(f"/v1/transfers/{transfer}"))["status"] == "scheduled"
    path = f"/v1/transfers/{transfer}/cancellation"
    assert_problem(await world.bao.post(path), 403, "forbidden")
    assert done(await world.importer.post(path))["status"] == "cancelled"
    begun = await requested(world, done)
    await carried_out(world)
    assert_problem(await world.importer.post(f"/v1/transfers/{begun}/cancellation"), 409, "transfer-has-begun")


async def test_who_may_ask_and_who_may_see(world, work_of_bao, done, assert_problem):
    body = {"person": BAO, "to": ANA}
    for path in ("/v1/transfers", "/v1/transfers:preview"):
        assert_problem(await world.bao.post(path, body), 403, "forbidden")
        assert_problem(await world.mai.post(path, body), 403, "forbidden", "/person")
        assert_problem(await world.importer.post(path, {"person": BAO, "to": BAO}), 422, "invalid", "/to")
        assert_problem(await world.importer.post(path, {"person": BAO}), 422, "invalid")
        unknown = {"person": BAO, "rules": [{"team": str(uuid4()), "to": ANA}]}
        assert_problem(await world.importer.post(path, unknown), 422, "invalid", "/rules/0/team")
        assert_problem(await world.mai.post(path, {**body, "from_on": "2020-01-01"}), 403, "forbidden", "/from_on")
        late = {**body, "from_on": "2099-01-01"}
        assert_problem(await world.importer.post(path, late), 422, "invalid", "/from_on")
    transfer = await requested(world, done)
    assert [each["id"] for each in done(await world.bao.get("/v1/transfers"))["items"]] == [transfer]
    for caller in (world.ana, world.mai, world.zoe):
        assert done(await caller.get("/v1/transfers"))["items"] == []
        assert_problem(await caller.get(f"/v1/transfers/{transfer}"), 404, "not-found")
        assert_problem(await caller.get(f"/v1/transfers/{transfer}/refusals"), 404, "not-found")
    assert_problem(await world.mai.post(f"/v1/transfers/{transfer}/cancellation"), 404, "not-found")
    assert done(await world.importer.get(f"/v1/transfers/{transfer}"))["status"] == "scheduled"


async def test_a_manager_gets_no_records_by_a_transfer_that_they_do_not_see(world, done):
    held = {"owner_external_id": "ana", "occurred_at": "2024-06-01T03:00:00Z"}
    hidden = done(await world.importer.post("/v1/leads", {"title": "held for the South", **held}), 201)["id"]
    mine = done(await world.importer.post("/v1/leads", {"owner_external_id": "ana"}), 201)["id"]
    assert (await world.mai.get(f"/v1/leads/{hidden}")).status_code == 404
    body = {"person_external_id": "ana", "to_external_id": "mai"}
    preview = done(await world.mai.post("/v1/transfers:preview", body))
    assert (preview["parts"][0]["part"], preview["parts"][0]["count"]) == ("leads", 1)
    transfer = done(await world.mai.post("/v1/transfers", body), 202)["id"]
    await carried_out(world)
    assert (await world.mai.get(f"/v1/leads/{hidden}")).status_code == 404
    assert done(await world.mai.get(f"/v1/leads/{mine}"))["owner"]["person"] == MAI
    refusals = done(await world.mai.get(f"/v1/transfers/{transfer}/refusals"))["items"]
    assert refusals == [{"part": "leads", "id": hidden, "code": "out-of-scope"}]
    async with world.connect() as connection:
        begun = await assert_published(connection, TransferBegun)
    assert begun.transfer.within_teams == (UUID(NORTH),)


async def test_a_successor_who_left_meanwhile_gets_nothing_and_one_who_moved_gets_it_in_the_new_team(world, done):
    world.resources.clock = clock = FixedClock(datetime(2026, 3, 5, 3, tzinfo=UTC))
    of_bao = done(await world.importer.post("/v1/leads", {"owner_external_id": "bao"}), 201)["id"]
    of_ana = done(await world.importer.post("/v1/leads", {"owner_external_id": "ana"}), 201)["id"]
    asked = {"person": ANA, "to": BAO, "from_on": "2026-06-01"}
    leaves = done(await world.importer.post("/v1/transfers", asked), 202)["id"]
    await requested(world, done, to_external_id="mai", from_on="2026-06-01")
    turns = ((date(2020, 1, 1), NORTH), (date(2026, 5, 1), SOUTH))
    teams = tuple(Assignment(from_on=from_on, team=UUID(team)) for from_on, team in turns)
    await world.know(
        PersonState(id=UUID(BAO), external_id="bao", name="Bao", roles=(Role.REP,), active=False),
        PersonState(id=UUID(MAI), external_id="mai", name="Mai", roles=(Role.MANAGER,), assignments=teams),
    )
    clock.at = datetime(2026, 6, 1, 3, tzinfo=UTC)
    await carried_out(world)
    assert done(await world.ops.get(f"/v1/leads/{of_ana}"))["owner"]["person"] == ANA
    refusals = done(await world.ops.get(f"/v1/transfers/{leaves}/refusals"))["items"]
    assert refusals == [{"part": "leads", "id": of_ana, "code": "successor-left"}]
    owner = done(await world.ops.get(f"/v1/leads/{of_bao}"))["owner"]
    assert (owner["person"], owner["team"]) == (MAI, SOUTH)


async def test_merged_leads_pass_on_too_and_do_not_fall_back_to_the_leaver(world, done):
    survivor = done(await world.importer.post("/v1/leads", {"owner_external_id": "mai"}), 201)["id"]
    merged = done(await world.importer.post("/v1/leads", {"owner_external_id": "bao"}), 201)["id"]
    done(await world.importer.post(f"/v1/leads/{survivor}/merge", {"lead": merged}))
    transfer = await requested(world, done)
    await carried_out(world)
    assert parts(done(await world.importer.get(f"/v1/transfers/{transfer}")))["leads"] == (1, 0, True)
    done(await world.importer.post(f"/v1/leads/{survivor}/unmerge", {"lead": merged}))
    lead = done(await world.ops.get(f"/v1/leads/{merged}"))
    assert (lead["owner"]["person"], lead["first_owner"]["person"]) == (ANA, BAO)


async def test_a_transfer_takes_nothing_from_a_third_person(world, work_of_bao, done, monkeypatch):
    """Somebody gives it to them between the look and the lock."""
    real, first = carrying_out.store.left, [1]

    async def left(*args, **more):
        found = await real(*args, **more)
        if first:
            first.pop()
            given = {"owner_external_id": "mai"}
            done(await world.importer.post(f"/v1/leads/{work_of_bao['open']}/assignment", given))
        return found

    monkeypatch.setattr(carrying_out.store, "left", left)
    transfer = await requested(world, done)
    await carried_out(world)
    assert done(await world.mai.get(f"/v1/leads/{work_of_bao['open']}"))["owner"]["person"] == MAI
    assert parts(done(await world.importer.get(f"/v1/transfers/{transfer}")))["leads"] == (0, 0, True)


async def test_the_loop_carries_it_out_and_stops_when_told(world, work_of_bao, done):
    transfer = await requested(world, done)
    stop = asyncio.Event()
    task = asyncio.create_task(carry_out_transfers(world.resources, stop))
    while not parts(done(await world.importer.get(f"/v1/transfers/{transfer}")))["handoffs"][2]:
        await asyncio.sleep(0.05)
    stop.set()
    await task
    assert done(await world.ana.get(f"/v1/leads/{work_of_bao['open']}"))["owner"]["person"] == ANA


async def test_whoever_asked_stands_on_the_events(world, work_of_bao, done):
    await requested(world, done)
    await carried_out(world)
    key = done(await world.importer.get("/v1/transfers"))["items"][0]["requested_by"]
    async with world.connect() as connection:
        actors = await connection.fetch(
            "SELECT DISTINCT headers->>'ce_actor' AS actor FROM outbox_event"
            " WHERE type IN ('dealstream.lead.offer_redirected.v1', 'dealstream.customer.taken_over.v1')"
        )
    assert [row["actor"] for row in actors] == [key]


def test_an_owner_of_no_team_falls_to_the_rest():
    ana, bao = Owner(person=UUID(ANA)), Owner(person=UUID(BAO))
    assert successor((Successor(to=ana),), bao) == ana
    assert successor((Successor(team=UUID(NORTH), to=ana),), bao) is None
