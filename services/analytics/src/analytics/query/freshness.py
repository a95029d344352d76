"""Up to which time the figures hold every event, and waiting until a certain one is in them."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from analytics.ledger import caught_up
from analytics.ledger.projection import active_schema
from chassis.refusals import Kind, Refusal

VERSION: Final = "SELECT version FROM {schema}.fact WHERE tenant_id = $1 AND kind = $2 AND id = $3"

AWAIT_SECONDS: Final = 5.0
POLL_SECONDS: Final = 0.01
REMEMBERED_SECONDS: Final = 0.25


class NotFoldedYet(Refusal):
    """The change that you named is not in the figures yet."""

    slug = "not-folded-yet"
    kind = Kind.UNAVAILABLE


class Change(NamedTuple):
    """A version of an aggregate."""

    kind: str
    id: UUID
    version: int


class Freshness:
    """The time up to which every event is in the figures, read at most a few times a second."""

    def __init__(self) -> None:
        self._complete_to: datetime | None = None
        self._until = 0.0

    async def complete_to(self, connection: Any) -> datetime | None:
        if time.monotonic() >= self._until:
            self._complete_to = await connection.fetchval(caught_up.READ)
            self._until = time.monotonic() + REMEMBERED_SECONDS
        return self._complete_to


async def folded(connection: Any, tenant: UUID, changes: Sequence[Change]) -> None:
    """Return when all these changes are in the figures; NotFoldedYet if that takes too long.

    ``connection`` is the caller's own and in no transaction: with one more for each who waits, a full pool of those who
    wait would wait for itself.
    """
    deadline = time.monotonic() + AWAIT_SECONDS
    waiting = list(changes)
    while waiting:
        schema = await active_schema(connection)
        waiting = [change for change in waiting if not await _is_in(connection, schema, tenant, change)]
        if waiting and time.monotonic() > deadline:
            shown = ", ".join(f"{change.kind}:{change.id}@{change.version}" for change in waiting)
            raise NotFoldedYet(f"Not in the figures after {AWAIT_SECONDS:.0f} s: {shown}.", retry_after=1)
        if waiting:
            await asyncio.sleep(POLL_SECONDS)


async def _is_in(connection: Any, schema: str, tenant: UUID, change: Change) -> bool:
    version = await connection.fetchval(VERSION.format(schema=schema), tenant, change.kind, change.id)
    return version is not None and version >= change.version
