"""SQL of the pace at which strangers may ask for something: a form, the feed of a calendar."""

from datetime import timedelta
from uuid import UUID

from leads.store import Connection, Row


async def seconds_to_wait(
    connection: "Connection[Row]", tenant: UUID, subject: UUID, who: str, per_minute: int
) -> int | None:
    """Takes a turn; where there is none, how long until the next. One row for all processes, on the database's clock.

    The generic cell rate algorithm: each turn moves the time until which the pace is used up, at most a minute ahead.
    """
    step = timedelta(minutes=1) / per_minute
    room = timedelta(minutes=1) - step
    if await connection.fetchval(_TURN, tenant, subject, who, step, room) is not None:
        return None
    return max(1, await connection.fetchval(_WAIT, tenant, subject, who, room) or 1)


_TURN = """
INSERT INTO public_pace AS pace (tenant_id, subject_id, who, used_until)
VALUES ($1, $2, $3, clock_timestamp() + $4::interval)
ON CONFLICT (tenant_id, subject_id, who)
DO UPDATE SET used_until = greatest(pace.used_until, clock_timestamp()) + $4::interval
WHERE pace.used_until <= clock_timestamp() + $5::interval
RETURNING used_until
"""
_WAIT = """
SELECT ceil(extract(epoch FROM used_until - $4::interval - clock_timestamp()))::int FROM public_pace
WHERE tenant_id = $1 AND subject_id = $2 AND who = $3
"""


async def forget(connection: "Connection[Row]") -> int:
    """Of all tenants: those that hold nobody back any more."""
    done = await connection.execute("DELETE FROM public_pace WHERE used_until < clock_timestamp() - interval '1 hour'")
    return int(done.rpartition(" ")[2])
