"""SQL of forms beyond loading, saving and listing: finding one by its public key, its tally."""

from datetime import date
from typing import Any
from uuid import UUID

from leads.store import Connection, Row


async def by_key(pool: Any, key: str) -> Row | None:
    """Of whichever tenant: outside of a tenant's transaction. Only a form that takes entries."""
    found: Row | None = await pool.fetchrow("SELECT tenant_id, state FROM web_form WHERE key = $1 AND active", key)
    return found


async def count(connection: "Connection[Row]", tenant: UUID, form: UUID, on: date, outcome: str) -> None:
    """One entry more of this day that ended so."""
    await connection.execute(
        "INSERT INTO web_form_tally AS tally (tenant_id, form_id, on_day, outcome, entries) VALUES ($1, $2, $3, $4, 1)"
        " ON CONFLICT (tenant_id, form_id, on_day, outcome) DO UPDATE SET entries = tally.entries + 1",
        tenant,
        form,
        on,
        outcome,
    )


async def tally(connection: "Connection[Row]", tenant: UUID, form: UUID, days: int) -> list[Row]:
    """The newest days on which there were entries."""
    return await connection.fetch(
        "SELECT on_day, sum(entries) FILTER (WHERE outcome = 'captured') AS captured,"
        " sum(entries) FILTER (WHERE outcome = 'linked') AS linked,"
        " sum(entries) FILTER (WHERE outcome = 'spam') AS spam FROM web_form_tally"
        " WHERE tenant_id = $1 AND form_id = $2 GROUP BY on_day ORDER BY on_day DESC LIMIT $3",
        tenant,
        form,
        days,
    )
