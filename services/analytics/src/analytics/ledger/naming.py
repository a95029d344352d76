"""A connection for what must be committed before it is used, and the number of this process among the workers.

It is one connection beside the pool, so that a batch that holds a pooled connection never waits for another one. The
number (the shard of its cells) is held as a lock of that session: it is free again when the process is gone.
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
        self._shard: int | None = None
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Any]:
        async with self._turn:
            if self._connection is None or self._connection.is_closed():
                self._shard = None
                self._connection = await asyncpg.connect(
                    self._url, command_timeout=60, server_settings={"application_name": "dealstream-analytics-naming"}
                )
            yield self._connection

    async def shard(self) -> int:
        """The lowest number that nobody else holds. Two with the same number would only wait for each other."""
        async with self.connect() as connection:
            if self._shard is None:
                self._shard = await _take_shard(connection)
            return self._shard

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


async def _take_shard(connection: Any) -> int:
    for shard in range(SHARDS_MAX):
        if await connection.fetchval(TAKE_SHARD, LOCKS_OF_SHARDS, shard):
            return shard
    return 0
