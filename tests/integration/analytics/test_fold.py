"""However events are cut into batches, repeated, delayed or mixed, the ledger is what brute force says it is."""

import asyncio
import gc
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime
from random import Random
from uuid import UUID, uuid5

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from analytics.ledger import facts
from analytics.ledger.posting import Slice
from analytics.ledger.slices import Slices, digest_of
from analytics.measures.deals import DEALS_OPENED
from analytics.query.replay import replayed
from events.codec import Received
from events.recoverability import is_transient
from events.release import fillable_gaps, release
from events.watermark import AggregateKey
from folded_world import TENANT, event_id, history
from ledger_stage import Stage, expected, record, stage
from sales_world import World, a_world

NewDatabase = Callable[[], Awaitable[str]]


@pytest_asyncio.fixture
async def ledger(new_database: NewDatabase) -> AsyncIterator[Stage]:
    async with stage(await new_database()) as found:
        yield found


END_NAMING = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name LIKE '%-naming' AND datname = current_database()
"""
TOTAL = "SELECT sum(amount) FROM ledger_v1.cell WHERE measure = $1 AND grouping = 0 AND period = 'm'"


def dice(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - repeatable, not secret


def batches(world: World, thrown: Random, tenant: UUID = TENANT) -> list[list[Received]]:
    """The history cut anywhere, with some events delivered twice."""
    records = [record(known, tenant) for known in history(world)]
    repeated = [one for one in records for _ in range(1 + (thrown.random() < 0.2))]
    found: list[list[Received]] = [[]]
    for one in repeated:
        found[-1].append(one)
        if thrown.random() < 0.1:
            found.append([])
    return [batch for batch in found if batch]


@given(seed=st.integers(0, 10_000))
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
async def test_the_ledger_is_the_brute_force_sum_and_agrees_with_itself(ledger: Stage, seed: int) -> None:
    world, tenant = a_world(seed, size=12), uuid5(TENANT, str(seed))
    for batch in batches(world, dice(seed), tenant):
        await ledger.take(batch)
    assert await ledger.sums(tenant) == expected(world)
    found = await ledger.audit(tenant)
    assert found.agrees, found.shown[:3]
    assert found.cells > found.facts > 0


async def test_the_same_events_in_other_batches_give_the_same_entries(new_database: NewDatabase) -> None:
    world, hashes = a_world(3), []
    for seed in (1, 2):
        async with stage(await new_database()) as ledger:
            for batch in batches(world, dice(seed)):
                await ledger.take(batch)
            hashes.append(await ledger.canonical_hash())
    assert hashes[0] == hashes[1]
    assert hashes[0][0] > 100


async def test_a_version_that_was_passed_over_has_no_state_and_no_figures(ledger: Stage) -> None:
    passed_over = AggregateKey("deals.deal", TENANT, uuid5(TENANT, "a lie"))
    async with ledger.pool.acquire() as connection, connection.transaction():
        await facts.step_over(connection, "ledger_v1", passed_over, 1, uuid5(TENANT, "its event"))
        found = await replayed(connection, "ledger_v1", TENANT, (DEALS_OPENED,), date(2026, 1, 9))
    assert found.postings == ()


async def test_events_out_of_order_wait_for_the_missing_version(ledger: Stage) -> None:
    world = a_world(5, size=6)
    records = [record(known) for known in history(world)]
    late = [one for one in records if dict(one.headers)["ce_aggregateversion"] == b"1"]
    await ledger.take([one for one in records if one not in late])
    assert await ledger.sums() == {}
    await ledger.take(late)
    async with ledger.pool.acquire() as connection:
        gaps = await fillable_gaps(connection, ledger.subscription)
    for gap in gaps:
        await release(ledger.pool, ledger.subscription, gap)
    assert await ledger.sums() == expected(world)
    assert (await ledger.audit()).agrees


async def test_a_closed_gap_is_found_however_many_others_stay_open(ledger: Stage) -> None:
    records = [record(known) for known in history(a_world(5, size=6))]
    first = [one for one in records if dict(one.headers)["ce_aggregateversion"] == b"1"]
    await ledger.take([one for one in records if one not in first])
    newest = await ledger.pool.fetchval("SELECT sequence_key FROM blocked_sequence ORDER BY blocked_at DESC LIMIT 1")
    await ledger.take([one for one in first if one.key == newest.encode()])
    async with ledger.pool.acquire() as connection:
        looks = [await fillable_gaps(connection, ledger.subscription, at_most=1) for _ in range(300)]
    assert {sequence.key for found in looks for sequence in found} == {newest}


async def test_each_change_of_a_posting_names_the_event_that_caused_it(ledger: Stage) -> None:
    world = a_world(8, size=5)
    known = history(world)
    await ledger.take([record(one) for one in known])
    rows = await ledger.pool.fetch(
        "SELECT l.event_id, l.fact_id, l.recorded_at, t.name FROM ledger_v1.ledger l"
        " JOIN event_type t ON t.id = l.event_type"
    )
    events = {event_id(one): one for one in known}
    assert {row["event_id"] for row in rows} <= events.keys()
    for row in rows:
        cause = events[row["event_id"]]
        assert (row["fact_id"], row["recorded_at"]) == (cause.state.id, cause.at)


async def test_what_was_copied_waits_for_no_collector(ledger: Stage) -> None:
    gc.collect()
    gc.disable()
    try:
        await ledger.take([record(known) for known in history(a_world(3, size=20))])
        kept = [found for found in gc.get_objects() if isinstance(found, io.BytesIO) and not found.closed]
    finally:
        gc.enable()
    assert [found for found in kept if found.getbuffer().nbytes > 1_000] == []


async def test_an_event_recorded_long_ago_finds_its_partition(ledger: Stage) -> None:
    [known] = history(World(leads=a_world(2, size=1).leads[:1]))[:1]
    await ledger.take([record(known._replace(at=datetime(2019, 5, 31, 23, 59, 59, 999999, tzinfo=UTC)))])
    there = await ledger.pool.fetchval("SELECT count(*) FROM ledger_v1.ledger_201905")
    assert there == await ledger.pool.fetchval("SELECT count(*) FROM ledger_v1.ledger") > 0


async def test_a_failed_batch_changes_nothing_and_can_be_taken_again(ledger: Stage) -> None:
    records = [record(known) for known in history(a_world(4, size=4))]
    await ledger.pool.execute("ALTER TABLE ledger_v1.cell ADD CONSTRAINT planted CHECK (count < 0) NOT VALID")
    with pytest.raises(asyncpg.CheckViolationError):
        await ledger.take(records)
    assert await ledger.sums() == {}
    assert await ledger.pool.fetchval("SELECT count(*) FROM ledger_v1.fact") == 0
    await ledger.pool.execute("ALTER TABLE ledger_v1.cell DROP CONSTRAINT planted")
    await ledger.take(records)
    assert await ledger.sums() == expected(a_world(4, size=4))
    assert (await ledger.audit()).agrees


@pytest.mark.parametrize("apart", [True, False])
async def test_an_unknown_event_counts_in_the_versions_and_in_nothing_else(ledger: Stage, apart: bool) -> None:
    lead = next(versions for versions in a_world(6, size=12).leads if len(versions) > 1)
    first, second = history(World(leads=[lead]))[:2]
    unknown = {"ce_type": b"dealstream.lead.teleported.v1"}
    strange = record(first._replace(version=2))
    strange = strange._replace(headers=tuple((name, unknown.get(name, value)) for name, value in strange.headers))
    for batch in ([record(first)], [strange]) if apart else ([record(first), strange],):
        await ledger.take(batch)
    await ledger.take([strange, record(second._replace(version=3))])
    assert await ledger.pool.fetchval("SELECT version FROM ledger_v1.fact") == 3
    assert await ledger.sums() == expected(World(leads=[[first.state, second.state]]))


async def test_slices_are_told_apart_as_the_database_does(ledger: Stage) -> None:
    values = ("", "1:a", "-", "a", "Đà Nẵng", "上海", "🙂", None)
    slices = {Slice(source=source, label=label) for source in values for label in values}
    known = Slices(ledger.naming.connect)
    await known.number(TENANT, slices)
    await Slices(ledger.naming.connect).number(TENANT, slices)
    rows = await ledger.pool.fetch("SELECT digest, source, label, id FROM slice")
    assert len(rows) == len(slices) == len({row["id"] for row in rows})
    for digest, source, label, number in rows:
        where = Slice(source=source, label=label)
        assert (digest_of(where), known.of(TENANT).ids[where]) == (digest, number)


async def test_a_memory_of_slices_that_is_full_is_emptied_and_nothing_else_changes(new_database: NewDatabase) -> None:
    world = a_world(9, size=8)
    async with stage(await new_database()) as ledger:
        ledger.fold._slices = Slices(ledger.naming.connect, capacity=3)
        for batch in batches(world, dice(9)):
            await ledger.take(batch)
        assert await ledger.sums() == expected(world)
        assert (await ledger.audit()).agrees


async def taken(ledger: Stage, batch: list[Received], lane: int) -> None:
    """As a lane does: what passes by itself is tried again."""
    while True:
        try:
            return await ledger.take(batch, lane)
        except Exception as error:
            if not is_transient(error):
                raise


async def test_two_lanes_with_little_memory_and_a_lost_naming_session_fold_as_one(new_database: NewDatabase) -> None:
    world = a_world(11, size=30)
    records = [record(known) for known in history(world)]
    async with stage(await new_database()) as alone:
        await alone.take(records)
        once = await alone.canonical_hash()
    async with stage(await new_database()) as ledger:
        ledger.fold._slices = Slices(ledger.naming.connect, capacity=3)

        async def lane(number: int) -> None:
            own = [one for one in records if one.key[-1] % 2 == number]
            for first in range(0, len(own), 7):
                await taken(ledger, own[first : first + 7], number)
                if first == 21 and number:
                    await ledger.pool.execute(END_NAMING)

        await asyncio.gather(lane(0), lane(1))
        assert await ledger.canonical_hash() == once
        assert (await ledger.audit()).agrees
        shards = await ledger.pool.fetchval("SELECT array_agg(DISTINCT shard ORDER BY shard) FROM ledger_v1.cell")
        assert shards == [0, 1]


async def test_sums_have_no_bound_that_one_amount_has(ledger: Stage) -> None:
    """A hundred deals of the greatest amount are more than 64 bits hold."""
    told = [known for known in history(a_world(3, size=120)) if known.kind == "deal" and known.version == 1]
    most = 10**17
    dear = []
    for known in told:
        spans = tuple(span.model_copy(update={"base_minor": most}) for span in known.state.spans)
        dear.append(known._replace(state=known.state.model_copy(update={"spans": spans, "closings": ()})))
    assert len(dear) * most > 2**63
    await ledger.take([record(known) for known in dear])
    assert (await ledger.audit()).agrees
    total = await ledger.pool.fetchval(TOTAL, DEALS_OPENED.number)
    assert int(total) == len(dear) * most


async def test_a_tenant_sees_its_own_entries_and_cells_only(ledger: Stage) -> None:
    other = uuid5(TENANT, "other")
    for tenant, seed in ((TENANT, 1), (other, 2)):
        await ledger.take([record(known, tenant) for known in history(a_world(seed, size=4))])
    async with ledger.pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "SELECT set_config('role', 'dealstream_tenant', true), set_config('dealstream.tenant', $1, true)",
            str(other),
        )
        for table in ("ledger_v1.ledger", "ledger_v1.cell", "ledger_v1.fact", "slice"):
            assert await connection.fetchval(f"SELECT array_agg(DISTINCT tenant_id) FROM {table}") == [other]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT * FROM ledger_v1.ledger_202606")
