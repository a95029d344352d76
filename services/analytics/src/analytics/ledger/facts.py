"""Facts: the latest state of each aggregate and the postings now in force for it.

A fact also holds the version and the id of the last event, so that it is the consumer's watermark as well: what is
folded and what is known to be folded cannot disagree.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from cramjam import lz4

from analytics.ledger.packing import Booked, from_bytes, to_bytes
from events.watermark import AggregateKey, Watermark

LOAD: Final = """
SELECT id, version, last_event_id, postings FROM {schema}.fact
WHERE tenant_id = $1 AND kind = $2 AND id = ANY($3::uuid[])
"""
UPDATE: Final = """
UPDATE {schema}.fact f SET version = w.version, last_event_id = w.last_event_id, state = w.state, postings = w.postings
FROM unnest($3::uuid[], $4::int[], $5::uuid[], $6::bytea[], $7::bytea[])
  AS w(id, version, last_event_id, state, postings)
WHERE f.tenant_id = $1 AND f.kind = $2 AND f.id = w.id
"""
INSERT: Final = """
INSERT INTO {schema}.fact (tenant_id, kind, id, version, last_event_id, state, postings)
SELECT $1, $2, * FROM unnest($3::uuid[], $4::int[], $5::uuid[], $6::bytea[], $7::bytea[])
"""
STEP_OVER: Final = """
INSERT INTO {schema}.fact AS f (tenant_id, kind, id, version, last_event_id, state, postings)
VALUES ($1, $2, $3, $4, $5, NULL, '')
ON CONFLICT (tenant_id, kind, id) DO UPDATE SET version = excluded.version, last_event_id = excluded.last_event_id
"""

Group = tuple[str, UUID]
"""Kind of aggregate and tenant: what one statement reads or writes."""


@dataclass(slots=True)
class Fact:
    """What is known of one aggregate while a batch is folded."""

    id: UUID
    version: int = 0
    last_event_id: UUID | None = None
    booked: Booked | None = None
    state: Any = None
    is_new: bool = True
    ahead: Watermark | None = None
    """A later event in the same batch that means nothing here, but counts."""


Facts = dict[Group, dict[UUID, Fact]]


def kind_of(topic: str) -> str:
    """The kind of aggregate: the name of its topic after the service."""
    return topic.partition(".")[2]


def pack_state(state: Any) -> bytes:
    """The state as JSON, compressed: a third of the bytes to write, and so of the pages to keep in memory.

    LZ4, because deflating takes six times as long and longer than all postings of the state.
    """
    return bytes(lz4.compress_block(state.__pydantic_serializer__.to_json(state)))


def unpack_state(packed: bytes) -> bytes:
    """The JSON again."""
    return bytes(lz4.decompress_block(packed))


async def load(connection: Any, schema: str, keys: Iterable[AggregateKey]) -> Facts:
    """The facts of these aggregates; a new one for each that is not there."""
    facts: Facts = {}
    for topic, tenant, id_ in keys:
        facts.setdefault((kind_of(topic), tenant), {})[id_] = Fact(id_)
    statement = LOAD.format(schema=schema)
    for (kind, tenant), known in facts.items():
        for id_, version, event_id, packed in await connection.fetch(statement, tenant, kind, list(known)):
            known[id_] = Fact(id_, version, event_id, from_bytes(packed), is_new=False)
    return facts


async def save(connection: Any, schema: str, group: Group, facts: Iterable[Fact]) -> None:
    """Write each fact, in key order."""
    kind, tenant = group
    ordered = sorted(facts, key=lambda fact: fact.id.int)
    for statement, part in (
        (UPDATE, [fact for fact in ordered if not fact.is_new]),
        (INSERT, [fact for fact in ordered if fact.is_new]),
    ):
        if part:
            await connection.execute(statement.format(schema=schema), tenant, kind, *_columns(part))


async def step_over(connection: Any, schema: str, key: AggregateKey, version: int, event_id: UUID) -> None:
    """An event that means nothing here still counts in the versions of its aggregate."""
    await connection.execute(
        STEP_OVER.format(schema=schema), key.tenant, kind_of(key.topic), key.aggregate_id, version, event_id
    )


def _columns(facts: Sequence[Fact]) -> tuple[list[Any], ...]:
    return (
        [fact.id for fact in facts],
        [fact.version for fact in facts],
        [fact.last_event_id for fact in facts],
        [pack_state(fact.state) for fact in facts],
        [to_bytes(fact.booked or {}) for fact in facts],
    )
