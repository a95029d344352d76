"""Which version of the ledger is served, and how a consumer writes to one.

One row names the schema in use. A fold holds that row shared while it writes, so whoever holds it alone (a cut-over, a
seal) sees the ledger between two batches.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, Final
from uuid import UUID
from weakref import WeakKeyDictionary

from analytics.ledger import facts
from analytics.ledger.facts import Facts
from analytics.ledger.fold import Fold
from events.codec import Message
from events.watermark import AggregateKey, Watermark

GROUP: Final = "analytics.ledger"
"""Whose offsets are those of the ledger in use. Another name would fold everything again, on top."""

Shard = Callable[[], AbstractAsyncContextManager[int]]
"""Lends a number that no other batch under way has, in this process or another."""

ACTIVE: Final = "SELECT schema_name FROM projection_active"
ACTIVE_SHARED: Final = "SELECT schema_name FROM projection_active FOR SHARE"
ACTIVE_ALONE: Final = "SELECT schema_name FROM projection_active FOR UPDATE"


async def active_schema(connection: Any) -> str:
    """The schema to read from. One that was replaced stays readable, so a transaction may keep what it was told."""
    schema: str = await connection.fetchval(ACTIVE)
    return schema


@asynccontextmanager
async def as_worker(connection: Any) -> AsyncIterator[None]:
    """Within a tenant's transaction: work for all tenants for a moment. Every statement there names its tenant."""
    role = await connection.fetchval("SELECT current_setting('role')")
    await connection.execute("SELECT set_config('role', 'none', true)")
    yield
    await connection.execute("SELECT set_config('role', $1, true)", role)


class Projector:
    """Handler and watermarks of one consumer of the ledger.

    The consumer asks for the watermarks first; the facts that they are read from are kept for the handler, which
    follows in the same transaction. ``schema`` is for a ledger that is not in use.
    """

    def __init__(
        self, fold: Fold, *, schema: str | None = None, shard: Shard | None = None, keeps_cells: bool = True
    ) -> None:
        self._fold = fold
        self._schema = schema
        self._shard = shard
        self._keeps_cells = keeps_cells
        self._loaded: WeakKeyDictionary[asyncio.Task[Any], tuple[str, Facts]] = WeakKeyDictionary()

    async def load(
        self, connection: Any, _group: str, keys: Iterable[AggregateKey]
    ) -> Mapping[AggregateKey, Watermark]:
        """The watermarks, read from the facts."""
        wanted = list(keys)
        schema = self._schema or await connection.fetchval(ACTIVE_SHARED)
        known = await facts.load(connection, schema, wanted)
        self._loaded[_worker()] = schema, known
        return {key: mark for key in wanted if (mark := _watermark(known, key))}

    async def store(
        self, connection: Any, _group: str, watermarks: Mapping[AggregateKey, Watermark], applied: Sequence[Message]
    ) -> None:
        """Only what the fold is not going to write."""
        schema, known = self._loaded[_worker()]
        last = {(message.topic, message.envelope.tenant, message.aggregate_id): message for message in applied}
        for key, mark in watermarks.items():
            if key not in last:
                await facts.step_over(connection, schema, key, mark.version, mark.event_id)
            elif last[key].version < mark.version:
                known[facts.kind_of(key.topic), key.tenant][key.aggregate_id].ahead = mark

    async def handle(self, connection: Any, messages: Sequence[Message]) -> None:
        """The consumer's handler."""
        schema, known = self._loaded.pop(_worker())
        if not self._keeps_cells:
            await self._fold.fold(connection, schema, messages, known, shard=None)
            return
        async with self._shard() if self._shard else nullcontext(0) as shard:
            await self._fold.fold(connection, schema, messages, known, shard=shard)


def _worker() -> asyncio.Task[Any]:
    """Who works on a batch from its watermarks to its effects: one task, which does one batch at a time."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine always runs in one
    return task


def _watermark(known: Facts, key: AggregateKey) -> Watermark | None:
    fact = known[facts.kind_of(key.topic), key.tenant][key.aggregate_id]
    return Watermark(fact.version, fact.last_event_id) if fact.last_event_id else None


async def tenants(connection: Any, schema: str) -> list[UUID]:
    """The tenants that have facts."""
    rows = await connection.fetch(f"SELECT DISTINCT tenant_id FROM {schema}.fact ORDER BY tenant_id")
    return [row[0] for row in rows]
