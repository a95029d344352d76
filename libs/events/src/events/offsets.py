"""Offsets: where a consumer group stands in each partition, kept in the database of its effects.

The promise: an offset moves only by compare-and-set in the transaction that holds the effects of the records it passes,
so each record takes effect once whoever else still believes to own the partition. The expected offset is the one stored
here; the log may have holes. The group's generation in Kafka is never used: it restarts when the group is deleted.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from events.partition import Partition


class Advance(NamedTuple):
    """A partition's step: from the offset that we stored to the one after the last record handled."""

    partition: Partition
    expected: int
    next: int
    last_event_id: UUID | None = None


class Position(NamedTuple):
    """Where a group stands in a partition."""

    next_offset: int
    epoch: int


class Fenced(Exception):
    """Somebody else has moved these partitions on: roll back, read again, seek."""

    def __init__(self, partitions: Iterable[Partition]) -> None:
        self.partitions = frozenset(partitions)
        super().__init__(", ".join(sorted(map(str, self.partitions))))


async def advance(connection: Any, group: str, steps: Sequence[Advance]) -> None:
    """Compare-and-set of all partitions of a batch, the first statement of its transaction.

    It also bounds how long the transaction may sit idle, so that a process that freezes in the middle of a batch does
    not hold its row lock against the next owner for ever.
    """
    rows = await connection.fetch(
        """
        UPDATE consumer_offset AS stored
        SET next_offset = step.next_offset, advanced_at = clock_timestamp(),
            last_event_id = coalesce(step.last_event_id, stored.last_event_id)
        FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::uuid[])
            AS step (topic, part, expected, next_offset, last_event_id)
        WHERE stored.grp = $1 AND stored.topic = step.topic AND stored.part = step.part
            AND stored.next_offset = step.expected
        RETURNING stored.topic, stored.part, set_config('idle_in_transaction_session_timeout', '30s', true)
        """,
        group,
        [step.partition.topic for step in steps],
        [step.partition.number for step in steps],
        [step.expected for step in steps],
        [step.next for step in steps],
        [step.last_event_id for step in steps],
    )
    moved = {Partition(row["topic"], row["part"]) for row in rows}
    if behind := {step.partition for step in steps} - moved:
        raise Fenced(behind)


async def claim(connection: Any, group: str, owner: str, begins: Mapping[Partition, int]) -> dict[Partition, Position]:
    """Where to go on in each partition; one that was never read starts at its beginning.

    Waits for a batch of the last owner that is being committed, so the answer includes it.
    """
    partitions = sorted(begins)
    rows = await connection.fetch(
        """
        INSERT INTO consumer_offset AS stored (grp, topic, part, next_offset, claimed_by)
        SELECT $1, begins.topic, begins.part, begins.next_offset, $2
        FROM unnest($3::text[], $4::int[], $5::bigint[]) AS begins (topic, part, next_offset)
        ON CONFLICT (grp, topic, part) DO UPDATE
        SET epoch = stored.epoch + 1, claimed_by = excluded.claimed_by, claimed_at = clock_timestamp()
        RETURNING topic, part, next_offset, epoch
        """,
        group,
        owner,
        [partition.topic for partition in partitions],
        [partition.number for partition in partitions],
        [begins[partition] for partition in partitions],
    )
    return {Partition(row["topic"], row["part"]): Position(row["next_offset"], row["epoch"]) for row in rows}


async def positions(connection: Any, group: str) -> dict[Partition, int]:
    """The stored positions of a group."""
    rows = await connection.fetch("SELECT topic, part, next_offset FROM consumer_offset WHERE grp = $1", group)
    return {Partition(row["topic"], row["part"]): row["next_offset"] for row in rows}


async def mark_stopped(connection: Any, group: str, partition: Partition, reason: str) -> None:
    """Makes a stop visible to operators, in whatever process they look."""
    await connection.execute(
        """
        UPDATE consumer_offset SET stopped_at = clock_timestamp(), stopped_reason = $4
        WHERE grp = $1 AND topic = $2 AND part = $3
        """,
        group,
        *partition,
        reason,
    )


async def mark_going(connection: Any, group: str, partitions: Iterable[Partition]) -> None:
    """The partitions flow again."""
    wanted = sorted(partitions)
    await connection.execute(
        """
        UPDATE consumer_offset AS stored SET stopped_at = NULL, stopped_reason = NULL, resumed_at = NULL
        FROM unnest($2::text[], $3::int[]) AS going (topic, part)
        WHERE stored.grp = $1 AND stored.topic = going.topic AND stored.part = going.part
            AND stored.stopped_at IS NOT NULL
        """,
        group,
        [partition.topic for partition in wanted],
        [partition.number for partition in wanted],
    )


async def resumed(connection: Any, group: str) -> set[Partition]:
    """The stopped partitions that an operator has told to go on."""
    rows = await connection.fetch(
        "SELECT topic, part FROM consumer_offset WHERE grp = $1 AND stopped_at IS NOT NULL AND resumed_at IS NOT NULL",
        group,
    )
    return {Partition(row["topic"], row["part"]) for row in rows}
