"""Dead letters: records that wait in the consumer's own database, byte for byte, until somebody or something helps.

The promise: parking happens in the transaction that moves the offset past the record, so nothing is ever dropped and
no broker is needed. A sequence with a dead letter is blocked: its later events wait behind in order. The row of the
blocked sequence is the lock between new arrivals and a redrive.
"""

import hashlib
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from events.codec import Received, decode
from events.envelope import Envelope
from events.errors import InvalidMessage
from events.recoverability import text_of
from events.triage import Letter, Reason, SequenceKey, storable

Identity = tuple[UUID | None, str | None, UUID | None, int | None]

_LARGEST_BIGINT = 2**63 - 1
_DETAIL_LENGTH = 2_000
_STACK_LENGTH = 16_000


async def blocked(connection: Any, group: str, sequences: Iterable[SequenceKey]) -> dict[SequenceKey, Reason]:
    """Which of the sequences are blocked. Waits for a redrive of them, and keeps the next one out until commit."""
    wanted = sorted(set(sequences))
    rows = await connection.fetch(
        """
        SELECT topic, sequence_key, reason FROM blocked_sequence
        WHERE grp = $1
            AND (topic, sequence_key) IN (SELECT * FROM unnest($2::text[], $3::text[]))
        ORDER BY topic, sequence_key
        FOR SHARE
        """,
        group,
        [sequence.topic for sequence in wanted],
        [sequence.key for sequence in wanted],
    )
    return {SequenceKey(row["topic"], row["sequence_key"]): Reason(row["reason"]) for row in rows}


async def park(
    connection: Any, group: str, letters: Sequence[Letter], newly_blocked: Mapping[SequenceKey, Reason]
) -> None:
    """Writes the letters, in order."""
    await connection.executemany(
        """
        INSERT INTO blocked_sequence (grp, topic, sequence_key, reason) VALUES ($1, $2, $3, $4)
        ON CONFLICT (grp, topic, sequence_key) DO UPDATE SET reason = excluded.reason
        """,
        [(group, *sequence, reason) for sequence, reason in newly_blocked.items()],
    )
    await connection.executemany(
        """
        INSERT INTO dead_letter (
            grp, topic, sequence_key, part, record_offset, timestamp_ms, record_key, record_value,
            header_names, header_values, event_id, event_type, tenant_id, aggregate_version,
            reason, error_class, error_detail, stack_hash, stack
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
        ON CONFLICT (grp, topic, part, record_offset) DO NOTHING
        """,
        [_row(group, letter) for letter in letters],
    )


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it is kept: without the values that the message may have carried in its text being trusted."""

    error_class: str
    detail: str
    stack_hash: str
    stack: str | None

    @classmethod
    def of(cls, error: BaseException) -> "Failure":
        """Errors with the same class and the same way through the code are one group.

        Each place counts once: an error object that is raised again, and a recursion, are the same way at any length.
        """
        frames = traceback.extract_tb(error.__traceback__)
        way = [type(error).__qualname__, *dict.fromkeys(f"{frame.filename}:{frame.name}" for frame in frames)]
        if not frames:
            way.append(text_of(error).partition(":")[0])
        stack = "".join(traceback.format_exception(error)) if frames else None
        return cls(
            error_class=f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins."),
            detail=storable(text_of(error))[:_DETAIL_LENGTH],
            stack_hash=hashlib.sha256("\n".join(way).encode("utf-8", "backslashreplace")).hexdigest()[:16],
            stack=None if stack is None else storable(stack)[-_STACK_LENGTH:],
        )


async def depths(connection: Any, group: str) -> list[tuple[str, int, float]]:
    """Of each topic: letters that wait, and the age of the oldest in seconds by the database's clock."""
    rows = await connection.fetch(
        """
        SELECT topic, count(*) AS letters,
            greatest(0, extract(epoch FROM clock_timestamp() - min(first_at)))::float8 AS oldest_seconds
        FROM dead_letter WHERE grp = $1 GROUP BY topic
        """,
        group,
    )
    return [(row["topic"], row["letters"], row["oldest_seconds"]) for row in rows]


async def blocked_counts(connection: Any, group: str) -> list[tuple[str, int, float]]:
    """Of each reason: blocked sequences, and for how long the oldest has been."""
    rows = await connection.fetch(
        """
        SELECT reason, count(*) AS sequences,
            greatest(0, extract(epoch FROM clock_timestamp() - min(blocked_at)))::float8 AS oldest_seconds
        FROM blocked_sequence WHERE grp = $1 GROUP BY reason
        """,
        group,
    )
    return [(row["reason"], row["sequences"], row["oldest_seconds"]) for row in rows]


def _row(group: str, letter: Letter) -> tuple[object, ...]:
    received, failure = letter.arrival.received, Failure.of(letter.error)
    return (
        group,
        *letter.arrival.sequence,
        received.partition,
        received.offset,
        received.timestamp_ms,
        received.key,
        received.value,
        [storable(name) for name, _ in received.headers],
        [value or b"" for _, value in received.headers],
        *_identity(letter.arrival.envelope),
        letter.reason,
        failure.error_class,
        failure.detail,
        failure.stack_hash,
        failure.stack,
    )


def identity_of(received: Received) -> Identity:
    """Event id, type, tenant and version of a record, as far as they can be read."""
    try:
        return _identity(decode(received).envelope)
    except InvalidMessage as error:
        return _identity(error.envelope)


def _identity(envelope: Envelope | None) -> Identity:
    if envelope is None:
        return None, None, None, None
    version = envelope.aggregate_version
    return envelope.id, storable(envelope.type), envelope.tenant, version if version <= _LARGEST_BIGINT else None


def readable(content: bytes) -> str:
    """As a person may read it, and as jsonb may hold it."""
    return storable(content.decode("utf-8", "backslashreplace"))


def received_of(row: Mapping[str, Any]) -> Received:
    """The record of a stored letter, as it came."""
    return Received(
        topic=row["topic"],
        partition=row["part"],
        offset=row["record_offset"],
        timestamp_ms=row["timestamp_ms"],
        key=row["record_key"],
        value=row["record_value"],
        headers=tuple(zip(row["header_names"], row["header_values"], strict=True)),
    )
