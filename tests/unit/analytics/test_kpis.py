"""Each figure equals what the definition gives when it is reckoned the long way over random histories."""

from collections import defaultdict
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

import kpi_oracle
import kpi_seen
from analytics import periods
from analytics.kpi import Freshness, Kpi, Percentile, Share, Unit, Window
from analytics.kpis import BY_SLUG, KPIS
from analytics.ledger.posting import Dimension, Posting, Slice
from analytics.measures import MEASURES, POSTINGS
from analytics.measures.deals import DEALS_LOST, DEALS_WON, OPEN_PIPELINE, SALES_CYCLE
from analytics.measures.histories import AS_OF
from analytics.periods import ALWAYS, Days
from analytics.query.balances import PostingsInMemory
from analytics.query.evaluate import evaluate
from analytics.query.question import Only, Question
from chassis.principal import Scope
from kpi_oracle import APART, FIGURES
from kpi_seen import Seen
from sales_world import OWNERS, World, a_world, name

NOW = datetime(2026, 8, 1, 12, 30, tzinfo=UTC)
EARLIER = date(2026, 1, 9)
SECONDS = {Unit.HOURS: 3600, Unit.DAYS: 86_400}
PERIODS = (ALWAYS, Days(date(2025, 12, 1), date(2026, 2, 1)), Days(date(2025, 12, 24), date(2026, 1, 7)))


@cache
def a_firm(seed: int, size: int = 25) -> World:
    return a_world(seed, size)


def booked(world: World, day: date | None = None) -> PostingsInMemory:
    """All postings of the world, or those of its states as of a day."""
    states = [(kind, state) for kind in POSTINGS for state in world.latest(kind)]
    if day is not None:
        states = [(kind, as_of) for kind, state in states if (as_of := AS_OF[kind][1](state, day)) is not None]
    return PostingsInMemory((state.id, posting) for kind, state in states for posting in POSTINGS[kind](state))


_booked: dict[tuple[int, date | None], PostingsInMemory] = {}


def remembered(world: World, day: date | None) -> PostingsInMemory:
    """Worlds are cached, so that each is booked once a day."""
    if (id(world), day) not in _booked:
        _booked[id(world), day] = booked(world, day)
    return _booked[id(world), day]


async def answered(world: World, question: Question) -> dict[tuple[Any, ...], Any]:
    """Value by dimension values and unit of time, of all rows."""
    balances = remembered(world, question.as_of if question.needs_replay else None)
    rows = await evaluate(question, balances)
    return {(*row.key.values, row.key.start): row for row in rows}


def expected(world: World, question: Question) -> dict[tuple[Any, ...], list[Seen]]:
    """What the oracle sees, by the same keys."""
    see = FIGURES[question.kpi.slug][0]
    groups: dict[tuple[Any, ...], list[Seen]] = defaultdict(list)
    for seen in see(world, _day(question)):
        if _within(seen, question):
            start = question.calendar.start(question.unit, seen.on) if question.unit and seen.on else None
            groups[*(seen.where.get(by) for by in question.dimensions), start].append(seen)
    return groups


def _day(question: Question) -> date:
    return question.as_of or (kpi_seen.FOREVER if question.kpi.slug != "weighted-pipeline" else question.today)


def _within(seen: Seen, question: Question) -> bool:
    filters = question.only.filters
    in_period = seen.on is None or seen.on in question.days
    return in_period and all(seen.where.get(by) in values for by, values in filters.items())


def ask(slug: str, **limits: Any) -> Question:
    return Question(kpi=BY_SLUG[slug], now=NOW, **limits)


async def check(world: World, question: Question) -> None:
    reckon = FIGURES[question.kpi.slug][1]
    rows, groups = await answered(world, question), expected(world, question)
    for key in rows.keys() | groups.keys():
        value = rows[key].value if key in rows else Fraction()
        due = reckon(groups.get(key, []))
        assert (value or 0) == (due or 0) * SECONDS.get(question.kpi.unit, 1), (
            question.kpi.slug,
            question.dimensions,
            key,
        )
        if key in rows and isinstance(question.kpi.figure, Share | Percentile):
            assert (value is None) == (due is None) == (rows[key].reason is not None)


@pytest.mark.parametrize("slug", FIGURES)
@pytest.mark.parametrize("as_of", [None, EARLIER])
async def test_a_figure_equals_its_definition_by_each_dimension_and_period(slug: str, as_of: date | None) -> None:
    for seed in range(2):
        world = a_firm(seed)
        for days in PERIODS:
            for by in ((), *((dimension,) for dimension in BY_SLUG[slug].dimensions), ("rep", "source")):
                await check(world, ask(slug, by=by, days=days, as_of=as_of))


