"""Stopped partitions: which they are, and an operator telling one to go on; audited."""

import json
from typing import Any

from events.audit import By, Conflict
from events.partition import Partition


async def stopped(connection: Any, consumer: str | None = None) -> list[dict[str, Any]]:
    """Partitions that wait for an operator, with the reason."""
    rows = await connection.fetch(
        """
        SELECT grp AS consumer, topic, part AS partition, next_offset, stopped_at, stopped_reason, resumed_at
        FROM consumer_offset WHERE stopped_at IS NOT NULL AND ($1::text IS NULL OR grp = $1)
        ORDER BY stopped_at
        """,
        consumer,
    )
    return [dict(row) for row in rows]


async def resume(
    connection: Any, consumer: str, partition: Partition, by: By, *, next_offset: int | None = None
) -> None:
    """Tells a stopped partition to go on: what failed first may now be parked.

    ``next_offset`` moves the position, for a log that was recreated or has lost records.
    """
    async with connection.transaction():
        before = await connection.fetchrow(
            "SELECT * FROM consumer_offset WHERE grp = $1 AND topic = $2 AND part = $3 FOR UPDATE", consumer, *partition
        )
        if before is None or before["stopped_at"] is None:
            raise Conflict(f"{partition} of {consumer} is not stopped")
        await connection.execute(
            """
            UPDATE consumer_offset SET resumed_at = clock_timestamp(), next_offset = coalesce($4, next_offset)
            WHERE grp = $1 AND topic = $2 AND part = $3
            """,
            consumer,
            *partition,
            next_offset,
        )
        stood = {"next_offset": before["next_offset"], "stopped_reason": before["stopped_reason"]}
        await connection.execute(
            """
            INSERT INTO dead_letter_audit (action, actor, why, grp, topic, before, after)
            VALUES ('resume', $1, $2, $3, $4, $5, $6)
            """,
            by.actor,
            by.why,
            consumer,
            partition.topic,
            json.dumps({"partition": partition.number, **stood}),
            json.dumps({"partition": partition.number, "next_offset": next_offset or before["next_offset"]}),
        )
