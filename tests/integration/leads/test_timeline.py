"""One timeline for each account, from the events of leads and deals: each once, and as far as one sees them."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from events.catalogue.activities import ActivityDone, ActivityKind, ActivityNoted, ActivityState, ActivityStatus
from events.catalogue.customers import CustomerTakenOver
from events.catalogue.deals import DealLost, DealOpened, DealStageChanged, DealState, DealStatus
from events.catalogue.leads import (
    CustomerOpened,
    CustomerState,
    LeadAssigned,
    LeadCaptured,
    LeadConverted,
    LeadDisqualified,
    LeadState,
    LeadStatus,
    Owner,
)
from events.catalogue.merges import LeadMerged, LeadUnmerged
from events.codec import Message
from events.envelope import Envelope
from events.ids import uuid7
from events.money import Money, PinnedRate
from leads.timeline.entry import facts_of, kind_of, subject_of
from leads.timeline.projection import GROUP, keep
from leads.timeline.store import begin_again

FIRM, OTHER = UUID(int=0xF1), UUID(int=0xF2)
NORTH, SOUTH = UUID(int=0x11), UUID(int=0x12)
ANA = Owner(person=UUID(int=0xA1), team=NORTH)
BAO = Owner(person=UUID(int=0xB1), team=SOUTH)
LEAD, TWIN, DEAL, PIPELINE, CALL = (UUID(int=number) for number in (0x1EAD, 0x1EAE, 0xDEA1, 0x919E, 0xCA11))
START = datetime(2026, 3, 1, 9, tzinfo=UTC)


def at(day):
    return START + timedelta(days=day - 1)


def told(event, state, day, *, tenant=FIRM, actor=f"person:{BAO.person}"):
    stamped = event.stamped(at(day), state)
    envelope = Envelope(
        id=uuid7(), type=event.type, source="/dealstream/test", subject=str(state.id), time=at(day), tenant=tenant,
        aggregate_version=day, partition_key=f"{tenant}:{state.id}", actor=actor,
    )  # fmt: skip
    return Message(envelope, stamped, event.topic.name, 0, 0, state.id)


def a_lead(id_=LEAD, **more):
    return LeadState(id=id_, **{"owner": BAO, "created_at": START, "created_on": START.date(), **more})


def a_deal(account, **more):
    usd = PinnedRate(currency="USD", base="USD", rate="1", on=date(2026, 3, 1))
    fields = {"name": "Máy bơm Đông Á", "owner": BAO, "pipeline": PIPELINE, "stage": "talk", **more}
    return DealState(
        id=DEAL, account_id=account, amount=Money(minor=0, currency="USD"), rate=usd, base_minor=0, opened_at=START,
        opened_on=START.date(), spans=(), **fields,
    )  # fmt: skip


@pytest.fixture
def hear(world):
    async def deliver(*messages):
        async with world.connect() as connection, connection.transaction():
            await keep(connection, messages)

    return deliver


@pytest.fixture
async def account(world, done):
    """Bao's."""
    body = {"name": "Công ty Đông Á", "owner_external_id": "bao"}
    return done(await world.importer.post("/v1/accounts", body), 201)["id"]


def kinds(page):
    return [entry["kind"] for entry in page["items"]]


async def timeline(caller, account, done, **query):
    return done(await caller.get(f"/v1/accounts/{account}/timeline", **query))


async def test_what_happened_before_a_lead_was_the_accounts_is_there(world, account, hear, done):
    await hear(told(LeadCaptured(), a_lead(), 1), told(LeadAssigned(to_owner=BAO), a_lead(), 2))
    assert kinds(await timeline(world.bao, account, done)) == []
    converted = a_lead(account_id=account, deal_id=DEAL, status=LeadStatus.CONVERTED)
    await hear(told(LeadConverted(deal_id=DEAL, account_id=UUID(account)), converted, 3))
    assert kinds(await timeline(world.bao, account, done)) == ["lead.converted", "lead.assigned", "lead.captured"]