@pytest.mark.parametrize("slug", [slug for slug in FIGURES if slug not in {"open-pipeline", "open-deals"}])
@pytest.mark.parametrize("unit", ["day", "week", "month", "quarter", "fiscal-year"])
async def test_a_figure_equals_its_definition_by_unit_of_time(slug: str, unit: periods.Unit) -> None:
    await check(a_firm(7), ask(slug, unit=unit, by=("team",), days=PERIODS[1]))


@pytest.mark.parametrize(
    ("by", "values"),
    [("rep", {str(OWNERS[0].person)}), ("source", {None, "web"}), ("product", {None}), ("stage", {"needs"})],
)
async def test_a_filter_leaves_what_it_names(by: Dimension, values: set[str | None]) -> None:
    for slug in FIGURES:
        if by in BY_SLUG[slug].dimensions:
            await check(a_firm(8), ask(slug, only=Only({by: frozenset(values)})))


@pytest.mark.parametrize("unit", ["month", "week", "quarter"])
async def test_a_stock_by_unit_of_time_is_that_of_the_last_day_of_each(unit: periods.Unit) -> None:
    world, days = a_firm(9), Days(date(2025, 12, 3), date(2026, 3, 1))
    question = ask("open-pipeline", unit=unit, days=days)
    rows = await answered(world, question)
    assert len(rows) >= 2
    for (start,), row in rows.items():
        last = question.calendar.following(unit, start).toordinal() - 1
        seen = list(kpi_seen.pipeline(world, date.fromordinal(last)))
        assert row.value == kpi_oracle.total("open value")(seen)
        assert row.count == kpi_oracle.total("open")(seen)


@pytest.mark.parametrize("slug", APART)
@pytest.mark.parametrize("as_of", [None, EARLIER])
async def test_what_is_shown_apart_equals_its_definition(slug: str, as_of: date | None) -> None:
    for seed in range(4):
        world, question = a_firm(seed), ask(slug, as_of=as_of)
        for key, row in (await answered(world, question)).items():
            for shown, (see, what) in APART[slug].items():
                seen = [
                    one for one in see(world, _day(question)) if (*map(one.where.get, question.dimensions), None) == key
                ]
                assert row.apart[shown] == kpi_oracle.total(what)(seen), shown


async def test_open_stays_count_their_time_up_to_the_day_asked_for() -> None:
    for as_of in (None, EARLIER):
        world, question = a_firm(3), ask("time-in-stage", as_of=as_of)
        seen = list(kpi_seen.open_stays(world, as_of or question.today, NOW))
        rows = await answered(world, question)
        assert seen
        for (stage, _), row in rows.items():
            here = [one for one in seen if one.where["stage"] == stage]
            assert row.apart["open_stays"] == len(here)
            assert Fraction(row.apart["open_stays_days"], 86_400) == sum(one.value for one in here)


async def test_velocity_equals_its_definition_for_each_rep() -> None:
    world, question = a_firm(4, size=60), ask("pipeline-velocity", by=("rep",), as_of=EARLIER)
    seen = [list(see(world, EARLIER)) for see in (kpi_seen.pipeline, kpi_seen.closes, kpi_seen.wins)]
    rows = await answered(world, question)
    assert any(row.value is not None for row in rows.values())
    for (rep, _), row in rows.items():
        parts = [[one for one in part if one.where["rep"] == rep] for part in seen]
        assert row.value == kpi_oracle.velocity(*parts, EARLIER)


async def test_a_rep_sees_the_figures_of_the_own_deals_only() -> None:
    world, me = a_firm(5), name("rep 1")
    for slug in FIGURES:
        mine = await answered(world, ask(slug, only=Only(scope=Scope(person=me))))
        same = await answered(world, ask(slug, only=Only({"rep": frozenset({str(me)})})))
        assert {key: row.value for key, row in mine.items()} == {key: row.value for key, row in same.items()}


async def test_a_manager_sees_what_is_of_the_own_teams_or_the_own_person() -> None:
    world, scope = a_firm(6), Scope(teams=(name("team 1"),), person=name("rep 4"))
    rows = await answered(world, ask("deals-opened", only=Only(scope=scope)))
    seen = kpi_seen.opened(world, kpi_seen.FOREVER)
    visible = [
        one for one in seen if one.where["team"] == str(name("team 1")) or one.where["rep"] == str(name("rep 4"))
    ]
    assert [row.value for row in rows.values()] == [len(visible)]


@pytest.mark.parametrize(
    "kpi", [kpi for kpi in KPIS if not isinstance(kpi.figure, Freshness)], ids=lambda kpi: kpi.slug
)
async def test_without_any_fact_a_figure_is_nothing_with_a_reason_and_a_count_is_zero(kpi: Kpi) -> None:
    rows = await evaluate(Question(kpi=kpi, now=NOW), PostingsInMemory(()))
    if kpi.always_by:
        assert rows == []
        return
    (row,) = rows
    if isinstance(kpi.figure, Share | Percentile):
        assert row.value is None
        assert row.reason
    else:
        assert row.value == 0 or row.reason


