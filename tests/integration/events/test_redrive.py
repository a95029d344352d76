"""Operators redrive, correct and discard dead letters: in order, never twice, and all of it written down."""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from consumer_world import GROUP, OTHER_TENANT, TENANT, World, a_record, eventually
from events.audit import By, Conflict
from events.codec import Message
from events.corrections import edit
from events.letters import Filter, LetterNotFound, list_groups, list_letters, show
from events.redrive import NotTheHead, Redriver, Terms

BY = By("ana", "the bug is fixed")
WANTED = Filter(consumer=GROUP)


class Bug(Exception):
    """A handler's bug."""


async def parked(world: World, *aggregates: UUID, versions: Sequence[int] = (1, 2, 3)) -> None:
    """Each of the aggregates fails at its first of the versions, and the rest waits behind."""
    first = uuid4()
    for aggregate in aggregates:
        world.fails[aggregate, versions[0]] = Bug("cannot divide by a deal")
    async with world.running():
        await world.publish(a_record(first, 1))
        await world.until_applied(first, [1])
        await world.publish(*[a_record(each, version) for version in versions for each in aggregates])
        await eventually(world.depth, len(aggregates) * len(versions))


def redriver(world: World) -> Redriver:
    return Redriver(world.pool, [world.subscription()])


async def test_a_group_is_listed_shown_and_redriven_in_order(memory: World) -> None:
    one, two = uuid4(), uuid4()
    await parked(memory, one, two)
    async with memory.pool.acquire() as connection:
        [group] = await list_groups(connection, WANTED)
        assert (group.sequences, group.waiting, group.reason) == (2, 6, "failed")
        lines = await list_letters(connection, WANTED, limit=2)
        detail = await show(connection, lines[0].id)
    assert detail.decodes
    assert detail.waiting_behind == 2
    assert '"seal"' in (detail.value or "")
    memory.fails.clear()
    wanted = Filter(consumer=GROUP, error_class=group.error_class, stack_hash=group.stack_hash)
    report = await redriver(memory).redrive(wanted, BY)
    assert (report.done, report.failed) == (6, 0)
    assert [await memory.history(each) for each in (one, two)] == [[1, 2, 3]] * 2
    assert await memory.blocked() == []


async def test_a_dry_run_says_what_would_happen_and_changes_nothing(memory: World) -> None:
    fixed, broken = uuid4(), uuid4()
    await parked(memory, fixed, broken)
    del memory.fails[fixed, 1]
    report = await redriver(memory).redrive(WANTED, BY, Terms(dry_run=True))
    assert sorted((outcome.applied, outcome.error is None) for outcome in report.outcomes) == [(0, False), (3, True)]
    assert await memory.depth() == 6
    assert await memory.history(fixed) == []
    assert await memory.pool.fetchval("SELECT max(attempts) FROM dead_letter") == 0


async def test_a_redrive_that_fails_keeps_the_head_and_after_three_needs_force(memory: World) -> None:
    aggregate = uuid4()
    await parked(memory, aggregate)
    redrives = redriver(memory)
    for attempt in (1, 2, 3):
        report = await redrives.redrive(WANTED, BY)
        assert report.failed == 1
        assert await memory.pool.fetch("SELECT attempts FROM dead_letter ORDER BY id") == [(attempt,), (0,), (0,)]
    memory.fails.clear()
    calls = memory.calls
    assert [outcome.needs_force for outcome in (await redrives.redrive(WANTED, BY)).outcomes] == [True]
    assert memory.calls == calls
    assert (await redrives.redrive(WANTED, BY, Terms(force=True))).done == 3
    assert await memory.history(aggregate) == [1, 2, 3]


async def test_a_failure_in_the_middle_keeps_what_was_done_before_it(memory: World) -> None:
    aggregate = uuid4()
    await parked(memory, aggregate, versions=(1, 2, 3, 4))
    memory.fails = {(aggregate, 3): Bug("later")}
    await redriver(memory).redrive(WANTED, BY)
    assert await memory.history(aggregate) == [1, 2]
    assert await memory.letters() == [("failed", 3), ("behind", 4)]


async def test_new_events_of_a_sequence_keep_their_order_while_it_is_redriven(either: World) -> None:
    aggregate = uuid4()
    await parked(either, aggregate)
    either.fails.clear()
    begun = asyncio.Event()

    async def slow(messages: Sequence[Message]) -> None:
        begun.set()
        await asyncio.sleep(0.3)

    either.on_batch = slow
    async with either.running():
        redriving = asyncio.create_task(redriver(either).redrive(WANTED, BY, Terms(per_second=20)))
        await begun.wait()
        await either.publish(*[a_record(aggregate, version) for version in (4, 5, 6)])
        await redriving
        await redriver(either).redrive(WANTED, BY)
        await either.until_applied(aggregate, [1, 2, 3, 4, 5, 6])
    assert await either.blocked() == []


