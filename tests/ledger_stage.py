"""A ledger on a real database, fed through the consumer's own batch transaction, and what it should then hold.

``expected`` is the brute force: the postings of the latest states, added up in plain dictionaries, with no code of the
fold but the measures themselves.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from analytics.ledger.audit import Audit, audit
from analytics.ledger.fold import Fold
from analytics.ledger.naming import Naming
from analytics.ledger.posting import DIMENSIONS, Posting, Slice
from analytics.ledger.projection import GROUP, Projector
from analytics.measures import FOLDED, MEASURES, POSTINGS
from chassis.database import open_pool
from chassis.migrate import migrate, sources
from events import offsets
from events.batch import Slice as Piece
from events.batch import Subscription, commit
from events.codec import Message, Received, encode
from events.partition import Partition
from folded_world import MIGRATIONS, TENANT, Known, message
from sales_world import World

Balance = tuple[str, date, Slice]
Sums = dict[Balance, tuple[int, int]]

LEDGER = f"""
SELECT l.measure, l.day, {", ".join(f"s.{name}" for name in DIMENSIONS)}, sum(l.count), sum(l.amount)
FROM {{schema}}.ledger l JOIN slice s ON s.id = l.slice WHERE l.tenant_id = $1
GROUP BY l.measure, l.day, s.id HAVING sum(l.count) <> 0 OR sum(l.amount) <> 0
"""
HASH = """
SELECT count(*), sum(hashtextextended(concat_ws(' ', l.event_id, l.fact_id, l.measure, l.day, encode(s.digest, 'hex'),
  l.count, l.amount, extract(epoch from l.recorded_at)), 0)::numeric)
FROM {schema}.ledger l JOIN slice s ON s.id = l.slice
"""
NUMBERS = {measure.number: measure.key for measure in MEASURES}


def record(known: Known, tenant: UUID = TENANT, offset: int = 0) -> Received:
    """The event as Kafka would hand it out."""
    found: Message = message(known, tenant)
    assert found.event is not None
    encoded = encode(found.event, found.envelope)
    return Received(found.topic, 0, offset, 0, encoded.key, encoded.value, tuple(encoded.headers))


def expected(world: World) -> Sums:
    """What the latest states are booked for, added up by hand."""
    counts: Counter[Balance] = Counter()
    amounts: Counter[Balance] = Counter()
    for kind, postings in POSTINGS.items():
        for state in world.latest(kind):
            for posting in postings(state):
                counts[_balance(posting)] += posting.count
                amounts[_balance(posting)] += posting.amount
    return {key: (counts[key], amounts[key]) for key in counts.keys() | amounts.keys() if counts[key] or amounts[key]}


def _balance(posting: Posting) -> Balance:
    return posting.measure.key, posting.on, posting.slice


@dataclass
class Stage:
    """One ledger and the consumer in front of it."""

    pool: Any
    naming: Naming
    fold: Fold
    subscription: Subscription
    positions: dict[Partition, int] = field(default_factory=dict)

    async def take(self, records: Iterable[Received], lane: int = 0) -> None:
        """One batch, as a consumer's lane commits it; each lane has partitions of its own."""
        by_topic: dict[str, list[Received]] = {}
        for one in records:
            by_topic.setdefault(one.topic, []).append(one)
        pieces = [await self._piece(Partition(topic, lane), found) for topic, found in sorted(by_topic.items())]
        await commit(self.pool, self.subscription, pieces)
        for piece in pieces:
            self.positions[piece.partition] = piece.records[-1].offset + 1

    async def _piece(self, partition: Partition, found: Sequence[Received]) -> Piece:
        if partition not in self.positions:
            async with self.pool.acquire() as connection:
                claimed = await offsets.claim(connection, self.subscription.group, "stage", {partition: 0})
            self.positions[partition] = claimed[partition].next_offset
        begin = self.positions[partition]
        return Piece(partition, begin, [one._replace(offset=begin + place) for place, one in enumerate(found)])

    async def sums(self, tenant: UUID = TENANT, schema: str = "ledger_v1") -> Sums:
        rows = await self.pool.fetch(LEDGER.format(schema=schema), tenant)
        return {
            (NUMBERS[row[0]], row[1], Slice(*row[2 : 2 + len(DIMENSIONS)])): (int(row[-2]), int(row[-1]))
            for row in rows
        }

    async def audit(self, tenant: UUID = TENANT, schema: str = "ledger_v1") -> Audit:
        async with self.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
            return await audit(connection, schema, tenant, self.fold)

    async def canonical_hash(self, schema: str = "ledger_v1") -> tuple[int, Any]:
        """Of the set of entries, whatever their order."""
        return tuple(await self.pool.fetchrow(HASH.format(schema=schema)))


@asynccontextmanager
async def stage(url: str) -> AsyncIterator[Stage]:
    await migrate(url, sources("analytics", MIGRATIONS))
    async with opened(url) as found:
        yield found


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[Stage]:
    """As ``stage``, on a database that is there already."""
    pool = await open_pool(url, size=6, name="test")
    naming = Naming(url)
    fold = Fold(POSTINGS, MEASURES, naming.connect)
    projector = Projector(fold, shard=naming.shard, **options)
    try:
        yield Stage(pool, naming, fold, Subscription.to(GROUP, FOLDED, projector.handle, watermarks=projector))
    finally:
        await naming.close()
        await pool.close()
