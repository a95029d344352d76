"""What the entries behind a figure add up to is the figure, for every KPI, page by page."""

from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
import pytest_asyncio

from analytics.explain import contributions, entries
from analytics.kpi import Freshness, Kpi
from analytics.kpis import BY_SLUG, KPIS
from analytics.periods import Days
from analytics.query.answer import balances_for
from analytics.query.evaluate import evaluate
from analytics.query.question import Only, Question
from chassis.principal import Scope
from folded_world import BEGAN, TENANT, a_database, ledger_of
from sales_world import a_world, name

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
SOME_DAYS = Days(date(2025, 12, 5), date(2026, 2, 11))
EXPLAINED = [kpi for kpi in KPIS if not isinstance(kpi.figure, Freshness)]
MINE = Only({"source": frozenset({"web", None, "fair"})}, Scope(teams=(name("team 1"),), person=name("rep 4")))

Ledger = tuple[Any, str]


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ledger(postgres_url: str) -> AsyncIterator[Ledger]:
    async with a_database(postgres_url) as url, ledger_of(url, a_world(12, size=40)) as found:
        yield found


async def added_up(connection: Any, question: Question, page: int = 37) -> dict[str, Fraction]:
    balances = await balances_for(connection, TENANT, question)
    sums: dict[str, Fraction] = defaultdict(Fraction)
    after = 0
    while found := await entries(connection, TENANT, question, balances, after=after, limit=page):
        assert after < found[0].place
        after = found[-1].place
        for entry in found:
            for part, value in contributions(question, entry).items():
                sums[part] += value
    return sums


async def check(connection: Any, question: Question) -> None:
    sums = await added_up(connection, question)
    rows = await evaluate(question, await balances_for(connection, TENANT, question))
    if not rows:
        assert not sums
        return
    (row,) = rows
    assert sums["numerator"] == (row.part or 0)
    assert sums["denominator"] == (row.whole or 0)
    assert sums["count"] == row.count
    assert {part: sums[part] for part in row.apart} == row.apart


def ask(kpi: Kpi, only: Only | None = None, **limits: Any) -> Question:
    """One row: a KPI that is always by stage is asked for one stage."""
    chosen = only or Only()
    if kpi.always_by:
        chosen = Only({**chosen.filters, "stage": frozenset({"needs"})}, chosen.scope)
    return Question(kpi=kpi, only=chosen, now=NOW, **limits)


async def test_entries_add_up_to_each_figure(ledger: Ledger) -> None:
    for kpi in EXPLAINED:
        await check(ledger[0], ask(kpi))
        await check(ledger[0], ask(kpi, days=SOME_DAYS))


async def test_entries_add_up_to_what_the_caller_may_see_of_it(ledger: Ledger) -> None:
    for kpi in EXPLAINED:
        await check(ledger[0], ask(kpi, MINE, days=SOME_DAYS))


async def test_entries_add_up_to_the_figure_as_known_at_a_time(ledger: Ledger) -> None:
    for kpi in EXPLAINED:
        await check(ledger[0], ask(kpi, known_at=BEGAN + timedelta(minutes=99)))


async def test_postings_add_up_to_the_figure_as_of_a_past_day(ledger: Ledger) -> None:
    for kpi in EXPLAINED:
        await check(ledger[0], ask(kpi, as_of=date(2026, 1, 9)))


async def test_an_entry_names_the_event_that_made_it(ledger: Ledger) -> None:
    question = ask(BY_SLUG["deals-won"])
    found = await entries(ledger[0], TENANT, question, None, after=0, limit=3)
    assert [entry.event_type for entry in found] == ["dealstream.deal.next_step_planned.v1"] * 3
    assert all(entry.kind == "deal" and entry.event and entry.recorded_at for entry in found)


@pytest.mark.parametrize("slug", ["win-rate", "sales-cycle-p90"])
async def test_no_entry_is_listed_that_adds_nothing(ledger: Ledger, slug: str) -> None:
    question = ask(BY_SLUG[slug])
    balances = await balances_for(ledger[0], TENANT, question)
    found = await entries(ledger[0], TENANT, question, balances, after=0, limit=10_000)
    assert found
    assert all(contributions(question, entry) for entry in found)