async def test_a_deal_that_goes_to_another_account_takes_its_history_along(world, account, hear, done):
    other = done(await world.importer.post("/v1/accounts", {"name": "Other"}), 201)["id"]
    await hear(told(DealOpened(), a_deal(account), 1))
    await hear(told(DealStageChanged(from_stage="talk", to_stage="offer", seconds_in_stage=5), a_deal(other), 2))
    assert kinds(await timeline(world.bao, account, done)) == []
    assert kinds(await timeline(world.bao, other, done)) == ["deal.stage_changed", "deal.opened"]


def a_call(**more):
    return ActivityState(
        id=CALL, kind=ActivityKind.CALL, status=ActivityStatus.DONE, performer=ANA, done_at=START,
        recorded_on=START.date(), entered_at=START, outcome="offer-wanted", **more,
    )  # fmt: skip


async def test_activities_stand_in_the_timeline_of_their_account(world, account, hear, done):
    await hear(told(ActivityDone(), a_call(account_id=account, contact_id=UUID(int=7)), 1))
    [entry] = (await timeline(world.bao, account, done))["items"]
    assert (entry["kind"], entry["subject"]["kind"], entry["subject"]["id"]) == ("activity.done", "account", account)
    assert entry["facts"] == {
        "activity_id": str(CALL), "activity_kind": "call", "outcome": "offer-wanted",
        "performer": str(ANA.person), "contact_id": str(UUID(int=7)),
    }  # fmt: skip
    assert entry["names"][str(ANA.person)] == "Ana"
    await hear(told(CustomerOpened(), CustomerState(id=account, name="Đông Á", opened_on=START.date()), 2))
    found = await timeline(world.bao, account, done, title="dong a")
    assert kinds(found) == ["customer.opened", "activity.done"]


async def test_activities_of_a_lead_come_along_when_it_becomes_an_accounts(world, account, hear, done):
    await hear(told(ActivityDone(), a_call(lead_id=LEAD), 1), told(ActivityNoted(), a_call(contact_id=LEAD), 1))
    assert kinds(await timeline(world.bao, account, done)) == []
    await hear(told(LeadCaptured(), a_lead(), 2))
    await hear(told(LeadConverted(deal_id=DEAL, account_id=UUID(account)), a_lead(account_id=account), 3))
    late = told(ActivityDone(), a_call(lead_id=LEAD), 4)
    await hear(late)
    expected = ["activity.done", "lead.converted", "lead.captured", "activity.done"]
    assert kinds(await timeline(world.bao, account, done)) == expected


async def test_an_event_that_comes_again_is_one_entry(world, account, hear, done):
    opened = told(DealOpened(), a_deal(account), 1)
    await hear(opened, opened)
    await hear(opened)
    assert kinds(await timeline(world.bao, account, done)) == ["deal.opened"]


async def test_entries_are_seen_with_what_they_are_about(world, account, hear, done, assert_problem):
    shared = CustomerState(id=account, name="Đông Á", opened_on=START.date(), owner=BAO)
    await hear(
        told(CustomerOpened(), shared, 1),
        told(DealOpened(), a_deal(account, owner=ANA), 2),
        told(LeadCaptured(), a_lead(account_id=account, owner=ANA, offered_to=BAO), 3),
        told(LeadCaptured(), a_lead(TWIN, account_id=account, owner=None), 4),
    )
    assert kinds(await timeline(world.bao, account, done)) == ["lead.captured", "customer.opened"]
    everything = ["lead.captured", "lead.captured", "deal.opened", "customer.opened"]
    assert kinds(await timeline(world.importer, account, done)) == everything
    for caller in (world.ana, world.mai, world.zoe):
        assert_problem(await caller.get(f"/v1/accounts/{account}/timeline"), 404, "not-found")
    await hear(told(DealLost(reason="Ông Minh was rude"), a_deal(account, owner=BAO, status=DealStatus.LOST), 5))
    assert kinds(await timeline(world.bao, account, done, about="deal")) == ["deal.lost", "deal.opened"]


