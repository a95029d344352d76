"""SQL of conversions: those that are listed, and those that wait beyond their time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from leads.store import Connection, Query, Row

OWNERS = (("offered_by_id", "offered_by_team_id"), ("offered_to_id", "offered_to_team_id"))
_OVERDUE = "SELECT count(*) FROM conversion WHERE due_at <= $1"


async def conversions(
    connection: "Connection[Row]", query: Query, *, after: Sequence[str | None] | None, limit: int
) -> list[Row]:
    """By id: the ids are drawn from those of the handoffs and stand in no order of time."""
    if after is not None and after[0] is not None:
        query.where("id > {}", UUID(after[0]))
    return await query.page(connection, "conversion", "id", limit)


def overdue(query: Query, now: datetime, *, wanted: bool) -> None:
    """Those that wait although deals should have answered, or all others. Whatever has ended is due no more."""
    query.where("due_at <= {}" if wanted else "(due_at IS NULL OR due_at > {})", now)


async def count_overdue(connection: Any, now: datetime) -> int:
    """Of all firms."""
    return int(await connection.fetchval(_OVERDUE, now))
