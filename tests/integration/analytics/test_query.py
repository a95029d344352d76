"""What PostgreSQL answers from cells and ledger equals what the same postings give in memory, for every KPI."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from analytics.kpi import Freshness
from analytics.kpis import BY_SLUG, KPIS
from analytics.measures import POSTINGS
from analytics.measures.histories import AS_OF
from analytics.periods import ALWAYS, Days
from analytics.query.balances import Balances, PostingsInMemory
from analytics.query.cells import CellBalances
from analytics.query.evaluate import evaluate
from analytics.query.question import Only, Question
from analytics.query.replay import replayed
from chassis.principal import Scope
from folded_world import BEGAN, TENANT, a_database, as_known_at, ledger_of
from sales_world import OWNERS, World, a_world, name

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
SLUGS = [kpi.slug for kpi in KPIS if not isinstance(kpi.figure, Freshness)]
FIRM = a_world(11, size=40)
SOME_DAYS = Days(date(2025, 12, 5), date(2026, 2, 11))
PERIODS = (ALWAYS, SOME_DAYS, Days(None, date(2026, 1, 1)), Days(date(2026, 1, 2), date(2026, 1, 20)))

Ledger = tuple[Any, str]


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ledger(postgres_url: str) -> AsyncIterator[Ledger]:
    async with a_database(postgres_url) as url, ledger_of(url, FIRM) as found:
        yield found


def in_memory(world: World, day: date | None = None) -> PostingsInMemory:
    states = [(kind, state) for kind in POSTINGS for state in world.latest(kind)]
    if day is not None:
        states = [(kind, as_of) for kind, state in states if (as_of := AS_OF[kind][1](state, day)) is not None]
    return PostingsInMemory((state.id, posting) for kind, state in states for posting in POSTINGS[kind](state))


async def rows(question: Question, balances: Balances) -> dict[Any, tuple[Any, ...]]:
    found = await evaluate(question, balances)
    return {row.key: (row.value, row.part, row.whole, row.count, row.apart, row.reason) for row in found}


async def agree(question: Question, balances: Balances, memory: Balances) -> None:
    assert await rows(question, balances) == await rows(question, memory), (question.kpi.slug, question.dimensions)


async def test_every_kpi_by_each_dimension_and_period(ledger: Ledger) -> None:
    cells, memory = CellBalances(*ledger, TENANT), in_memory(FIRM)
    for slug in SLUGS:
        kpi = BY_SLUG[slug]
        for by in ((), *((dimension,) for dimension in kpi.dimensions), kpi.dimensions[:3]):
            for days in PERIODS if len(by) < 2 else PERIODS[1:2]:
                await agree(Question(kpi=kpi, by=by, days=days, now=NOW), cells, memory)


@pytest.mark.parametrize("unit", ["day", "week", "month", "fiscal-quarter", "year"])
async def test_every_kpi_by_unit_of_time(ledger: Ledger, unit: Any) -> None:
    cells, memory = CellBalances(*ledger, TENANT), in_memory(FIRM)
    for kpi in KPIS:
        if kpi.calendar:
            await agree(Question(kpi=kpi, unit=unit, by=("rep",), days=SOME_DAYS, now=NOW), cells, memory)


async def test_every_kpi_filtered_and_limited_to_what_the_caller_may_see(ledger: Ledger) -> None:
    cells, memory = CellBalances(*ledger, TENANT), in_memory(FIRM)
    team = Scope(teams=(name("team 1"),), person=name("rep 4"))
    limits = (
        Only({"source": frozenset({"web", None})}),
        Only({"rep": frozenset({str(OWNERS[0].person), str(OWNERS[3].person)}), "source": frozenset({"fair"})}),
        Only(scope=Scope(person=name("rep 1"))),
        Only({"source": frozenset({"web"})}, team),
        Only(scope=Scope()),
    )
    for slug in SLUGS:
        for only in limits:
            await agree(Question(kpi=BY_SLUG[slug], only=only, days=SOME_DAYS, now=NOW), cells, memory)


@pytest.mark.parametrize("minutes", [0, 37, 90, 155, 10_000])
async def test_as_known_at_is_a_fresh_ledger_of_the_events_up_to_then(ledger: Ledger, minutes: int) -> None:
    at = BEGAN + timedelta(minutes=minutes)
    cells, memory = CellBalances(*ledger, TENANT, known_at=at), in_memory(as_known_at(FIRM, at))
    for slug in SLUGS:
        kpi = BY_SLUG[slug]
        for by in ((), kpi.dimensions[:1], kpi.dimensions[:4]):
            await agree(Question(kpi=kpi, by=by, days=SOME_DAYS, now=NOW), cells, memory)


async def test_as_of_a_day_is_the_figure_over_the_states_of_that_day(ledger: Ledger) -> None:
    day, connection, schema = date(2026, 1, 9), *ledger
    for slug in SLUGS:
        question = Question(kpi=BY_SLUG[slug], by=BY_SLUG[slug].dimensions[:1], as_of=day, now=NOW)
        cells: Balances = CellBalances(connection, schema, TENANT)
        if question.needs_replay:
            cells = await replayed(connection, schema, TENANT, question.kpi.measures, day)
        await agree(question, cells, in_memory(FIRM, day))


async def test_another_tenant_has_no_figures(ledger: Ledger) -> None:
    cells = CellBalances(*ledger, name("another firm"))
    for slug in SLUGS:
        question = Question(kpi=BY_SLUG[slug], now=NOW)
        assert await rows(question, cells) == await rows(question, PostingsInMemory(()))