async def test_a_timeline_is_filtered_by_kind_and_period_and_paged(world, account, hear, done, assert_problem):
    states = [told(LeadAssigned(to_owner=BAO), a_lead(account_id=account), day) for day in range(1, 8)]
    await hear(*states, told(DealOpened(), a_deal(account), 3), told(LeadCaptured(), a_lead(account_id=account), 1))
    only = await timeline(world.bao, account, done, kind=["deal.opened", "lead.captured"])
    assert kinds(only) == ["deal.opened", "lead.captured"]
    period = {"at_from": "2026-03-03T00:00:00Z", "at_to": "2026-03-05T00:00:00Z", "about": "lead"}
    assert [entry["at"] for entry in (await timeline(world.bao, account, done, **period))["items"]] == [
        "2026-03-04T09:00:00Z",
        "2026-03-03T09:00:00Z",
    ]
    seen, cursor = [], {}
    while cursor is not None:
        page = await timeline(world.bao, account, done, limit=2, **cursor)
        seen += [entry["id"] for entry in page["items"]]
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
    assert len(seen) == len(set(seen)) == 9
    assert_problem(await world.bao.get(f"/v1/accounts/{account}/timeline", cursor="abc"), 400, "wrong-cursor")
    assert_problem(await world.bao.get(f"/v1/accounts/{account}/timeline", about="weather"), 422, "invalid", "/about")


async def test_titles_are_searched_without_accents(world, account, hear, done):
    await hear(
        told(DealOpened(), a_deal(account), 1),
        told(LeadCaptured(), a_lead(account_id=account, title="工业泵 Hà Nội"), 2),
    )
    for words, found in (("dong a may", "deal"), ("ĐÔNG", "deal"), ("工业", "lead"), ("ha noi", "lead")):
        page = await timeline(world.bao, account, done, title=words)
        assert [entry["subject"]["kind"] for entry in page["items"]] == [found], words
    for words in ("nobody", "%", "dong%z", "!!"):
        assert kinds(await timeline(world.bao, account, done, title=words)) == [], words


async def test_names_are_looked_up_and_words_are_not_copied(world, account, hear, done):
    lost = a_deal(account, status=DealStatus.LOST)
    held = CustomerState(id=account, name="Đông Á", opened_on=START.date(), owner=BAO)
    await hear(
        told(DealLost(reason="Ông Minh was rude", competitor="Ebara"), lost, 1),
        told(CustomerTakenOver(from_owner=ANA, to_owner=BAO), held, 2),
    )
    taken, gone = (await timeline(world.bao, account, done))["items"]
    assert gone["facts"] == {}
    assert gone["names"] == {str(BAO.person): "Bao"}
    assert taken["facts"] == {"from_owner": str(ANA.person), "to_owner": str(BAO.person)}
    assert taken["names"] == {str(ANA.person): "Ana", str(BAO.person): "Bao"}
    async with world.connect() as connection:
        rows = await connection.fetch(
            "SELECT entry::text, subject::text FROM timeline_entry entry, timeline_subject subject"
        )
    assert not any("Minh" in text or "Ebara" in text for row in rows for text in row)


async def test_a_merged_lead_stands_in_the_timeline_of_the_survivors_account(world, account, hear, done):
    alone, gone = a_lead(TWIN), a_lead(TWIN, merged_into=LEAD)
    await hear(told(LeadCaptured(), alone, 1), told(LeadMerged(into_id=LEAD), gone, 2))
    await hear(told(LeadCaptured(), a_lead(), 3))
    assert kinds(await timeline(world.bao, account, done)) == []
    converted = a_lead(account_id=account, status=LeadStatus.CONVERTED)
    await hear(told(LeadConverted(deal_id=DEAL, account_id=UUID(account)), converted, 4))
    whole = ["lead.converted", "lead.captured", "lead.merged", "lead.captured"]
    assert kinds(await timeline(world.bao, account, done)) == whole
    await hear(told(LeadUnmerged(from_id=LEAD), alone, 5))
    assert kinds(await timeline(world.bao, account, done)) == ["lead.converted", "lead.captured"]


