"""A rebuild from Kafka gives the same ledger while the one in use is read and folded; given up, it leaves no trace."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from analytics.ledger import rebuild as rebuilding
from analytics.ledger import rebuild_store
from analytics.ledger.projection import GROUP, Projector, active_schema
from analytics.ledger.rebuild import Rebuilder
from analytics.ledger.rebuild_store import State
from analytics.measures import FOLDED
from events.audit import By
from events.broker import KafkaBroker
from events.codec import Received
from events.consumer import Consumer
from events.corrections import edit
from events.ids import uuid7
from events.kafka import KafkaAdmin, KafkaProducer, KafkaSettings
from events.kafka.producer import Outgoing
from events.redrive import Redriver, Terms
from events.topics import Topic
from folded_world import Known, history
from ledger_stage import Stage, expected, record, stage
from sales_world import a_world

FIRM = a_world(41, size=30)
SMALL = tuple(Topic(topic.name, partitions=2) for topic in FOLDED)


@dataclass
class Site:
    """A ledger fed live from Kafka."""

    ledger: Stage
    kafka: KafkaSettings

    async def publish(self, known: Sequence[Known]) -> None:
        async with KafkaProducer(self.kafka) as producer:
            await producer.publish([_outgoing(record(one)) for one in known])

    @asynccontextmanager
    async def folding(self) -> AsyncIterator[None]:
        """The live consumer."""
        projector = Projector(self.ledger.fold)
        consumer = Consumer(GROUP, SMALL, projector.handle, self.ledger.pool, self.kafka, watermarks=projector)
        stop = asyncio.Event()
        running = asyncio.create_task(consumer.run(stop))
        try:
            yield
        finally:
            stop.set()
            await running

    async def folded(self, facts: int) -> None:
        """Waits until so many versions are folded into the ledger in use."""
        async with asyncio.timeout(60):
            while await self.versions() < facts:
                await asyncio.sleep(0.05)

    async def versions(self) -> int:
        schema = await active_schema(self.ledger.pool)
        found: int = await self.ledger.pool.fetchval(f"SELECT coalesce(sum(version), 0)::int FROM {schema}.fact")
        return found

    async def request(self) -> rebuild_store.Rebuild:
        async with self.ledger.pool.acquire() as connection:
            return await rebuild_store.request(connection, uuid7(), "test")

    async def run(self, rebuild: rebuild_store.Rebuild) -> rebuild_store.Rebuild:
        worker = Rebuilder(self.ledger.pool, KafkaBroker(self.kafka), self.ledger.fold, asyncio.Event())
        found = await rebuild_store.find(self.ledger.pool, rebuild.id)
        assert found is not None
        await worker.run(found)
        ended = await rebuild_store.find(self.ledger.pool, rebuild.id)
        assert ended is not None
        return ended

    async def schemas(self) -> set[str]:
        rows = await self.ledger.pool.fetch("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'ledger_v%'")
        return {row[0] for row in rows}

    async def traces(self, group: str) -> int:
        found: int = await self.ledger.pool.fetchval("SELECT count(*) FROM consumer_offset WHERE grp = $1", group)
        return found


def _outgoing(found: Received) -> Outgoing:
    assert found.key is not None
    return Outgoing(found.topic, found.key, found.value, list(found.headers), found.timestamp_ms)


@pytest_asyncio.fixture
async def site(
    new_database: Callable[[], Awaitable[str]], kafka_servers: str, topic_prefix: str
) -> AsyncIterator[Site]:
    kafka = KafkaSettings(bootstrap_servers=kafka_servers, topic_prefix=topic_prefix)
    async with KafkaAdmin(kafka) as admin:
        await admin.ensure_topics(SMALL)
    async with stage(await new_database()) as ledger:
        yield Site(ledger, kafka)
    async with KafkaAdmin(kafka) as admin:
        await admin.delete_topics([topic.name for topic in SMALL])


async def test_a_rebuild_under_writes_gives_the_same_ledger_and_takes_over(site: Site) -> None:
    known = history(FIRM)
    first, second, third = known[: len(known) // 2], known[len(known) // 2 : -20], known[-20:]
    await site.publish(first)
    async with site.folding():
        await site.folded(len(first))
        rebuild = await site.request()
        ended, _ = await asyncio.gather(site.run(rebuild), _dribble(site, second))
        assert (ended.state, ended.detail) == (State.DONE, None)
        await site.publish(third)
        await site.folded(len(known))
    assert await active_schema(site.ledger.pool) == "ledger_v2"
    assert await site.ledger.sums(schema="ledger_v2") == expected(FIRM)
    assert (await site.ledger.audit(schema="ledger_v2")).agrees
    assert await site.traces(rebuild.group) == 0
    assert await site.schemas() == {"ledger_v1", "ledger_v2"}


async def _dribble(site: Site, known: Sequence[Known]) -> None:
    for start in range(0, len(known), 10):
        await site.publish(known[start : start + 10])
        await asyncio.sleep(0.1)


async def test_two_rebuilds_of_the_same_log_have_the_same_canonical_hash(site: Site) -> None:
    known = history(FIRM)
    await site.publish(known)
    async with site.folding():
        await site.folded(len(known))
    live = await site.ledger.canonical_hash()
    for schema in ("ledger_v2", "ledger_v3"):
        assert (await site.run(await site.request())).state is State.DONE
        assert await site.ledger.canonical_hash(schema) == live
    assert await site.schemas() == {"ledger_v2", "ledger_v3"}


async def test_what_operators_decided_about_dead_letters_holds_in_a_rebuild(site: Site) -> None:
    """One event arrives broken and is corrected, one record is a lie and is discarded: the log still has both."""
    known = history(FIRM)
    lie, broken = _outgoing(record(known[0])), _outgoing(record(known[-1]))
    await site.publish(known[:1])
    async with site.folding(), KafkaProducer(site.kafka) as producer:
        await site.folded(1)
        await producer.publish([lie._replace(headers=[("content-type", b"text/plain")])])
        await site.publish(known[1:-1])
        await producer.publish([broken._replace(value=b"{}")])
        await _until_read(site, len(known) + 1)
        await _correct_and_discard(site, broken)
        await site.folded(len(known))
    live = await site.ledger.canonical_hash()
    ended = await site.run(await site.request())
    assert (ended.state, ended.detail) == (State.DONE, None)
    assert await site.ledger.canonical_hash("ledger_v2") == live
    assert await site.ledger.pool.fetchval("SELECT count(*) FROM dead_letter") == 0


async def _until_read(site: Site, records: int) -> None:
    async with asyncio.timeout(60):
        while await site.ledger.pool.fetchval("SELECT sum(next_offset) FROM consumer_offset") < records:
            await asyncio.sleep(0.05)


async def _correct_and_discard(site: Site, broken: Outgoing) -> None:
    by, redriver = By("ana", "known"), Redriver(site.ledger.pool, [site.ledger.subscription])
    heads = await site.ledger.pool.fetch("SELECT id, record_value FROM dead_letter WHERE reason = 'invalid'")
    for id_, value in heads:
        if value == b"{}":
            async with site.ledger.pool.acquire() as connection:
                assert await edit(connection, id_, by, value=broken.value) is None
            await redriver.redrive_letter(id_, by, Terms())
        else:
            await redriver.discard(id_, by)


async def test_a_cancelled_rebuild_drops_only_its_own(site: Site) -> None:
    known = history(FIRM)
    await site.publish(known)
    async with site.folding():
        await site.folded(len(known))
        before = await site.ledger.canonical_hash()
        rebuild = await site.request()
        assert await rebuild_store.cancel(site.ledger.pool, rebuild.id)
        assert (await site.run(rebuild)).state is State.CANCELLED
    assert await site.schemas() == {"ledger_v1"}
    assert await active_schema(site.ledger.pool) == "ledger_v1"
    assert await site.ledger.canonical_hash() == before
    assert await site.traces(rebuild.group) == 0
    assert not await rebuild_store.cancel(site.ledger.pool, rebuild.id)


@pytest.mark.parametrize("step", ["_copy", "_sum", "_follow", "_check", "_cut_over"])
@pytest.mark.parametrize("then", ["restart", "cancel"])
async def test_killed_before_any_step_it_can_be_taken_up_or_cancelled(
    site: Site, monkeypatch: pytest.MonkeyPatch, step: str, then: str
) -> None:
    known = history(FIRM)
    await site.publish(known)
    async with site.folding():
        await site.folded(len(known))
    live = await site.ledger.canonical_hash()
    rebuild = await site.request()
    with monkeypatch.context() as planted:
        planted.setattr(Rebuilder, step, _die)
        with suppress(_Killed):
            await site.run(rebuild)
    assert await active_schema(site.ledger.pool) == "ledger_v1"
    assert await site.ledger.canonical_hash() == live
    if then == "cancel":
        await rebuild_store.cancel(site.ledger.pool, rebuild.id)
        assert (await site.run(rebuild)).state is State.CANCELLED
        assert await site.schemas() == {"ledger_v1"}
        return
    assert (await site.run(rebuild)).state is State.DONE
    assert await site.ledger.canonical_hash("ledger_v2") == live
    assert (await site.ledger.audit(schema="ledger_v2")).agrees


class _Killed(BaseException):
    """What a killed process is to the code that was running."""


async def _die(*_arguments: Any) -> State:
    raise _Killed


async def test_a_new_ledger_that_lacks_facts_does_not_take_over(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    known = history(FIRM)
    await site.publish(known)
    async with site.folding():
        await site.folded(len(known))
    rebuild = await site.request()
    check = Rebuilder._check

    async def lose_one(worker: Rebuilder, ours: rebuild_store.Rebuild) -> None:
        await check(worker, ours)
        await worker.pool.execute(
            f"DELETE FROM {ours.schema}.fact WHERE id = (SELECT min(id::text)::uuid FROM {ours.schema}.fact)"
        )

    monkeypatch.setattr(Rebuilder, "_check", lose_one)
    ended = await site.run(rebuild)
    assert ended.state is State.FAILED
    assert "1 facts" in str(ended.detail)
    assert await active_schema(site.ledger.pool) == "ledger_v1"
    assert await site.schemas() == {"ledger_v1"}


async def test_a_new_ledger_whose_cells_are_wrong_does_not_take_over(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.publish(history(FIRM))
    follow = Rebuilder._follow

    async def spoil(worker: Rebuilder, ours: rebuild_store.Rebuild) -> None:
        await follow(worker, ours)
        await worker.pool.execute(f"UPDATE {ours.schema}.cell SET count = count + 1 WHERE grouping = 0")

    monkeypatch.setattr(rebuilding.Rebuilder, "_follow", spoil)
    ended = await site.run(await site.request())
    assert ended.state is State.FAILED
    assert "cells and ledger" in str(ended.detail)


async def test_progress_counts_the_records_that_were_there_at_the_start(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = history(FIRM)
    await site.publish(known)
    rebuild = await site.request()
    assert await rebuild_store.progress(site.ledger.pool, rebuild) == (0, 0)
    monkeypatch.setattr(Rebuilder, "_sum", _die)
    with suppress(_Killed):
        await site.run(rebuild)
    assert await rebuild_store.progress(site.ledger.pool, rebuild) == (len(known), len(known))
