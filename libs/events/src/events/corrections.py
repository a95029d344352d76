"""Correcting a dead letter in place, before it is redriven; audited."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg

from events import dead_letter
from events.audit import By, Conflict, content_of, record
from events.codec import Headers
from events.letters import Filter, LetterNotFound, problem_of


async def edit(
    connection: Any,
    letter_id: int,
    by: By,
    *,
    value: bytes | None = None,
    headers: Headers | None = None,
    tenant: UUID | None = None,
) -> str | None:
    """Corrects a letter in place; answers why it still does not decode, if so. The record's key stays as it is."""
    condition, values = Filter(tenant=tenant).sql(2)
    async with connection.transaction():
        await _lock_sequence_of(connection, letter_id)
        before = await connection.fetchrow(
            f"SELECT * FROM dead_letter AS letter WHERE id = $1 AND {condition}", letter_id, *values
        )
        if before is None:
            raise LetterNotFound
        await _write_edit(connection, letter_id, before, value, headers)
        after = await connection.fetchrow("SELECT * FROM dead_letter WHERE id = $1", letter_id)
        await record(connection, "edit", by, before, before=content_of(before), after=content_of(after))
    return problem_of(dead_letter.received_of(after))


async def _lock_sequence_of(connection: Any, letter_id: int) -> None:
    """Nobody redrives the letter while it is being changed."""
    try:
        await connection.execute(
            """
            SELECT FROM blocked_sequence WHERE (grp, topic, sequence_key)
                IN (SELECT grp, topic, sequence_key FROM dead_letter WHERE id = $1)
            FOR UPDATE NOWAIT
            """,
            letter_id,
        )
    except asyncpg.LockNotAvailableError as error:
        raise Conflict("the letter is being redriven") from error


async def _write_edit(
    connection: Any, letter_id: int, before: Mapping[str, Any], value: bytes | None, headers: Headers | None
) -> None:
    names = before["header_names"] if headers is None else [name for name, _ in headers]
    contents = before["header_values"] if headers is None else [content for _, content in headers]
    edited = {**before, "header_names": names, "header_values": contents}
    edited["record_value"] = before["record_value"] if value is None else value
    await connection.execute(
        """
        UPDATE dead_letter SET record_value = $2, header_names = $3, header_values = $4, edited = true,
            event_id = $5, event_type = $6, tenant_id = $7, aggregate_version = $8, last_at = clock_timestamp()
        WHERE id = $1
        """,
        letter_id,
        edited["record_value"],
        names,
        contents,
        *dead_letter.identity_of(dead_letter.received_of(edited)),
    )
