"""The relay and a bare aiokafka producer in turns: the same records to the same topic, confirmed by the broker.

    python tests/bench/relay_race.py --kafka 127.0.0.1:9092 --prefix p. --database URL --events 30000 --rounds 3

The database has the tables of deals. In each round the outbox is filled first; then the relay runs until Kafka has
everything. Then a bare producer with the same guarantees (idempotent, all replicas, same compression) and the better of
two batch sizes sends the same keys, headers and values from memory. The first tenth of each is warm-up.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import asyncpg
import uvloop
from aiokafka import AIOKafkaProducer
from deal_stream import DealStream

from dealstream.bench.statistics import Sample, rate_between
from events import window
from events.codec import Received, decode
from events.kafka import KafkaAdmin, KafkaSettings, Outgoing
from events.outbox import OutboxEntry, append
from events.publication import outgoing
from events.relay import Relay
from events.topics import DEALS_DEAL

SOURCE = "/dealstream/deals"
A_TRANSACTION = 100
BATCH_BYTES = (64 * 1024, 256 * 1024)
ROWS = f"SELECT {window.PUBLISHED_COLUMNS} FROM outbox_event WHERE seq > $1 ORDER BY seq"


class Race:
    """One database, one topic."""

    def __init__(self, pool: Any, kafka: KafkaSettings, admin: KafkaAdmin) -> None:
        self._pool = pool
        self._kafka = kafka
        self._admin = admin
        self._last = 0
        self.bytes_each = 0

    async def relay(self, records: Sequence[Received]) -> float:
        await self._fill(records)
        stop = asyncio.Event()
        running: list[asyncio.Task[None]] = []

        async def start() -> None:
            running.append(asyncio.create_task(Relay(self._pool, self._kafka, SOURCE).run(stop)))

        rate = await self._watched(len(records), start)
        stop.set()
        await asyncio.gather(*running)
        return rate

    async def bare(self, count: int) -> float:
        rows = await self._pool.fetch(ROWS, self._last)
        self._last = rows[-1]["seq"]
        records = [outgoing(row, SOURCE) for row in rows]
        self.bytes_each = sum(len(record.value or b"") for record in records) // len(records)
        return max([await self._sent(records, size, count) for size in BATCH_BYTES])

    async def _sent(self, records: Sequence[Outgoing], batch_bytes: int, count: int) -> float:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._kafka.bootstrap_servers,
            acks="all",
            enable_idempotence=True,
            linger_ms=5,
            max_batch_size=batch_bytes,
            compression_type=self._kafka.compression,
        )
        await producer.start()
        topic = self._kafka.topic(DEALS_DEAL.name)

        async def send() -> None:
            for record in records:
                await producer.send(topic, record.value, record.key, headers=record.headers)

        try:
            return await self._watched(count, send)
        finally:
            await producer.stop()

    async def _fill(self, records: Sequence[Received]) -> None:
        entries = [_entry(record) for record in records]
        for start in range(0, len(entries), A_TRANSACTION):
            async with self._pool.acquire() as connection, connection.transaction():
                await append(connection, entries[start : start + A_TRANSACTION])

    async def _watched(self, count: int, work: Callable[[], Awaitable[None]]) -> float:
        """Records a second as the broker's logs grow."""
        before = await self._length()
        task = asyncio.ensure_future(work())
        samples = [Sample(asyncio.get_running_loop().time(), 0)]
        while samples[-1].done < count:
            done = await self._length() - before
            samples.append(Sample(asyncio.get_running_loop().time(), done))
            await asyncio.sleep(0.02)
        await task
        return rate_between(samples, count // 10, count)

    async def _length(self) -> int:
        places = await self._admin.partitions([DEALS_DEAL.name])
        return sum((await self._admin.end_offsets(places)).values())


def _entry(record: Received) -> OutboxEntry:
    message = decode(record)
    if message.event is None:
        raise ValueError(record)
    envelope = message.envelope
    return OutboxEntry(
        event=message.event,
        tenant=envelope.tenant,
        aggregate_id=message.aggregate_id,
        aggregate_version=envelope.aggregate_version,
        correlation_id=envelope.tenant,
        actor="person:bench",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )


async def run(arguments: argparse.Namespace) -> dict[str, Any]:
    kafka = KafkaSettings(bootstrap_servers=arguments.kafka, topic_prefix=arguments.prefix)
    stream = DealStream(5_000)
    rates: dict[str, list[float]] = {"relay": [], "bare": []}
    async with asyncpg.create_pool(arguments.database, min_size=1, max_size=8) as pool, KafkaAdmin(kafka) as admin:
        race = Race(pool, kafka, admin)
        for _ in range(arguments.rounds):
            rates["relay"].append(await race.relay(list(stream.events(arguments.events))))
            rates["bare"].append(await race.bare(arguments.events))
    return {**rates, "bytes": race.bytes_each}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kafka", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--events", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=3)
    print(json.dumps(uvloop.run(run(parser.parse_args()))))  # noqa: T201 - the result


if __name__ == "__main__":
    main()
