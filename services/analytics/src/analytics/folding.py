"""The loops of the ledger: the consumer that folds live events, and the worker that carries out rebuilds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from analytics.ledger import rebuild_store
from analytics.ledger.fold import Fold
from analytics.ledger.naming import Naming
from analytics.ledger.projection import GROUP, Projector
from analytics.ledger.rebuild import Rebuilder
from analytics.measures import FOLDED, MEASURES, POSTINGS
from chassis.collector import BATCHES, spare_the_collector
from chassis.database import FAILURES
from chassis.resources import Resources
from chassis.ticking import pause
from events.backlog import Bounds
from events.broker import KafkaBroker
from events.consumer import Consumer

log = structlog.get_logger(__name__)

BOUNDS: Final = Bounds(batch_records=1_000, batch_bytes=3 << 20, high_records=1_000, high_bytes=1 << 20)
"""Deals carry their whole history: 1 MiB would be some 350 of them, and an event then costs a quarter more, because the
same cells are written again by the next batch. What waits is counted for each of 48 partitions, so it is kept short.
"""
LANES: Final = 2
"""While one batch is written by PostgreSQL, the next is decoded and booked here."""

LOOK_SECONDS: Final = 1.0
ONE_WORKER: Final = 0x72656264  # "rebd"
TRY_LOCK: Final = "SELECT pg_try_advisory_lock($1)"
UNLOCK: Final = "SELECT pg_advisory_unlock($1)"


class LedgerConsumer(Consumer):
    """The live fold. It owns the connection by which slices get their numbers."""

    def __init__(self, resources: Resources) -> None:
        self._naming = Naming(resources.settings.database_url.get_secret_value())
        projector = Projector(Fold(POSTINGS, MEASURES, self._naming.connect), shard=self._naming.shard)
        super().__init__(
            GROUP,
            FOLDED,
            projector.handle,
            resources.pool,
            resources.kafka,
            watermarks=projector,
            bounds=BOUNDS,
            lanes=LANES,
        )

    async def run(self, stop: asyncio.Event) -> None:
        spare_the_collector(BATCHES)
        try:
            await super().run(stop)
        finally:
            await self._naming.close()


@asynccontextmanager
async def own_fold(resources: Resources) -> AsyncIterator[Fold]:
    """A fold beside the live one, for an audit or a rebuild."""
    naming = Naming(resources.settings.database_url.get_secret_value())
    try:
        yield Fold(POSTINGS, MEASURES, naming.connect)
    finally:
        await naming.close()


async def carry_out_rebuilds(resources: Resources, stop: asyncio.Event) -> None:
    """Take up whatever rebuild is under way, in one process at a time; a fault is met by beginning where it stopped."""
    while not stop.is_set():
        try:
            async with _alone(resources) as connection:
                await _look(resources, connection, stop)
        except FAILURES as error:
            log.warning("rebuild waits", error=repr(error))
        await pause(stop, LOOK_SECONDS)


async def _look(resources: Resources, connection: Any, stop: asyncio.Event) -> None:
    if connection is None:
        return
    rebuild = await rebuild_store.unfinished(connection)
    if rebuild is not None:
        async with own_fold(resources) as fold:
            await Rebuilder(resources.pool, KafkaBroker(resources.kafka), fold, stop).run(rebuild)


@asynccontextmanager
async def _alone(resources: Resources) -> AsyncIterator[Any]:
    """A connection that holds the lock of rebuilds, or None when another process has it."""
    async with resources.pool.acquire() as connection:
        if not await connection.fetchval(TRY_LOCK, ONE_WORKER):
            yield None
            return
        try:
            yield connection
        finally:
            if not connection.is_closed():
                await connection.execute(UNLOCK, ONE_WORKER)
