"""The relay: moves committed events from the outbox to Kafka, in order for each aggregate, at least once, for ever.

One relay a shard leads; others stand by. The leader runs three loops: ``tick`` stores snapshots and renews the lease,
also while Kafka is away; ``publish`` sends window after window, page after page, and notes each page with one fenced
update; ``maintain`` keeps the partitions. Whatever dies, the next leader reads the stored window again from the last
page that was noted: events may be sent twice, and consumers skip by version what they have.
"""

import asyncio
import contextlib
import os
import random
import secrets
import socket
import time
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

import asyncpg
import structlog

from events import metrics, partitions, quarantine, window
from events.crash_points import crash_point
from events.errors import LeaseLost, PublishFailed, RelayRefuses
from events.kafka import KafkaSettings
from events.lease import Lease
from events.publication import Publication, Refused, apart
from events.recovery import require_own_history
from events.window import Window

DATABASE_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)

Sent = TypeVar("Sent")
Read = TypeVar("Read")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayOptions:
    """Times and sizes; the defaults suit one relay beside its service."""

    shard: int = 0
    shards: int = 1
    page_size: int = 1000
    lease: timedelta = timedelta(seconds=10)
    tick_seconds: float = 0.05
    """How soon rows are found that nobody announced by ``wake``."""
    shortest_tick_seconds: float = 0.01
    """Between two ticks, however often ``wake`` is called."""
    longest_tick_seconds: float = 1.0
    """While Kafka does not confirm: enough to keep windows small, few enough for a long outage."""
    publish_timeout_seconds: float = 10.0
    longest_backoff_seconds: float = 5.0
    drain_seconds: float = 5.0
    maintenance_seconds: float = 3600.0
    retention: timedelta = partitions.RETENTION


