"""The consumer: reads topics and applies every event once, in order for each aggregate.

The promise: what a handler does through its connection happens exactly once for each event, whatever dies, repeats,
comes late or is owned twice. It rests on ``batch`` (offset, watermark and effects in one transaction); everything here
may fail, be restarted or run twice without harm.

One loop reads from the broker into bounded backlogs, pausing what is full; lanes work the backlogs off; a watch looks
from outside at whether records should be coming and do not.
"""

import asyncio
import os
import socket
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import structlog

from events import metrics, offsets
from events.assignment import Assigned, Stage, out_of_log
from events.backlog import Bounds
from events.batch import Handler, Subscription
from events.broker import Broker, KafkaBroker, Reader
from events.crash_points import crash_point
from events.errors import EventsError
from events.event import Event
from events.failure_limit import Limits
from events.kafka import KafkaSettings, PositionLost
from events.lane import Lane, Progress
from events.partition import Partition
from events.recoverability import Backoff
from events.topics import Topic
from events.watch import Watch
from events.watermark import Watermarks

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.2
POLL_RECORDS = 2_000
DRAIN_SECONDS = 20.0
"""How long a revoked partition's last batch may take; well below the group's rebalance timeout."""
STOP_SECONDS = 10.0
RECREATIONS_BEFORE_EXIT = 3


class ConsumerStuck(EventsError):
    """New Kafka clients keep falling silent: the process should end and be started again."""


