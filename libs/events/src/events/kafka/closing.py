"""Closing clients, which may hang, fail, or be cancelled by themselves half way: none of it may reach the caller.

Seen with the client as it is: a consumer that is stopped before its background task has run raises ``CancelledError``
out of ``stop`` and leaves its connections open; with the brokers gone ``stop`` may never return.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)


async def bounded(what: str, closing: Coroutine[Any, Any, object], seconds: float = 10.0) -> bool:
    """Waits for a client to close, but never for ever; False if it did not, or closed with an error."""
    task = asyncio.create_task(closing)
    try:
        await asyncio.wait([task], timeout=seconds)
    finally:
        task.cancel()
    if not task.done() or task.cancelled():
        log.warning("kafka client did not close", client=what)
        return False
    if error := task.exception():
        log.warning("kafka client did not close cleanly", client=what, error=repr(error))
    return error is None


async def close_consumer(client: Any) -> bool:
    """Stops a consumer, and closes its connections if it did not get so far itself."""
    clean = await bounded("consumer", client.stop())
    if not clean:
        await bounded("consumer connections", client._client.close())  # noqa: SLF001
    return clean
