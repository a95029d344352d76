"""Guards at the relay's start, and what an operator runs when one of them refuses.

Snapshots mean something only in the cluster that took them. After a restore from a dump or a logical copy ``recover``
carries the cursor over: what was published stays published, what was not is published, nothing is skipped.
"""

from collections.abc import Sequence
from typing import Any

from events.errors import ForeignHistory, ReadOnlyDatabase, RelayLeads, ShardsChanged


async def require_own_history(connection: Any, shards: int) -> None:
    """Passes on a primary whose cursors were written by this very cluster for so many shards; makes them if missing."""
    if await connection.fetchval("SELECT pg_is_in_recovery()"):
        raise ReadOnlyDatabase
    await connection.execute(_MAKE_CURSORS, shards)
    row = await connection.fetchrow(_COMPARE, shards)
    if row["foreign"]:
        raise ForeignHistory(f"{ForeignHistory.__doc__} ({row['reason']})")
    if row["resharded"]:
        raise ShardsChanged


async def recover(connection: Any) -> int:
    """Carries the cursors over to this cluster; answers how many unpublished events it found.

    Stop all writers and relays first; a lease that is still held refuses, and the outbox is locked meanwhile. Rows that
    the old snapshots saw are marked as long past, all others as written now, so that the next window holds exactly
    them, in order of ``seq``.
    """
    async with connection.transaction():
        await connection.execute("LOCK TABLE outbox_event IN EXCLUSIVE MODE")
        await _cursors_without_relay(connection)
        waiting: int = await connection.fetchval(_REWRITE)
        await connection.execute(_CARRY_OVER)
    return waiting


async def reshard(connection: Any, shards: int) -> None:
    """Divides the outbox anew: each new shard begins where the slowest old one was, so some events are sent again.

    Stop all relays first; a lease that is still held refuses. An outbox that no relay has seen yet needs no dividing.
    """
    async with connection.transaction():
        cursors = await _cursors_without_relay(connection)
        if not cursors:
            return
        oldest = min(cursors, key=lambda cursor: (cursor["xmax"], cursor["xmin"], -cursor["waiting"]))
        await connection.execute("DELETE FROM outbox_cursor")
        await connection.execute("DELETE FROM outbox_tick")
        await connection.execute(_REDIVIDE, shards, oldest["from_snapshot"], max(row["epoch"] for row in cursors) + 1)


async def _cursors_without_relay(connection: Any) -> Sequence[Any]:
    """The cursors, locked until the transaction ends, so that no relay takes them meanwhile."""
    cursors: Sequence[Any] = await connection.fetch(_LOCK_CURSORS)
    if any(cursor["held"] for cursor in cursors):
        raise RelayLeads
    return cursors


_MAKE_CURSORS = """
INSERT INTO outbox_cursor (shard, shards, system_identifier)
SELECT shard, $1, (SELECT system_identifier FROM pg_control_system())
  FROM generate_series(0, $1::int - 1) AS shard
 WHERE NOT EXISTS (SELECT FROM outbox_cursor)
ON CONFLICT DO NOTHING
"""

_COMPARE = """
SELECT bool_or(ours.system_identifier <> theirs.system_identifier OR theirs.xmax > ours.xmax) AS foreign,
       bool_or(theirs.shards <> $1) AS resharded,
       format('cursor of system %s at transaction %s, this is system %s at %s',
              max(theirs.system_identifier), max(theirs.xmax::text), max(ours.system_identifier), max(ours.xmax::text))
           AS reason
  FROM (SELECT shards, system_identifier,
               greatest(pg_snapshot_xmax(from_snapshot), pg_snapshot_xmax(to_snapshot)) AS xmax
          FROM outbox_cursor) AS theirs,
       (SELECT system_identifier, pg_snapshot_xmax(pg_current_snapshot()) AS xmax FROM pg_control_system()) AS ours
"""

# 3 is the first transaction id there is: every snapshot sees it.
_REWRITE = """
WITH rewritten AS (
    UPDATE outbox_event AS event
       SET xid = CASE WHEN cursor.published THEN '3'::xid8 ELSE pg_current_xact_id() END
      FROM (SELECT event.seq, event.created_at,
                   pg_visible_in_snapshot(event.xid, cursor.from_snapshot) OR
                   (pg_visible_in_snapshot(event.xid, cursor.to_snapshot) AND event.seq <= cursor.last_seq) AS published
              FROM outbox_event AS event
              JOIN outbox_cursor AS cursor ON event.bucket % cursor.shards = cursor.shard) AS cursor
     WHERE event.seq = cursor.seq AND event.created_at = cursor.created_at
    RETURNING cursor.published
)
SELECT count(*) FILTER (WHERE NOT published) FROM rewritten
"""

_CARRY_OVER = """
WITH emptied AS (DELETE FROM outbox_tick)
UPDATE outbox_cursor
   SET from_snapshot = pg_current_snapshot(), to_snapshot = pg_current_snapshot(), last_seq = 0, oldest_at = NULL,
       epoch = epoch + 1, owner = NULL, expires_at = '-infinity',
       system_identifier = (SELECT system_identifier FROM pg_control_system())
"""

_LOCK_CURSORS = """
SELECT from_snapshot::text AS from_snapshot, epoch, expires_at > clock_timestamp() AS held,
       pg_snapshot_xmax(from_snapshot)::text::bigint AS xmax, pg_snapshot_xmin(from_snapshot)::text::bigint AS xmin,
       (SELECT count(*) FROM pg_snapshot_xip(from_snapshot)) AS waiting
  FROM outbox_cursor FOR UPDATE
"""

_REDIVIDE = """
INSERT INTO outbox_cursor (shard, shards, epoch, from_snapshot, to_snapshot, system_identifier)
SELECT shard, $1, $3, $2::text::pg_snapshot, $2::text::pg_snapshot, (SELECT system_identifier FROM pg_control_system())
  FROM generate_series(0, $1::int - 1) AS shard
"""
