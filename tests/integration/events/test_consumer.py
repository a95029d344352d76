"""Every event is applied once, in order for each aggregate, whatever is repeated, missing, late or shared."""

import asyncio
from uuid import uuid4

import pytest

from consumer_world import GROUP, World, a_record, eventually
from events.batch import Slice, commit
from events.codec import Received
from events.offsets import Fenced
from events.partition import Partition
from events.topics import ANALYTICS_SEAL, DEALS_PIPELINE

SEAL = ANALYTICS_SEAL.name
PIPELINE = DEALS_PIPELINE.name


async def test_events_are_applied_in_order_and_the_offset_is_stored(either: World) -> None:
    aggregates = [uuid4() for _ in range(5)]
    await either.publish(*[a_record(aggregate, version) for version in (1, 2, 3) for aggregate in aggregates])
    async with either.running() as consumer:
        for aggregate in aggregates:
            await either.until_applied(aggregate, [1, 2, 3])
        await eventually(lambda: sum(consumer.positions().values()), 15)
    assert await either.pool.fetchval("SELECT sum(next_offset)::int FROM consumer_offset") == 15


async def test_a_restart_goes_on_where_the_database_says(either: World) -> None:
    aggregate = uuid4()
    await either.publish(a_record(aggregate, 1))
    async with either.running():
        await either.until_applied(aggregate, [1])
    await either.publish(a_record(aggregate, 2))
    async with either.running():
        await either.until_applied(aggregate, [1, 2])
    assert either.calls == 2


async def test_duplicates_of_a_record_a_batch_and_a_window_change_nothing(either: World) -> None:
    aggregates = [uuid4() for _ in range(4)]
    window = [a_record(aggregate, version) for version in (1, 2, 3) for aggregate in aggregates]
    await either.publish(*window, window[0], *window[4:], *window)
    last = uuid4()
    async with either.running():
        await eventually(either.applied, 12)
        await either.publish(*window, a_record(last, 1))
        await either.until_applied(last, [1])
    assert [await either.history(aggregate) for aggregate in aggregates] == [[1, 2, 3]] * 4


async def test_a_gap_stops_its_sequence_alone_and_closes_by_itself(either: World) -> None:
    gapped, other = uuid4(), uuid4()
    await either.publish(*[a_record(gapped, version) for version in (1, 3, 5, 4)], a_record(other, 1))
    async with either.running():
        await either.until_applied(other, [1])
        await eventually(either.letters, [("gap", 3), ("behind", 5), ("behind", 4)])
        assert await either.history(gapped) == [1]
        await either.publish(a_record(gapped, 2), a_record(gapped, 6))
        await either.until_applied(gapped, [1, 2, 3, 4, 5, 6])
        await eventually(either.blocked, [])
    assert await either.letters() == []


async def test_on_a_compacted_topic_versions_have_holes(either: World) -> None:
    aggregate = uuid4()
    await either.publish(*[a_record(aggregate, version, topic=PIPELINE) for version in (3, 7, 5)])
    async with either.running():
        await either.until_applied(aggregate, [3, 7])
    assert await either.letters() == []


async def test_a_forked_history_is_parked_and_never_skipped(either: World) -> None:
    aggregate = uuid4()
    await either.publish(a_record(aggregate, 1), a_record(aggregate, 1, event_id=uuid4()), a_record(aggregate, 2))
    async with either.running():
        await eventually(either.letters, [("diverged", 1), ("behind", 2)])
    assert await either.history(aggregate) == [1]
    assert await either.blocked() == ["diverged"]


async def test_an_unknown_type_is_ignored_but_counts_in_the_versions(either: World) -> None:
    aggregate = uuid4()
    unknown = a_record(aggregate, 2, ce_type=b"dealstream.seal.painted.v1")
    await either.publish(a_record(aggregate, 1), unknown, a_record(aggregate, 3))
    async with either.running():
        await either.until_applied(aggregate, [1, 3])
    assert await either.letters() == []


async def test_an_unknown_version_of_a_known_type_is_parked(either: World) -> None:
    aggregate = uuid4()
    newer = a_record(aggregate, 2, ce_type=b"dealstream.seal.period_sealed.v9")
    await either.publish(a_record(aggregate, 1), newer, a_record(aggregate, 3))
    async with either.running():
        await eventually(either.letters, [("invalid", 2), ("behind", 3)])


