"""A release that folds one more topic finds a ledger that has read the others for long: nothing is to be done."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from analytics.ledger.projection import GROUP, Projector
from analytics.measures import FOLDED
from events import offsets
from events.codec import Received
from events.consumer import Consumer
from events.in_memory import InMemoryBroker
from events.kafka.producer import Outgoing
from events.partition import Partition
from events.topics import LEADS_SPEND
from folded_world import history
from ledger_stage import Stage, expected, record, stage
from sales_world import a_world

FIRM = a_world(44, size=6)
RECORDS = [record(known) for known in history(FIRM)]
NEW = [one for one in RECORDS if one.topic == LEADS_SPEND.name]
OLD = [one for one in RECORDS if one.topic != LEADS_SPEND.name]


async def test_a_new_topic_is_read_from_its_beginning_and_the_others_go_on(
    new_database: Callable[[], Awaitable[str]],
) -> None:
    broker = InMemoryBroker(partitions=1)
    broker.ensure_topics(topic for topic in FOLDED if topic is not LEADS_SPEND)
    publish(broker, OLD)
    async with stage(await new_database()) as ledger:
        await ledger.take(OLD)
        assert await ledger.sums() == expected(replace(FIRM, spends=[]))
        broker.ensure_topics([LEADS_SPEND])
        publish(broker, NEW)
        await read(ledger, broker, until={**ledger.positions, Partition(LEADS_SPEND.name, 0): len(NEW)})
        assert await ledger.sums() == expected(FIRM)
        assert (await ledger.audit()).agrees


def publish(broker: InMemoryBroker, records: Iterable[Received]) -> None:
    for one in records:
        assert one.key is not None
        broker.append(Outgoing(one.topic, one.key, one.value, list(one.headers), one.timestamp_ms))


async def read(ledger: Stage, broker: InMemoryBroker, until: dict[Partition, int]) -> None:
    """The live consumer, until it stands at these positions."""
    projector, stop = Projector(ledger.fold), asyncio.Event()
    consumer = Consumer(GROUP, FOLDED, projector.handle, ledger.pool, broker, watermarks=projector)
    running = asyncio.create_task(consumer.run(stop))
    try:
        async with asyncio.timeout(60):
            while await positions(ledger) != until:
                await asyncio.sleep(0.05)
    finally:
        stop.set()
        with suppress(asyncio.CancelledError):
            await running


async def positions(ledger: Stage) -> dict[Partition, int]:
    async with ledger.pool.acquire() as connection:
        return dict(await offsets.positions(connection, GROUP))
