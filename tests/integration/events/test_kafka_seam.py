"""The seam around the Kafka client keeps its own promises on a real broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import uuid4

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.partitioner import murmur2

from events.codec import Received
from events.errors import BrokerAway, PublishFailed, RecordRefused, TopicMisconfigured
from events.kafka import KafkaAdmin, KafkaConsumer, KafkaProducer, KafkaSettings, Outgoing, Partition
from events.kafka.consumer import PositionLost
from events.topics import DEALS_DEAL, DEALS_PRODUCT
from faults.tcp_proxy import TcpProxy
from relay_world import World


def a_record(key: bytes = b"k", size: int = 10) -> Outgoing:
    return Outgoing(DEALS_DEAL.name, key, uuid4().bytes * (size // 16 + 1), [("content-type", b"application/json")], 1)


async def described(world: World, topic: str) -> dict[str, str]:
    async with KafkaAdmin(world.kafka) as admin:
        (answer,) = await admin._admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, world.kafka.topic(topic))]
        )
    return {entry[0]: entry[1] for entry in answer.resources[0][4]}


async def test_topics_are_made_to_keep_history_or_the_newest_state_for_ever(world: World) -> None:
    history = await described(world, DEALS_DEAL.name)
    newest = await described(world, DEALS_PRODUCT.name)
    assert (history["cleanup.policy"], history["retention.ms"]) == ("delete", "-1")
    assert newest["cleanup.policy"] == "compact"
    assert history["max.message.bytes"] == newest["max.message.bytes"] == "1048576"


async def test_a_topic_that_forgets_is_named(world: World) -> None:
    async with KafkaAdmin(world.kafka) as admin:
        await admin.ensure_topics([DEALS_DEAL])
        name = world.kafka.topic(DEALS_DEAL.name)
        await admin._admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name, {"retention.ms": "604800000"})]
        )
        with pytest.raises(TopicMisconfigured, match=r"deals\.deal: retention\.ms is 604800000, not -1"):
            await admin.ensure_topics([DEALS_DEAL, DEALS_PRODUCT])


async def test_a_topic_that_cannot_be_made_is_named(world: World) -> None:
    async with KafkaAdmin(replace(world.kafka, topic_prefix=f"t{uuid4().hex}.", replication_factor=9)) as admin:
        with pytest.raises(TopicMisconfigured, match="InvalidReplicationFactor"):
            await admin.ensure_topics([DEALS_DEAL])


async def test_many_batches_of_one_partition_arrive_in_order(world: World) -> None:
    records = [a_record(size=20_000)._replace(timestamp_ms=place) for place in range(1, 61)]
    async with KafkaProducer(world.kafka) as producer:
        await producer.publish(records)
    async with reading(world) as consumer:
        received = await everything(consumer, 60)
    assert [record.timestamp_ms for record in received] == list(range(1, 61))
    assert received[0].headers == (("content-type", b"application/json"),)


async def test_keys_go_where_every_kafka_client_puts_them(world: World) -> None:
    keys = [uuid4().bytes * (place % 4) + b"abc"[: place % 3] or b"x" for place in range(60)]
    async with KafkaProducer(world.kafka) as producer:
        await producer.publish([a_record(key) for key in keys])
    async with reading(world) as consumer:
        for record in await everything(consumer, 60):
            assert record.partition == (murmur2(record.key) & 0x7FFFFFFF) % 3


async def test_a_record_that_is_too_large_is_refused_for_good(world: World) -> None:
    async with KafkaProducer(replace(world.kafka, compression="none")) as producer:
        with pytest.raises(RecordRefused):
            await producer.publish([a_record(size=2_000_000)])
        await producer.discard()


async def test_without_a_broker_a_producer_gives_up_at_its_deadline() -> None:
    with pytest.raises(PublishFailed, match=r"127\.0\.0\.1:1"):
        await KafkaProducer(KafkaSettings(bootstrap_servers="127.0.0.1:1")).start(2)


async def test_without_a_broker_an_administrator_says_that_it_is_away() -> None:
    with pytest.raises(BrokerAway):
        await KafkaAdmin(KafkaSettings(bootstrap_servers="127.0.0.1:1")).__aenter__()


async def test_without_its_topic_a_page_is_not_confirmed(world: World) -> None:
    async with KafkaProducer(world.kafka) as producer:
        with pytest.raises(PublishFailed, match=r"not confirmed within 0\.5 s"):
            await producer.publish([a_record()._replace(topic="deals.nowhere")], 0.5)


async def test_a_partition_gives_nothing_before_its_seek_though_kafka_has_an_offset(world: World) -> None:
    async with KafkaProducer(world.kafka) as producer:
        await producer.publish([a_record(), a_record()])
    async with a_member(world) as earlier:
        for partition in earlier.assignment():
            earlier.seek(partition, 0)
        await everything(earlier, 2)
        await earlier.commit(dict.fromkeys(earlier.assignment(), 0))
    async with a_member(world) as consumer:
        assert await consumer.poll(1) == {}
        for partition, end in (await consumer.end_offsets(consumer.assignment())).items():
            consumer.seek(partition, max(0, end - 1))
        assert [record.offset for record in await everything(consumer, 1)] == [1]


@asynccontextmanager
async def a_member(world: World) -> AsyncIterator[KafkaConsumer]:
    """A member of a group, with its partitions."""
    assigned = asyncio.Event()

    async def on_assigned(_partitions: frozenset[Partition]) -> None:
        assigned.set()

    consumer = KafkaConsumer(world.kafka, [DEALS_DEAL.name], group="seekers", on_assigned=on_assigned)
    await consumer.start()
    try:
        await asyncio.wait_for(assigned.wait(), 20)
        yield consumer
    finally:
        assert await consumer.stop()


async def test_a_position_outside_the_log_is_said_and_not_reset(world: World) -> None:
    async with reading(world) as consumer:
        consumer.seek(Partition(DEALS_DEAL.name, 0), 77)
        with pytest.raises(PositionLost) as lost:
            for _ in range(20):
                await consumer.poll(0.5)
    assert lost.value.partitions == {Partition(DEALS_DEAL.name, 0): 77}


async def test_a_producer_is_discarded_at_once_though_the_broker_is_gone(world: World) -> None:
    host, _, port = world.kafka.bootstrap_servers.partition(":")
    proxy = TcpProxy(host, int(port))
    await proxy.mend()
    producer = KafkaProducer(replace(world.kafka, bootstrap_servers=f"127.0.0.1:{proxy.port}"))
    await producer.start()
    await producer.publish([a_record()])
    await proxy.cut()
    await asyncio.wait_for(producer.discard(), 8)


class reading:  # noqa: N801  (reads as a function)
    """A reader of the topic from its start."""

    def __init__(self, world: World) -> None:
        self._consumer = KafkaConsumer(world.kafka)

    async def __aenter__(self) -> KafkaConsumer:
        await self._consumer.start()
        partitions = [Partition(DEALS_DEAL.name, number) for number in range(3)]
        self._consumer.assign(partitions)
        for partition in partitions:
            self._consumer.seek(partition, 0)
        return self._consumer

    async def __aexit__(self, *_: object) -> None:
        assert await self._consumer.stop()


async def everything(consumer: KafkaConsumer, count: int) -> list[Received]:
    records: list[Received] = []
    async with asyncio.timeout(20):
        while len(records) < count:
            for batch in (await consumer.poll(1)).values():
                records += batch
    return records
