"""Up to which time the figures hold every event, and waiting until a certain one is in them."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary

from analytics.ledger import caught_up
from analytics.ledger.projection import active_schema
from chassis.database import FAILURES, acquired
from chassis.directory import Directory
from chassis.refusals import Kind, Refusal
from chassis.resources import Resources

VERSIONS: Final = """
SELECT asked.place, fact.version
FROM unnest($1::uuid[], $2::text[], $3::uuid[]) WITH ORDINALITY AS asked(tenant_id, kind, id, place)
JOIN {schema}.fact ON (fact.tenant_id, fact.kind, fact.id) = (asked.tenant_id, asked.kind, asked.id)
"""

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

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}@{self.version}"


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


class Arrivals:
    """Tells those who wait when their changes are in the figures: one look at the database for all of them.

    Who waits holds no connection, so that however many wait, others are answered.
    """

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._awaited: dict[asyncio.Future[None], tuple[UUID, Change]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def of(self, tenant: UUID, changes: Sequence[Change]) -> None:
        """Return when all these changes are in the figures; NotFoldedYet if that takes too long."""
        arrivals = {asyncio.get_running_loop().create_future(): change for change in changes}
        self._awaited |= {arrival: (tenant, change) for arrival, change in arrivals.items()}
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            _, missing = await asyncio.wait(arrivals, timeout=AWAIT_SECONDS)
        finally:
            for arrival in arrivals:
                self._awaited.pop(arrival, None)
        if missing:
            shown = ", ".join(str(arrivals[arrival]) for arrival in missing)
            raise NotFoldedYet(f"Not in the figures after {AWAIT_SECONDS:.0f} s: {shown}.", retry_after=1)

    async def _look(self) -> None:
        while self._awaited:
            with suppress(*FAILURES, Refusal):  # while the database is away nothing arrives
                async with acquired(self._pool) as connection:
                    await self._tell(connection)
            await asyncio.sleep(POLL_SECONDS)

    async def _tell(self, connection: Any) -> None:
        awaited = list(self._awaited.items())
        columns = [(tenant, change.kind, change.id) for _, (tenant, change) in awaited]
        statement = VERSIONS.format(schema=await active_schema(connection))
        for place, version in await connection.fetch(statement, *map(list, zip(*columns, strict=True))):
            arrival, (_, change) = awaited[place - 1]
            if version >= change.version and not arrival.done():
                arrival.set_result(None)


def arrivals_in(resources: Resources) -> Arrivals:
    """The one of this process."""
    return _arrivals.setdefault(resources.directory, Arrivals(resources.pool))


_arrivals: "WeakKeyDictionary[Directory, Arrivals]" = WeakKeyDictionary()
