"""Tells a process's directory what changed, the moment it committed, whichever process wrote it.

Holds one connection that listens. While there is none, or one was lost, the directory forgets everything it had and
relies on the short time for which it believes its cache.
"""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from chassis.database import FAILURES
from chassis.directory import Directory
from chassis.ticking import pause

CHANNEL = "dealstream_directory"
RETRY_SECONDS = 1.0
CHECK_SECONDS = 15.0

log = structlog.get_logger(__name__)


async def listen(directory: Directory, url: str, stop: asyncio.Event) -> None:
    """Runs until ``stop``; an outage of the database is waited out."""
    while not stop.is_set():
        try:
            await _listen_once(directory, url, stop)
        except FAILURES as error:
            log.warning("directory changes are not heard", error=str(error))
            await pause(stop, RETRY_SECONDS)


async def _listen_once(directory: Directory, url: str, stop: asyncio.Event) -> None:
    def heard(_connection: Any, _pid: int, _channel: str, payload: Any) -> None:
        tenant, _, id_ = str(payload).partition(" ")
        directory.forget(UUID(tenant), UUID(id_))

    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(url)
    try:
        await connection.add_listener(CHANNEL, heard)
        directory.forget_everything()
        while not stop.is_set():
            await pause(stop, CHECK_SECONDS)
            await connection.fetchval("SELECT 1", timeout=5)
    finally:
        await connection.close(timeout=5)
