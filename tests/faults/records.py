"""Records that a test puts into Kafka itself, past every outbox: copies, oddities, lies."""

import json
import time
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from events.codec import Received
from events.envelope import rfc3339
from events.kafka import KafkaProducer, KafkaSettings
from events.kafka.producer import Outgoing


async def produce(settings: KafkaSettings, records: Sequence[Outgoing]) -> None:
    """In their order, confirmed."""
    async with KafkaProducer(settings) as producer:
        await producer.publish(records, timeout_seconds=30)


def copies(received: Iterable[Received]) -> list[Outgoing]:
    """The same records again, byte for byte."""
    return [Outgoing(r.topic, r.key or b"", r.value, list(r.headers), r.timestamp_ms) for r in received]


def record(
    topic: str,
    tenant: str,
    aggregate: str,
    version: int,
    type_: str,
    *,
    key: str | None = None,
    value: bytes | None = None,
    **headers: bytes | None,
) -> Outgoing:
    """A record as a writer that is not ours might make it; ``headers`` (with underscores) replace what is usual, None
    takes it away.
    """
    usual: dict[str, bytes | None] = {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_type": type_.encode(),
        "ce_source": b"/dealstream/deals",
        "ce_id": str(uuid.uuid4()).encode(),
        "ce_subject": aggregate.encode(),
        "ce_time": rfc3339_now(),
        "ce_tenantid": tenant.encode(),
        "ce_aggregateversion": b"%d" % version,
        "ce_partitionkey": f"{tenant}:{aggregate}".encode(),
    }
    said = {**usual, **{name.replace("content_type", "content-type"): text for name, text in headers.items()}}
    kept = [(name, text) for name, text in said.items() if text is not None]
    data = json.dumps({"mood": "warm"}).encode() if value is None else value
    return Outgoing(topic, (key or f"{tenant}:{aggregate}").encode(), data, kept, int(time.time() * 1000))


def id_of(outgoing: Outgoing) -> str:
    """The event id in its headers."""
    headers: dict[str, Any] = dict(outgoing.headers)
    return str(headers.get("ce_id", b"").decode())


def rfc3339_now() -> bytes:
    return rfc3339(datetime.now(UTC)).encode()
