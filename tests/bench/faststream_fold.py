"""The same folding with FastStream: one transaction an event, exactly once.

    python tests/bench/faststream_fold.py --kafka 127.0.0.1:9092 --prefix p. --database URL --workers 4

It decodes, books and writes with the very code of the ledger, so that only the consumer differs. Its fastest honest
setting: no validation of its own, one worker for each of several partitions (which keeps the order of a deal), Kafka's
offset committed now and then, and repeats skipped by the version in the fact, which is read anyway. Each worker writes
cells of its own shard, so that none waits for another's rows. Runs until it is told to end.
"""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import asyncpg
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage

from analytics.ledger import facts
from analytics.ledger.fold import Fold
from analytics.ledger.naming import Naming
from analytics.measures import MEASURES, POSTINGS
from chassis.collector import BATCHES, spare_the_collector
from chassis.database import open_pool
from events.codec import Message, Received, decode
from events.watermark import AggregateKey

SCHEMA = "ledger_v1"
ACKNOWLEDGE_EVERY = 500


class Folder:
    """One event, one transaction."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", fold: Fold) -> None:
        self._pool = pool
        self._fold = fold
        self._handled = 0

    async def handle(self, message: KafkaMessage) -> None:
        raw: Any = message.raw_message
        event = decode(
            Received("deals.deal", raw.partition, raw.offset, raw.timestamp, raw.key, raw.value, raw.headers)
        )
        async with self._pool.acquire() as connection, connection.transaction():
            await self._apply(connection, event)
        self._handled += 1
        if self._handled % ACKNOWLEDGE_EVERY == 0:
            await message.ack()

    async def _apply(self, connection: object, event: Message) -> None:
        key = AggregateKey("deals.deal", event.envelope.tenant, event.aggregate_id)
        known = await facts.load(connection, SCHEMA, [key])
        if known["deal", event.envelope.tenant][event.aggregate_id].version < event.version:
            await self._fold.fold(connection, SCHEMA, [event], known, shard=event.partition)


async def run(arguments: argparse.Namespace) -> None:
    pool = await open_pool(arguments.database, size=arguments.workers + 1, name="faststream")
    naming = Naming(arguments.database)
    folder = Folder(pool, Fold(POSTINGS, MEASURES, naming.connect))
    broker = KafkaBroker(arguments.kafka, apply_types=False, logger=None)
    broker.subscriber(
        f"{arguments.prefix}deals.deal",
        group_id=f"{arguments.prefix}faststream-{arguments.workers}",
        ack_policy=AckPolicy.MANUAL,
        auto_offset_reset="earliest",
        max_workers=arguments.workers,
        no_reply=True,
        decoder=_undecoded,
    )(folder.handle)
    spare_the_collector(BATCHES)
    async with broker:
        await broker.start()
        await asyncio.Event().wait()


async def _undecoded(message: KafkaMessage) -> KafkaMessage:
    """The handler is given the message itself; its body is left alone."""
    return message


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kafka", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--workers", type=int, default=4)
    import uvloop

    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
