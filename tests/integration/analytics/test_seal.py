"""A seal holds whatever is booked later, and shows it; also when a rebuild has written the entries in another order."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from analytics.ledger import sealing
from analytics.ledger.seal import (
    SEAL,
    PeriodAlreadySealed,
    PeriodBackwards,
    PeriodNotOver,
    SealPeriod,
    refuse_bad_period,
    refuse_overlap,
)
from events.catalogue.analytics import PeriodSealed
from events.moment import Moment
from events.testing import given
from folded_world import TENANT, Known, history, message
from ledger_stage import Stage, record, stage
from sales_world import a_world

FIRM = a_world(31, size=10)
FROM, TO = date(2025, 12, 1), date(2026, 1, 1)


def halves() -> tuple[list[Known], list[Known]]:
    known = history(FIRM)
    return known[: len(known) // 2], known[len(known) // 2 :]


@pytest_asyncio.fixture
async def ledger(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[Stage]:
    async with stage(await new_database()) as found:
        await found.take([record(known) for known in halves()[0]])
        yield found


async def seal(ledger: Stage) -> tuple[UUID, sealing.Cover, str]:
    seal_id = uuid4()
    async with ledger.pool.acquire() as connection, connection.transaction():
        cover, _ = await sealing.hold(connection)
        found = await sealing.balances_hash(connection, TENANT, FROM, TO, cover)
        await connection.execute("INSERT INTO seal VALUES ($1, $2, 1, '{}', $3, $4)", TENANT, seal_id, FROM, TO)
        await sealing.keep_cover(connection, TENANT, seal_id, cover)
    return seal_id, cover, found


async def verified(ledger: Stage, seal_id: UUID, schema: str = "ledger_v1") -> tuple[str, list[Any]]:
    async with ledger.pool.acquire() as connection, connection.transaction():
        cover = await sealing.cover_of(connection, TENANT, seal_id, schema)
        found = await sealing.balances_hash(connection, TENANT, FROM, TO, cover)
        return found, await sealing.adjustments(connection, TENANT, FROM, TO, cover, at_most=10_000)


async def test_later_entries_on_sealed_days_are_adjustments_and_the_hash_holds(ledger: Stage) -> None:
    seal_id, cover, sealed = await seal(ledger)
    assert await verified(ledger, seal_id) == (sealed, [])
    await ledger.take([record(known) for known in halves()[1]])
    found, adjustments = await verified(ledger, seal_id)
    assert found == sealed
    late = {message(known).envelope.id for known in halves()[1]}
    assert adjustments
    assert {row["event_id"] for row in adjustments} <= late
    assert all(row["seq"] > cover.ledger_seq and FROM <= row["day"] < TO for row in adjustments)


async def test_what_another_worker_folds_after_the_seal_is_no_part_of_it(ledger: Stage) -> None:
    late = halves()[1]
    async with ledger.pool.acquire():  # the other half of the fold is done by another session
        await ledger.take([record(known) for known in late[: len(late) // 2]])
    seal_id, cover, sealed = await seal(ledger)
    await ledger.take([record(known) for known in late[len(late) // 2 :]])
    found, adjustments = await verified(ledger, seal_id)
    assert found == sealed
    assert await ledger.pool.fetchval("SELECT min(seq) FROM ledger_v1.ledger WHERE event_id = ANY($1)", [
        message(known).envelope.id for known in late[len(late) // 2 :]
    ]) > cover.ledger_seq  # fmt: skip
    assert adjustments


async def test_a_sealed_entry_that_was_changed_breaks_the_hash(ledger: Stage) -> None:
    seal_id, _, sealed = await seal(ledger)
    await ledger.pool.execute(
        "UPDATE ledger_v1.ledger SET amount = amount + 1 WHERE seq ="
        " (SELECT min(seq) FROM ledger_v1.ledger WHERE day >= $1 AND day < $2)", FROM, TO,
    )  # fmt: skip
    assert (await verified(ledger, seal_id))[0] != sealed


async def rewritten(ledger: Stage, *more: str) -> None:
    """The ledger written anew in another order, and what a rebuild may have read beyond the ledger in use."""
    columns = "recorded_at, tenant_id, event_id, fact_id, amount, slice, count, day, measure, event_type, kind"
    async with ledger.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT ledger_create('ledger_v2')")
        for month in (date(2026, 6, 1), date(2026, 7, 1)):
            await connection.execute("SELECT ledger_partition('ledger_v2', $1)", month)
        await connection.execute(
            f"INSERT INTO ledger_v2.ledger ({columns}) SELECT {columns} FROM ledger_v1.ledger ORDER BY seq DESC"
        )
        for statement in more:
            await connection.execute(statement)
        await sealing.carry_over(connection, "ledger_v1", "ledger_v2")


async def test_the_seal_holds_over_a_ledger_that_was_written_anew_in_another_order(ledger: Stage) -> None:
    seal_id, _, sealed = await seal(ledger)
    await ledger.take([record(known) for known in halves()[1]])
    before = await verified(ledger, seal_id)
    await rewritten(ledger)
    found, adjustments = await verified(ledger, seal_id, "ledger_v2")
    assert found == sealed
    assert len(adjustments) == len(before[1]) > 0


async def test_what_a_rebuild_read_before_the_live_fold_did_is_an_adjustment(ledger: Stage) -> None:
    seal_id, _, sealed = await seal(ledger)
    await rewritten(
        ledger,
        f"""
        CREATE TEMP TABLE ahead AS SELECT * FROM ledger_v2.ledger WHERE day >= '{FROM}' AND day < '{TO}' LIMIT 1;
        UPDATE ahead SET event_id = gen_random_uuid(), seq = nextval('ledger_v2.ledger_seq');
        INSERT INTO ledger_v2.ledger SELECT * FROM ahead
        """,
    )
    found, adjustments = await verified(ledger, seal_id, "ledger_v2")
    assert found == sealed
    assert len(adjustments) == 1


def command(from_on: date, to_on: date) -> SealPeriod:
    moment = Moment.of(a_world(1, size=1).leads[0][0].created_at.replace(year=2026, month=3, day=15), "UTC")
    return SealPeriod(
        moment=moment, id=uuid4(), from_on=from_on, to_on=to_on, sealed_by=None, ledger_seq=4, sha256="ab", offsets=()
    )


def test_a_period_that_is_over_is_sealed() -> None:
    given(SEAL).when(command(date(2026, 1, 1), date(2026, 3, 15))).then(PeriodSealed)


def test_a_period_that_is_not_over_is_refused() -> None:
    given(SEAL).when(command(date(2026, 1, 1), date(2026, 3, 16))).then_refused(PeriodNotOver, "2026-03-16")


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(PeriodBackwards):
        refuse_bad_period(date(2026, 1, 1), date(2026, 1, 1), date(2026, 3, 1))


@pytest.mark.parametrize("sealed", [(1, 3), (2, 3), (2, 9), (4, 5), (1, 9)])
def test_days_that_are_sealed_already_are_refused(sealed: tuple[int, int]) -> None:
    with pytest.raises(PeriodAlreadySealed):
        refuse_overlap(date(2026, 1, 2), date(2026, 1, 5), [(date(2026, 1, sealed[0]), date(2026, 1, sealed[1]))])


def test_periods_that_touch_do_not_overlap() -> None:
    refuse_overlap(date(2026, 1, 2), date(2026, 1, 5), [(date(2026, 1, 1), date(2026, 1, 2))])
    refuse_overlap(date(2026, 1, 2), date(2026, 1, 5), [(date(2026, 1, 5), date(2026, 2, 1))])
