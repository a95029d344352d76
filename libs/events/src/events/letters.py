"""Looking at dead letters: what waits, grouped by what went wrong, and one letter in full. Reads only.

``tenant`` narrows everything to one tenant; records whose tenant could not be read are then left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from events import dead_letter
from events.codec import Received, decode
from events.errors import InvalidMessage


class LetterNotFound(Exception):
    """No such dead letter."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which letters; an absent field does not narrow."""

    consumer: str | None = None
    topic: str | None = None
    reason: str | None = None
    error_class: str | None = None
    stack_hash: str | None = None
    sequence_key: str | None = None
    tenant: UUID | None = None

    def sql(self, first: int, alias: str = "letter") -> tuple[str, list[object]]:
        """A condition, and its values from ``$first`` on."""
        columns = {
            "grp": self.consumer,
            "topic": self.topic,
            "reason": self.reason,
            "error_class": self.error_class,
            "stack_hash": self.stack_hash,
            "sequence_key": self.sequence_key,
            "tenant_id": self.tenant,
        }
        given = [(column, value) for column, value in columns.items() if value is not None]
        terms = [f"{alias}.{column} = ${first + place}" for place, (column, _) in enumerate(given)]
        return " AND ".join(terms) or "true", [value for _, value in given]


@dataclass(frozen=True, slots=True)
class LetterGroup:
    """Heads of blocked sequences that failed in the same way."""

    consumer: str
    topic: str
    reason: str
    error_class: str
    stack_hash: str
    error_detail: str
    """Of the newest."""
    sequences: int
    waiting: int
    """Letters in all these sequences: the heads and what waits behind them."""
    attempts: int
    oldest_at: datetime
    newest_at: datetime


@dataclass(frozen=True, slots=True)
class LetterLine:
    """A letter in a list."""

    id: int
    consumer: str
    topic: str
    sequence_key: str
    partition: int
    offset: int
    reason: str
    error_class: str
    error_detail: str
    stack_hash: str
    event_id: UUID | None
    event_type: str | None
    tenant: UUID | None
    version: int | None
    attempts: int
    edited: bool
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class LetterDetail:
    """A letter in full."""

    line: LetterLine
    key: str | None
    headers: Mapping[str, str]
    value: str | None
    stack: str | None
    waiting_behind: int
    decodes: bool
    problem: str | None
    """Why it does not decode, if so."""
    history: Sequence[Mapping[str, Any]]
    """What operators did to it."""


async def list_groups(connection: Any, wanted: Filter | None = None) -> list[LetterGroup]:
    """What goes wrong, most sequences first."""
    condition, values = (wanted or Filter()).sql(1)
    rows = await connection.fetch(
        f"""
        SELECT letter.grp, letter.topic, letter.reason, letter.error_class, letter.stack_hash,
            (array_agg(letter.error_detail ORDER BY letter.last_at DESC))[1] AS error_detail,
            count(DISTINCT letter.sequence_key) AS sequences,
            sum((SELECT count(*) FROM dead_letter AS every
                 WHERE (every.grp, every.topic, every.sequence_key)
                     = (letter.grp, letter.topic, letter.sequence_key)))::bigint AS waiting,
            max(letter.attempts) AS attempts, min(letter.first_at) AS oldest_at, max(letter.last_at) AS newest_at
        FROM dead_letter AS letter
        WHERE letter.reason <> 'behind' AND {condition}
        GROUP BY letter.grp, letter.topic, letter.reason, letter.error_class, letter.stack_hash
        ORDER BY sequences DESC, oldest_at
        """,
        *values,
    )
    return [LetterGroup(*row) for row in rows]


async def list_letters(
    connection: Any, wanted: Filter | None = None, *, after: int = 0, limit: int = 50
) -> list[LetterLine]:
    """Letters in the order of parking, from after an id on."""
    condition, values = (wanted or Filter()).sql(3)
    rows = await connection.fetch(
        f"SELECT {_LINE} FROM dead_letter AS letter WHERE id > $1 AND {condition} ORDER BY id LIMIT $2",
        after,
        limit,
        *values,
    )
    return [LetterLine(*row) for row in rows]


async def show(connection: Any, letter_id: int, *, tenant: UUID | None = None) -> LetterDetail:
    """One letter with all that is known; raises ``LetterNotFound``."""
    condition, values = Filter(tenant=tenant).sql(2)
    row = await connection.fetchrow(
        f"SELECT * FROM dead_letter AS letter WHERE id = $1 AND {condition}", letter_id, *values
    )
    if row is None:
        raise LetterNotFound
    behind = await connection.fetchval(
        "SELECT count(*) FROM dead_letter WHERE grp = $1 AND topic = $2 AND sequence_key = $3 AND id > $4",
        row["grp"],
        row["topic"],
        row["sequence_key"],
        letter_id,
    )
    history = await connection.fetch("SELECT * FROM dead_letter_audit WHERE letter_id = $1 ORDER BY id", letter_id)
    line = await connection.fetchrow(f"SELECT {_LINE} FROM dead_letter WHERE id = $1", letter_id)
    received = dead_letter.received_of(row)
    problem = problem_of(received)
    return LetterDetail(
        line=LetterLine(*line),
        key=None if received.key is None else _text(received.key),
        headers={name: _text(value) for name, value in received.headers},
        value=None if received.value is None else _text(received.value),
        stack=row["stack"],
        waiting_behind=behind,
        decodes=problem is None,
        problem=problem,
        history=[dict(entry) for entry in history],
    )


def problem_of(received: Received) -> str | None:
    """Why the record does not decode, if so."""
    try:
        decode(received)
    except InvalidMessage as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is why it does not decode
        return repr(error)
    return None


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")


_LINE = """id, grp, topic, sequence_key, part, record_offset, reason, error_class, error_detail, stack_hash,
    event_id, event_type, tenant_id, aggregate_version, attempts, edited, first_at, last_at"""
