"""Worlds for the tests of messaging: one for the sending half, and for consumers one in memory and one on Kafka."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

import consumer_world
from events.in_memory import InMemoryBroker
from events.kafka import KafkaSettings
from events.topics import ANALYTICS_SEAL, DEALS_PIPELINE
from relay_world import World, a_world


@pytest_asyncio.fixture
async def world(
    new_database: Callable[[], Awaitable[str]], kafka_servers: str, topic_prefix: str
) -> AsyncIterator[World]:
    async with a_world(await new_database(), kafka_servers, topic_prefix) as made:
        yield made


@pytest_asyncio.fixture
async def memory(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[consumer_world.World]:
    """Consumers on a real database, with a broker in memory of 3 partitions."""
    broker = InMemoryBroker(partitions=3)
    broker.ensure_topics([ANALYTICS_SEAL, DEALS_PIPELINE])
    async with consumer_world.a_world(await new_database(), broker) as made:
        yield made


@pytest_asyncio.fixture
async def kafka(
    new_database: Callable[[], Awaitable[str]], kafka_servers: str, topic_prefix: str
) -> AsyncIterator[consumer_world.World]:
    """Consumers on a real database and a real broker, with 3 partitions."""
    settings = KafkaSettings(bootstrap_servers=kafka_servers, topic_prefix=topic_prefix, partitions=3)
    async with (
        consumer_world.kafka_topics(settings),
        consumer_world.a_world(await new_database(), settings) as made,
    ):
        yield made


@pytest.fixture(params=["memory", "kafka"])
def either(request: pytest.FixtureRequest) -> consumer_world.World:
    """The same test in both worlds."""
    world: consumer_world.World = request.getfixturevalue(request.param)
    return world
