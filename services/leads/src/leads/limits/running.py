"""When what begins now is due, by the firm's limits and working time."""

from datetime import datetime
from uuid import UUID

from chassis.unit_of_work import UnitOfWork
from events.catalogue.limits import LimitKind, TimeLimitState
from leads.limits import store
from leads.limits.time_limit import applying


class Limits:
    """The firm's limits, read once a request."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._in_use: tuple[TimeLimitState, ...] | None = None

    async def applying(self, kind: LimitKind, source: str | None) -> TimeLimitState | None:
        """The limit in use for leads of this source; None where the firm sets none."""
        if self._in_use is None:
            states = await store.in_use(self._work.connection, self._work.tenant)
            self._in_use = tuple(map(TimeLimitState.model_validate_json, states))
        return applying(self._in_use, kind, source)

    async def due(
        self, kind: LimitKind, source: str | None, start: datetime, person: UUID | None = None
    ) -> datetime | None:
        """The instant; None where the firm sets no limit. With a person, by this person's own working time."""
        limit = await self.applying(kind, source)
        if limit is None:
            return None
        working = await self._work.directory.working_time(self._work.tenant, person)
        return working.after(start, limit.working_minutes * 60)
