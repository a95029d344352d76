"""SQL of first responses: by deadline, those whose deadline has passed, how many wait."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from leads.store import Connection, Query, Row

_RUN_OUT = "response_status = 'running' AND response_due_at < {}"
_COUNTS = """
SELECT tenant_id, response_status, count(*) AS found FROM lead
 WHERE tenant_id = $1 AND response_status IN ('running', 'overdue') GROUP BY 1, 2
"""
_OWNERS = "SELECT id, owner_id FROM lead WHERE tenant_id = $1 AND id = ANY($2)"


async def by_deadline(
    connection: "Connection[Row]", query: Query, *, after: Sequence[str | None] | None, limit: int
) -> list[Row]:
    """The soonest deadline first; leads of the same instant in the order of their ids."""
    query.where("response_status IS NOT NULL")
    if after is not None:
        at, id_ = after
        query.where("(response_due_at, id) > ({}, {})", datetime.fromisoformat(str(at)), UUID(id_))
    return await query.page(connection, "lead", "response_due_at, id", limit)


async def tenants_with_late_responses(connection: Any, now: datetime) -> list[UUID]:
    rows = await connection.fetch(f"SELECT DISTINCT tenant_id FROM lead WHERE {_RUN_OUT.format('$1')}", now)
    return [row["tenant_id"] for row in rows]


async def late_responses(connection: "Connection[Row]", tenant: UUID, now: datetime, limit: int) -> list[UUID]:
    """Leads whose deadline has passed, which nobody has told yet; not locked."""
    query = Query(tenant)
    query.where(_RUN_OUT, now)
    rows = await query.fetch(connection, "lead", "id", f"ORDER BY response_due_at, id LIMIT {limit}")
    return [row["id"] for row in rows]


async def waiting(connection: Any, tenant: UUID) -> dict[str, int]:
    """How many first responses run and how many are overdue."""
    rows = await connection.fetch(_COUNTS, tenant)
    return {row["response_status"]: row["found"] for row in rows}


async def owners(connection: Any, tenant: UUID, leads: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Who holds these leads."""
    return {row["id"]: row["owner_id"] for row in await connection.fetch(_OWNERS, tenant, leads)}
