"""The cut-over takes its locks in the order of the live fold: neither is ever the victim of the other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from analytics.ledger import rebuild_store
from analytics.ledger.projection import ACTIVE_SHARED, GROUP
from analytics.ledger.rebuild import Rebuilder
from analytics.ledger.rebuild_store import State
from analytics.measures import FOLDED
from events import offsets
from events.codec import Received
from events.ids import uuid7
from events.in_memory import InMemoryBroker
from events.kafka.producer import Outgoing
from events.offsets import Advance
from folded_world import history
from ledger_stage import Stage, record, stage
from sales_world import a_world

WAITING_FOR_A_LOCK = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def test_a_batch_that_is_under_way_when_the_cut_over_begins_is_finished_first(
    new_database: Callable[[], Awaitable[str]],
) -> None:
    broker = InMemoryBroker(partitions=1)
    broker.ensure_topics(FOLDED)
    records = [record(known) for known in history(a_world(43, size=5))]
    for one in records:
        broker.append(_outgoing(one))
    async with stage(await new_database()) as ledger:
        await ledger.take(records)
        rebuild = await _requested(ledger)
        async with ledger.pool.acquire() as batch:
            async with batch.transaction():
                steps = [Advance(partition, end, end) for partition, end in ledger.positions.items()]
                await offsets.advance(batch, GROUP, steps)
                rebuilding = asyncio.create_task(
                    Rebuilder(ledger.pool, broker, ledger.fold, asyncio.Event()).run(rebuild)
                )
                await _until_somebody_waits(ledger.pool)
                assert await batch.fetchval(ACTIVE_SHARED) == "ledger_v1"
            await rebuilding
        ended = await rebuild_store.find(ledger.pool, rebuild.id)
        assert ended is not None
        assert (ended.state, ended.detail) == (State.DONE, None)


def _outgoing(found: Received) -> Outgoing:
    assert found.key is not None
    return Outgoing(found.topic, found.key, found.value, list(found.headers), found.timestamp_ms)


async def _requested(ledger: Stage) -> rebuild_store.Rebuild:
    async with ledger.pool.acquire() as connection:
        return await rebuild_store.request(connection, uuid7(), "test")


async def _until_somebody_waits(pool: Any) -> None:
    async with asyncio.timeout(60):
        while not await pool.fetchval(WAITING_FOR_A_LOCK):
            await asyncio.sleep(0.02)
