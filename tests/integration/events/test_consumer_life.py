"""A consumer's life: logs that change under it, clients that fall silent or hang, death at every step, full memory."""

import asyncio
import threading
import time
from collections.abc import Sequence
from uuid import uuid4

import pytest

from consumer_world import GROUP, World, a_record, aggregate_on, eventually
from events import consumer as consumer_module
from events import watch as watch_module
from events.audit import By
from events.backlog import Bounds
from events.codec import Message
from events.consumer import ConsumerStuck
from events.crash_points import CONSUMER, installed
from events.in_memory import InMemoryBroker, InMemoryConsumer
from events.partition import Partition
from events.stopped import resume, stopped
from events.topics import ANALYTICS_SEAL, DEALS_PIPELINE
from events.watch import Watch

SEAL, PIPELINE = ANALYTICS_SEAL.name, DEALS_PIPELINE.name
PLACE = Partition(SEAL, 0)


async def test_a_position_beyond_the_end_stops_with_topic_recreated(either: World) -> None:
    lost, elsewhere = aggregate_on(0, 3), aggregate_on(1, 3)
    await either.pool.execute(
        "INSERT INTO consumer_offset (grp, topic, part, next_offset) VALUES ($1, $2, 0, 9)", GROUP, SEAL
    )
    await either.publish(a_record(lost, 1), a_record(elsewhere, 1))
    async with either.running() as consumer:
        await either.until_applied(elsewhere, [1])
        await either.until_stopped()
        assert list(consumer.health()["stopped"]) == [str(PLACE)]
        assert "topic recreated" in (await either.stopped())[0]
        async with either.pool.acquire() as connection:
            await resume(connection, GROUP, PLACE, By("ana", "it was made anew"), next_offset=0)
        await either.until_applied(lost, [1])


async def test_records_deleted_before_they_were_read_stop_with_their_count(memory: World) -> None:
    aggregate = aggregate_on(0, 3)
    await memory.publish(*[a_record(aggregate, version) for version in (1, 2, 3, 4)])
    await memory.pool.execute(
        "INSERT INTO consumer_offset (grp, topic, part, next_offset) VALUES ($1, $2, 0, 0)", GROUP, SEAL
    )
    memory.broker.delete_before(PLACE, 3)
    async with memory.running():
        await eventually(memory.stopped, ["records lost: 3 were deleted before they were read (0 to 2)"])
    assert await memory.history(aggregate) == []


async def test_a_log_that_is_cut_off_while_it_is_read_is_noticed(memory: World) -> None:
    aggregate = aggregate_on(0, 3)
    async with memory.running():
        await memory.publish(a_record(aggregate, 1))
        await memory.until_applied(aggregate, [1])
        memory.broker.recreate(SEAL)
        await memory.until_stopped()


async def test_a_group_that_the_broker_forgot_goes_on_from_the_database(memory: World) -> None:
    aggregate = uuid4()
    await memory.publish(a_record(aggregate, 1))
    async with memory.running():
        await memory.until_applied(aggregate, [1])
        await eventually(lambda: sum(memory.broker.committed(GROUP).values()), 1)
    memory.broker.forget_group(GROUP)
    await memory.publish(a_record(aggregate, 2))
    async with memory.running():
        await memory.until_applied(aggregate, [1, 2])
    assert memory.calls == 2


async def test_partitions_that_are_added_are_read_too(memory: World) -> None:
    aggregates = [uuid4() for _ in range(12)]
    async with memory.running():
        await memory.publish(*[a_record(aggregate, 1) for aggregate in aggregates])
        await eventually(memory.applied, 12)
        memory.broker.add_partitions(SEAL, 3)
        await memory.broker.rebalance(GROUP)
        await memory.publish(*[a_record(aggregate, version) for version in (2, 3) for aggregate in aggregates])
        await eventually(memory.applied, 36)
    assert [await memory.history(aggregate) for aggregate in aggregates] == [[1, 2, 3]] * 12