MALFORMED = {
    "no headers": {"ce_id": None, "ce_type": None, "ce_specversion": None, "content_type": None},
    "no id": {"ce_id": None},
    "version is no number": {"ce_aggregateversion": b"two"},
    "version too large for the database": {"ce_aggregateversion": b"9" * 30},
    "not utf-8": {"ce_source": b"\xff\xfe"},
    "nul in a header": {"ce_subject": b"a\x00b"},
    "wrong content type": {"content_type": b"text/html"},
    "time is no time": {"ce_time": b"yesterday"},
}


@pytest.mark.parametrize("headers", MALFORMED.values(), ids=MALFORMED.keys())
async def test_what_cannot_be_read_is_parked_with_the_reason(memory: World, headers: dict[str, bytes | None]) -> None:
    broken, other = uuid4(), uuid4()
    await memory.publish(a_record(broken, 1, **headers), a_record(other, 1))
    async with memory.running():
        await memory.until_applied(other, [1])
        await eventually(memory.depth, 1)
    [row] = await memory.pool.fetch("SELECT * FROM dead_letter")
    assert row["reason"] in {"invalid", "gap"}
    assert row["error_detail"]
    assert row["record_value"] == a_record(broken, 1).value


async def test_a_value_that_is_no_utf8_is_parked(either: World) -> None:
    broken, other = uuid4(), uuid4()
    await either.publish(a_record(broken, 1)._replace(value=b"\xff{"), a_record(other, 1))
    async with either.running():
        await either.until_applied(other, [1])
        await eventually(either.letters, [("invalid", 1)])


async def test_a_record_that_crosses_tenants_is_a_security_event(either: World) -> None:
    aggregate = uuid4()
    forged = a_record(aggregate, 1, ce_tenantid=b"22222222-2222-7222-8222-222222222222")
    await either.publish(forged)
    async with either.running():
        await eventually(either.letters, [("foreign-tenant", 1)])
    assert await either.history(aggregate) == []


async def test_a_late_batch_of_a_former_owner_is_fenced(memory: World) -> None:
    aggregate = uuid4()
    record = a_record(aggregate, 1)
    place = Partition(SEAL, 0)
    received = Received(*place, 0, record.timestamp_ms, record.key, record.value, tuple(record.headers))
    await memory.pool.execute(
        "INSERT INTO consumer_offset (grp, topic, part, next_offset) VALUES ($1, $2, 0, 0)", GROUP, SEAL
    )
    late = Slice(place, 0, [received])
    await commit(memory.pool, memory.subscription(), [late])
    with pytest.raises(Fenced):
        await commit(memory.pool, memory.subscription(), [late])
    assert await memory.history(aggregate) == [1]


async def test_a_zombie_that_wakes_after_a_rebalance_applies_nothing(memory: World) -> None:
    """The zombie has opened its batch and sleeps; the next owner reads past it; then the zombie goes on."""
    aggregate = uuid4()
    await memory.publish(a_record(aggregate, 1), a_record(aggregate, 2))
    woken, asleep = asyncio.Event(), asyncio.Event()

    async def sleep_in_the_handler(_messages: object) -> None:
        if not asleep.is_set():
            asleep.set()
            await woken.wait()

    memory.on_batch = sleep_in_the_handler
    async with memory.running() as zombie:
        await asleep.wait()
        [assigned] = [each for each in zombie.assigned.values() if each.backlog.head]
        assigned.attached = False
        async with memory.running(broker=memory.broker):
            woken.set()
            await memory.until_applied(aggregate, [1, 2])
    assert await memory.history(aggregate) == [1, 2]


async def test_consumers_that_come_and_go_apply_each_event_once(either: World) -> None:
    aggregates = [uuid4() for _ in range(20)]

    async def write() -> None:
        for version in range(1, 11):
            await either.publish(*[a_record(aggregate, version) for aggregate in aggregates])
            await asyncio.sleep(0.1)

    async def flap(rounds: int) -> None:
        for _ in range(rounds):
            async with either.running():
                await asyncio.sleep(0.3)

    async with either.running():
        await asyncio.gather(write(), flap(4), flap(3))
        await eventually(either.applied, 200)
    for aggregate in aggregates:
        assert await either.history(aggregate) == list(range(1, 11))
