"""SQL of who sees contact data, and of the notes of who read it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from events.catalogue.identity import Role
from events.ids import uuid7
from leads.store import Connection, Query, Row


class Read(NamedTuple):
    """Who read by which operation of which request."""

    reader: str
    operation: str
    request_id: str


async def seeing(connection: "Connection[Row]", tenant: UUID) -> frozenset[Role] | None:
    """The roles that see contact data; None where the firm has not said."""
    roles = await connection.fetchval("SELECT roles FROM contact_data_right WHERE tenant_id = $1", tenant)
    return None if roles is None else frozenset(map(Role, roles))


async def let_see(connection: "Connection[Row]", tenant: UUID, roles: Iterable[Role], who: str, now: datetime) -> None:
    await connection.execute(
        "INSERT INTO contact_data_right (tenant_id, roles, changed_by, changed_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (tenant_id) DO UPDATE SET roles = $2, changed_by = $3, changed_at = $4",
        tenant,
        sorted(role.value for role in roles),
        who,
        now,
    )


async def note(
    connection: "Connection[Row]", tenant: UUID, read: Read, contacts: Sequence[UUID], now: datetime
) -> None:
    """One row for each contact."""
    await connection.execute(
        "INSERT INTO personal_data_read (tenant_id, id, at, reader, operation, request_id, contact_id)"
        " SELECT $1, id, $2, $3, $4, $5, contact_id FROM unnest($6::uuid[], $7::uuid[]) AS new (id, contact_id)",
        tenant,
        now,
        *read,
        [uuid7() for _ in contacts],
        list(contacts),
    )


async def reads(
    connection: "Connection[Row]", query: Query, *, after: Sequence[str | None] | None, limit: int
) -> list[Row]:
    """The newest first; one row more than the limit, to see whether more follow."""
    if after is not None:
        query.where("id < {}", UUID(after[0]))
    columns = "id, at, reader, operation, request_id, contact_id"
    return await query.fetch(connection, "personal_data_read", columns, f"ORDER BY id DESC LIMIT {limit + 1}")
