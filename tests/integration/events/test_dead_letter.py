"""What fails is parked with its followers; what passes by itself is retried; too much of it stops the partition."""

from uuid import UUID, uuid4

import asyncpg
import pytest

from consumer_world import GROUP, World, a_record, aggregate_on, eventually
from events.audit import By
from events.errors import RetryLater
from events.failure_limit import Limits
from events.stopped import resume, stopped
from events.topics import ANALYTICS_SEAL

BY = By("ana", "looked at it")


class Bug(Exception):
    """A handler's bug."""


async def warm_up(world: World) -> None:
    """An event that is handled: from now on a failure is not taken for a bad deploy."""
    aggregate = uuid4()
    await world.publish(a_record(aggregate, 1))
    await world.until_applied(aggregate, [1])


def poison(world: World, aggregate: UUID, version: int) -> None:
    world.fails[aggregate, version] = Bug("cannot divide by a deal")


async def test_a_poison_event_is_parked_with_its_followers_and_all_others_go_on(either: World) -> None:
    bad, good = uuid4(), [uuid4() for _ in range(30)]
    poison(either, bad, 2)
    async with either.running():
        await warm_up(either)
        await either.publish(*[a_record(each, version) for version in (1, 2, 3) for each in [*good, bad]])
        await eventually(either.applied, 1 + 30 * 3 + 1)
        await eventually(either.letters, [("failed", 2), ("behind", 3)])
    assert await either.history(bad) == [1]
    assert [await either.history(each) for each in good] == [[1, 2, 3]] * 30
    [row] = await either.pool.fetch("SELECT * FROM dead_letter WHERE reason = 'failed'")
    assert row["error_class"].endswith("Bug")
    assert "Traceback" in row["stack"]
    assert row["record_value"] == a_record(bad, 2).value


@pytest.mark.parametrize(
    "error",
    [
        RetryLater(),
        asyncpg.DeadlockDetectedError(),
        asyncpg.SerializationError(),
        asyncpg.QueryCanceledError(),
        asyncpg.ConnectionDoesNotExistError(),
        ConnectionResetError(),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_passes_by_itself_is_tried_again_and_never_parked(memory: World, error: BaseException) -> None:
    waiting, other = aggregate_on(0, 3), aggregate_on(1, 3)
    memory.fails[waiting, 1] = error
    await memory.publish(a_record(waiting, 1), a_record(other, 1))
    async with memory.running() as consumer:
        await memory.until_applied(other, [1])
        await eventually(lambda: len(consumer.health()["retrying"]), 1)
        assert not consumer.health()["ready"]
        del memory.fails[waiting, 1]
        await memory.until_applied(waiting, [1])
        await eventually(lambda: consumer.health()["ready"], wanted=True)
    assert await memory.depth() == 0


async def test_a_broken_connection_in_the_handler_leads_to_a_retry(either: World) -> None:
    aggregate = uuid4()
    await either.publish(a_record(aggregate, 1))
    broken = []

    async def handle(connection: asyncpg.Connection, messages: object) -> None:
        if not broken:
            broken.append(await connection.fetchval("SELECT pg_backend_pid()"))
            await either.pool.execute("SELECT pg_terminate_backend($1)", broken[0])
        await either.handle(connection, messages)  # type: ignore[arg-type]

    async with either.running(handler=handle):
        await either.until_applied(aggregate, [1])
    assert await either.depth() == 0


async def test_a_deploy_that_fails_at_once_stops_and_parks_nothing(either: World) -> None:
    aggregates = [aggregate_on(0, 3) for _ in range(20)]
    for aggregate in aggregates:
        poison(either, aggregate, 1)
    await either.publish(*[a_record(aggregate, 1) for aggregate in aggregates])
    async with either.running() as consumer:
        await either.until_stopped()
        [reason] = await either.stopped()
        assert "first event" in reason
        assert not consumer.health()["ready"]
    assert await either.depth() == 0


async def test_more_failures_in_a_row_than_the_limit_stop_the_partition(memory: World) -> None:
    aggregates = [aggregate_on(0, 3) for _ in range(20)]
    elsewhere = aggregate_on(1, 3)
    for aggregate in aggregates:
        poison(memory, aggregate, 1)
    async with memory.running():
        await warm_up(memory)
        await memory.publish(*[a_record(aggregate, 1) for aggregate in aggregates])
        await memory.until_stopped()
        await memory.publish(a_record(elsewhere, 1))
        await memory.until_applied(elsewhere, [1])
    assert await memory.depth() == 5
    assert "too many failures" in (await memory.stopped())[0]


async def test_more_than_a_share_of_failures_stops_the_partition_too(memory: World) -> None:
    pairs = [(aggregate_on(0, 3), aggregate_on(0, 3)) for _ in range(12)]
    for bad, _ in pairs:
        poison(memory, bad, 1)
    async with memory.running(limits=Limits(consecutive=3, in_window=4, window=100)):
        await warm_up(memory)
        await memory.publish(*[a_record(each, 1) for pair in pairs for each in pair])
        await memory.until_stopped()
    assert await memory.depth() == 4


async def test_malformed_records_pass_the_limit_as_failures_do(memory: World) -> None:
    aggregates = [aggregate_on(0, 3) for _ in range(9)]
    await memory.publish(*[a_record(aggregate, 1, ce_time=b"yesterday") for aggregate in aggregates])
    async with memory.running():
        await memory.until_stopped()
    assert await memory.depth() == 5


async def test_an_operator_tells_a_stopped_partition_to_go_on(memory: World) -> None:
    bad, good = aggregate_on(0, 3), aggregate_on(0, 3)
    poison(memory, bad, 1)
    await memory.publish(a_record(bad, 1), a_record(good, 1))
    async with memory.running() as consumer:
        await memory.until_stopped()
        async with memory.pool.acquire() as connection:
            [line] = await stopped(connection, GROUP)
            assert line["topic"] == ANALYTICS_SEAL.name
            [place] = [each for each in consumer.assigned if str(each) in consumer.health()["stopped"]]
            await resume(connection, GROUP, place, BY)
        await memory.until_applied(good, [1])
        await eventually(memory.letters, [("failed", 1)])
        assert await memory.stopped() == []
    assert await memory.pool.fetchval("SELECT actor FROM dead_letter_audit WHERE action = 'resume'") == "ana"


async def test_a_gap_whose_missing_event_fails_keeps_the_whole_sequence(memory: World) -> None:
    aggregate = uuid4()
    poison(memory, aggregate, 2)
    async with memory.running():
        await warm_up(memory)
        await memory.publish(a_record(aggregate, 1), a_record(aggregate, 3))
        await eventually(memory.letters, [("gap", 3)])
        await memory.publish(a_record(aggregate, 2))
        await eventually(memory.letters, [("gap", 3), ("failed", 2)])
        assert await memory.blocked() == ["failed"]


async def test_a_gap_that_closed_while_nobody_looked_is_freed_by_the_watch(memory: World) -> None:
    """The process may die between the commit of the missing version and the release of what waited for it."""
    aggregate = uuid4()
    await memory.publish(a_record(aggregate, 1), a_record(aggregate, 3))
    async with memory.running():
        await eventually(memory.letters, [("gap", 3)])
    await memory.pool.execute("UPDATE consumer_watermark SET version = 2 WHERE aggregate_id = $1", aggregate)
    async with memory.running():
        await memory.until_applied(aggregate, [1, 3])
        await eventually(memory.blocked, [])
