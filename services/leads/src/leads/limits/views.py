"""What leads answers about time limits."""

from uuid import UUID

from pydantic import BaseModel

from chassis.aggregates import Loaded
from events.catalogue.limits import LimitKind, TimeLimitState


class TimeLimitView(BaseModel):
    """A time limit."""

    id: UUID
    version: int
    kind: LimitKind
    source: str | None
    working_minutes: int
    active: bool
    restarts_with_owner: bool
    """Whether a first response has its whole time anew once somebody else holds the lead."""

    @classmethod
    def of(cls, loaded: Loaded[TimeLimitState]) -> "TimeLimitView":
        limit = loaded.state
        return cls(
            id=limit.id,
            version=loaded.version,
            kind=limit.kind,
            source=limit.source,
            working_minutes=limit.working_minutes,
            active=limit.active,
            restarts_with_owner=limit.restarts_with_owner,
        )
