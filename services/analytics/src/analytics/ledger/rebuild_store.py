"""All SQL of rebuilds: their rows, their schemas, and the moment at which one takes over."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from analytics.ledger.projection import GROUP
from events.partition import Partition


class State(StrEnum):
    """How far a rebuild is."""

    REQUESTED = "requested"
    COPYING = "copying"
    SUMMING = "summing"
    FOLLOWING = "following"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A new version of the ledger in the making."""

    id: UUID
    schema: str
    state: State
    requested_at: datetime
    requested_by: str
    finished_at: datetime | None
    detail: str | None

    @property
    def group(self) -> str:
        """Whose offsets the new version stands at until it takes over."""
        return f"{GROUP}.{self.schema}"

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None


_COLUMNS: Final = "id, schema_name, state, requested_at, requested_by, finished_at, detail"
REQUEST: Final = f"""
WITH next AS (INSERT INTO projection (version, schema_name)
  SELECT max(version) + 1, 'ledger_v' || max(version) + 1 FROM projection RETURNING schema_name)
INSERT INTO rebuild (id, schema_name, state, requested_by) SELECT $1, schema_name, 'requested', $2 FROM next
RETURNING {_COLUMNS}
"""
FIND: Final = f"SELECT {_COLUMNS} FROM rebuild WHERE id = $1"
UNFINISHED: Final = f"SELECT {_COLUMNS} FROM rebuild WHERE finished_at IS NULL"
RECENT: Final = f"SELECT {_COLUMNS} FROM rebuild ORDER BY requested_at DESC LIMIT $1"
STATE: Final = "SELECT state FROM rebuild WHERE id = $1"
CANCEL: Final = "UPDATE rebuild SET state = 'cancelling' WHERE id = $1 AND finished_at IS NULL RETURNING true"
MOVE: Final = "UPDATE rebuild SET state = $3 WHERE id = $1 AND state = $2"
FINISH: Final = "UPDATE rebuild SET state = $2, detail = $3, finished_at = clock_timestamp() WHERE id = $1"
BEGIN: Final = "UPDATE rebuild SET state = 'copying', began = $2, goal = $3 WHERE id = $1 AND state = 'requested'"
PROGRESS: Final = """
SELECT coalesce(sum(greatest(0, (g.value)::bigint - (b.value)::bigint)), 0)::bigint AS total,
  coalesce(sum(greatest(0, least(o.next_offset, (g.value)::bigint) - (b.value)::bigint)), 0)::bigint AS copied
FROM rebuild r CROSS JOIN LATERAL jsonb_each_text(r.goal) AS g
JOIN LATERAL jsonb_each_text(r.began) AS b ON b.key = g.key
LEFT JOIN consumer_offset o ON o.grp = $2 AND o.topic || '/' || o.part = g.key
WHERE r.id = $1
"""
OLD_SCHEMAS: Final = """
SELECT schema_name FROM projection
WHERE schema_name <> $1 AND schema_name NOT IN (SELECT schema_name FROM projection_active)
"""
DIFFERING_FACTS: Final = """
SELECT count(*) FROM {old}.fact o LEFT JOIN {new}.fact n USING (tenant_id, kind, id)
WHERE n.version IS NULL OR n.version < o.version OR (n.version = o.version AND n.last_event_id <> o.last_event_id)
"""
HOLD_OFFSETS: Final = "SELECT FROM consumer_offset WHERE grp = $1 ORDER BY topic, part FOR UPDATE"
HOLD_BLOCKED: Final = "SELECT FROM blocked_sequence WHERE grp = $1 ORDER BY topic, sequence_key FOR UPDATE"
TAKE_OFFSETS: Final = """
INSERT INTO consumer_offset AS live (grp, topic, part, next_offset, last_event_id)
SELECT $2, topic, part, next_offset, last_event_id FROM consumer_offset WHERE grp = $1
ON CONFLICT (grp, topic, part) DO UPDATE
SET next_offset = excluded.next_offset, last_event_id = excluded.last_event_id, epoch = live.epoch + 1
"""
FORGET_LETTERS: Final = "DELETE FROM dead_letter WHERE grp = $1"
FORGET_BLOCKED: Final = "DELETE FROM blocked_sequence WHERE grp = $1"
TAKE_BLOCKED: Final = """
INSERT INTO blocked_sequence (grp, topic, sequence_key, reason, blocked_at)
SELECT $2, topic, sequence_key, reason, blocked_at FROM blocked_sequence WHERE grp = $1
"""
TAKE_LETTERS: Final = "UPDATE dead_letter SET grp = $2 WHERE grp = $1"
FORGET_OFFSETS: Final = "DELETE FROM consumer_offset WHERE grp = $1"
POINT: Final = "UPDATE projection_active SET schema_name = $1"