class Relay:
    """Publishes one shard of one service's outbox whenever it holds the lease."""

    def __init__(
        self, pool: asyncpg.Pool, kafka: KafkaSettings, source: str, options: RelayOptions | None = None
    ) -> None:
        self._pool = pool
        self._options = options or RelayOptions()
        self._publication = Publication(kafka, source, self._options.publish_timeout_seconds)
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._awake = asyncio.Event()
        self._ticked = asyncio.Event()
        self._held: set[str] = set()
        self._failing = False
        self._ticked_at = 0.0
        self.leading = False
        self.refusal: str | None = None
        """Why an operator must act before anything is published; the service is not ready meanwhile."""

    def wake(self) -> None:
        """A transaction with events has committed in this process: look at once."""
        self._awake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Stands by, leads, stands by again, until told to stop; then finishes the page and gives the lease up."""
        while not stop.is_set():
            try:
                await self._stand_by(stop)
            except RelayRefuses as refusal:
                self.refusal = str(refusal)
                log.warning("relay refuses until an operator acts", reason=self.refusal)
            except LeaseLost as lost:
                log.warning("relay lost its lease", reason=str(lost))
            except DATABASE_ERRORS as error:
                log.warning("relay lost its database", error=repr(error))
            await _wait(stop, self._options.lease.total_seconds() / 4)

    async def _stand_by(self, stop: asyncio.Event) -> None:
        options = self._options
        async with self._pool.acquire() as connection:
            await require_own_history(connection, options.shards)
            self.refusal = None
            lease = await Lease.take(connection, options.shard, options.shards, self._owner, options.lease)
            if lease is None:
                await self._measure(connection)
                return
            crash_point("relay.after_acquire")
            await connection.execute(window.SESSION)
            async with self._pool.acquire() as ticking:
                await self._lead(connection, ticking, lease, stop)

    async def _lead(self, reading: Any, ticking: Any, lease: Lease, stop: asyncio.Event) -> None:
        """Runs the loops until one ends or fails; the lease is given back only after a clean end."""
        log.info("relay leads", shard=lease.shard, epoch=lease.epoch)
        self._set_leading(True)
        try:
            await self._first_to_end(
                stop,
                self._publish_until(stop, reading, lease),
                [self._tick_for_ever(ticking, lease), self._maintain_for_ever()],
            )
            await self._publication.discard()
            await lease.release(reading)
        finally:
            self._set_leading(False)
            await self._publication.discard()

    async def _first_to_end(
        self, stop: asyncio.Event, publishing: Coroutine[Any, Any, None], endless: Iterable[Coroutine[Any, Any, None]]
    ) -> None:
        """On ``stop`` publishing has time to finish its page; otherwise the first failure ends all."""
        publisher = asyncio.create_task(publishing)
        stopper = asyncio.create_task(stop.wait())
        tasks = [publisher, stopper, *map(asyncio.create_task, endless)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            self._ticked.set()
            if stopper.done():
                await asyncio.wait([publisher], timeout=self._options.drain_seconds)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException) and not isinstance(end, asyncio.CancelledError):
                raise end

    async def _tick_for_ever(self, connection: Any, lease: Lease) -> None:
        measured = 0.0
        while True:
            await self._pause()
            if lease.seconds_left < lease.duration.total_seconds() * 0.35:
                await lease.renew(connection)
            if await window.tick(connection, lease):
                crash_point("relay.after_tick")
                self._ticked.set()
            if time.monotonic() - measured > 1:
                await self._measure(connection)
                measured = time.monotonic()

    async def _pause(self) -> None:
        """Until woken or the next tick is due, but never shorter than the shortest."""
        options = self._options
        slow = min(options.longest_tick_seconds, options.lease.total_seconds() / 8)  # the lease is renewed here too
        shortest = slow if self._failing else options.shortest_tick_seconds
        if not self._failing:
            await _wait(self._awake, options.tick_seconds)
        await asyncio.sleep(self._ticked_at + shortest - time.monotonic())
        self._awake.clear()
        self._ticked_at = time.monotonic()

    async def _publish_until(self, stop: asyncio.Event, connection: Any, lease: Lease) -> None:
        self._held = await quarantine.held_aggregates(connection, lease)
        at = await window.current(connection, lease)
        self._ticked.set()
        while not stop.is_set():
            if self._held:
                await self._publish_released(connection, lease)
            if at.is_open:
                at = await self._publish_window(stop, connection, lease, at)
            elif await _wait(self._ticked, 1.0):
                self._ticked.clear()
                at = await window.open_next(connection, lease, self._options.page_size)
                crash_point("relay.after_open_window")

    async def _publish_window(self, stop: asyncio.Event, connection: Any, lease: Lease, at: Window) -> Window:
        """Page after page, each read while the one before is on its way; answers the window that follows."""
        rows = await self._read(connection, lease, at)
        while True:
            crash_point("relay.after_read_page")
            free, behind = apart(rows, self._held)
            refused, following = await _beside(
                self._confirmed(free, lease), self._read_after(connection, lease, at, rows)
            )
            crash_point("relay.after_send")
            at = await self._note(connection, lease, at, rows, [*behind, *refused])
            crash_point("relay.after_advance")
            self._observe(free)
            if following is None or stop.is_set():
                return at
            rows = following

    async def _read(self, connection: Any, lease: Lease, at: Window) -> Sequence[Any]:
        return await window.read_page(connection, lease, at, self._options.page_size)

    async def _read_after(self, connection: Any, lease: Lease, at: Window, rows: Sequence[Any]) -> Sequence[Any] | None:
        """The page after these rows, None when they were the last of the window."""
        if len(rows) < self._options.page_size:
            return None
        return await self._read(connection, lease, replace(at, last_seq=rows[-1]["seq"]))

    async def _confirmed(self, rows: list[Any], lease: Lease) -> Refused:
        """Sends the rows again and again until Kafka has confirmed or refused each, or the lease is lost."""
        backoff = 0.1
        while rows:
            lease.require()
            try:
                refused = await self._publication.publish(rows, lambda: lease.seconds_left)
            except PublishFailed as error:
                self._failing = True
                log.warning("page not confirmed, sent again", events=len(rows), error=str(error))
                await asyncio.sleep(backoff * random.uniform(0.5, 1))  # noqa: S311
                backoff = min(backoff * 2, self._options.longest_backoff_seconds)
            else:
                self._failing = False
                return refused
        return []

    async def _note(self, connection: Any, lease: Lease, at: Window, rows: Any, held: Refused) -> Window:
        """The page is done: the cursor moves, in one transaction with what is held back."""
        if not held:
            return await self._move(connection, lease, at, rows)
        async with connection.transaction():
            await quarantine.hold(connection, held)
            crash_point("relay.after_quarantine")
            after = await self._move(connection, lease, at, rows)
        self._held |= {row["aggregate"] for row, _ in held}
        return after

    async def _move(self, connection: Any, lease: Lease, at: Window, rows: Any) -> Window:
        if len(rows) < self._options.page_size:
            return await window.open_next(connection, lease, self._options.page_size)
        await window.advance(connection, lease, rows[-1]["seq"])
        return replace(at, last_seq=rows[-1]["seq"])

    async def _publish_released(self, connection: Any, lease: Lease) -> None:
        """Rows that an operator released go first, so that their aggregate's later rows follow them."""
        while rows := await quarantine.released_rows(connection, lease, self._options.page_size):
            refused = await self._confirmed(list(rows), lease)
            unsent = {row["seq"] for row, _ in refused}
            async with connection.transaction():
                await lease.renew(connection)
                await quarantine.settle(connection, [row["seq"] for row in rows if row["seq"] not in unsent], refused)
        self._held = await quarantine.held_aggregates(connection, lease)

    async def _maintain_for_ever(self) -> None:
        while self._options.shard == 0:
            try:
                async with self._pool.acquire() as connection:
                    await partitions.maintain(connection, self._options.retention)
                    metrics.OUTBOX_QUARANTINED.set(await quarantine.count(connection))
            except DATABASE_ERRORS:
                log.exception("outbox partitions not maintained")
            await asyncio.sleep(self._options.maintenance_seconds)
        await asyncio.Event().wait()

    async def _measure(self, connection: Any) -> None:
        shard, shards = self._options.shard, self._options.shards
        metrics.OUTBOX_OLDEST_UNPUBLISHED.labels(shard).set(await window.oldest_seconds(connection, shard, shards))

    def _observe(self, rows: Iterable[Any]) -> None:
        now = time.time()
        for row in rows:
            metrics.RELAY_LATENCY.observe(max(0.0, now - row["created_at"].timestamp()))

    def _set_leading(self, leading: bool) -> None:
        self.leading = leading
        metrics.OUTBOX_LEASE_HELD.labels(self._options.shard).set(leading)


async def _beside(sending: Coroutine[Any, Any, Sent], reading: Coroutine[Any, Any, Read]) -> tuple[Sent, Read]:
    """Both at once; when the first fails the second is ended before the failure goes on, its connection is free."""
    ahead = asyncio.create_task(reading)
    try:
        sent = await sending
    except BaseException:
        ahead.cancel()
        await asyncio.wait([ahead])
        raise
    return sent, await ahead


async def _wait(event: asyncio.Event, seconds: float) -> bool:
    """Whether the event came in time."""
    if event.is_set():
        return True
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(seconds, 0)):
            await event.wait()
    return event.is_set()
