"""SQL of qualification: what a firm's rules are, and which leads are to be looked at again."""

from datetime import date
from typing import Any
from uuid import UUID

from leads.store import Connection, Query, Row

_ACTIVE = "SELECT state FROM {table} WHERE tenant_id = $1 AND active"
_TENANTS_WITH_RECALLS = "SELECT DISTINCT tenant_id FROM lead WHERE recall_on <= $1"
_DUE_RECALLS = """
    SELECT id FROM lead WHERE tenant_id = $1 AND recall_on <= $2
    ORDER BY recall_on, id LIMIT $3 FOR UPDATE SKIP LOCKED
"""


async def active(connection: "Connection[Row]", table: str, tenant: UUID) -> list[str]:
    """The states of the firm's checklists or reasons that are in use."""
    return [row["state"] for row in await connection.fetch(_ACTIVE.format(table=table), tenant)]


async def recalls(
    connection: "Connection[Row]",
    query: Query,
    *,
    due: tuple[date | None, date | None],
    after: list[str | None] | None,
    limit: int,
) -> list[Row]:
    """Leads that are to be looked at again, by day: from the first of ``due`` on, before the second."""
    query.where("recall_on IS NOT NULL")
    for bound, on in zip((">=", "<"), due, strict=True):
        if on is not None:
            query.where(f"recall_on {bound} {{}}", on)
    if after is not None:
        last, id_ = after
        query.where("(recall_on, id) > ({}, {})", date.fromisoformat(str(last)), UUID(id_))
    return await query.page(connection, "lead", "recall_on, id", limit)


async def tenants_with_recalls(connection: Any, until: date) -> list[UUID]:
    return [row["tenant_id"] for row in await connection.fetch(_TENANTS_WITH_RECALLS, until)]


async def due_recalls(connection: Any, tenant: UUID, today: date, limit: int) -> list[UUID]:
    """Those that are due, locked; what somebody works on now is passed by and comes next time."""
    return [row["id"] for row in await connection.fetch(_DUE_RECALLS, tenant, today, limit)]
