"""Daily partitions of the outbox: a week ahead exists, a week behind is kept, none is dropped before it is published.

A partition leaves in three steps: detached concurrently (which waits for every transaction that might still write to
it), looked through once more for a row that the cursors have not passed, dropped. A detached partition with such a row
is attached again.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog

from events import metrics

DAYS_AHEAD = 7

RETENTION = timedelta(days=7)

log = structlog.get_logger(__name__)


async def maintain(connection: Any, retention: timedelta = RETENTION) -> None:
    """Makes what is missing ahead and drops what is past; safe to run again after any interruption."""
    await connection.fetchval("SELECT outbox_ensure_partitions($1)", DAYS_AHEAD)
    metrics.OUTBOX_FUTURE_PARTITIONS.set(await connection.fetchval(_COUNT_FUTURE))
    await _finish_detaching(connection)
    for name in await _attached_before(connection, retention):
        if await _is_published(connection, name):
            log.info("outbox partition leaves", partition=name)
            await connection.execute(f'ALTER TABLE outbox_event DETACH PARTITION "{name}" CONCURRENTLY')
    for name in await _detached(connection):
        await _drop(connection, name)


async def _finish_detaching(connection: Any) -> None:
    """A detaching that was interrupted is completed; PostgreSQL allows no other before."""
    for row in await connection.fetch(_PENDING):
        await connection.execute(f'ALTER TABLE outbox_event DETACH PARTITION "{row["name"]}" FINALIZE')


async def _attached_before(connection: Any, retention: timedelta) -> Sequence[str]:
    return [row["name"] for row in await connection.fetch(_ATTACHED_BEFORE, retention)]


async def _detached(connection: Any) -> Sequence[str]:
    return [row["name"] for row in await connection.fetch(_DETACHED)]


async def _drop(connection: Any, name: str) -> None:
    if await _is_published(connection, name):
        await connection.execute(f'DROP TABLE "{name}"')
        return
    log.error("a detached outbox partition holds unpublished events and is attached again", partition=name)
    await connection.execute(await connection.fetchval(_ATTACH_AGAIN, name))


async def _is_published(connection: Any, name: str) -> bool:
    return not await connection.fetchval(_UNPUBLISHED.format(partition=name))


_COUNT_FUTURE = """
SELECT count(*) FROM pg_inherits
 WHERE inhparent = 'outbox_event'::regclass
   AND right(inhrelid::regclass::text, 8) > to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD')
"""

_PENDING = """
SELECT inhrelid::regclass::text AS name FROM pg_inherits
 WHERE inhparent = 'outbox_event'::regclass AND inhdetachpending
"""

_ATTACHED_BEFORE = """
SELECT inhrelid::regclass::text AS name FROM pg_inherits
 WHERE inhparent = 'outbox_event'::regclass
   AND right(inhrelid::regclass::text, 8) < to_char((clock_timestamp() - $1::interval) AT TIME ZONE 'UTC', 'YYYYMMDD')
 ORDER BY 1
"""

_DETACHED = """
SELECT relname AS name FROM pg_class
 WHERE relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'outbox_event'::regclass)
   AND relkind = 'r' AND relname ~ '^outbox_event_[0-9]{8}$' AND NOT relispartition
 ORDER BY 1
"""

_UNPUBLISHED = """
SELECT NOT EXISTS (SELECT FROM outbox_cursor) AND EXISTS (SELECT FROM "{partition}")
    OR EXISTS (SELECT FROM "{partition}" AS event
                 JOIN outbox_cursor AS cursor ON event.bucket % cursor.shards = cursor.shard
                WHERE NOT pg_visible_in_snapshot(event.xid, cursor.from_snapshot))
"""

_ATTACH_AGAIN = """
SELECT format('ALTER TABLE outbox_event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', $1::text,
              to_date(right($1, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC',
              (to_date(right($1, 8), 'YYYYMMDD') + 1)::timestamp AT TIME ZONE 'UTC')
"""
