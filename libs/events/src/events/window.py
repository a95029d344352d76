"""What the relay reads: ticks, windows and pages, and all SQL of them.

A tick is a stored snapshot of the database. A window is what a later snapshot sees and an earlier one did not; inside
it rows are read in the order of ``seq``. So no row is missed however late its transaction commits, nobody waits for
anybody, and the rows of one aggregate keep their order: its later writer commits after the earlier one, and draws its
``seq`` after it. Nothing is ever inferred from a gap or from a clock.

Both snapshots are stored: whoever reads a window again, after whatever crash, reads the identical rows.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from events.lease import Lease


@dataclass(frozen=True, slots=True)
class Window:
    """The window that is being published, and how far."""

    from_snapshot: str
    to_snapshot: str
    last_seq: int

    @property
    def is_open(self) -> bool:
        """False when all that the last tick saw has been published."""
        return self.from_snapshot != self.to_snapshot


async def tick(connection: Any, lease: Lease) -> int:
    """Stores the present snapshot if it sees events that the last one did not; answers how many."""
    return await connection.fetchval(_TICK, lease.shard, lease.shards, lease.epoch) or 0


async def current(connection: Any, lease: Lease) -> Window:
    """The stored window."""
    return Window(*await connection.fetchrow(_CURRENT, lease.shard))


async def open_next(connection: Any, lease: Lease, page_size: int) -> Window:
    """Closes the window and opens the next, up to the furthest tick that a page still holds, if there is one."""
    began = time.monotonic()
    row = await connection.fetchrow(_OPEN_NEXT, lease.shard, lease.epoch, lease.duration, page_size)
    lease.renewed(began, row)
    return Window(*row)


async def read_page(connection: Any, lease: Lease, window: Window, page_size: int) -> Sequence[Any]:
    """The next rows of the window, in order of ``seq``."""
    rows: Sequence[Any] = await connection.fetch(
        _READ_PAGE,
        window.from_snapshot,
        window.to_snapshot,
        window.last_seq,
        lease.shards,
        lease.shard,
        page_size,
    )
    return rows


async def advance(connection: Any, lease: Lease, last_seq: int) -> None:
    """Notes that all rows up to ``last_seq`` are published: the one fenced write of a page."""
    began = time.monotonic()
    lease.renewed(began, await connection.fetchval(_ADVANCE, lease.shard, lease.epoch, lease.duration, last_seq))


async def oldest_seconds(connection: Any, shard: int, shards: int) -> float:
    """Age of the oldest event that is committed and not known to be published."""
    return float(await connection.fetchval(_OLDEST, shard, shards) or 0.0)


def rows_between(columns: str, earlier: str, later: str) -> str:
    """The rows that ``later`` sees and ``earlier`` did not: begun after it, or in progress then.

    Two branches and not one with OR, each an index scan on ``xid``; with OR the planner walks the primary key.
    """
    return f"""
        SELECT {columns} FROM outbox_event
         WHERE xid >= pg_snapshot_xmax({earlier}) AND xid < pg_snapshot_xmax({later})
           AND pg_visible_in_snapshot(xid, {later})
        UNION ALL
        SELECT {columns} FROM outbox_event
         WHERE xid = ANY (ARRAY(SELECT pg_snapshot_xip({earlier}))) AND pg_visible_in_snapshot(xid, {later})
    """


SESSION = """
SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_bitmapscan = off;
SET plan_cache_mode = force_generic_plan; SET jit = off
"""
"""For the connection that reads: today's partition has no statistics yet, and a wrong guess must not scan a week."""

_LAST_SNAPSHOT = """
    coalesce((SELECT snapshot FROM outbox_tick WHERE shard = $1 ORDER BY id DESC LIMIT 1),
             (SELECT to_snapshot FROM outbox_cursor WHERE shard = $1))
"""

_TICK = f"""
WITH span AS MATERIALIZED (SELECT {_LAST_SNAPSHOT} AS earlier, pg_current_snapshot() AS later),
fresh AS MATERIALIZED ({rows_between("created_at, bucket", "(SELECT earlier FROM span)", "(SELECT later FROM span)")}),
found AS (SELECT count(*) AS events, min(created_at) AS oldest_at FROM fresh WHERE bucket % $2::int = $1)
INSERT INTO outbox_tick (shard, snapshot, events, oldest_at)
SELECT $1, later, events, oldest_at FROM span, found
 WHERE events > 0 AND EXISTS (SELECT FROM outbox_cursor WHERE shard = $1 AND epoch = $3)
RETURNING events
"""

_CURRENT = """
SELECT from_snapshot::text, to_snapshot::text, last_seq FROM outbox_cursor WHERE shard = $1
"""

_OPEN_NEXT = """
WITH pending AS (SELECT id, snapshot, events, oldest_at FROM outbox_tick WHERE shard = $1 ORDER BY id LIMIT 200),
summed AS (SELECT *, sum(events) OVER (ORDER BY id) AS total, row_number() OVER (ORDER BY id) AS place FROM pending),
chosen AS (SELECT id, snapshot FROM summed WHERE total <= $4 OR place = 1 ORDER BY id DESC LIMIT 1),
used AS (
    DELETE FROM outbox_tick
     WHERE shard = $1 AND id <= (SELECT id FROM chosen)
       AND EXISTS (SELECT FROM outbox_cursor WHERE shard = $1 AND epoch = $2)
)
UPDATE outbox_cursor
   SET from_snapshot = to_snapshot,
       to_snapshot = coalesce((SELECT snapshot FROM chosen), to_snapshot),
       oldest_at = (SELECT min(oldest_at) FROM summed WHERE id <= (SELECT id FROM chosen)),
       last_seq = 0,
       expires_at = clock_timestamp() + $3::interval
 WHERE shard = $1 AND epoch = $2
RETURNING from_snapshot::text, to_snapshot::text, last_seq
"""

PUBLISHED_COLUMNS = """
    seq, id::text AS id, tenantid::text AS tenant, aggregatetype AS topic, aggregateid::text AS aggregate,
    aggregateversion AS version, type, convert_to(payload::text, 'UTF8') AS value, headers::text AS headers, created_at
"""

_READ_PAGE = f"""
WITH fresh AS MATERIALIZED (
    {rows_between("seq, created_at, bucket", "$1::text::pg_snapshot", "$2::text::pg_snapshot")}
), page AS MATERIALIZED (
    SELECT seq, created_at FROM fresh WHERE seq > $3 AND bucket % $4::int = $5::int ORDER BY seq LIMIT $6
)
SELECT row.* FROM page
 CROSS JOIN LATERAL (
    SELECT {PUBLISHED_COLUMNS} FROM outbox_event AS event
     WHERE event.seq = page.seq AND event.created_at = page.created_at
 ) AS row
 ORDER BY row.seq
"""

_ADVANCE = """
UPDATE outbox_cursor SET last_seq = $4, expires_at = clock_timestamp() + $3::interval
 WHERE shard = $1 AND epoch = $2
RETURNING epoch
"""

_OLDEST = f"""
WITH span AS MATERIALIZED (SELECT {_LAST_SNAPSHOT} AS earlier, pg_current_snapshot() AS later),
fresh AS MATERIALIZED ({rows_between("created_at, bucket", "(SELECT earlier FROM span)", "(SELECT later FROM span)")})
SELECT extract(epoch FROM greatest(interval '0', clock_timestamp() - least(
    (SELECT oldest_at FROM outbox_cursor WHERE shard = $1),
    (SELECT min(oldest_at) FROM outbox_tick WHERE shard = $1),
    (SELECT min(created_at) FROM fresh WHERE bucket % $2::int = $1))))
"""
