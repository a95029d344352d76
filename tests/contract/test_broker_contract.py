"""What consumers rely on in a broker, run on Kafka and on the broker of the test kit: neither may promise more."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from consumer_world import a_record, aggregate_on, eventually, kafka_topics
from events.broker import Broker, KafkaBroker, Reader
from events.codec import Received
from events.in_memory import InMemoryBroker
from events.kafka import KafkaProducer, KafkaSettings, PositionLost
from events.kafka.producer import Outgoing
from events.partition import Partition
from events.topics import ANALYTICS_SEAL, DEALS_PIPELINE

SEAL = ANALYTICS_SEAL.name
PLACES = [Partition(SEAL, number) for number in range(3)]


@dataclass
class Member:
    """A reader, and what it was told."""

    reader: Reader
    assigned: set[Partition] = field(default_factory=set)
    revoked: list[frozenset[Partition]] = field(default_factory=list)
    got: list[Received] = field(default_factory=list)


@dataclass
class Place:
    """One of the two brokers."""

    broker: Broker
    new_producer: Callable[[], Any]
    group: str

    async def publish(self, *records: Outgoing) -> None:
        async with self.new_producer() as producer:
            await producer.publish(list(records))

    @contextlib.asynccontextmanager
    async def member(self, group: str | None = None) -> AsyncIterator[Member]:
        made: Member

        async def on_assigned(partitions: frozenset[Partition]) -> None:
            made.assigned = set(partitions)

        async def on_revoked(partitions: frozenset[Partition]) -> None:
            made.revoked.append(partitions)
            made.assigned = set()

        topics = [] if group is None else [SEAL]
        made = Member(self.broker.reader(topics, group, on_assigned, on_revoked))
        await made.reader.start()
        try:
            yield made
        finally:
            assert await made.reader.stop()

    @contextlib.asynccontextmanager
    async def reading(self, *, begin: int = 0) -> AsyncIterator[Member]:
        async with self.member() as member:
            member.reader.assign(PLACES)
            for place in PLACES:
                member.reader.seek(place, begin)
            yield member


@pytest.fixture(params=["in memory", "kafka"])
def bootstrap(request: pytest.FixtureRequest) -> str | None:
    """Where Kafka answers, or nothing for the broker in memory, whose tests must not start one."""
    servers: str | None = request.getfixturevalue("kafka_servers") if request.param == "kafka" else None
    return servers


@pytest_asyncio.fixture
async def place(bootstrap: str | None, topic_prefix: str) -> AsyncIterator[Place]:
    if bootstrap is None:
        memory = InMemoryBroker(partitions=3)
        memory.ensure_topics([ANALYTICS_SEAL, DEALS_PIPELINE])
        yield Place(memory, memory.producer, "contract")
        return
    settings = KafkaSettings(bootstrap_servers=bootstrap, topic_prefix=topic_prefix, partitions=3)
    async with kafka_topics(settings):
        yield Place(KafkaBroker(settings), lambda: KafkaProducer(settings), "contract")


async def gather(member: Member, count: int) -> list[Received]:
    """Polls until so many records have come."""

    async def poll() -> int:
        for records in (await member.reader.poll(0.1)).values():
            member.got.extend(records)
        return len(member.got)

    await eventually(poll, count)
    return member.got


async def test_a_record_arrives_as_it_was_sent(place: Place) -> None:
    sent = a_record(aggregate_on(1, 3), 1)
    await place.publish(sent)
    async with place.reading() as member:
        [got] = await gather(member, 1)
    assert (got.topic, got.partition, got.offset) == (SEAL, 1, 0)
    assert (got.key, got.value, list(got.headers), got.timestamp_ms) == (
        sent.key,
        sent.value,
        sent.headers,
        sent.timestamp_ms,
    )


async def test_a_null_value_arrives_as_null(place: Place) -> None:
    await place.publish(a_record(uuid4(), 1)._replace(value=None))
    async with place.reading() as member:
        [got] = await gather(member, 1)
    assert got.value is None


async def test_records_of_a_key_share_a_partition_and_keep_their_order(place: Place) -> None:
    aggregates = [uuid4() for _ in range(20)]
    await place.publish(*[a_record(aggregate, version) for version in (1, 2, 3) for aggregate in aggregates])
    async with place.reading() as member:
        got = await gather(member, 60)
    for aggregate in aggregates:
        own = [record for record in got if str(aggregate).encode() in (record.key or b"")]
        assert len({record.partition for record in own}) == 1
        assert [dict(record.headers)["ce_aggregateversion"] for record in own] == [b"1", b"2", b"3"]


async def test_offsets_of_a_partition_count_up_from_its_beginning(place: Place) -> None:
    aggregate = aggregate_on(0, 3)
    await place.publish(*[a_record(aggregate, version) for version in range(1, 6)])
    async with place.reading() as member:
        got = await gather(member, 5)
        assert [record.offset for record in got] == [0, 1, 2, 3, 4]
        assert await member.reader.position(PLACES[0]) == 5
        assert (await member.reader.beginning_offsets(PLACES))[PLACES[0]] == 0
        assert (await member.reader.end_offsets(PLACES))[PLACES[0]] == 5
    async with place.broker.admin() as admin:
        assert await admin.end_offsets(PLACES) == {PLACES[0]: 5, PLACES[1]: 0, PLACES[2]: 0}
        assert await admin.beginning_offsets(PLACES) == dict.fromkeys(PLACES, 0)
        assert await admin.partitions([SEAL]) == frozenset(PLACES)


async def test_a_seek_decides_what_comes_next(place: Place) -> None:
    aggregate = aggregate_on(0, 3)
    await place.publish(*[a_record(aggregate, version) for version in range(1, 6)])
    async with place.reading() as member:
        await gather(member, 5)
        member.reader.seek(PLACES[0], 3)
        member.got.clear()
        assert [record.offset for record in await gather(member, 2)] == [3, 4]


async def test_a_paused_partition_is_silent_until_it_is_resumed(place: Place) -> None:
    quiet, loud = aggregate_on(0, 3), aggregate_on(1, 3)
    async with place.reading() as member:
        member.reader.pause(PLACES[0])
        await place.publish(a_record(quiet, 1), a_record(loud, 1))
        assert [record.partition for record in await gather(member, 1)] == [1]
        assert await member.reader.poll(0.3) == {}
        member.reader.resume(PLACES[0])
        assert [record.partition for record in await gather(member, 2)] == [1, 0]


async def test_a_poll_gives_no_more_than_was_asked_for(place: Place) -> None:
    await place.publish(*[a_record(aggregate_on(0, 3), 1) for _ in range(10)])
    async with place.reading() as member:
        await eventually(lambda: first_size(member, 4), 4)


async def first_size(member: Member, limit: int) -> int:
    return sum(map(len, (await member.reader.poll(0.5, limit)).values()))


async def test_a_poll_ends_after_its_time_with_nothing(place: Place) -> None:
    async with place.reading() as member:
        assert await member.reader.poll(0.05) == {}


async def test_a_position_outside_the_log_is_lost_and_never_reset(place: Place) -> None:
    await place.publish(a_record(aggregate_on(0, 3), 1))
    async with place.member() as member:
        member.reader.assign([PLACES[0]])
        member.reader.seek(PLACES[0], 7)

        async def lost() -> bool:
            try:
                assert await member.reader.poll(0.1) == {}
            except PositionLost as error:
                return list(error.partitions) == [PLACES[0]]
            return False

        await eventually(lost, wanted=True)


async def test_a_partition_that_was_not_sought_gives_nothing(place: Place) -> None:
    await place.publish(a_record(aggregate_on(0, 3), 1))
    async with place.member(place.group) as member:
        await eventually(lambda: joined(member), set(PLACES))
        assert await member.reader.poll(0.3) == {}
        member.reader.seek(PLACES[0], 0)
        assert len(await gather(member, 1)) == 1


async def joined(*members: Member) -> set[Partition]:
    """Everybody polls, which is what keeps a member in its group."""
    for member in members:
        await member.reader.poll(0.02)
    return {partition for member in members for partition in member.assigned}


async def test_members_share_the_partitions_and_take_over_from_one_who_leaves(place: Place) -> None:
    async with place.member(place.group) as stays:
        await eventually(lambda: joined(stays), set(PLACES))
        async with place.member(place.group) as leaves:

            async def shared() -> bool:
                everything = await joined(stays, leaves)
                both = bool(stays.assigned) and bool(leaves.assigned)
                return both and everything == set(PLACES) and not stays.assigned & leaves.assigned

            await eventually(shared, wanted=True)
            assert stays.revoked
        await eventually(lambda: joined(stays), set(PLACES))


async def test_a_commit_is_taken_and_decides_nothing(place: Place) -> None:
    await place.publish(*[a_record(aggregate_on(0, 3), 1) for _ in range(3)])
    for _ in range(2):
        async with place.member(place.group) as member:
            await eventually(lambda member=member: joined(member), set(PLACES))
            member.reader.seek(PLACES[0], 0)
            assert len(await gather(member, 3)) == 3
            await member.reader.commit({PLACES[0]: 3})


async def test_it_waits_for_records_that_come_later(place: Place) -> None:
    async with place.reading() as member:
        gathering = asyncio.create_task(gather(member, 1))
        await place.publish(a_record(uuid4(), 1))
        assert len(await gathering) == 1