async def test_a_client_that_falls_silent_is_replaced(memory: World) -> None:
    aggregate = uuid4()
    watch = Watch(every_seconds=0.05, silent_after_seconds=0.3)
    async with memory.running(watch=watch) as consumer:
        await memory.publish(a_record(aggregate, 1))
        await memory.until_applied(aggregate, [1])
        deaf = consumer._reader
        assert isinstance(deaf, InMemoryConsumer)
        deaf.is_deaf = True
        await memory.publish(a_record(aggregate, 2))
        await memory.until_applied(aggregate, [1, 2])
        assert consumer.health()["recreations"] == 1


class DeafBroker(InMemoryBroker):
    """All its readers have lost their fetch task."""

    def reader(self, *given: object) -> InMemoryConsumer:  # type: ignore[override]
        reader = super().reader(*given)  # type: ignore[arg-type]
        reader.is_deaf = True
        return reader


async def test_when_new_clients_fall_silent_too_the_consumer_gives_up(memory: World) -> None:
    deaf = DeafBroker(partitions=1)
    deaf.ensure_topics([ANALYTICS_SEAL, DEALS_PIPELINE])
    deaf.append(a_record(uuid4(), 1))
    consumer = memory.consumer(broker=deaf, watch=Watch(every_seconds=0.02, silent_after_seconds=0.1))
    with pytest.raises(ConsumerStuck):
        await consumer.run(asyncio.Event())
    assert consumer.health()["recreations"] == 4


class Hanging(InMemoryConsumer):
    """Its stop never ends."""

    async def stop(self) -> bool:
        await asyncio.Event().wait()
        return True


class HangingBroker(InMemoryBroker):
    def reader(self, topics, group, on_assigned, on_revoked):  # type: ignore[no-untyped-def]
        return Hanging(self, topics, group=group, on_assigned=on_assigned, on_revoked=on_revoked)


async def test_a_client_that_hangs_at_its_stop_is_left_behind(memory: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer_module, "STOP_SECONDS", 0.2)
    hanging = HangingBroker(partitions=1)
    hanging.ensure_topics([ANALYTICS_SEAL, DEALS_PIPELINE])
    aggregate = uuid4()
    hanging.append(a_record(aggregate, 1))
    async with memory.running(broker=hanging):
        await memory.until_applied(aggregate, [1])


async def test_a_stop_finishes_the_batch_under_way(memory: World) -> None:
    aggregate = uuid4()
    begun = asyncio.Event()

    async def slow(_messages: Sequence[Message]) -> None:
        begun.set()
        await asyncio.sleep(0.3)

    memory.on_batch = slow
    await memory.publish(a_record(aggregate, 1))
    async with memory.running():
        await begun.wait()
    assert await memory.history(aggregate) == [1]


async def test_a_frozen_loop_shows_in_its_health_from_another_thread(
    memory: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_module, "FROZEN_AFTER_SECONDS", 1.0)
    seen: list[bool] = []
    aggregate = uuid4()
    async with memory.running() as consumer:
        await eventually(lambda: consumer.health()["ready"], wanted=True)

        async def freeze(_messages: Sequence[Message]) -> None:
            looking = threading.Thread(target=lambda: (time.sleep(1.6), seen.append(consumer.health()["ready"])))
            looking.start()
            looking.join()  # blocks the event loop, as a handler must not

        memory.on_batch = freeze
        await memory.publish(a_record(aggregate, 1))
        await memory.until_applied(aggregate, [1])
        assert seen == [False]
        await eventually(lambda: consumer.health()["ready"], wanted=True)


