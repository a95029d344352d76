"""Freshness on real Kafka: small while idle, growing while the fold stands still, seen by whoever asks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest_asyncio

from analytics import gauges
from analytics.app import SERVICE
from analytics.folding import LedgerConsumer
from analytics.measures import FOLDED
from analytics.upkeep import note_how_far
from chassis.principal import Principal
from chassis.process import opened
from chassis.resources import Resources
from chassis.testing import Running, running
from events.catalogue.identity import Role, TenantState
from events.kafka import KafkaAdmin, KafkaProducer
from events.kafka.producer import Outgoing
from folded_world import TENANT, history
from ledger_stage import record
from sales_world import a_world, name

HOME = TenantState(id=TENANT, slug="acme", name="Acme", zone="UTC", base_currency="USD")
DIRECTOR = Principal(TENANT, "person:d", name("director"), frozenset({Role.DIRECTOR}))
EVENTS = [record(known) for known in history(a_world(5, size=2))]


@dataclass
class Platform:
    """An API that folds nothing, and the resources of another process that does."""

    api: Running
    folder: Resources

    @asynccontextmanager
    async def loop(self, work: Callable[[asyncio.Event], Awaitable[None]]) -> AsyncIterator[None]:
        stop = asyncio.Event()
        running_ = asyncio.ensure_future(work(stop))
        try:
            yield
        finally:
            stop.set()
            await running_

    def looking(self) -> Any:
        return self.loop(lambda stop: note_how_far(self.folder, stop))

    def folding(self) -> Any:
        return self.loop(LedgerConsumer(self.folder).run)

    async def publish(self) -> datetime:
        """More events, and a time at which they are published."""
        sent = [Outgoing(one.topic, one.key or b"", one.value, list(one.headers), one.timestamp_ms) for one in EVENTS]
        async with KafkaProducer(self.folder.kafka) as producer:
            await producer.publish(sent)
        return await self.now()

    async def now(self) -> datetime:
        found: datetime = await self.folder.pool.fetchval("SELECT clock_timestamp()")
        return found

    async def complete_to(self) -> datetime | None:
        found: datetime | None = await self.folder.pool.fetchval("SELECT at FROM ledger_caught_up")
        return found

    async def is_complete_to(self, time: datetime) -> None:
        async with asyncio.timeout(60):
            while (found := await self.complete_to()) is None or found < time:
                await asyncio.sleep(0.05)

    async def freshness(self) -> float:
        reply = await self.api.client(DIRECTOR).get("/v1/kpis/kpi-freshness")
        answer = reply.json()
        assert answer["freshness_seconds"] == answer["rows"][0]["value"]
        return float(answer["freshness_seconds"])


@pytest_asyncio.fixture
async def platform(
    new_database: Callable[[], Awaitable[str]], kafka_servers: str, topic_prefix: str
) -> AsyncIterator[Platform]:
    url = await new_database()
    names = {"kafka_bootstrap_servers": kafka_servers, "topic_prefix": topic_prefix, "topic_partitions": 2}
    async with running(SERVICE, url, tenants=[HOME], **names) as api:
        async with KafkaAdmin(api.resources.kafka) as admin:
            await admin.ensure_topics(FOLDED)
        async with opened(SERVICE, api.resources.settings) as folder:
            yield Platform(api, folder)
        async with KafkaAdmin(api.resources.kafka) as admin:
            await admin.delete_topics([topic.name for topic in FOLDED])


async def test_an_empty_platform_is_fresh(platform: Platform) -> None:
    async with platform.looking():
        await platform.is_complete_to(await platform.now())
    assert await platform.freshness() >= 0


async def test_the_time_moves_on_while_nothing_happens(platform: Platform) -> None:
    async with platform.folding(), platform.looking():
        await platform.is_complete_to(await platform.publish())
        later = await platform.now()
        await platform.is_complete_to(later)
        seen = await gauges.measured(platform.folder, later)
        assert seen >= later


async def test_a_consumer_that_stands_still_makes_it_grow(platform: Platform) -> None:
    async with platform.looking():
        async with platform.folding():
            await platform.is_complete_to(await platform.publish())
        published = await platform.publish()
        before = await platform.freshness()
        await asyncio.sleep(3)
        complete_to = await platform.complete_to()
        assert complete_to is not None
        assert complete_to < published
        assert await platform.freshness() >= before + 2.5
        async with platform.folding():
            await platform.is_complete_to(published)


async def test_a_process_that_is_gone_makes_it_grow(platform: Platform) -> None:
    async with platform.looking():
        await platform.is_complete_to(await platform.now())
    before = await platform.freshness()
    await asyncio.sleep(1)
    assert await platform.freshness() >= before + 0.7
    await gauges.measured(platform.folder, await platform.now())
    [behind] = [sample.value for metric in gauges.BEHIND.collect() for sample in metric.samples]
    assert behind >= before + 0.7