async def test_a_period_with_more_reopened_than_closed_has_no_rate() -> None:
    world = World(deals=[[state] for seed in range(40) for state in [versions[-1] for versions in a_firm(seed).deals]])
    reopened = next(
        (deal, closing)
        for (deal,) in world.deals
        for closing in deal.closings
        if closing.reopened_on and closing.reopened_on > closing.on and len(deal.closings) == 1
    )
    day = reopened[1].reopened_on
    assert day is not None
    (row,) = await evaluate(
        ask("win-rate", days=Days(day, date.fromordinal(day.toordinal() + 1))), booked(World(deals=[[reopened[0]]]))
    )
    assert (row.value, row.whole, row.reason) == (None, -1, "more was taken back than booked in this period")


@pytest.mark.parametrize(("won", "lost"), [(2, -1), (-1, 2)])
async def test_a_rate_is_never_above_all_or_below_none(won: int, lost: int) -> None:
    """More of one outcome was taken back in the period than there was of it: 200 % or -100 % would tell nothing."""
    day = date(2026, 1, 5)
    found = [Posting(DEALS_WON, day, Slice(), won, won * 500), Posting(DEALS_LOST, day, Slice(), lost, lost * 500)]
    for slug in ("win-rate", "win-rate-value"):
        [row] = await evaluate(ask(slug), PostingsInMemory((name("deal"), posting) for posting in found))
        assert (row.value, row.reason) == (None, "more was taken back than booked in this period")


def test_each_kpi_is_told_apart_and_explained() -> None:
    assert len({kpi.slug for kpi in KPIS}) == len(KPIS)
    assert set(FIGURES) | {"pipeline-velocity", "kpi-freshness"} == {kpi.slug for kpi in KPIS}
    for kpi in KPIS:
        assert kpi.definition.endswith("."), kpi.slug
        assert kpi.title
        assert kpi.version >= 1


def test_measures_have_one_number_and_one_key_each() -> None:
    assert len({measure.number for measure in MEASURES}) == len({measure.key for measure in MEASURES}) == len(MEASURES)


def test_what_later_events_change_is_marked_so() -> None:
    """A figure over a period is safe to cut at a day only if its postings never change on days gone by."""
    growing = {kpi.slug for kpi in KPIS if not kpi.retroactive}
    assert growing == {
        "leads-created", "deals-opened", "deals-won", "deals-lost", "win-rate", "win-rate-value", "revenue-won",
        "open-pipeline", "open-deals", "discount-rate", "cost-per-lead", "cost-per-conversion", "kpi-freshness",
        "activities-done", "visits-done", "customers-visited",
    }  # fmt: skip


def test_windows_end_with_the_day_asked_for() -> None:
    question = ask("pipeline-velocity", as_of=date(2026, 3, 1))
    year = question.over(Window.TRAILING_YEAR)
    assert (year.start, year.end) == (date(2025, 3, 2), date(2026, 3, 2))
    assert question.over(Window.STOCK) == Days(None, date(2026, 3, 2))
    assert Fraction((date(2026, 3, 2) - date(2025, 3, 2)).days) == 365


async def test_velocity_has_no_value_where_the_only_closes_took_each_other_back() -> None:
    """Lost long ago, reopened and won within the year: one win, and one loss less."""
    where, day = Slice(rep="ana"), date(2026, 3, 1)
    booked = PostingsInMemory(
        [
            (name("deal"), Posting(DEALS_LOST, date(2025, 1, 1), where)),
            (name("deal"), Posting(DEALS_LOST, date(2026, 1, 5), where, -1)),
            (name("deal"), Posting(DEALS_WON, date(2026, 1, 9), where, 1, 500)),
            (name("deal"), Posting(SALES_CYCLE, date(2026, 1, 9), where, 1, 86_400)),
            (name("other"), Posting(OPEN_PIPELINE, date(2026, 1, 1), where, 1, 700)),
        ]
    )
    [row] = await evaluate(ask("pipeline-velocity", as_of=day), booked)
    assert row.value is None
    assert "taken back" in str(row.reason)


def test_only_figures_over_a_period_are_compared_with_another_period() -> None:
    """A stock is the same whatever the period: its comparison with itself would always say that nothing changed."""
    assert {kpi.slug for kpi in KPIS if not kpi.of_a_period} == {
        "open-pipeline", "open-deals", "weighted-pipeline", "pipeline-velocity", "kpi-freshness"
    }  # fmt: skip
