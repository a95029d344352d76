"""A connection for what must be committed before it is used, and the numbers of this process among the workers.

It is one connection beside the pool, so that a batch that holds a pooled connection never waits for another one. The
numbers (the shards of its cells, one for each batch under way) are held as locks of that session: they are free again
when the process is gone.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

SHARDS_MAX: Final = 1_000
TAKE_SHARD: Final = "SELECT pg_try_advisory_lock($1, $2)"
LOCKS_OF_SHARDS: Final = 0x6C656467  # "ledg"


class Naming:
    """One lazily opened connection, used by one at a time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None
        self._held: set[int] = set()
        self._lent: set[int] = set()
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Any]:
        async with self._turn:
            if self._connection is None or self._connection.is_closed():
                self._held, self._lent = set(), set()
                self._connection = await asyncpg.connect(
                    self._url, command_timeout=60, server_settings={"application_name": "dealstream-analytics-naming"}
                )
            yield self._connection

    @asynccontextmanager
    async def shard(self) -> AsyncIterator[int]:
        """The lowest number that nobody else works with. Two with the same number would only wait for each other."""
        async with self.connect() as connection:
            held, lent = self._held, self._lent
            shard = min(held - lent) if held > lent else await _take_shard(connection, held)
            held.add(shard)
            lent.add(shard)
        try:
            yield shard
        finally:
            lent.discard(shard)

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


async def _take_shard(connection: Any, held: set[int]) -> int:
    """One more; a session would be given again what it holds already."""
    for shard in range(SHARDS_MAX):
        if shard not in held and await connection.fetchval(TAKE_SHARD, LOCKS_OF_SHARDS, shard):
            return shard
    return 0
