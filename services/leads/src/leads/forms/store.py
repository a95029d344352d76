"""SQL of forms beyond loading, saving and listing: finding one by its public key, its pace, its tally."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from leads.store import Connection, Row


async def by_key(pool: Any, key: str) -> Row | None:
    """Of whichever tenant: outside of a tenant's transaction. Only a form that takes entries."""
    found: Row | None = await pool.fetchrow("SELECT tenant_id, state FROM web_form WHERE key = $1 AND active", key)
    return found


async def seconds_to_wait(
    connection: "Connection[Row]", tenant: UUID, form: UUID, who: str, per_minute: int
) -> int | None:
    """Takes a turn; where there is none, how long until the next. One row for all processes, on the database's clock.

    The generic cell rate algorithm: each turn moves the time until which the pace is used up, at most a minute ahead.
    """
    step = timedelta(minutes=1) / per_minute
    room = timedelta(minutes=1) - step
    if await connection.fetchval(_TURN, tenant, form, who, step, room) is not None:
        return None
    return max(1, await connection.fetchval(_WAIT, tenant, form, who, room) or 1)


_TURN = """
INSERT INTO web_form_pace AS pace (tenant_id, form_id, who, used_until)
VALUES ($1, $2, $3, clock_timestamp() + $4::interval)
ON CONFLICT (tenant_id, form_id, who)
DO UPDATE SET used_until = greatest(pace.used_until, clock_timestamp()) + $4::interval
WHERE pace.used_until <= clock_timestamp() + $5::interval
RETURNING used_until
"""
_WAIT = """
SELECT ceil(extract(epoch FROM used_until - $4::interval - clock_timestamp()))::int FROM web_form_pace
WHERE tenant_id = $1 AND form_id = $2 AND who = $3
"""


async def forget_paces(connection: "Connection[Row]") -> int:
    """Of all tenants: those that hold nobody back any more."""
    done = await connection.execute(
        "DELETE FROM web_form_pace WHERE used_until < clock_timestamp() - interval '1 hour'"
    )
    return int(done.rpartition(" ")[2])


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
