"""The connection pool, and how a transaction is bound to one tenant.

A tenant's transaction runs as the role ``dealstream_tenant``, under row-level security: a query that forgets its tenant
sees nothing of the others. Relay, consumers and the directory work for all tenants and run as the login user itself,
which holds the role ``dealstream_worker``. Both settings end with the transaction, so nobody may change session state
on a pooled connection; in return a release costs no round trip.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import cast
from uuid import UUID

import asyncpg

from chassis.refusals import Unavailable

ACQUIRE_SECONDS = 5.0
"""How long a request waits for a free connection before it is told to come back."""

FAILURES = (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What a connection may raise when the server is away, or goes away in the middle of a statement."""

Connection = asyncpg.Connection
Pool = asyncpg.Pool


async def open_pool(url: str, *, size: int, name: str) -> "Pool[asyncpg.Record]":
    """A pool that opens connections as they are needed; ``name`` shows in ``pg_stat_activity``."""
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        reset=_reset,
        command_timeout=60,
        max_inactive_connection_lifetime=300,
        # Compiling a plan takes longer than any statement of ours runs.
        server_settings={"application_name": f"dealstream-{name}", "jit": "off", "standard_conforming_strings": "on"},
    )


@asynccontextmanager
async def acquired(pool: "Pool[asyncpg.Record]") -> AsyncIterator["Connection[asyncpg.Record]"]:
    """A connection, or Unavailable when none gets free in time or the server cannot be reached."""
    try:
        connection = await pool.acquire(timeout=ACQUIRE_SECONDS)
    except FAILURES as error:
        raise Unavailable("The database cannot be reached or is busy.", retry_after=1) from error
    try:
        # The proxy of the pool behaves as the connection it stands for.
        yield cast("Connection[asyncpg.Record]", connection)
    finally:
        await pool.release(connection)


@lru_cache(maxsize=10_000)
def begin_as_tenant(tenant: UUID, *, read_only: bool = False) -> str:
    """The one statement that opens a tenant's transaction; a UUID needs no quoting.

    What only reads is planned for its very values each time: a list of one who has three records and of one who has
    fifty thousand want different indexes, and a plan for both reads the whole table for one of them.
    """
    mode = "BEGIN READ ONLY" if read_only else "BEGIN"
    planned = ", set_config('plan_cache_mode', 'force_custom_plan', true)" if read_only else ""
    return (
        f"{mode}; SELECT set_config('role', 'dealstream_tenant', true),"
        f" set_config('dealstream.tenant', '{UUID(int=tenant.int)}', true){planned}"
    )


async def rolled_back(connection: "Connection[asyncpg.Record]") -> None:
    """End a transaction that failed; a connection already lost has no transaction to end."""
    if not connection.is_closed():
        try:
            await connection.execute("ROLLBACK")
        except FAILURES:
            connection.terminate()


async def _reset(connection: "Connection[asyncpg.Record]") -> None:
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")
