"""Sends outbox rows to Kafka: all confirmed, or told apart into those that are and those that never will be.

A producer that failed is thrown away and its page sent again by a new one. Where the broker refuses a record for good,
the page is halved until that record stands alone; later rows of its aggregate are not sent.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import structlog
from pydantic_core import from_json

from events import metrics
from events.codec import encode_headers
from events.envelope import rfc3339
from events.errors import PublishFailed, RecordRefused
from events.kafka import KafkaProducer, KafkaSettings, Outgoing

Refused = list[tuple[Any, str]]

_REMEMBERED_VERSIONS = 100_000

log = structlog.get_logger(__name__)


class Publication:
    """One relay's way to the broker; the producer is made when it is needed."""

    def __init__(self, settings: KafkaSettings, source: str, timeout_seconds: float) -> None:
        self._settings = settings
        self._source = source
        self._timeout_seconds = timeout_seconds
        self._producer: KafkaProducer | None = None
        self._versions: dict[str, int] = {}

    async def publish(self, rows: Sequence[Any], seconds_left: Callable[[], float]) -> Refused:
        """Every row confirmed, except those answered: refused for good, or behind a refused one of its aggregate."""
        try:
            await self._send(rows, seconds_left)
        except RecordRefused as error:
            if len(rows) == 1:
                log.exception("kafka refuses a record for good", seq=rows[0]["seq"], type=rows[0]["type"])
                return [(rows[0], str(error))]
        else:
            self._count_violations(rows)
            return []
        half = len(rows) // 2
        refused = await self.publish(rows[:half], seconds_left)
        free, behind = apart(rows[half:], {row["aggregate"] for row, _ in refused})
        return [*refused, *behind, *(await self.publish(free, seconds_left) if free else [])]

    async def discard(self) -> None:
        """Throws the producer away with all that it has not sent."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.discard()

    async def _send(self, rows: Sequence[Any], seconds_left: Callable[[], float]) -> None:
        records = [outgoing(row, self._source) for row in rows]
        try:
            producer = await self._ready()
            await producer.publish(records, max(0.0, min(self._timeout_seconds, seconds_left())))
        except PublishFailed as error:
            metrics.SEND_ERRORS.labels(type(error.__cause__ or error).__name__).inc()
            await self.discard()
            raise

    async def _ready(self) -> KafkaProducer:
        if self._producer is None:
            producer = KafkaProducer(self._settings)
            await producer.start(self._timeout_seconds)
            self._producer = producer
        return self._producer

    def _count_violations(self, rows: Iterable[Any]) -> None:
        if len(self._versions) > _REMEMBERED_VERSIONS:
            self._versions.clear()
        for row in rows:
            if self._versions.get(row["aggregate"], 0) > row["version"]:
                metrics.RELAY_ORDER_VIOLATIONS.inc()
            self._versions[row["aggregate"]] = row["version"]


def apart(rows: Sequence[Any], held: set[str]) -> tuple[list[Any], Refused]:
    """The rows that may go, and those whose aggregate stands still."""
    if not held:
        return list(rows), []
    free = [row for row in rows if row["aggregate"] not in held]
    behind = [(row, "an earlier event of the aggregate is held") for row in rows if row["aggregate"] in held]
    return free, behind


def outgoing(row: Any, source: str) -> Outgoing:
    """An outbox row as its Kafka record."""
    tenant, aggregate, created_at = row["tenant"], row["aggregate"], row["created_at"]
    headers = encode_headers(
        row["type"],
        source,
        row["id"],
        aggregate,
        rfc3339(created_at),
        tenant,
        row["version"],
        from_json(row["headers"]),
    )
    return Outgoing(row["topic"], f"{tenant}:{aggregate}".encode(), row["value"], headers, _milliseconds(created_at))


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
