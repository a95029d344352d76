"""Facts: the latest state of each aggregate and the postings now in force for it."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from analytics.ledger.packing import Booked, from_bytes, to_bytes

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


@dataclass(slots=True)
class Fact:
    """What is known of one aggregate while a batch is folded. Version 0 means that it is not yet in the database."""

    id: UUID
    stored_version: int = 0
    version: int = 0
    last_event_id: UUID | None = None
    booked: Booked | None = None
    state: Any = None


def pack_state(state: Any) -> bytes:
    """The state as JSON, deflated: a third of the bytes to write, and so of the pages to keep in memory."""
    return zlib.compress(state.__pydantic_serializer__.to_json(state), 1)


def unpack_state(packed: bytes) -> bytes:
    """The JSON again."""
    return zlib.decompress(packed)


async def load(connection: Any, schema: str, tenant: UUID, kind: str, ids: Iterable[UUID]) -> dict[UUID, Fact]:
    """The facts of these aggregates; a new one for each that is not there."""
    facts = {id_: Fact(id_) for id_ in ids}
    for id_, version, event_id, packed in await connection.fetch(LOAD.format(schema=schema), tenant, kind, list(facts)):
        facts[id_] = Fact(id_, version, version, event_id, from_bytes(packed))
    return facts


async def save(connection: Any, schema: str, tenant: UUID, kind: str, facts: Sequence[Fact]) -> None:
    """Write each fact, in key order."""
    ordered = sorted(facts, key=lambda fact: fact.id.int)
    for statement, part in (
        (UPDATE, [fact for fact in ordered if fact.stored_version]),
        (INSERT, [fact for fact in ordered if not fact.stored_version]),
    ):
        if part:
            await connection.execute(statement.format(schema=schema), tenant, kind, *_columns(part))


def _columns(facts: Sequence[Fact]) -> tuple[list[Any], ...]:
    return (
        [fact.id for fact in facts],
        [fact.version for fact in facts],
        [fact.last_event_id for fact in facts],
        [pack_state(fact.state) for fact in facts],
        [to_bytes(fact.booked or {}) for fact in facts],
    )