async def test_firms_do_not_meet_in_a_projection(world, account, hear):
    twins = [told(DealOpened(), a_deal(account), 1, tenant=tenant) for tenant in (FIRM, OTHER)]
    await hear(*twins)
    async with world.connect() as connection:
        rows = await connection.fetch("SELECT tenant_id, event_id FROM timeline_entry")
    assert {(row["tenant_id"], row["event_id"]) for row in rows} == {
        (message.envelope.tenant, message.envelope.id) for message in twins
    }


def test_an_event_says_its_kind_and_its_codes():
    event = LeadDisqualified(reason="Minh has no money").stamped(at(1), a_lead(status=LeadStatus.DISQUALIFIED))
    assert (kind_of(event), facts_of(event), subject_of(event).open) == ("lead.disqualified", {}, False)
    moved = DealStageChanged(from_stage="talk", to_stage="offer", seconds_in_stage=5).stamped(at(1), a_deal(None))
    assert facts_of(moved) == {"from_stage": "talk", "to_stage": "offer", "seconds_in_stage": 5}


async def test_a_merged_lead_that_is_read_before_its_survivor_keeps_its_history(world, hear, account, done):
    """They are in two partitions, which may be read in any order when timelines are made anew."""
    await hear(told(LeadCaptured(), a_lead(TWIN), 1), told(LeadMerged(into_id=LEAD), a_lead(TWIN, merged_into=LEAD), 2))
    await hear(told(LeadCaptured(), a_lead(account_id=UUID(account)), 1))
    page = await timeline(world.importer, account, done)
    assert sorted(kinds(page)) == ["lead.captured", "lead.captured", "lead.merged"]


async def test_timelines_are_made_anew_while_a_batch_is_under_way(world):
    async def begin(connection):
        async with connection.transaction():
            await begin_again(connection, GROUP)

    async with world.connect() as batch, world.connect() as other:
        await batch.execute(
            "INSERT INTO consumer_offset (grp, topic, part, next_offset, claimed_by) VALUES ($1, 'x', 0, 0, 'x')", GROUP
        )
        under_way = batch.transaction()
        await under_way.start()
        await batch.execute("UPDATE consumer_offset SET next_offset = 1 WHERE grp = $1", GROUP)
        waiting = f"SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid = {other.get_server_pid()})"
        anew = asyncio.create_task(begin(other))
        while not await batch.fetchval(waiting):
            assert not anew.done()
        await batch.execute("DELETE FROM timeline_entry WHERE false")
        await under_way.commit()
        await anew
        assert await batch.fetchval("SELECT count(*) FROM consumer_offset WHERE grp = $1", GROUP) == 0


async def test_of_two_workers_one_waits_so_that_each_entry_finds_its_account(world, hear, account, done):
    """One hears of a merge while the other hears whose account the survivor is: neither sees what the other writes."""
    await hear(told(LeadCaptured(), a_lead(), 1))

    async def hear_of_the_account(connection):
        async with connection.transaction():
            await keep(connection, [told(LeadAssigned(to_owner=BAO), a_lead(account_id=UUID(account)), 2)])

    async with world.connect() as one, world.connect() as other:
        under_way = one.transaction()
        await under_way.start()
        await keep(one, [told(LeadMerged(into_id=LEAD), a_lead(TWIN, merged_into=LEAD), 1)])
        waiting = f"SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid = {other.get_server_pid()})"
        hearing = asyncio.create_task(hear_of_the_account(other))
        while not hearing.done() and not await one.fetchval(waiting):
            pass
        await under_way.commit()
        await hearing
    page = await timeline(world.importer, account, done)
    assert sorted(kinds(page)) == ["lead.assigned", "lead.captured", "lead.merged"]
