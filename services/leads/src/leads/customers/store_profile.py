"""SQL of survey answers and market notes: only ever added to."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from leads.store import Connection, Query, Row


class ProfileEntry(NamedTuple):
    """An answer or a note."""

    id: UUID
    contact_id: UUID
    kind: str
    topic: str | None
    question: str | None
    text: str
    at: datetime
    recorded_at: datetime
    actor: str


async def write(connection: "Connection[Row]", tenant: UUID, entries: Sequence[ProfileEntry]) -> None:
    await connection.executemany(
        "INSERT INTO profile_entry (tenant_id, id, contact_id, kind, topic, question, text, at, recorded_at, actor)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        [(tenant, *entry) for entry in entries],
    )


async def newest_answers(connection: "Connection[Row]", tenant: UUID, contact: UUID) -> list[Row]:
    """One for each question of each survey: the answer given last."""
    return await connection.fetch(
        f"SELECT DISTINCT ON (topic, question) {_COLUMNS} FROM profile_entry"
        " WHERE tenant_id = $1 AND contact_id = $2 AND kind = 'survey'"
        " ORDER BY topic, question, at DESC, id DESC",
        tenant,
        contact,
    )


async def entries(
    connection: "Connection[Row]", query: Query, *, after: Sequence[str | None] | None, limit: int
) -> list[Row]:
    """The newest first; one row more than the limit, to see whether more follow."""
    if after is not None:
        query.where("id < {}", UUID(after[0]))
    return await query.fetch(connection, "profile_entry", _COLUMNS, f"ORDER BY id DESC LIMIT {limit + 1}")


_COLUMNS = "id, contact_id, kind, topic, question, text, at, recorded_at, actor"