async def request(connection: Any, id_: UUID, requested_by: str) -> Rebuild:
    """Raises UniqueViolationError while another one is under way."""
    return _rebuild(await connection.fetchrow(REQUEST, id_, requested_by))


async def find(connection: Any, id_: UUID) -> Rebuild | None:
    row = await connection.fetchrow(FIND, id_)
    return None if row is None else _rebuild(row)


async def unfinished(connection: Any) -> Rebuild | None:
    row = await connection.fetchrow(UNFINISHED)
    return None if row is None else _rebuild(row)


async def recent(connection: Any, at_most: int) -> list[Rebuild]:
    return [_rebuild(row) for row in await connection.fetch(RECENT, at_most)]


async def state(connection: Any, rebuild: Rebuild) -> State:
    return State(await connection.fetchval(STATE, rebuild.id))


async def cancel(connection: Any, id_: UUID) -> bool:
    """Ask for it; whoever works on the rebuild sees it within a second."""
    return bool(await connection.fetchval(CANCEL, id_))


async def move(connection: Any, rebuild: Rebuild, before: State, after: State) -> None:
    await connection.execute(MOVE, rebuild.id, before, after)


async def progress(connection: Any, rebuild: Rebuild) -> tuple[int, int]:
    """How many records there were at the start, and how many of them are in."""
    row = await connection.fetchrow(PROGRESS, rebuild.id, rebuild.group)
    return row["total"], row["copied"]


async def begin(pool: Any, rebuild: Rebuild, began: Mapping[Partition, int], goal: Mapping[Partition, int]) -> None:
    """Make the new schema; the one kept from the last rebuild goes."""
    async with pool.acquire() as connection, connection.transaction():
        for (old,) in await connection.fetch(OLD_SCHEMAS, rebuild.schema):
            await _drop_schema(connection, old)
        await connection.execute("SELECT ledger_create($1)", rebuild.schema)
        await connection.execute(BEGIN, rebuild.id, _json(began), _json(goal))


async def goal(pool: Any, rebuild: Rebuild) -> dict[Partition, int]:
    """Where each partition ended when the rebuild began."""
    text = await pool.fetchval("SELECT goal FROM rebuild WHERE id = $1", rebuild.id)
    return {
        Partition(name.rpartition("/")[0], int(name.rpartition("/")[2])): end for name, end in json.loads(text).items()
    }


async def drop(pool: Any, rebuild: Rebuild, outcome: State, detail: str | None) -> None:
    """Leave nothing of the new version behind but the note of what became of it."""
    async with pool.acquire() as connection, connection.transaction():
        await _drop_schema(connection, rebuild.schema)
        await _forget(connection, rebuild.group)
        await connection.execute(FINISH, rebuild.id, outcome, detail)


async def hold_live(connection: Any, group: str) -> None:
    """Wait for the batches and redrives under way and keep others out, until the transaction ends.

    Both lock these rows before the pointer. Whoever took the pointer first would wait for them as they for it.
    """
    await connection.execute(HOLD_OFFSETS, group)
    await connection.execute(HOLD_BLOCKED, group)


async def differing_facts(connection: Any, old: str, new: str) -> int:
    """Facts that the new version lacks, has an older state of, or another event for."""
    found: int = await connection.fetchval(DIFFERING_FACTS.format(old=old, new=new), timeout=600)
    return found


async def take_over(connection: Any, rebuild: Rebuild, group: str) -> None:
    """Pointer, offsets and parked records, in the caller's transaction, which holds the pointer alone."""
    await connection.execute(TAKE_OFFSETS, rebuild.group, group)
    await connection.execute(FORGET_LETTERS, group)
    await connection.execute(FORGET_BLOCKED, group)
    await connection.execute(TAKE_BLOCKED, rebuild.group, group)
    await connection.execute(TAKE_LETTERS, rebuild.group, group)
    await _forget(connection, rebuild.group)
    await connection.execute(POINT, rebuild.schema)
    await connection.execute(FINISH, rebuild.id, State.DONE, None)


async def _forget(connection: Any, group: str) -> None:
    for statement in (FORGET_LETTERS, FORGET_BLOCKED, FORGET_OFFSETS):
        await connection.execute(statement, group)


async def _drop_schema(connection: Any, schema: str) -> None:
    await connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
    await connection.execute("DELETE FROM seal_cover WHERE schema_name = $1", schema)


def _json(positions: Mapping[Partition, int]) -> str:
    return json.dumps({str(partition): position for partition, position in positions.items()})


def _rebuild(row: Any) -> Rebuild:
    return Rebuild(row[0], row[1], State(row[2]), *row[3:])
