"""The watch: looks at a consumer from outside its loop, by its own connection to the broker.

It says when a Kafka client has fallen silent (records are there, nothing holds them back, none has come), copies the
positions to Kafka for lag tools, publishes lag and what waits, listens for operators who tell a stopped partition to go
on, and frees sequences whose gap has closed. Each of these fails alone.
"""

import asyncio
import time
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog

from events import dead_letter, metrics, offsets
from events.assignment import Assigned, Stage
from events.batch import Subscription
from events.broker import Admin, Broker, Reader
from events.partition import Partition
from events.release import fillable_gaps, release

log = structlog.get_logger(__name__)

BEAT_SECONDS = 0.5
FROZEN_AFTER_SECONDS = 10.0
REASONS = ("failed", "invalid", "foreign-tenant", "diverged", "gap")


@dataclass
class Watch:
    """How often it looks, and how long silence may last."""

    every_seconds: float = 5.0
    silent_after_seconds: float = 60.0
    beat_at: float = field(default_factory=time.monotonic)
    recreations: int = 0

    async def beat(self) -> None:
        """Shows how late the event loop runs."""
        while True:
            began = time.monotonic()
            await asyncio.sleep(BEAT_SECONDS)
            self.beat_at = time.monotonic()
            metrics.EVENTLOOP_LAG.set(max(0.0, self.beat_at - began - BEAT_SECONDS))

    async def until_silent(
        self,
        broker: Broker,
        pool: Any,
        subscription: Subscription,
        reader: Reader,
        assigned: Mapping[Partition, Assigned],
    ) -> None:
        """Returns when the client has fallen silent."""
        while True:
            try:
                async with asyncio.timeout(30):
                    admin = await (opened := broker.admin()).__aenter__()
            except Exception as error:  # noqa: BLE001 - the broker is away, which the reading loop reports
                log.warning("watch cannot see the broker", group=subscription.group, error=repr(error))
                await asyncio.sleep(self.every_seconds)
                continue
            try:
                if await self._look(admin, pool, subscription, reader, assigned):
                    return
            finally:
                await opened.__aexit__(None, None, None)

    async def _look(
        self,
        admin: Admin,
        pool: Any,
        subscription: Subscription,
        reader: Reader,
        assigned: Mapping[Partition, Assigned],
    ) -> bool:
        """Looks until the client is silent (true) or the broker cannot be seen any more (false)."""
        seen = True
        while seen:
            seen = await self._try("see the ends", self._see_ends(admin, assigned))
            self._show(subscription.group, assigned)
            if seen and self._is_silent(assigned):
                log.error("kafka client has fallen silent", group=subscription.group)
                self.recreations += 1
                return True
            await self._try("commit to kafka", self.commit(reader, assigned))
            await self._try("look at what waits", self._see_database(pool, subscription, assigned))
            await self._try("free closed gaps", _free_closed_gaps(pool, subscription))
            await asyncio.sleep(self.every_seconds)
        return False

    async def commit(self, reader: Reader, assigned: Mapping[Partition, Assigned]) -> None:
        """A copy of the positions, for lag tools."""
        flowing = {
            partition: each.next_offset
            for partition, each in assigned.items()
            if each.stage in {Stage.FLOWING, Stage.FINISHED}
        }
        if flowing:
            await reader.commit(flowing)

    def health(
        self, group: str, assigned: Mapping[Partition, Assigned], *, running: bool, last_error: str | None
    ) -> dict[str, Any]:
        now = time.monotonic()
        partitions = list(assigned.values())
        beat_age = now - self.beat_at
        flowing = all(each.stage in {Stage.FLOWING, Stage.FINISHED} and not each.retry_at for each in partitions)
        return {
            "group": group,
            "ready": running and flowing and beat_age < FROZEN_AFTER_SECONDS,
            "heartbeat_age_seconds": round(beat_age, 3),
            "running": running,
            "last_error": last_error,
            "recreations": self.recreations,
            "assigned": len(partitions),
            "paused": [str(each.partition) for each in partitions if each.paused],
            "stopped": {str(each.partition): each.reason for each in partitions if each.stage is Stage.STOPPED},
            "retrying": {str(each.partition): each.reason for each in partitions if each.retry_at},
            "lag": sum(each.lag or 0 for each in partitions),
            "last_progress_seconds": _youngest(now, partitions),
            "partitions": [_partition_health(now, each) for each in partitions],
        }

    def forget(self, group: str, partition: Partition) -> None:
        """A partition that is not ours has no lag here."""
        for gauge in (metrics.GROUP_LAG, metrics.GROUP_LAG_SECONDS):
            with suppress(KeyError):
                gauge.remove(group, partition.topic, str(partition.number))

    async def _see_ends(self, admin: Admin, assigned: Mapping[Partition, Assigned]) -> None:
        if not assigned:
            return
        ends = await admin.end_offsets(list(assigned))
        for partition, end in ends.items():
            if partition in assigned:
                assigned[partition].end_offset = end

    def _is_silent(self, assigned: Mapping[Partition, Assigned]) -> bool:
        long_ago = time.monotonic() - self.silent_after_seconds
        return any(each.is_silent_candidate and each.arrived_at < long_ago for each in assigned.values())

    def _show(self, group: str, assigned: Mapping[Partition, Assigned]) -> None:
        now = time.time()
        for partition, each in assigned.items():
            if each.lag is not None:
                labels = (group, partition.topic, str(partition.number))
                metrics.GROUP_LAG.labels(*labels).set(each.lag)
                metrics.GROUP_LAG_SECONDS.labels(*labels).set(_lag_seconds(each, now))
        partitions = assigned.values()
        metrics.CONSUMER_STOPPED.labels(group).set(sum(each.stage is Stage.STOPPED for each in partitions))
        metrics.CONSUMER_READY.labels(group).set(all(each.stage is Stage.FLOWING for each in partitions))

    async def _see_database(
        self, pool: Any, subscription: Subscription, assigned: Mapping[Partition, Assigned]
    ) -> None:
        group = subscription.group
        async with pool.acquire(timeout=10) as connection:
            go_on = await offsets.resumed(connection, group)
            depths = {topic: (count, age) for topic, count, age in await dead_letter.depths(connection, group)}
            blocked = {why: (count, age) for why, count, age in await dead_letter.blocked_counts(connection, group)}
        for partition in go_on & assigned.keys():
            if assigned[partition].stage is Stage.STOPPED:
                assigned[partition].go_on()
        for topic in subscription.topics:
            count, age = depths.get(topic.name, (0, 0.0))
            metrics.DLQ_DEPTH.labels(group, topic.name).set(count)
            metrics.DLQ_OLDEST.labels(group, topic.name).set(age)
        for reason in REASONS:
            count, age = blocked.get(reason, (0, 0.0))
            metrics.SEQUENCES_BLOCKED.labels(group, reason).set(count)
            metrics.SEQUENCES_BLOCKED_OLDEST.labels(group, reason).set(age)

    async def _try(self, what: str, looking: Awaitable[None]) -> bool:
        try:
            async with asyncio.timeout(30):
                await looking
        except Exception as error:  # noqa: BLE001 - each look fails alone
            log.warning("watch failed", to=what, error=repr(error))
            return False
        return True


async def _free_closed_gaps(pool: Any, subscription: Subscription) -> None:
    async with pool.acquire(timeout=10) as connection:
        sequences = await fillable_gaps(connection, subscription)
    for sequence in sequences:
        await release(pool, subscription, sequence)


def _lag_seconds(each: Assigned, now: float) -> float:
    """By the timestamp of the next unread record, else by how long we have been waiting for it; never negative."""
    if not each.lag:
        return 0.0
    if head := each.backlog.head:
        return max(0.0, now - head.timestamp_ms / 1000)
    return max(0.0, time.monotonic() - each.progressed_at)


def _partition_health(now: float, each: Assigned) -> dict[str, Any]:
    return {
        "topic": each.partition.topic,
        "partition": each.partition.number,
        "stage": each.stage,
        "reason": each.reason,
        "paused": each.paused,
        "next_offset": each.next_offset,
        "end_offset": each.end_offset,
        "lag": each.lag,
        "waiting": len(each.backlog),
        "last_progress_seconds": round(now - each.progressed_at, 3) if each.progressed_at else None,
    }


def _youngest(now: float, partitions: list[Assigned]) -> float | None:
    progressed = [each.progressed_at for each in partitions if each.progressed_at]
    return round(now - max(progressed), 3) if progressed else None
