"""A person leaves: the open deals pass to others, what is closed stays; and deals of merged leads count anew."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from deals.reactions import react
from deals.transfers import carrying_out
from deals.transfers.carrying_out import carry_out_some, carry_out_transfers
from events.catalogue.deals import DealOriginCorrected, DealOwnerChanged
from events.catalogue.leads import HandoffAccepted, HandoffState, HandoffStatus, LeadState, LeadStatus, Owner
from events.catalogue.merges import LeadAbsorbed, LeadReleased
from events.catalogue.transfers import (
    DealTransferAdvanced,
    DealTransferBegun,
    DealTransferCompleted,
    Successor,
    TransferBegun,
    TransferPart,
    TransferState,
    TransferStatus,
)
from events.testing import assert_nothing_published, assert_published, published

TRANSFER, LEAD, HANDOFF, DEAL = (UUID(int=number) for number in (901, 902, 903, 904))
START = datetime(2026, 3, 10, tzinfo=UTC)


def _begun(world: Any, *successors: Successor, at: datetime = START) -> TransferBegun:
    """Ana leaves."""
    state = TransferState(
        id=TRANSFER,
        from_owner=Owner(person=world.id("ana"), team=world.north),
        successors=successors or (Successor(to=_binh(world)),),
        from_at=at,
        from_on=at.date(),
        status=TransferStatus.RUNNING,
        parts=(TransferPart(part="deals"),),
        requested_by="person:019a0000-0000-7000-8000-000000000007",
        requested_at=at,
    )
    return TransferBegun(transfer=state, occurred_at=at)


def _binh(world: Any) -> Owner:
    return Owner(person=world.id("binh"), team=world.south)


async def _carried_out(world: Any, at_once: int = 200) -> int:
    steps = 0
    while await carry_out_some(world.resources, at_once):
        steps += 1
    return steps


@pytest.fixture
async def deals(world: Any) -> dict[str, Any]:
    """Two open deals of Ana's, one that she won, and one of Binh's."""
    opened = {"occurred_at": "2026-03-01T08:00:00Z"}
    made = {name: await world.open(by="oanh", name=name, owner=str(world.id("ana")), **opened) for name in "abc"}
    made["other"] = await world.open(by="oanh", name="other", owner=str(world.id("binh")), **opened)
    won = {"outcome": "won", "occurred_at": "2026-03-05T08:00:00Z"}
    await world.post(f"/v1/deals/{made['c']['id']}/closure", won)
    return made


async def test_open_deals_pass_on_some_at_a_time(world: Any, deals: Any) -> None:
    await world.hear(world.tenant, _begun(world))
    assert await _carried_out(world, at_once=1) == 3
    for name in "ab":
        deal = await world.get(f"/v1/deals/{deals[name]['id']}", by="binh")
        assert deal["owner"]["person"] == str(world.id("binh"))
    won = await world.get(f"/v1/deals/{deals['c']['id']}", by="ana")
    assert won["owner"]["person"] == str(world.id("ana"))
    async with world.database() as connection:
        moved = await published(connection, DealOwnerChanged)
        assert [event.occurred_at for event in moved] == [START, START]
        told = [event.transfer for event in await published(connection, DealTransferAdvanced)]
        assert [(each.moved, each.refused) for each in told] == [(1, 0), (2, 0)]
        await assert_published(connection, DealTransferCompleted, transfer__moved=2, transfer__done=True)
        await assert_published(connection, DealTransferBegun, transfer__id=TRANSFER)
        headers = await connection.fetch(
            "SELECT headers->>'ce_actor' AS actor FROM outbox_event WHERE type = $1", DealOwnerChanged.type
        )
    assert {row["actor"] for row in headers} == {"person:019a0000-0000-7000-8000-000000000007"}


async def test_told_twice_it_is_done_once(world: Any, deals: Any) -> None:
    await world.hear(world.tenant, _begun(world))
    await _carried_out(world)
    async with world.database() as connection:
        before = len(await published(connection))
    await world.hear(world.tenant, _begun(world))
    assert await _carried_out(world) == 0
    async with world.database() as connection:
        assert len(await published(connection)) == before


async def test_a_deal_that_changed_since_passes_on_from_then(world: Any, deals: Any) -> None:
    await world.post(
        f"/v1/deals/{deals['a']['id']}/stage", {"stage": "proposal", "occurred_at": "2026-03-12T08:00:00Z"}
    )
    await world.hear(world.tenant, _begun(world))
    await _carried_out(world)
    async with world.database() as connection:
        late = await assert_published(connection, DealOwnerChanged, deal__id=UUID(deals["a"]["id"]))
    assert late.occurred_at == datetime(2026, 3, 12, 8, tzinfo=UTC)


async def test_what_no_rule_names_stays_and_is_told(world: Any, deals: Any) -> None:
    await world.hear(world.tenant, _begun(world, Successor(team=world.south, to=_binh(world))))
    assert await _carried_out(world) == 2
    async with world.database() as connection:
        told = await assert_published(connection, DealTransferAdvanced)
        await assert_nothing_published(connection, DealOwnerChanged)
    assert {(str(each.id), each.code) for each in told.refusals} == {
        (deals[name]["id"], "no-successor") for name in "ab"
    }


async def test_what_is_held_for_a_team_that_the_asker_does_not_lead_stays(world: Any, deals: Any) -> None:
    begun = _begun(world)
    limited = begun.transfer.model_copy(update={"within_teams": (world.south,)})
    await world.hear(world.tenant, begun.model_copy(update={"transfer": limited}))
    await _carried_out(world)
    async with world.database() as connection:
        told = await assert_published(connection, DealTransferAdvanced)
        await assert_nothing_published(connection, DealOwnerChanged)
    assert {each.code for each in told.refusals} == {"out-of-scope"}


async def test_a_transfer_takes_nothing_from_a_third_person(world: Any, deals: Any, monkeypatch: Any) -> None:
    """Somebody gives it to them between the look and the lock."""
    real, first = carrying_out.store.left, [1]

    async def left(*args: Any) -> Any:
        found = await real(*args)
        if first:
            first.pop()
            given = {"owner": str(world.id("sam"))}
            await world.call("POST", f"/v1/deals/{deals['a']['id']}/owner", given, by="oanh")
        return found

    monkeypatch.setattr(carrying_out.store, "left", left)
    await world.hear(world.tenant, _begun(world))
    await _carried_out(world)
    assert (await world.get(f"/v1/deals/{deals['a']['id']}", by="oanh"))["owner"]["person"] == str(world.id("sam"))
    async with world.database() as connection:
        await assert_published(connection, DealTransferCompleted, transfer__moved=1, transfer__refused=0)


async def test_the_loop_does_it_and_stops_when_told(world: Any, deals: Any) -> None:
    await world.hear(world.tenant, _begun(world))
    stop = asyncio.Event()
    task = asyncio.create_task(carry_out_transfers(world.resources, stop))
    async with world.database() as connection:
        while not await published(connection, DealTransferCompleted):
            await asyncio.sleep(0.05)
    stop.set()
    await task


def _lead(world: Any, **more: Any) -> LeadState:
    state: dict[str, Any] = {
        "id": LEAD,
        "status": LeadStatus.CONVERTED,
        "deal_id": DEAL,
        "source": "fair",
        "created_at": "2026-02-01T08:00:00Z",
        "created_on": date(2026, 2, 1),
        "first_owner": _binh(world),
    }
    return LeadState(**(state | more))


def _accepted(world: Any) -> HandoffAccepted:
    sam = Owner(person=world.id("sam"), team=world.north)
    handoff = HandoffState(
        id=HANDOFF, lead_id=LEAD, source="web", status=HandoffStatus.ACCEPTED, offered_by=sam,
        offered_to=Owner(person=world.id("ana"), team=world.north), lead_owner=sam, offered_at="2026-03-01T08:00:00Z",
        offered_on=date(2026, 3, 1), lead_created_on=date(2026, 2, 20), answered_at="2026-03-02T08:00:00Z",
        answered_on=date(2026, 3, 2), deal_id=DEAL,
    )  # fmt: skip
    return HandoffAccepted(seconds_to_answer=86_400, handoff=handoff, occurred_at=handoff.answered_at)


def _absorbed(world: Any) -> LeadAbsorbed:
    return LeadAbsorbed(merged_id=UUID(int=7), from_source="web", lead=_lead(world), occurred_at="2026-03-03T08:00:00Z")


@pytest.mark.parametrize("merge_first", [True, False])
async def test_the_deal_of_a_merged_lead_counts_from_its_earliest_creation(world: Any, merge_first: bool) -> None:
    told = [_accepted(world), _absorbed(world)]
    for event in reversed(told) if merge_first else told:
        await world.hear(world.tenant, event)
    deal = await world.get(f"/v1/deals/{DEAL}", by="ana")
    assert (deal["source"], deal["lead_created_on"]) == ("fair", "2026-02-01")
    async with world.database() as connection:
        corrected = await assert_published(connection, DealOriginCorrected, from_source="web")
    assert corrected.deal.lead_owner == _binh(world)
    back = _lead(world, source="web", created_on=date(2026, 2, 20), first_owner=None)
    parted = LeadReleased(merged_id=UUID(int=7), from_source="fair", lead=back, occurred_at="2026-03-04T08:00:00Z")
    await world.hear(world.tenant, parted)
    deal = await world.get(f"/v1/deals/{DEAL}", by="ana")
    assert (deal["source"], deal["lead_created_on"]) == ("web", "2026-02-20")


async def test_a_source_that_was_corrected_by_hand_stays(world: Any) -> None:
    await world.hear(world.tenant, _accepted(world))
    await world.call("PATCH", f"/v1/deals/{DEAL}", {"source": "referral"}, headers={"If-Match": "*"})
    await world.hear(world.tenant, _absorbed(world))
    deal = await world.get(f"/v1/deals/{DEAL}", by="ana")
    assert (deal["source"], deal["lead_created_on"]) == ("referral", "2026-02-01")


async def test_a_deal_that_is_opened_while_its_lead_is_merged_counts_from_the_earliest_creation(world: Any) -> None:
    """Two workers hear of both at once; the one that comes second waits for the first."""
    pool, resources = world.resources.pool, world.resources
    opened = world._message(world.tenant, _accepted(world), world.clock.now())
    merged = world._message(world.tenant, _absorbed(world), world.clock.now())
    async with pool.acquire() as one, pool.acquire() as two:
        async with one.transaction():
            await react(resources, one, [opened])
            second = asyncio.create_task(_heard(resources, two, merged))
            await asyncio.wait({second}, timeout=0.5)
        await second
    deal = await world.get(f"/v1/deals/{DEAL}", by="ana")
    assert (deal["source"], deal["lead_created_on"]) == ("fair", "2026-02-01")


async def _heard(resources: Any, connection: Any, message: Any) -> None:
    async with connection.transaction():
        await react(resources, connection, [message])


async def test_a_merge_of_leads_without_a_deal_means_nothing_here(world: Any) -> None:
    told = LeadAbsorbed(merged_id=UUID(int=7), lead=_lead(world, deal_id=None), occurred_at="2026-03-03T08:00:00Z")
    await world.hear(world.tenant, told)
    async with world.database() as connection:
        await assert_nothing_published(connection, DealOriginCorrected)