async def test_a_second_operator_gets_a_conflict(memory: World) -> None:
    aggregate = uuid4()
    await parked(memory, aggregate)
    memory.fails.clear()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait(messages: Sequence[Message]) -> None:
        begun.set()
        await go_on.wait()

    memory.on_batch = wait
    first = asyncio.create_task(redriver(memory).redrive(WANTED, BY))
    await begun.wait()
    [letter] = await memory.pool.fetch("SELECT id FROM dead_letter ORDER BY id LIMIT 1")
    with pytest.raises(Conflict):
        await redriver(memory).redrive(WANTED, By("marco", "me too"))
    async with memory.pool.acquire() as connection:
        with pytest.raises(Conflict):
            await edit(connection, letter["id"], BY, value=b"{}")
    go_on.set()
    assert (await first).done == 3
    assert await memory.history(aggregate) == [1, 2, 3]


async def test_the_rate_and_the_maximum_are_kept(memory: World) -> None:
    one, two = uuid4(), uuid4()
    await parked(memory, one, two)
    memory.fails.clear()
    report = await redriver(memory).redrive(WANTED, BY, Terms(maximum=4, per_second=1000))
    assert report.done == 4
    assert await memory.depth() == 2


async def test_one_letter_is_redriven_only_as_the_head(memory: World) -> None:
    aggregate = uuid4()
    await parked(memory, aggregate)
    memory.fails.clear()
    head, second, _ = [row["id"] for row in await memory.pool.fetch("SELECT id FROM dead_letter ORDER BY id")]
    with pytest.raises(NotTheHead):
        await redriver(memory).redrive_letter(second, BY)
    await redriver(memory).redrive_letter(head, BY)
    assert await memory.history(aggregate) == [1]
    with pytest.raises(LetterNotFound):
        await redriver(memory).redrive_letter(head, BY)


async def test_a_corrected_letter_takes_effect_and_the_correction_is_audited(memory: World) -> None:
    aggregate, first = uuid4(), uuid4()
    await memory.publish(a_record(first, 1), a_record(aggregate, 1)._replace(value=b"{}"))
    async with memory.running():
        await eventually(memory.letters, [("invalid", 1)])
    letter = await memory.pool.fetchval("SELECT id FROM dead_letter")
    async with memory.pool.acquire() as connection:
        assert await edit(connection, letter, BY, value=b'{"still": "wrong"}') is not None
        assert await edit(connection, letter, BY, value=a_record(aggregate, 1).value) is None
        history = (await show(connection, letter)).history
    assert [(entry["action"], entry["actor"], entry["why"]) for entry in history] == [("edit", BY.actor, BY.why)] * 2
    assert "still" in history[1]["before"]
    assert (await redriver(memory).redrive_letter(letter, BY)).done == 1
    assert await memory.history(aggregate) == [1]


async def test_a_discarded_event_counts_as_applied_and_what_waited_goes_on(memory: World) -> None:
    aggregate = uuid4()
    await parked(memory, aggregate)
    memory.fails.clear()
    head = await memory.pool.fetchval("SELECT min(id) FROM dead_letter")
    outcome = await redriver(memory).discard(head, BY)
    assert (outcome.applied, outcome.waiting) == (2, 0)
    assert await memory.history(aggregate) == [2, 3]
    audit = await memory.pool.fetchrow("SELECT * FROM dead_letter_audit WHERE action = 'discard'")
    assert (audit["actor"], audit["letter_id"]) == ("ana", head)


async def test_a_forked_history_is_accepted_only_when_overruled(memory: World) -> None:
    aggregate = uuid4()
    await memory.publish(a_record(aggregate, 1), a_record(aggregate, 1, event_id=uuid4()), a_record(aggregate, 2))
    async with memory.running():
        await eventually(memory.letters, [("diverged", 1), ("behind", 2)])
    assert (await redriver(memory).redrive(WANTED, BY)).failed == 1
    assert (await redriver(memory).redrive(WANTED, BY, Terms(overrule=True))).done == 2
    assert await memory.history(aggregate) == [1, 1, 2]


async def test_a_tenant_sees_and_touches_only_its_own_letters(memory: World) -> None:
    aggregate = uuid4()
    await parked(memory, aggregate)
    letter = await memory.pool.fetchval("SELECT min(id) FROM dead_letter")
    async with memory.pool.acquire() as connection:
        assert len(await list_letters(connection, Filter(tenant=TENANT))) == 3
        assert await list_letters(connection, Filter(tenant=OTHER_TENANT)) == []
        with pytest.raises(LetterNotFound):
            await show(connection, letter, tenant=OTHER_TENANT)
        with pytest.raises(LetterNotFound):
            await edit(connection, letter, BY, value=b"{}", tenant=OTHER_TENANT)
    with pytest.raises(LetterNotFound):
        await redriver(memory).discard(letter, BY, tenant=OTHER_TENANT)
