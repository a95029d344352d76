"""Rebuilding the ledger from Kafka beside the one in use, which goes on being read and folded.

The new version is a schema of its own, filled by a reader without a group that keeps its offsets in the database as any
consumer does: killed at any point, it goes on where it was. First everything that was there at the start is appended,
without indexes and cells (copying); then cells are summed from the ledger (summing); then it follows the live events
until it is close (following). Cut-over is one transaction: it stops the live fold between two batches, lets the new
version read the last events, compares the facts, and moves the pointer and the offsets. Until its commit nothing of the
ledger in use has changed; a cancelled or failed rebuild drops only the new schema.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog

from analytics.ledger import cells, grain, sealing
from analytics.ledger import rebuild_store as store
from analytics.ledger.audit import audit
from analytics.ledger.fold import Fold
from analytics.ledger.projection import ACTIVE_ALONE, GROUP, Projector, tenants
from analytics.ledger.rebuild_store import Rebuild, State
from analytics.measures import FOLDED
from events import offsets, precedents
from events.audit import By
from events.backlog import Bounds
from events.batch import Subscription
from events.broker import Broker
from events.consumer import Consumer
from events.partition import Partition

log = structlog.get_logger(__name__)

BOUNDS: Final = Bounds(batch_records=5_000, batch_bytes=12 << 20, high_records=5_000, high_bytes=4 << 20)
CLOSE_ENOUGH: Final = 500
"""So many events may be left for cut-over to read while the live fold waits."""
ROUNDS_MAX: Final = 1_000
CANCEL_POLL_SECONDS: Final = 0.5

Positions = Mapping[Partition, int]


class RebuildRefused(Exception):
    """The new version is not fit to take over."""


class Interrupted(Exception):
    """The process is to stop: the rebuild waits to be taken up again."""


class Cancelled(Exception):
    """An operator has changed their mind."""


@dataclass(frozen=True)
class Rebuilder:
    """Works off one rebuild; may be stopped or killed anywhere, and run again."""

    pool: Any
    broker: Broker
    fold: Fold
    stop: asyncio.Event

    async def run(self, rebuild: Rebuild) -> None:
        """From where it stands to its end."""
        try:
            await self._work_off(rebuild)
        except Interrupted:
            log.info("rebuild interrupted", rebuild=str(rebuild.id))
        except Cancelled:
            await store.drop(self.pool, rebuild, State.CANCELLED, None)
        except RebuildRefused as refused:
            log.exception("rebuild refused", rebuild=str(rebuild.id))
            await store.drop(self.pool, rebuild, State.FAILED, str(refused))

    async def _work_off(self, rebuild: Rebuild) -> None:
        state = rebuild.state
        if state is State.CANCELLING:
            raise Cancelled
        if state is State.REQUESTED:
            state = await self._begin(rebuild)
        if state is State.COPYING:
            state = await self._copy(rebuild)
        if state is State.SUMMING:
            await self._sum(rebuild)
        await self._follow(rebuild)
        await self._decide_alike(rebuild)
        await self._check(rebuild)
        await self._cut_over(rebuild)

    async def _begin(self, rebuild: Rebuild) -> State:
        """Note where the logs begin and end, and make the empty tables."""
        async with self.broker.admin() as admin:
            partitions = await admin.partitions([topic.name for topic in FOLDED])
            began, goal = await admin.beginning_offsets(partitions), await admin.end_offsets(partitions)
        await store.begin(self.pool, rebuild, began, goal)
        return State.COPYING

    async def _copy(self, rebuild: Rebuild) -> State:
        goal = await store.goal(self.pool, rebuild)
        await self._read(rebuild, goal, Projector(self.fold, schema=rebuild.schema, keeps_cells=False))
        await store.move(self.pool, rebuild, State.COPYING, State.SUMMING)
        return State.SUMMING

    async def _sum(self, rebuild: Rebuild) -> None:
        """Indexes and cells, in one transaction: killed, it begins again."""
        async with self.pool.acquire() as connection:
            async with connection.transaction():
                await connection.execute("SELECT ledger_index($1)", rebuild.schema, timeout=grain.WHOLE_LEDGER_SECONDS)
                for tenant in await tenants(connection, rebuild.schema):
                    async for _, sums in grain.all_sums(connection, rebuild.schema, tenant):
                        await self._look_up(rebuild)
                        totals = await self.fold.roll_up(tenant, sums)
                        await cells.add(connection, rebuild.schema, tenant, 0, totals)
                await store.move(connection, rebuild, State.SUMMING, State.FOLLOWING)
            for table in ("fact", "cell", "ledger"):
                await connection.execute(f"VACUUM ANALYZE {rebuild.schema}.{table}", timeout=grain.WHOLE_LEDGER_SECONDS)

    async def _follow(self, rebuild: Rebuild) -> None:
        """Read up to where the live fold is, again and again, until little is left."""
        for _ in range(ROUNDS_MAX):
            live, own = await self._positions(rebuild)
            if sum(max(0, live[partition] - own.get(partition, 0)) for partition in live) <= CLOSE_ENOUGH:
                return
            await self._read(rebuild, live, Projector(self.fold, schema=rebuild.schema))
        raise RebuildRefused("the rebuild falls behind the live fold")

    async def _positions(self, rebuild: Rebuild) -> tuple[Positions, Positions]:
        async with self.pool.acquire() as connection:
            live = await offsets.positions(connection, GROUP)
            return _folded(live), await offsets.positions(connection, rebuild.group)

    async def _decide_alike(self, rebuild: Rebuild) -> None:
        """What operators have corrected or discarded for the ledger in use is read again here, and must not wait."""
        projector = Projector(self.fold, schema=rebuild.schema)
        subscription = Subscription.to(rebuild.group, FOLDED, projector.handle, watermarks=projector)
        decided = await precedents.follow(self.pool, subscription, GROUP, By("rebuild", f"as for {GROUP}"))
        log.info("dead letters decided as before", rebuild=str(rebuild.id), letters=decided)

    async def _check(self, rebuild: Rebuild) -> None:
        """The audit of the new version, before anybody waits for it."""
        async with self.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
            for tenant in await tenants(connection, rebuild.schema):
                result = await audit(connection, rebuild.schema, tenant, self.fold)
                if not result.agrees:
                    raise RebuildRefused(f"{result.differences} differences, the first: {result.shown[0]}")

    async def _cut_over(self, rebuild: Rebuild) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await store.hold_live(connection, GROUP)
            old = await connection.fetchval(ACTIVE_ALONE)
            live = _folded(await offsets.positions(connection, GROUP))
            await self._read(rebuild, live, Projector(self.fold, schema=rebuild.schema))
            own = await offsets.positions(connection, rebuild.group)
            if behind := [str(partition) for partition in live if own.get(partition, -1) < live[partition]]:
                raise RebuildRefused(f"the new version is behind on {', '.join(behind)}")
            if differing := await store.differing_facts(connection, old, rebuild.schema):
                raise RebuildRefused(f"{differing} facts are not what the ledger in use has")
            await sealing.carry_over(connection, old, rebuild.schema)
            await store.take_over(connection, rebuild, GROUP)
        log.info("cut over", schema=rebuild.schema, replaced=old)

    async def _read(self, rebuild: Rebuild, until: Positions, projector: Projector) -> None:
        """Fold everything before these offsets into the new version."""
        if not until:
            return
        over = asyncio.Event()
        consumer = Consumer(
            rebuild.group, FOLDED, projector.handle, self.pool, self.broker,
            watermarks=projector, partitions=until.keys(), until=until, bounds=BOUNDS,
        )  # fmt: skip
        reading = asyncio.create_task(consumer.run(over))
        try:
            while not reading.done():
                await asyncio.wait({reading}, timeout=CANCEL_POLL_SECONDS)
                await self._look_up(rebuild)
            await reading
        finally:
            over.set()
            with suppress(Exception):
                await reading

    async def _look_up(self, rebuild: Rebuild) -> None:
        if self.stop.is_set():
            raise Interrupted
        if await store.state(self.pool, rebuild) is State.CANCELLING:
            raise Cancelled


def _folded(positions: Positions) -> dict[Partition, int]:
    names = {topic.name for topic in FOLDED}
    return {partition: position for partition, position in positions.items() if partition.topic in names}
