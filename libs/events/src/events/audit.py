"""What operators do to dead letters and stopped partitions is written down: who, why, before and after."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from events import dead_letter


class Conflict(Exception):
    """Somebody else is working on this."""


@dataclass(frozen=True, slots=True)
class By:
    """Who does it, and why."""

    actor: str
    why: str


async def record(  # noqa: PLR0917
    connection: Any,
    action: str,
    by: By,
    letter: Mapping[str, Any],
    before: str | None = None,
    after: str | None = None,
    outcome: str | None = None,
    *,
    overruled: bool = False,
) -> None:
    await connection.execute(
        """
        INSERT INTO dead_letter_audit (
            action, actor, why, grp, topic, sequence_key, letter_id, event_id, tenant_id, before, after, outcome,
            part, record_offset, overruled
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        """,
        action,
        by.actor,
        by.why,
        letter["grp"],
        letter["topic"],
        letter["sequence_key"],
        letter["id"],
        letter["event_id"],
        letter["tenant_id"],
        before,
        after,
        outcome,
        letter["part"],
        letter["record_offset"],
        overruled,
    )


def content_of(letter: Mapping[str, Any]) -> str:
    headers = zip(letter["header_names"], letter["header_values"], strict=True)
    value = letter["record_value"]
    return json.dumps(
        {
            "headers": {name: dead_letter.readable(content) for name, content in headers},
            "value": None if value is None else dead_letter.readable(value),
        }
    )
