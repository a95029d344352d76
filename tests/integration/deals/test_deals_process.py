"""The service as it runs: a process of its own on real PostgreSQL and real Kafka."""

import asyncio
import hashlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

import httpx2

from events.catalogue.deals import DealOpened, PipelineDefined
from events.catalogue.identity import ApiKeyIssued, ApiKeyState, Role, TenantFounded, TenantState
from events.catalogue.leads import HandoffAccepted, HandoffState, HandoffStatus, Owner
from events.codec import decode, encode
from events.envelope import Envelope
from events.event import Event
from events.ids import uuid7
from events.kafka import KafkaAdmin, KafkaConsumer, KafkaProducer, KafkaSettings
from events.kafka.producer import Outgoing
from events.topics import TOPICS

TENANT = UUID("019a0000-0000-7000-8000-0000000000aa")
DEAL = uuid5(TENANT, "deal")
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SECRET = "k" * 43
KEY = uuid5(TENANT, "key")


async def test_a_handoff_told_twice_over_kafka_becomes_one_deal_that_is_published(
    new_database: Callable[[], Awaitable[str]], kafka_servers: str, topic_prefix: str
) -> None:
    kafka = KafkaSettings(bootstrap_servers=kafka_servers, topic_prefix=topic_prefix, partitions=1)
    async with KafkaAdmin(kafka) as admin:
        await admin.ensure_topics(TOPICS)
    try:
        async with _deals(await new_database(), kafka) as http:
            await _tell(kafka, _handoff(), _handoff(), _founded(), _key())
            deal = await _answered(http, f"/v1/deals/{DEAL}")
            assert (deal["stage"], deal["version"], deal["opened_on"]) == ("qualified", 1, "2026-03-02")
            moved = await http.post(f"/v1/deals/{DEAL}/closure", json={"outcome": "won"})
            assert moved.status_code == 200, moved.text
            heard = await _heard(kafka, "deals.deal", 2)
            defined = await _heard(kafka, "deals.pipeline", 1)
        assert [type(event).__name__ for event in heard] == ["DealOpened", "DealWon"]
        assert isinstance(heard[0], DealOpened)
        assert isinstance(defined[0], PipelineDefined)
        assert heard[0].deal.pipeline == defined[0].pipeline.id
    finally:
        async with KafkaAdmin(kafka) as admin:
            await admin.delete_topics(topic.name for topic in TOPICS)


@asynccontextmanager
async def _deals(url: str, kafka: KafkaSettings) -> AsyncIterator[httpx2.AsyncClient]:
    """``python -m deals`` until the block ends; then it must end by itself, in order."""
    port = _free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DEALSTREAM_")} | {
        "DATABASE_URL": url,
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "DEALSTREAM_TOPIC_PREFIX": kafka.topic_prefix,
        "DEALSTREAM_TOPIC_PARTITIONS": "1",
        "DEALSTREAM_PORT": str(port),
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "deals", env=environment)
    headers = {"Authorization": f"Bearer dsk_{KEY.hex}_{SECRET}"}
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as http:
            await _answered(http, "/readyz")
            yield http
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _answered(http: httpx2.AsyncClient, path: str) -> Any:
    """The answer, once it is 200."""
    async with asyncio.timeout(60):
        while True:
            try:
                response = await http.get(path)
            except httpx2.TransportError:
                response = None
            if response is not None and response.status_code == 200:
                return response.json() if response.headers["content-type"] == "application/json" else response.text
            await asyncio.sleep(0.2)


async def _tell(kafka: KafkaSettings, *events: Event) -> None:
    producer = KafkaProducer(kafka)
    await producer.start()
    try:
        await producer.publish([_outgoing(event) for event in events])
    finally:
        await producer.discard()


def _outgoing(event: Event) -> Outgoing:
    aggregate = event.state.id
    envelope = Envelope(
        id=uuid5(TENANT, event.type),
        type=event.type,
        source=f"/dealstream/{event.topic.owner}",
        subject=str(aggregate),
        time=datetime.now(UTC),
        tenant=TENANT,
        aggregate_version=1,
        partition_key=f"{TENANT}:{aggregate}",
        correlation_id=uuid7(),
    )
    record = encode(event, envelope)
    return Outgoing(event.topic.name, record.key, record.value, record.headers, int(envelope.time.timestamp() * 1000))


async def _heard(kafka: KafkaSettings, topic: str, number: int) -> list[Event]:
    """The first events of a topic."""
    consumer = KafkaConsumer(kafka)
    await consumer.start()
    try:
        async with KafkaAdmin(kafka) as admin:
            partitions = await admin.partitions([topic])
        consumer.assign(partitions)
        for partition in partitions:
            consumer.seek(partition, 0)
        events: list[Event] = []
        async with asyncio.timeout(60):
            while len(events) < number:
                for records in (await consumer.poll()).values():
                    events += [event for record in records if (event := decode(record).event)]
    finally:
        await consumer.stop()
    return events


def _founded() -> TenantFounded:
    tenant = TenantState(id=TENANT, slug="acme", name="Acme", zone="UTC", base_currency="USD")
    return TenantFounded(tenant=tenant, occurred_at=AT)


def _key() -> ApiKeyIssued:
    secret = hashlib.sha256(SECRET.encode()).hexdigest()
    return ApiKeyIssued(
        api_key=ApiKeyState(id=KEY, name="k", secret_sha256=secret, roles=(Role.ADMIN,)), occurred_at=AT
    )


def _handoff() -> HandoffAccepted:
    owner = Owner(person=uuid5(TENANT, "ana"))
    handoff = HandoffState(
        id=uuid5(TENANT, "handoff"),
        lead_id=uuid5(TENANT, "lead"),
        status=HandoffStatus.ACCEPTED,
        offered_by=owner,
        offered_to=owner,
        offered_at=AT,
        offered_on=date(2026, 3, 2),
        lead_created_on=date(2026, 3, 1),
        answered_at=AT,
        answered_on=date(2026, 3, 2),
        deal_id=DEAL,
    )
    return HandoffAccepted(seconds_to_answer=0, handoff=handoff, occurred_at=AT)
