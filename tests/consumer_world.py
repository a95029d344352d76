"""A world for consumers: a database, a broker, and a handler that notes what it applies and fails where it is told to.

The seals of analytics stand for any aggregate on a topic that is kept for ever, pipelines for a compacted one.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import asyncpg

import events
from events.batch import Subscription
from events.catalogue.analytics import PeriodSealed, SealState
from events.catalogue.deals import PipelineChanged, PipelineState
from events.codec import Message, encode
from events.consumer import Consumer
from events.envelope import Envelope
from events.event import Event
from events.in_memory import InMemoryBroker
from events.kafka import KafkaAdmin, KafkaProducer, KafkaSettings
from events.kafka.producer import Outgoing, partition_of
from events.topics import ANALYTICS_SEAL, DEALS_PIPELINE
from events.watch import Watch

SQL = Path(events.__file__).parent / "sql"
TENANT = UUID("11111111-1111-7111-8111-111111111111")
OTHER_TENANT = UUID("22222222-2222-7222-8222-222222222222")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
GROUP = "ledger"


def event_id_of(aggregate: UUID, version: int) -> UUID:
    return uuid5(aggregate, str(version))


def an_event(topic: str, aggregate: UUID) -> Event:
    if topic == DEALS_PIPELINE.name:
        return PipelineChanged().stamped(NOON, PipelineState(id=aggregate, name="pipe", stages=()))
    state = SealState(
        id=aggregate, from_on=date(2026, 1, 1), to_on=date(2026, 2, 1), sealed_at=NOON, ledger_seq=1, sha256="00"
    )
    return PeriodSealed().stamped(NOON, state)


def a_record(
    aggregate: UUID,
    version: int,
    *,
    topic: str = ANALYTICS_SEAL.name,
    event_id: UUID | None = None,
    tenant: UUID = TENANT,
    **headers: bytes | None,
) -> Outgoing:
    """The event of that version; ``headers`` (with underscores) replace, or with None remove, what it would say."""
    event = an_event(topic, aggregate)
    key = f"{tenant}:{aggregate}"
    identity = event_id or event_id_of(aggregate, version)
    source = f"/dealstream/{event.topic.owner}"
    record = encode(event, Envelope(identity, event.type, source, str(aggregate), NOON, tenant, version, key))
    changed = {name.replace("content_type", "content-type"): value for name, value in headers.items()}
    kept = [(name, value) for name, value in record.headers if name not in changed]
    added = [(name, value) for name, value in changed.items() if value is not None]
    return Outgoing(topic, record.key, record.value, kept + added, int(time.time() * 1000))


@dataclass
class World:
    """What the tests talk to."""

    pool: Any
    broker: Any
    fails: dict[tuple[UUID, int], BaseException] = field(default_factory=dict)
    """Raised by the handler while it is given this version of this aggregate."""
    on_batch: Callable[[Sequence[Message]], Awaitable[None]] | None = None
    calls: int = 0
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def handle(self, connection: Any, messages: Sequence[Message]) -> None:
        self.calls += 1
        if self.on_batch:
            await self.on_batch(messages)
        for message in messages:
            if error := self.fails.get((message.aggregate_id, message.version)):
                raise error
        await connection.executemany(
            "INSERT INTO applied (aggregate_id, version, event_id) VALUES ($1, $2, $3)",
            [(message.aggregate_id, message.version, message.envelope.id) for message in messages],
        )

    def subscription(self, group: str = GROUP) -> Subscription:
        return Subscription.to(group, [ANALYTICS_SEAL, DEALS_PIPELINE], self.handle)

    def consumer(self, **options: Any) -> Consumer:
        options.setdefault("watch", Watch(every_seconds=0.1))
        topics = options.pop("topics", [ANALYTICS_SEAL, DEALS_PIPELINE])
        broker = options.pop("broker", self.broker)
        return Consumer(
            options.pop("group", GROUP), topics, options.pop("handler", self.handle), self.pool, broker, **options
        )

    @contextlib.asynccontextmanager
    async def running(self, consumer: Consumer | None = None, **options: Any) -> AsyncIterator[Consumer]:
        """The consumer runs meanwhile, and must end without an error."""
        consumer = consumer or self.consumer(**options)
        stop = asyncio.Event()
        task = asyncio.create_task(consumer.run(stop))
        try:
            yield consumer
        finally:
            stop.set()
            await task

    async def publish(self, *records: Outgoing) -> None:
        async with self.producer() as producer:
            await producer.publish(list(records))

    def producer(self) -> Any:
        if isinstance(self.broker, InMemoryBroker):
            return self.broker.producer()
        return KafkaProducer(self.broker)

    async def history(self, aggregate: UUID) -> list[int]:
        """The versions applied of an aggregate, in the order in which they were."""
        rows = await self.pool.fetch("SELECT version FROM applied WHERE aggregate_id = $1 ORDER BY seq", aggregate)
        return [row["version"] for row in rows]

    async def applied(self) -> int:
        return int(await self.pool.fetchval("SELECT count(*) FROM applied"))

    async def letters(self) -> list[tuple[str, int | None]]:
        rows = await self.pool.fetch("SELECT reason, aggregate_version FROM dead_letter ORDER BY id")
        return [(row["reason"], row["aggregate_version"]) for row in rows]

    async def depth(self) -> int:
        return int(await self.pool.fetchval("SELECT count(*) FROM dead_letter"))

    async def blocked(self) -> list[str]:
        return [row["reason"] for row in await self.pool.fetch("SELECT reason FROM blocked_sequence ORDER BY 1")]

    async def stopped(self) -> list[str]:
        rows = await self.pool.fetch("SELECT stopped_reason FROM consumer_offset WHERE stopped_at IS NOT NULL")
        return [row["stopped_reason"] for row in rows]

    async def until_stopped(self, count: int = 1) -> None:
        """As operators see it: in the database."""

        async def stopped() -> int:
            return len(await self.stopped())

        await eventually(stopped, count)

    async def until_applied(self, aggregate: UUID, versions: Iterable[int]) -> None:
        wanted = list(versions)
        await eventually(lambda: self.history(aggregate), wanted)


async def eventually(observe: Callable[[], Awaitable[Any] | Any], wanted: Any, seconds: float = 45.0) -> None:
    """Waits until the observation is what is wanted; the limit only ends a failing test."""
    deadline = time.monotonic() + seconds
    while True:
        found = observe()
        found = await found if isinstance(found, Awaitable) else found
        if found == wanted:
            return
        assert time.monotonic() < deadline, f"wanted {wanted!r}\nbut found {found!r}"
        await asyncio.sleep(0.02)


def aggregate_on(number: int, partitions: int) -> UUID:
    """A new aggregate whose events go to that partition."""
    while True:
        aggregate = uuid4()
        if partition_of(f"{TENANT}:{aggregate}".encode(), partitions) == number:
            return aggregate


@contextlib.asynccontextmanager
async def a_world(url: str, broker: InMemoryBroker | KafkaSettings) -> AsyncIterator[World]:
    pool = await asyncpg.create_pool(url, min_size=1, max_size=8)
    try:
        for migration in sorted(SQL.glob("001*.sql")):
            await pool.execute(migration.read_text())
        await pool.execute(
            """
            CREATE TABLE applied (
                seq bigint GENERATED ALWAYS AS IDENTITY, aggregate_id uuid, version bigint, event_id uuid
            )
            """
        )
        yield World(pool, broker)
    finally:
        await pool.close()


@contextlib.asynccontextmanager
async def kafka_topics(settings: KafkaSettings) -> AsyncIterator[KafkaSettings]:
    """The topics of the world, deleted afterwards."""
    topics = [ANALYTICS_SEAL, DEALS_PIPELINE]
    async with KafkaAdmin(settings) as admin:
        await admin.ensure_topics(topics)
    yield settings
    async with KafkaAdmin(settings) as admin:
        await admin.delete_topics(topic.name for topic in topics)
