"""A small world for tests of the sending half: a database with an outbox, topics, deals that change, what Kafka got."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from events.catalogue.deals import DealOpened, DealState, DealWon, Span
from events.catalogue.leads import Owner
from events.codec import Message, decode
from events.kafka import KafkaAdmin, KafkaConsumer, KafkaSettings
from events.money import Money, PinnedRate
from events.outbox import OutboxEntry, append
from events.relay import Relay, RelayOptions
from events.topics import DEALS_DEAL, DEALS_PRODUCT, Topic

SOURCE = "/dealstream/deals"
TENANT = UUID("01999999-0000-7000-8000-00000000000a")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TOPICS = (DEALS_DEAL, DEALS_PRODUCT)

QUICK = RelayOptions(
    lease=timedelta(seconds=2), publish_timeout_seconds=2.0, longest_backoff_seconds=0.3, drain_seconds=2.0
)


def a_deal(deal_id: UUID, *, name: str = "Fridges for Hanoi", spans: int = 1) -> DealState:
    """A deal with as many spans as its history should have."""
    owner = Owner(person=uuid4(), team=uuid4(), region=uuid4())
    span = Span(
        stage="proposal",
        stage_index=2,
        probability=5000,
        owner=owner,
        base_minor=125_000,
        product=uuid4(),
        expected_close_on=date(2026, 4, 1),
        from_at=NOON,
        from_on=NOON.date(),
        to_at=NOON,
        to_on=NOON.date(),
    )
    return DealState(
        id=deal_id,
        name=name,
        pipeline=uuid4(),
        stage="proposal",
        owner=owner,
        amount=Money(minor=125_000, currency="USD"),
        rate=PinnedRate(currency="USD", base="USD", rate="1", on=NOON.date()),
        base_minor=125_000,
        opened_at=NOON,
        opened_on=NOON.date(),
        changed_at=NOON,
        spans=(span,) * spans,
    )


def opened(deal_id: UUID, version: int = 1, **deal: Any) -> OutboxEntry:
    """The deal's event of that version, ready for the outbox."""
    event = DealOpened().stamped(NOON, a_deal(deal_id, **deal))
    return OutboxEntry(event=event, tenant=TENANT, aggregate_id=deal_id, aggregate_version=version)


def won(deal_id: UUID, *, spans: int = 5) -> DealWon:
    return DealWon(seconds_open=3600).stamped(NOON, a_deal(deal_id, spans=spans))


@dataclass
class World:
    """What a test of the relay acts on."""

    url: str
    pool: asyncpg.Pool
    kafka: KafkaSettings

    async def commit(self, *entries: OutboxEntry) -> None:
        """One transaction with these events."""
        async with self.pool.acquire() as connection, connection.transaction():
            await append(connection, entries)

    def relay(self, options: RelayOptions = QUICK) -> Relay:
        return Relay(self.pool, self.kafka, SOURCE, options)

    @asynccontextmanager
    async def relaying(self, options: RelayOptions = QUICK) -> AsyncIterator[Relay]:
        """A relay runs meanwhile and is stopped in good order."""
        relay, stop = self.relay(options), asyncio.Event()
        running = asyncio.create_task(relay.run(stop))
        try:
            yield relay
        finally:
            stop.set()
            await asyncio.wait_for(running, 20)

    async def received(self, topic: Topic = DEALS_DEAL) -> list[Message]:
        """All that Kafka has now, in the order of each partition."""
        async with KafkaAdmin(self.kafka) as admin:
            ends = await admin.end_offsets(await admin.partitions([topic.name]))
        reader = KafkaConsumer(self.kafka)
        await reader.start()
        try:
            return await _read_up_to(reader, {place: end for place, end in ends.items() if end})
        finally:
            await reader.stop()

    async def receives(self, count: int, topic: Topic = DEALS_DEAL, seconds: float = 30) -> list[Message]:
        """Waits until Kafka has so many different events, and answers them all."""
        async with asyncio.timeout(seconds):
            while len(different(messages := await self.received(topic))) < count:
                await asyncio.sleep(0.1)
        return messages

    async def value(self, sql: str, *arguments: object) -> Any:
        return await self.pool.fetchval(sql, *arguments)


async def _read_up_to(reader: KafkaConsumer, ends: dict[Any, int]) -> list[Message]:
    messages: list[Message] = []
    reader.assign(ends)
    for place in ends:
        reader.seek(place, 0)
    missing = dict(ends)
    async with asyncio.timeout(20):
        while missing:
            for place, records in (await reader.poll(1)).items():
                messages += [decode(record) for record in records]
                if records[-1].offset + 1 >= ends[place]:
                    missing.pop(place, None)
    return messages


def different(messages: Iterable[Message]) -> set[UUID]:
    return {message.envelope.id for message in messages}


def applied(messages: Iterable[Message]) -> dict[UUID, list[int]]:
    """The versions that a consumer applies, which skips what it has and cannot go past a gap."""
    versions: dict[UUID, list[int]] = defaultdict(list)
    for message in messages:
        if message.version == len(versions[message.aggregate_id]) + 1:
            versions[message.aggregate_id].append(message.version)
    return dict(versions)


@asynccontextmanager
async def a_world(
    url: str, kafka_servers: str, topic_prefix: str, topics: Sequence[Topic] = TOPICS
) -> AsyncIterator[World]:
    """A world of its own; its topics are deleted at the end."""
    kafka = KafkaSettings(bootstrap_servers=kafka_servers, topic_prefix=topic_prefix, partitions=3)
    async with KafkaAdmin(kafka) as admin:
        await admin.ensure_topics(topics)
    pool = await asyncpg.create_pool(url, min_size=1, max_size=12)
    try:
        await pool.execute(files("events").joinpath("sql/0001_outbox.sql").read_text())
        yield World(url, pool, kafka)
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(pool.close(), 10)
        async with KafkaAdmin(kafka) as admin:
            await admin.delete_topics([topic.name for topic in topics])
