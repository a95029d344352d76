"""Sends again what the outbox still holds, after Kafka lost records; consumers skip by version what they have.

The relay may run meanwhile. On a compacted topic the last record of a key is what a new reader keeps, so there only the
newest event of each aggregate is sent, again if a newer one was written meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from events.kafka import KafkaProducer, KafkaSettings
from events.publication import outgoing
from events.topics import TOPICS
from events.window import PUBLISHED_COLUMNS

PAGE_SIZE = 1000

COMPACTED = tuple(topic.name for topic in TOPICS if topic.compacted)


async def republish(pool: Any, kafka: KafkaSettings, source: str, from_at: datetime, to_at: datetime) -> int:
    """Sends every event written from ``from_at`` until before ``to_at``; answers how many."""
    async with KafkaProducer(kafka) as producer, pool.acquire() as connection:
        sent = await _send_history(connection, producer, source, from_at, to_at)
        return sent + await _send_newest(connection, producer, source, from_at, to_at)


async def _send_history(
    connection: Any, producer: KafkaProducer, source: str, from_at: datetime, to_at: datetime
) -> int:
    sent, last_seq = 0, 0
    while rows := await connection.fetch(_HISTORY, from_at, to_at, last_seq, COMPACTED, PAGE_SIZE):
        await _send(producer, source, rows)
        sent, last_seq = sent + len(rows), rows[-1]["seq"]
    return sent


async def _send_newest(
    connection: Any, producer: KafkaProducer, source: str, from_at: datetime, to_at: datetime
) -> int:
    sent, after = 0, 0
    while rows := await connection.fetch(_NEWEST, from_at, to_at, after, COMPACTED):
        for start in range(0, len(rows), PAGE_SIZE):
            await _send(producer, source, rows[start : start + PAGE_SIZE])
        sent, after = sent + len(rows), rows[-1]["seq"]
    return sent


async def _send(producer: KafkaProducer, source: str, rows: Sequence[Any]) -> None:
    await producer.publish([outgoing(row, source) for row in rows], 60.0)


_HISTORY = f"""
SELECT {PUBLISHED_COLUMNS} FROM outbox_event
 WHERE created_at >= $1 AND created_at < $2 AND seq > $3 AND aggregatetype <> ALL ($4::text[])
 ORDER BY seq LIMIT $5
"""

_NEWEST = f"""
SELECT {PUBLISHED_COLUMNS} FROM (
    SELECT DISTINCT ON (aggregateid) event.* FROM outbox_event AS event
     WHERE aggregatetype = ANY ($4::text[])
       AND aggregateid IN (SELECT aggregateid FROM outbox_event WHERE created_at >= $1 AND created_at < $2)
     ORDER BY aggregateid, seq DESC) AS newest
 WHERE seq > $3
 ORDER BY seq
"""
