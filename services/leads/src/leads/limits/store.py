"""SQL of time limits: which are in use, and what has run out of time."""

from datetime import datetime
from typing import Any
from uuid import UUID

_IN_USE = "SELECT state FROM time_limit WHERE tenant_id = $1 AND active"
_TENANTS_WITH_LATE_OFFERS = "SELECT DISTINCT tenant_id FROM handoff WHERE due_at <= $1"
_LATE_OFFERS = "SELECT id FROM handoff WHERE tenant_id = $1 AND due_at <= $2 ORDER BY due_at, id LIMIT $3"


async def in_use(connection: Any, tenant: UUID) -> list[str]:
    """The states of the firm's limits that are in use."""
    return [row["state"] for row in await connection.fetch(_IN_USE, tenant)]


async def tenants_with_late_offers(connection: Any, now: datetime) -> list[UUID]:
    return [row["tenant_id"] for row in await connection.fetch(_TENANTS_WITH_LATE_OFFERS, now)]


async def late_offers(connection: Any, tenant: UUID, now: datetime, limit: int) -> list[UUID]:
    """Offers that nobody has answered in time; not locked, because leads are locked before handoffs."""
    return [row["id"] for row in await connection.fetch(_LATE_OFFERS, tenant, now, limit)]
