"""The hash of sealed balances, and what was booked on sealed days since. All SQL of seals.

The hash covers each balance at full grain (measure, day, slice, count, amount) in a fixed order, as the ledger stood
when the period was sealed: entries up to a number, without the events named as late. Slices go in by digest, so the
hash does not depend on the numbers that this database gave them.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from analytics.ledger import rebuild_store
from analytics.ledger.grain import WHOLE_LEDGER_SECONDS, fetched
from analytics.ledger.projection import ACTIVE_ALONE, ACTIVE_SHARED, GROUP
from analytics.measures import MEASURES
from chassis.refusals import Unavailable
from events.catalogue.analytics import CoveredOffset

LAST_SEQ: Final = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {schema}.ledger_seq"
OFFSETS: Final = """
SELECT topic, part AS partition, next_offset FROM consumer_offset WHERE grp = $1 ORDER BY topic, part
"""
SEALED: Final = "SELECT from_on, to_on FROM seal WHERE tenant_id = $1 ORDER BY from_on"
STATES: Final = "SELECT state FROM seal WHERE tenant_id = $1 ORDER BY from_on"
BALANCES: Final = """
SELECT l.measure, l.day, encode(s.digest, 'hex'), sum(l.count), sum(l.amount)
FROM {schema}.ledger l JOIN slice s ON s.id = l.slice
WHERE l.tenant_id = $1 AND l.day >= $2 AND l.day < $3 AND l.measure = ANY($4::smallint[])
  AND l.seq <= $5 AND l.event_id <> ALL($6::uuid[])
GROUP BY l.measure, l.day, s.digest HAVING sum(l.count) <> 0 OR sum(l.amount) <> 0
ORDER BY l.measure, l.day, s.digest
"""
ADJUSTMENTS: Final = """
SELECT l.seq, l.recorded_at, l.event_id, t.name AS event_type, l.kind, l.fact_id, l.measure, l.day, l.count, l.amount
FROM {schema}.ledger l JOIN event_type t ON t.id = l.event_type
WHERE l.tenant_id = $1 AND l.day >= $2 AND l.day < $3 AND l.measure = ANY($4::smallint[])
  AND (l.seq > $5 OR l.event_id = ANY($6::uuid[]))
ORDER BY l.recorded_at, l.event_id, l.measure, l.day LIMIT $7
"""
KEEP_COVER: Final = """
INSERT INTO seal_cover (tenant_id, seal_id, schema_name, ledger_seq, measures) VALUES ($1, $2, $3, $4, $5)
"""
COVER: Final = """
SELECT ledger_seq, late_events, measures FROM seal_cover WHERE tenant_id = $1 AND seal_id = $2 AND schema_name = $3
"""
CARRY_OVER: Final = """
INSERT INTO seal_cover (tenant_id, seal_id, schema_name, ledger_seq, measures, late_events)
SELECT c.tenant_id, c.seal_id, $2, (SELECT last_value FROM {new}.ledger_seq), c.measures,
  (SELECT coalesce(array_agg(event_id), '{{}}') FROM (
    SELECT l.event_id FROM {new}.ledger l
    WHERE l.tenant_id = c.tenant_id AND l.day >= s.from_on AND l.day < s.to_on AND l.measure = ANY(c.measures)
    EXCEPT SELECT l.event_id FROM {old}.ledger l
    WHERE l.tenant_id = c.tenant_id AND l.day >= s.from_on AND l.day < s.to_on AND l.measure = ANY(c.measures)
      AND l.seq <= c.ledger_seq AND l.event_id <> ALL(c.late_events)) AS late)
FROM seal_cover c JOIN seal s ON s.tenant_id = c.tenant_id AND s.id = c.seal_id
WHERE c.schema_name = $1
ON CONFLICT (tenant_id, seal_id, schema_name) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Cover:
    """Which entries of one version of the ledger a seal covers."""

    schema: str
    ledger_seq: int
    measures: tuple[int, ...]
    late_events: tuple[UUID, ...] = ()


async def hold(connection: Any) -> tuple[Cover, tuple[CoveredOffset, ...]]:
    """Wait for the batches under way and keep others out for a moment: what is there then is covered.

    The locks go with the savepoint, so that hashing holds nobody up: entries up to a number stay as they are.
    Offsets are locked first, as by every batch; by the pointer alone, batches that overlap could pass by for ever.
    """
    await connection.execute("SAVEPOINT moment")
    try:
        await rebuild_store.hold_live(connection, GROUP)
        schema = await connection.fetchval(ACTIVE_ALONE)
        last = await connection.fetchval(LAST_SEQ.format(schema=schema))
        covered = tuple(CoveredOffset(**row) for row in await connection.fetch(OFFSETS, GROUP))
    finally:
        await connection.execute("ROLLBACK TO SAVEPOINT moment")
    if await connection.fetchval(ACTIVE_SHARED) != schema:
        raise Unavailable("The ledger has just been replaced by a rebuilt one; ask again.", retry_after=1)
    return Cover(schema, last, tuple(sorted(measure.number for measure in MEASURES))), covered


async def sealed_periods(connection: Any, tenant: UUID) -> list[tuple[date, date]]:
    return [tuple(row) for row in await connection.fetch(SEALED, tenant)]


async def keep_cover(connection: Any, tenant: UUID, seal_id: UUID, cover: Cover) -> None:
    await connection.execute(KEEP_COVER, tenant, seal_id, cover.schema, cover.ledger_seq, cover.measures)


async def cover_of(connection: Any, tenant: UUID, seal_id: UUID, schema: str) -> Cover:
    row = await connection.fetchrow(COVER, tenant, seal_id, schema)
    return Cover(schema, row["ledger_seq"], tuple(row["measures"]), tuple(row["late_events"]))


async def balances_hash(connection: Any, tenant: UUID, from_on: date, to_on: date, cover: Cover) -> str:
    """SHA-256 over the balances of [from_on, to_on), one line each."""
    found = hashlib.sha256()
    bounds = (cover.measures, cover.ledger_seq, cover.late_events)
    statement = BALANCES.format(schema=cover.schema)
    async for measure, day, digest, count, amount in connection.cursor(
        statement, tenant, from_on, to_on, *bounds, prefetch=2_000, timeout=WHOLE_LEDGER_SECONDS
    ):
        found.update(f"{measure} {day} {digest} {count} {amount}\n".encode())
    return found.hexdigest()


async def adjustments(
    connection: Any, tenant: UUID, from_on: date, to_on: date, cover: Cover, *, at_most: int
) -> list[Any]:
    """What was booked on the sealed days after sealing."""
    bounds = (cover.measures, cover.ledger_seq, cover.late_events)
    statement = ADJUSTMENTS.format(schema=cover.schema)
    return await fetched(connection, statement, tenant, from_on, to_on, *bounds, at_most)


async def carry_over(connection: Any, old: str, new: str) -> None:
    """A new version of the ledger takes the place of the old one: say for each seal which of its entries it covers."""
    await connection.execute(CARRY_OVER.format(old=old, new=new), old, new, timeout=WHOLE_LEDGER_SECONDS)
