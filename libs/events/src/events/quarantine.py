"""Rows that Kafka refuses for good, kept with the later rows of their aggregates until an operator releases them.

One aggregate stands still and in order; all others flow. Nothing is dropped. ``release`` lets the relay try again, from
the first row on; what is refused again is held again.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from events.lease import Lease
from events.window import PUBLISHED_COLUMNS


async def hold(connection: Any, refused: Iterable[tuple[Any, str]]) -> None:
    """Copies the rows into quarantine, each with the reason; in the transaction that moves the cursor past them."""
    for row, reason in refused:
        await connection.execute(_HOLD, row["seq"], row["created_at"], reason)


async def held_aggregates(connection: Any, lease: Lease) -> set[str]:
    """The aggregates of the shard that stand still."""
    rows = await connection.fetch(_HELD_AGGREGATES, lease.shards, lease.shard)
    return {row["aggregate"] for row in rows}


async def released_rows(connection: Any, lease: Lease, limit: int) -> Sequence[Any]:
    """Released rows of the shard, in order of ``seq``."""
    rows: Sequence[Any] = await connection.fetch(_RELEASED_ROWS, lease.shards, lease.shard, limit)
    return rows


async def settle(connection: Any, sent: Iterable[int], refused: Iterable[tuple[Any, str]]) -> None:
    """Takes out what Kafka has confirmed; holds aggregates that were refused again."""
    await connection.execute("DELETE FROM outbox_quarantine WHERE seq = ANY ($1::bigint[])", list(sent))
    for row, reason in refused:
        await connection.execute(_HOLD_AGAIN, UUID(row["aggregate"]), row["seq"], reason)


async def release(connection: Any, aggregate_id: UUID) -> int:
    """Lets the relay send the aggregate's rows again; answers how many there are."""
    released: list[Any] = await connection.fetch(_RELEASE, aggregate_id)
    return len(released)


async def count(connection: Any) -> int:
    """All rows in quarantine."""
    return int(await connection.fetchval("SELECT count(*) FROM outbox_quarantine"))


# A follower of rows that were released meanwhile is released with them.
_HOLD = """
INSERT INTO outbox_quarantine (seq, bucket, id, tenantid, aggregatetype, aggregateid, aggregateversion, type, payload,
                               headers, created_at, reason, released_at)
SELECT seq, bucket, id, tenantid, aggregatetype, aggregateid, aggregateversion, type, payload, headers, created_at, $3,
       (SELECT max(released_at) FROM outbox_quarantine AS earlier WHERE earlier.aggregateid = event.aggregateid)
  FROM outbox_event AS event
 WHERE seq = $1 AND created_at = $2
ON CONFLICT (seq) DO NOTHING
"""

_HELD_AGGREGATES = """
SELECT DISTINCT aggregateid::text AS aggregate FROM outbox_quarantine WHERE bucket % $1::int = $2::int
"""

_RELEASED_ROWS = f"""
SELECT {PUBLISHED_COLUMNS} FROM outbox_quarantine
 WHERE released_at IS NOT NULL AND bucket % $1::int = $2::int
 ORDER BY seq LIMIT $3
"""

_HOLD_AGAIN = """
UPDATE outbox_quarantine
   SET released_at = NULL, reason = CASE WHEN seq = $2 THEN $3 ELSE reason END
 WHERE aggregateid = $1
"""

_RELEASE = """
UPDATE outbox_quarantine SET released_at = clock_timestamp() WHERE aggregateid = $1 RETURNING seq
"""