async def test_a_slow_partition_holds_bounded_memory_and_others_flow(memory: World) -> None:
    go_on = asyncio.Event()
    bounds = Bounds(batch_records=10, high_records=50)
    consumer = memory.consumer(lanes=2, bounds=bounds)
    slow_place, fast_place = Partition(SEAL, 0), Partition(SEAL, 1)
    slow, fast = aggregate_on(slow_place.number, 3), aggregate_on(fast_place.number, 3)

    async def wait(messages: Sequence[Message]) -> None:
        if any(message.aggregate_id == slow for message in messages):
            await go_on.wait()

    memory.on_batch = wait
    await memory.publish(*[a_record(slow, version, topic=slow_place.topic) for version in range(1, 401)])
    async with memory.running(consumer):
        await eventually(lambda: consumer.health()["paused"], [str(slow_place)])
        await memory.publish(a_record(fast, 1, topic=fast_place.topic))
        await memory.until_applied(fast, [1])
        assert len(consumer.assigned[slow_place].backlog) <= 2 * bounds.high_records
        go_on.set()
        await memory.until_applied(slow, range(1, 401))


async def test_given_partitions_are_read_to_given_ends_without_a_group(either: World) -> None:
    aggregates = [uuid4() for _ in range(10)]
    await either.publish(*[a_record(aggregate, version) for version in (1, 2) for aggregate in aggregates])
    places = [Partition(SEAL, number) for number in range(3)]
    async with either.consumer()._broker.admin() as admin:
        ends = await admin.end_offsets(places)
    await either.publish(*[a_record(aggregate, 3) for aggregate in aggregates])
    rebuild = either.consumer(group="rebuild-1", topics=[ANALYTICS_SEAL], partitions=places, until=ends)
    await rebuild.run(asyncio.Event())
    assert rebuild.positions() == ends
    assert await either.applied() == 20


async def test_an_end_behind_holes_is_reached(memory: World) -> None:
    aggregate = aggregate_on(0, 3)
    await memory.publish(*[a_record(aggregate, version, topic=PIPELINE) for version in (1, 2, 3)])
    memory.broker.compact(PIPELINE)
    place = Partition(PIPELINE, 0)
    memory.broker._logs[place].end = 7  # what transactions leave behind
    rebuild = memory.consumer(group="rebuild-1", topics=[DEALS_PIPELINE], partitions=[place], until={place: 7})
    await rebuild.run(asyncio.Event())
    assert await memory.history(aggregate) == [3]


class Killed(BaseException):
    """The process ends here."""


async def resuming_all_that_stops(world: World) -> None:
    """A start that meets the bad event before any good one takes itself for a bad deploy and asks an operator."""
    while True:
        await asyncio.sleep(0.05)
        async with world.pool.acquire() as connection:
            for partition in await stopped(connection):
                if partition["resumed_at"] is None:
                    place = Partition(partition["topic"], partition["partition"])
                    await resume(connection, GROUP, place, By("ana", "the deploy is good"))


@pytest.mark.parametrize("name", CONSUMER)
async def test_a_death_at_any_step_loses_and_repeats_nothing(memory: World, name: str) -> None:
    aggregates, gapped, bad = [uuid4() for _ in range(6)], uuid4(), uuid4()
    memory.fails[bad, 2] = ValueError("cannot divide by a deal")
    await memory.publish(*[a_record(each, version) for version in (1, 2, 3) for each in [*aggregates, bad]])
    await memory.publish(*[a_record(gapped, version) for version in (1, 3, 2)])
    passed = 0

    def die(at: str) -> None:
        nonlocal passed
        passed += at == name
        if at == name and passed <= 2:
            raise Killed

    with installed(die):
        operator = asyncio.create_task(resuming_all_that_stops(memory))
        for _ in range(2):
            with pytest.raises(Killed):
                await memory.consumer(bounds=Bounds(batch_records=4)).run(asyncio.Event())
        async with memory.running(bounds=Bounds(batch_records=4)):
            await memory.until_applied(gapped, [1, 2, 3])
            await eventually(memory.letters, [("failed", 2), ("behind", 3)])
            await eventually(memory.applied, 6 * 3 + 1 + 3)
        operator.cancel()
    assert [await memory.history(each) for each in aggregates] == [[1, 2, 3]] * 6
    assert await memory.history(bad) == [1]
