"""A lane: one worker that takes whatever is ready of its partitions and commits it together.

Together, because a transaction costs the same for one record as for a thousand, and because partitions that write the
same rows must not wait for each other. When a joint batch fails, each partition is tried on its own; when that fails
for good, ever smaller batches close in on the event that is to blame, which is parked while all others go on.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from events import metrics, offsets
from events.assignment import Assigned
from events.backlog import Bounds, size_of
from events.batch import Slice, Subscription, TooManyFailures, commit
from events.dead_letter import Failure
from events.recoverability import described, is_transient
from events.release import release
from events.triage import SequenceKey, Triage

log = structlog.get_logger(__name__)


@dataclass
class Progress:
    """What all lanes of a consumer know."""

    has_handled: bool = False
    """Since the start some event has been handled: what fails now is an event, not the deploy."""


class Lane:
    """The worker of some partitions of one consumer."""

    def __init__(
        self, pool: Any, subscription: Subscription, bounds: Bounds, progress: Progress, settled: Callable[[], None]
    ) -> None:
        self._pool = pool
        self._subscription = subscription
        self._bounds = bounds
        self._progress = progress
        self._settled = settled
        self._partitions: dict[Any, Assigned] = {}
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = False
        self._first_taken = 0

    def __len__(self) -> int:
        """So many partitions are its own: a new one goes to the lane that has the fewest."""
        return len(self._partitions)

    def take(self, assigned: Assigned) -> None:
        self._partitions[assigned.partition] = assigned

    def leave(self, assigned: Assigned) -> None:
        if self._partitions.get(assigned.partition) is assigned:
            del self._partitions[assigned.partition]

    def wake(self) -> None:
        self._wake.set()

    async def idle(self) -> None:
        """Returns once no batch is under way."""
        await self._idle.wait()

    async def drain(self) -> None:
        """Finishes the batch under way and begins no other."""
        self._draining = True
        await self.idle()

    def reopen(self) -> None:
        self._draining = False
        self.wake()

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            ready = [] if self._draining else self._ready()
            if not ready:
                await self._wait()
                continue
            self._idle.clear()
            try:
                await self._work(self._slices(ready))
            finally:
                self._idle.set()
            self._settled()
            await asyncio.sleep(0)

    def _ready(self) -> list[Assigned]:
        now = time.monotonic()
        return [assigned for assigned in self._partitions.values() if assigned.is_ready(now)]

    async def _wait(self) -> None:
        self._wake.clear()
        now = time.monotonic()
        retries = [assigned.retry_at - now for assigned in self._partitions.values() if assigned.retry_at > now]
        try:
            async with asyncio.timeout(min(retries, default=None)):
                await self._wake.wait()
        except TimeoutError:
            pass

    def _slices(self, ready: list[Assigned]) -> dict[Assigned, Slice]:
        """As many records as fit into one transaction, beginning with another partition each time."""
        self._first_taken += 1
        turn = self._first_taken % len(ready)
        records, size = self._bounds.batch_records, self._bounds.batch_bytes
        slices: dict[Assigned, Slice] = {}
        for assigned in ready[turn:] + ready[:turn]:
            if records <= 0 or size <= 0:
                break
            piece = slices[assigned] = assigned.slice(records, size)
            records -= len(piece.records)
            size -= sum(map(size_of, piece.records))
        return slices

    async def _work(self, slices: dict[Assigned, Slice]) -> None:
        started = time.perf_counter()
        try:
            triage = await commit(
                self._pool,
                self._subscription,
                list(slices.values()),
                approve=lambda found: self._approve(slices, found),
            )
        except Exception as error:  # noqa: BLE001 - every failure has its way: fenced, later, or for good
            await self._failed(slices, error)
        else:
            metrics.PROCESS_DURATION.labels(self._subscription.group).observe(time.perf_counter() - started)
            await self._committed(slices, triage)

    def _approve(self, slices: dict[Assigned, Slice], triage: Triage) -> None:
        for assigned in slices:
            outcomes = triage.outcomes.get(assigned.partition, ())
            if not all(outcomes) and assigned.limit.would_exceed(outcomes):
                raise TooManyFailures

    async def _failed(self, slices: dict[Assigned, Slice], error: Exception) -> None:
        if isinstance(error, offsets.Fenced):
            self._fenced(slices, error)
        elif len(slices) > 1:
            for assigned, piece in slices.items():
                if assigned.attached and not self._draining:
                    await self._work({assigned: piece})
        else:
            [(assigned, piece)] = slices.items()
            await self._failed_alone(assigned, piece, error)

    def _fenced(self, slices: dict[Assigned, Slice], fenced: offsets.Fenced) -> None:
        metrics.CONSUMER_FENCED.labels(self._subscription.group).inc()
        for assigned in slices:
            if assigned.partition in fenced.partitions:
                log.info("partition moved on by another consumer", partition=str(assigned.partition))
                assigned.lose_position()

    async def _failed_alone(self, assigned: Assigned, piece: Slice, error: Exception) -> None:
        if is_transient(error):
            self._retry(assigned, error)
        elif len(piece.records) > 1:
            assigned.halve(len(piece.records))
        elif isinstance(error, TooManyFailures):
            await self._stop(assigned, "too many failures: more events than the limit allows could not be handled")
        elif not (self._progress.has_handled or assigned.may_park_first):
            log.error("first event failed", partition=str(assigned.partition), stack=Failure.of(error).stack)
            await self._stop(assigned, f"the first event after the start failed: {described(error)}")
        else:
            await self._park(assigned, piece, error)

    async def _park(self, assigned: Assigned, piece: Slice, poison: Exception) -> None:
        slices = {assigned: piece}
        try:
            triage = await commit(
                self._pool,
                self._subscription,
                [piece],
                approve=lambda found: self._approve(slices, found),
                poison=poison,
            )
        except offsets.Fenced as fenced:
            self._fenced(slices, fenced)
        except TooManyFailures:
            await self._stop(assigned, f"too many failures, the last: {described(poison)}")
        except Exception as error:  # noqa: BLE001 - parking must not lose the event, so the partition waits
            self._retry(assigned, error)
        else:
            await self._committed(slices, triage)

    def _retry(self, assigned: Assigned, error: Exception) -> None:
        assigned.retry_later(error, time.monotonic())
        metrics.CONSUMER_RETRIES.labels(self._subscription.group, type(error).__name__).inc()
        log.warning("batch will be tried again", partition=str(assigned.partition), error=described(error))

    async def _stop(self, assigned: Assigned, reason: str) -> None:
        assigned.halt(reason)
        log.error("partition stopped", partition=str(assigned.partition), reason=reason)
        try:
            async with self._pool.acquire(timeout=5) as connection:
                await offsets.mark_stopped(connection, self._subscription.group, assigned.partition, reason)
        except Exception as error:  # noqa: BLE001 - the stop holds without the note for operators
            log.warning("stop not noted in the database", error=described(error))

    async def _committed(self, slices: dict[Assigned, Slice], triage: Triage) -> None:
        now = time.monotonic()
        for assigned, piece in slices.items():
            assigned.limit.note(triage.outcomes.get(assigned.partition, ()))
            assigned.committed(piece, now)
        self._progress.has_handled = self._progress.has_handled or bool(triage.apply)
        self._count(triage)
        for sequence in triage.filled:
            await self._release(sequence)

    def _count(self, triage: Triage) -> None:
        group = self._subscription.group
        metrics.CONSUMER_SKIPPED.labels(group, "duplicate").inc(triage.duplicates)
        metrics.CONSUMER_SKIPPED.labels(group, "unknown-type").inc(triage.ignored)
        for letter in triage.letters:
            metrics.DEAD_LETTERED.labels(group, letter.arrival.received.topic, letter.reason).inc()
            log.error(
                "record parked",
                topic=letter.arrival.received.topic,
                offset=letter.arrival.received.offset,
                reason=letter.reason,
                error=described(letter.error),
            )

    async def _release(self, sequence: SequenceKey) -> None:
        """The missing version came: what waited for it goes on. A failure here is met again by the sweep."""
        try:
            await release(self._pool, self._subscription, sequence)
        except Exception as error:  # noqa: BLE001
            log.warning("sequence not released", sequence=sequence.key, error=described(error))
