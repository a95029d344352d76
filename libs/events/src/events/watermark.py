"""The version watermark: what a consumer has applied of each aggregate, and what that says about the next event.

Versions of an aggregate count from 1 without a hole, so the last applied version tells a duplicate, the next event and
a gap apart without remembering event ids and without any time limit. On a compacted topic older versions are thrown
away, so there any higher version is the next one. Equal version with another event id means that the producer's history
forked (a failover that lost commits): that is never skipped silently.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from events.codec import Message


class AggregateKey(NamedTuple):
    """One aggregate as a consumer knows it; the topic stands for the aggregate's type."""

    topic: str
    tenant: UUID
    aggregate_id: UUID


class Watermark(NamedTuple):
    """The last event applied of an aggregate."""

    version: int
    event_id: UUID


class Verdict(Enum):
    """What to do with an event, by the watermark of its aggregate."""

    NEXT = "next"
    DUPLICATE = "duplicate"
    GAP = "gap"
    DIVERGED = "diverged"


def judge(seen: Watermark | None, version: int, event_id: UUID, *, compacted: bool) -> Verdict:
    """The rule of the watermark."""
    last = seen.version if seen else 0
    if version > last:
        return Verdict.NEXT if compacted or version == last + 1 else Verdict.GAP
    if version == last and (seen is None or event_id != seen.event_id):
        return Verdict.DIVERGED
    return Verdict.DUPLICATE


class Watermarks(Protocol):
    """Where a consumer keeps its watermarks; both run inside the batch transaction, before the handler.

    A projection that keeps version and last event id in its own rows loads them from there. Its handler writes those of
    the events that it is given, so it stores here only what else has moved: ``applied`` are the events that follow.
    """

    async def load(
        self, connection: Any, group: str, keys: Iterable[AggregateKey]
    ) -> Mapping[AggregateKey, Watermark]: ...

    async def store(
        self, connection: Any, group: str, watermarks: Mapping[AggregateKey, Watermark], applied: Sequence[Message]
    ) -> None: ...


class WatermarkTable:
    """The default: a table of its own."""

    async def load(self, connection: Any, group: str, keys: Iterable[AggregateKey]) -> Mapping[AggregateKey, Watermark]:
        wanted = list(keys)
        rows = await connection.fetch(
            """
            SELECT topic, tenant_id, aggregate_id, version, event_id
            FROM unnest($2::text[], $3::uuid[], $4::uuid[]) AS wanted (topic, tenant_id, aggregate_id)
            JOIN consumer_watermark AS seen USING (topic, tenant_id, aggregate_id)
            WHERE seen.grp = $1
            """,
            group,
            *_columns(wanted, 3),
        )
        return {AggregateKey(*row[:3]): Watermark(row[3], row[4]) for row in rows}

    async def store(
        self,
        connection: Any,
        group: str,
        watermarks: Mapping[AggregateKey, Watermark],
        applied: Sequence[Message],  # noqa: ARG002 - a table of its own stores all that has moved
    ) -> None:
        # In key order, so that two transactions never lock the same rows in opposite order.
        rows = sorted(((*key, *watermark) for key, watermark in watermarks.items()), key=_by_aggregate)
        await connection.execute(
            """
            INSERT INTO consumer_watermark AS seen (grp, topic, tenant_id, aggregate_id, version, event_id)
            SELECT $1, * FROM unnest($2::text[], $3::uuid[], $4::uuid[], $5::bigint[], $6::uuid[])
            ON CONFLICT (grp, topic, tenant_id, aggregate_id)
            DO UPDATE SET version = excluded.version, event_id = excluded.event_id
            """,
            group,
            *_columns(rows, 5),
        )


def _by_aggregate(row: tuple[Any, ...]) -> tuple[str, int, int]:
    return row[0], row[1].int, row[2].int


def _columns(rows: list[Any], width: int) -> list[list[Any]]:
    return [[row[column] for row in rows] for column in range(width)]
