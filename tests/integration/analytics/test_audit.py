"""The audit finds whatever does not agree, and says where."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from analytics.ledger.facts import pack_state
from folded_world import TENANT, history
from ledger_stage import Stage, record, stage
from sales_world import a_world

FIRM = a_world(21, size=8)


@pytest_asyncio.fixture
async def ledger(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[Stage]:
    async with stage(await new_database()) as found:
        await found.take([record(known) for known in history(FIRM)])
        yield found


async def test_an_untouched_ledger_agrees(ledger: Stage) -> None:
    found = await ledger.audit()
    assert found.agrees
    assert found.facts == 48
    assert found.balances > 50
    assert found.cells > found.balances


FIRST_CELL = "SELECT min(ctid) FROM ledger_v1.cell WHERE count > 0"
FIRST_ENTRY = "SELECT min(seq) FROM ledger_v1.ledger"
A_DEAL = "SELECT min(id::text)::uuid FROM ledger_v1.fact WHERE kind = 'deal'"
CORRUPTIONS = {
    f"UPDATE ledger_v1.cell SET amount = amount + 1 WHERE ctid = ({FIRST_CELL})": "cells and ledger",
    f"DELETE FROM ledger_v1.cell WHERE ctid = ({FIRST_CELL})": "cells and ledger",
    "INSERT INTO ledger_v1.cell SELECT tenant_id, 5, 5, measure, grouping, '2031-01-01', slice, 9, 'd' FROM"
    " ledger_v1.cell LIMIT 1": "cells and ledger",
    f"UPDATE ledger_v1.ledger SET amount = amount + 1 WHERE seq = ({FIRST_ENTRY})": "ledger and facts",
    f"UPDATE ledger_v1.fact SET postings = substr(postings, 25) WHERE id = ({A_DEAL})": "postings and state",
}


@pytest.mark.parametrize(("corruption", "between"), CORRUPTIONS.items())
async def test_a_planted_corruption_is_found(ledger: Stage, corruption: str, between: str) -> None:
    await ledger.pool.execute(corruption)
    found = await ledger.audit()
    assert not found.agrees
    assert between in {difference.between for difference in found.shown}


async def test_two_balances_of_one_day_that_were_swapped_are_found(ledger: Stage) -> None:
    rows = await ledger.pool.fetch(
        "SELECT a.seq AS one, a.slice AS here, b.seq AS two, b.slice AS there FROM ledger_v1.ledger a"
        " JOIN ledger_v1.ledger b ON a.measure = b.measure AND a.day = b.day AND a.slice <> b.slice"
        " AND (a.count, a.amount) <> (b.count, b.amount) LIMIT 1"
    )
    row: Any = rows[0]
    for seq, place in ((row["one"], row["there"]), (row["two"], row["here"])):
        await ledger.pool.execute("UPDATE ledger_v1.ledger SET slice = $2 WHERE seq = $1", seq, place)
    found = await ledger.audit()
    assert "ledger and facts" in {difference.between for difference in found.shown}


async def test_a_difference_names_measure_grouping_and_day(ledger: Stage) -> None:
    row = await ledger.pool.fetchrow(
        "UPDATE ledger_v1.cell SET count = count + 7 WHERE ctid = (SELECT min(ctid) FROM ledger_v1.cell)"
        " RETURNING measure, grouping, period::text, day, slice"
    )
    [found] = (await ledger.audit()).shown
    assert (found.measure, found.grouping, found.period, found.day, found.slice) == tuple(row)


async def test_a_state_that_was_changed_behind_the_fold_is_found(ledger: Stage) -> None:
    lead = FIRM.leads[0][-1].model_copy(update={"created_on": FIRM.leads[0][-1].created_on.replace(year=2011)})
    await ledger.pool.execute(
        "UPDATE ledger_v1.fact SET state = $2 WHERE id = $1 AND tenant_id = $3 AND kind = 'lead'",
        lead.id,
        pack_state(lead),
        TENANT,
    )
    [found] = (await ledger.audit()).shown
    assert (found.between, found.fact) == ("postings and state", lead.id)
