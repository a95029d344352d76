"""SQL of histories: what changed about one record, oldest first."""

from collections.abc import Sequence
from uuid import UUID

from leads.store import Connection, Query, Row


async def changes(
    connection: "Connection[Row]",
    tenant: UUID,
    table: str,
    id_: UUID,
    *,
    after: Sequence[str | None] | None,
    limit: int,
) -> list[Row]:
    """One row more than the limit, to see whether more follow."""
    query = Query(tenant)
    query.equal({"id": id_})
    if after is not None:
        query.where("version > {}", int(after[0] or 0))
    columns = "version, at, recorded_at, actor, changes"
    return await query.fetch(connection, table, columns, f"ORDER BY version LIMIT {limit + 1}")
