"""The outbox: an event is written in the transaction that caused it, through the caller's own connection.

``append`` neither begins nor commits. Call it after the version-checked write of the aggregate's row: the row lock
makes ``seq`` ascend within the aggregate, and the relay publishes in the order of ``seq``. Where the transaction rolls
back, the event never was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import structlog
from pydantic_core import to_json

from events import metrics
from events.codec import encode_data, tombstone_type
from events.envelope import Marks
from events.errors import EventTooLarge
from events.event import Event
from events.ids import uuid7
from events.topics import Topic

MAX_PAYLOAD_BYTES = 900 * 1024
"""Below the topics' ``max.message.bytes`` by enough for the headers; the table checks it too."""

AFTER_ENTRIES = 11
"""The first parameter of a statement that goes with the entries."""

_BUCKETS = 1 << 15

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Says on a compacted topic that the aggregate is gone: its record has no value, and Kafka forgets the rest."""

    topic: Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """A stamped event and its context."""

    event: Event | Tombstone
    tenant: UUID
    aggregate_id: UUID
    aggregate_version: int
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    actor: str | None = None
    traceparent: str | None = None
    id: UUID = field(default_factory=uuid7)


async def append(connection: Any, entries: Sequence[OutboxEntry]) -> None:
    """Writes the entries in their order; raises ``AppendRefused`` before anything is written."""
    if not entries:
        return
    rows = [_row(entry) for entry in entries]
    await _ensure_partition(connection)
    await connection.execute(_INSERT, *map(list, zip(*rows, strict=True)))
    _count(entries)


async def append_with(connection: Any, entries: Sequence[OutboxEntry], write: str, values: Sequence[object]) -> bool:
    """Write a row and append its events in one statement; False when ``write`` wrote nothing, then nothing is appended.

    ``write`` is an INSERT or UPDATE that ends with RETURNING; its parameters are numbered from ``AFTER_ENTRIES``.
    """
    rows = [_row(entry) for entry in entries]
    await _ensure_partition(connection)
    if len(rows) == 1:
        status = await connection.execute(_insert_one_with(write), *rows[0], *values)
    else:
        status = await connection.execute(_insert_with(write), *map(list, zip(*rows, strict=True)), *values)
    if status == "INSERT 0 0":
        return False
    _count(entries)
    return True


def _count(entries: Sequence[OutboxEntry]) -> None:
    for entry in entries:
        metrics.OUTBOX_APPENDED.labels(entry.event.topic.name).inc()


def bucket_of(aggregate_id: UUID) -> int:
    """The share of the outbox that an aggregate is in; ids end in random bits."""
    return aggregate_id.int % _BUCKETS


def _row(entry: OutboxEntry) -> tuple[object, ...]:
    event = entry.event
    payload = None if isinstance(event, Tombstone) else _payload(event, entry)
    return (
        entry.id,
        entry.tenant,
        event.topic.name,
        entry.aggregate_id,
        entry.aggregate_version,
        tombstone_type(event.topic) if isinstance(event, Tombstone) else event.type,
        1 if isinstance(event, Tombstone) else event.version,
        bucket_of(entry.aggregate_id),
        payload,
        _headers(entry),
    )


def _payload(event: Event, entry: OutboxEntry) -> str:
    data = encode_data(event)
    if len(data) > MAX_PAYLOAD_BYTES:
        raise EventTooLarge(
            f"{event.type} of {entry.aggregate_id} has {len(data)} bytes, at most {MAX_PAYLOAD_BYTES} are allowed"
        )
    return data.decode()


def _headers(entry: OutboxEntry) -> str:
    marks = Marks(entry.correlation_id, entry.causation_id, entry.actor, entry.traceparent)
    return to_json(marks.headers()).decode()


_checked: dict[int, date] = {}
"""The day on which each database connection last saw that today's partition is there."""


async def _ensure_partition(connection: Any) -> None:
    """Once a day and connection: an insert that finds no partition fails, and its transaction cannot be saved then."""
    today = datetime.now(UTC).date()
    backend = connection.get_server_pid()
    if _checked.get(backend) == today:
        return
    if made := await connection.fetchval("SELECT outbox_ensure_partitions(1)"):
        log.error("outbox partitions were missing and are made by a writer", made=made)
        return  # not remembered: the caller may yet roll back
    if len(_checked) > 10_000:  # noqa: PLR2004
        _checked.clear()
    _checked[backend] = today


_INSERT = """
INSERT INTO outbox_event
       (id, tenantid, aggregatetype, aggregateid, aggregateversion, type, schemaversion, bucket, payload, headers)
SELECT id, tenantid, aggregatetype, aggregateid, aggregateversion, type, schemaversion, bucket, payload, headers
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::bigint[], $6::text[], $7::int[], $8::smallint[],
              $9::json[], $10::json[]) WITH ORDINALITY
       AS entry (id, tenantid, aggregatetype, aggregateid, aggregateversion, type, schemaversion, bucket, payload,
                 headers, place)
 ORDER BY place
"""


@lru_cache(maxsize=1000)
def _insert_one_with(write: str) -> str:
    """The usual case, without arrays, which cost the driver and the server more than the row itself."""
    return f"""
WITH written AS ({write})
INSERT INTO outbox_event
       (id, tenantid, aggregatetype, aggregateid, aggregateversion, type, schemaversion, bucket, payload, headers)
SELECT $1::uuid, $2::uuid, $3::text, $4::uuid, $5::bigint, $6::text, $7::int, $8::smallint, $9::json, $10::json
  FROM written
"""


@lru_cache(maxsize=1000)
def _insert_with(write: str) -> str:
    return f"WITH written AS ({write}) {_INSERT.replace(_ORDER, f' WHERE EXISTS (SELECT FROM written){_ORDER}')}"


_ORDER = " ORDER BY place"