class Consumer:
    """A member of a consumer group, or (with ``partitions``) a reader of just these, without a group at the broker."""

    def __init__(
        self,
        group: str,
        topics: Iterable[Topic],
        handler: Handler,
        pool: Any,
        kafka: KafkaSettings | Broker,
        *,
        watermarks: Watermarks | None = None,
        types: Iterable[type[Event]] | None = None,
        partitions: Iterable[Partition] | None = None,
        until: Mapping[Partition, int] | None = None,
        bounds: Bounds | None = None,
        limits: Limits | None = None,
        lanes: int = 1,
        watch: Watch | None = None,
    ) -> None:
        """``until`` ends ``run`` once each of ``partitions`` has come to its offset (say, the ends at the start)."""
        self.subscription = Subscription.to(group, topics, handler, watermarks=watermarks, types=types)
        self._pool = pool
        self._broker = KafkaBroker(kafka) if isinstance(kafka, KafkaSettings) else kafka
        self._partitions = None if partitions is None else frozenset(Partition(*each) for each in partitions)
        self._until = dict(until or {})
        self._bounds = bounds or Bounds()
        self._limits = limits or Limits()
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        self._progress = Progress()
        self._lanes = [Lane(pool, self.subscription, self._bounds, self._progress, self._govern) for _ in range(lanes)]
        self._watch = watch or Watch()
        self._assigned: dict[Partition, Assigned] = {}
        self._reader: Reader | None = None
        self._prepare_at = 0.0
        self._prepare_backoff = Backoff()
        self._received = 0
        self._running = False
        self._last_error: str | None = None

    @property
    def group(self) -> str:
        return self.subscription.group

    @property
    def assigned(self) -> Mapping[Partition, Assigned]:
        """The partitions in hand."""
        return self._assigned

    def positions(self) -> dict[Partition, int]:
        """The next offset of each partition in hand, as committed."""
        return {
            partition: assigned.next_offset
            for partition, assigned in self._assigned.items()
            if assigned.stage is not Stage.PREPARING
        }

    def health(self) -> dict[str, Any]:
        """How it stands, judged by the age of the loop's last beat, so that a frozen loop shows from another thread."""
        return self._watch.health(self.group, self._assigned, running=self._running, last_error=self._last_error)

    async def run(self, stop: asyncio.Event) -> None:
        """Consumes until told to stop or until the end that was asked for; raises ``ConsumerStuck`` if it cannot."""
        crew = [asyncio.create_task(lane.run()) for lane in self._lanes]
        crew.append(asyncio.create_task(self._watch.beat()))
        try:
            await self._sessions(stop, crew)
        finally:
            for task in crew:
                await _end(task)

    async def _sessions(self, stop: asyncio.Event, crew: list[asyncio.Task[None]]) -> None:
        silences = 0
        while not stop.is_set() and not self._is_finished():
            received = self._received
            fell_silent = await self._session(stop, crew)
            if fell_silent:
                silences = silences + 1 if self._received == received else 1
                if silences > RECREATIONS_BEFORE_EXIT:
                    raise ConsumerStuck
                metrics.CONSUMER_RECREATED.labels(self.group).inc()

    async def _session(self, stop: asyncio.Event, crew: list[asyncio.Task[None]]) -> bool:
        """One Kafka client from start to stop; whether it ended because the client fell silent."""
        for lane in self._lanes:
            lane.reopen()
        reader = self._open()
        feeding = asyncio.create_task(self._feed(reader))
        watching = asyncio.create_task(
            self._watch.until_silent(self._broker, self._pool, self.subscription, reader, self._assigned)
        )
        stopping = asyncio.create_task(stop.wait())
        session = {feeding, watching, stopping}
        try:
            await asyncio.wait({*session, *crew}, return_when=asyncio.FIRST_COMPLETED)
            fell_silent = watching.done() and not feeding.done() and not stop.is_set()
        finally:
            for task in session:
                task.cancel()
            await asyncio.wait(session)
            await self._close(reader)
        _raise_failure_of(*session, *crew)
        return fell_silent

    def _open(self) -> Reader:
        if self._partitions is not None:
            return self._broker.reader((), None, self._on_assigned, self._on_revoked)
        topics = [topic.name for topic in self.subscription.topics]
        return self._broker.reader(topics, self.group, self._on_assigned, self._on_revoked)

    async def _close(self, reader: Reader) -> None:
        """Finishes the batch under way, tells Kafka where we are, leaves; bounded whatever hangs."""
        self._running = False
        await _within(STOP_SECONDS, self._drain())
        await _within(STOP_SECONDS / 2, self._watch.commit(reader, self._assigned))
        self._reader = None
        if self._partitions is None:
            self._forget(list(self._assigned))
        await _within(STOP_SECONDS, reader.stop())

    async def _drain(self) -> None:
        await asyncio.gather(*(lane.drain() for lane in self._lanes))

    async def _feed(self, reader: Reader) -> None:
        """The loop: whatever goes wrong with the broker or the database is waited out."""
        backoff = Backoff(longest_seconds=10.0)
        started = False
        while not self._is_finished():
            try:
                if not started:
                    await reader.start()
                    self._started(reader)
                    started = True
                await self._prepare(reader)
                await self._take_in(reader)
                backoff.reset()
                self._running, self._last_error = True, None
            except PositionLost as lost:
                await self._reposition(reader, lost.partitions)
            except Exception as error:  # noqa: BLE001 - the loop must outlive every fault of its surroundings
                self._running, self._last_error = False, repr(error)
                log.warning("consumer waits", group=self.group, error=repr(error))
                await asyncio.sleep(backoff.next_seconds())

    def _started(self, reader: Reader) -> None:
        self._reader = reader
        if self._partitions is not None:
            reader.assign(self._partitions)
            self._hold(self._partitions)

    async def _take_in(self, reader: Reader) -> None:
        polled = await reader.poll(POLL_SECONDS, min(POLL_RECORDS, self._bounds.high_records))
        crash_point("consumer.after_poll")
        now = time.monotonic()
        for partition, records in polled.items():
            if assigned := self._assigned.get(partition):
                fresh = assigned.accept(records, now)
                self._received += fresh
                metrics.CONSUMED.labels(self.group, partition.topic).inc(fresh)
        if polled:
            self._wake()
        elif self._until:
            await self._look_for_the_end(reader)
        self._govern()
        # A full prefetch buffer answers without waiting: the lanes need their turn.
        await asyncio.sleep(0)

    async def _look_for_the_end(self, reader: Reader) -> None:
        """The last offsets before an end may be holes, which no record tells of."""
        for partition, assigned in self._assigned.items():
            if assigned.stage is Stage.FLOWING and not assigned.paused and not len(assigned.backlog):
                assigned.fetched_to = max(assigned.fetched_to, await reader.position(partition))
                assigned.finish_if_done()

    async def _prepare(self, reader: Reader) -> None:
        """Reads where new partitions stand, checks that the log still has it, and seeks. Only here, between two polls:
        a record read before a seek can then never be taken for one after it.
        """
        waiting = {
            partition: assigned for partition, assigned in self._assigned.items() if assigned.stage is Stage.PREPARING
        }
        if not waiting or time.monotonic() < self._prepare_at:
            return
        try:
            await self._seek(reader, waiting)
        except Exception as error:  # noqa: BLE001 - database or broker are away: the group is kept alive meanwhile
            self._prepare_at = time.monotonic() + self._prepare_backoff.next_seconds()
            self._last_error = repr(error)
            log.warning("positions not read yet", group=self.group, error=repr(error))
        else:
            self._prepare_backoff.reset()

    async def _seek(self, reader: Reader, waiting: Mapping[Partition, Assigned]) -> None:
        async with asyncio.timeout(STOP_SECONDS):
            begins = await reader.beginning_offsets(waiting)
            ends = await reader.end_offsets(waiting)
        async with self._pool.acquire(timeout=STOP_SECONDS) as connection:
            stored = await offsets.claim(connection, self.group, self._owner, begins)
            await offsets.mark_going(connection, self.group, waiting)
        now = time.monotonic()
        for partition, assigned in waiting.items():
            if not assigned.attached:
                continue
            position = stored[partition].next_offset
            assigned.end_offset = ends[partition]
            if reason := out_of_log(position, begins[partition], ends[partition]):
                await self._stop(assigned, reason)
            else:
                assigned.start(position, now)
                reader.seek(partition, position)
        self._wake()

    async def _stop(self, assigned: Assigned, reason: str) -> None:
        assigned.halt(reason)
        log.error("partition stopped", group=self.group, partition=str(assigned.partition), reason=reason)
        async with self._pool.acquire(timeout=STOP_SECONDS) as connection:
            await offsets.mark_stopped(connection, self.group, assigned.partition, reason)

    async def _reposition(self, reader: Reader, partitions: Iterable[Partition]) -> None:
        """The log has changed under us: nothing more is read until the position has been looked at again."""
        for partition in partitions:
            if assigned := self._assigned.get(partition):
                reader.pause(partition)
                if assigned.stage is Stage.FLOWING:
                    assigned.lose_position()
        await asyncio.sleep(0)

    async def _on_assigned(self, partitions: frozenset[Partition]) -> None:
        metrics.CONSUMER_REBALANCES.labels(self.group).inc()
        self._hold(partitions)

    async def _on_revoked(self, partitions: frozenset[Partition]) -> None:
        """Lets go; the batch under way may still finish, and is fenced if it comes too late."""
        self._forget(partitions)
        await _within(DRAIN_SECONDS, asyncio.gather(*(lane.idle() for lane in self._lanes)))

    def _hold(self, partitions: Iterable[Partition]) -> None:
        self._forget(partitions)
        for partition in sorted(partitions):
            assigned = Assigned(partition, self._bounds, self._limits, self._until.get(partition))
            self._assigned[partition] = assigned
            min(self._lanes, key=len).take(assigned)
        self._prepare_at = 0.0

    def _forget(self, partitions: Iterable[Partition]) -> None:
        for partition in list(partitions):
            if assigned := self._assigned.pop(partition, None):
                assigned.attached = False
                for lane in self._lanes:
                    lane.leave(assigned)
                self._watch.forget(self.group, partition)

    def _wake(self) -> None:
        for lane in self._lanes:
            lane.wake()

    def _govern(self) -> None:
        """Pauses what is full and resumes what has room again."""
        if (reader := self._reader) is None:
            return
        for partition, assigned in self._assigned.items():
            full = assigned.backlog.is_high or assigned.stage in {Stage.STOPPED, Stage.FINISHED}
            if full and not assigned.paused:
                reader.pause(partition)
                assigned.paused = True
            elif assigned.paused and assigned.backlog.is_low and assigned.stage is Stage.FLOWING:
                reader.resume(partition)
                assigned.paused = False

    def _is_finished(self) -> bool:
        return (
            bool(self._until)
            and bool(self._assigned)
            and all(assigned.stage is Stage.FINISHED for assigned in self._assigned.values())
        )


def _raise_failure_of(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        if task.done() and not task.cancelled():
            task.result()


async def _end(task: asyncio.Task[Any]) -> None:
    """Cancels and waits; how the task ended has been seen already."""
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task


async def _within(seconds: float, work: Any) -> None:
    try:
        async with asyncio.timeout(seconds):
            await work
    except Exception as error:  # noqa: BLE001 - a stop goes on whatever hangs
        log.warning("not done in time", error=repr(error))
