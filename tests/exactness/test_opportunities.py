"""Each figure of the loaded opportunities equals the one computed straight from the files."""

from collections import defaultdict
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from exactness import opportunities_oracle as oracle

DIMENSIONS = ("rep", "team", "region", "product")
CLOSED = {
    "win-rate": oracle.win_rate,
    "win-rate-value": oracle.win_rate_value,
}
WON = {
    "deals-won": len,
    "revenue-won": oracle.revenue,
    "average-deal-size": oracle.average_deal_size,
    "median-deal-size": oracle.median_deal_size,
    "sales-cycle": oracle.mean_cycle,
    "sales-cycle-p50": oracle.cycle_percentile(Fraction(1, 2)),
    "sales-cycle-p90": oracle.cycle_percentile(Fraction(9, 10)),
    "discount-rate": oracle.discount_rate,
}
CASES = [(slug, figure, oracle.closed) for slug, figure in CLOSED.items()]
CASES += [(slug, figure, oracle.won) for slug, figure in WON.items()]
CASES += [("deals-lost", len, oracle.lost)]


@pytest.fixture(scope="session")
def told(opportunities):
    return oracle.opportunities(opportunities.folder)


def month(day: date) -> str:
    return f"{day:%Y-%m}"


def quarter(day: date) -> str:
    return f"{day.year}-Q{(day.month + 2) // 3}"


def by(rows, *keys):
    groups = defaultdict(list)
    for row in rows:
        groups[tuple(key(row) for key in keys)].append(row)
    return groups


def same(found, expected) -> bool:
    if expected is None or found is None:
        return found is expected
    return abs(Fraction(str(found)) - Fraction(expected)) <= Fraction(1, 10**9)


def compare(figures, groups, figure):
    expected = {key: figure(rows) for key, rows in groups.items()}
    found = {key: row["value"] for key, row in figures.items()}
    assert set(found) - set(expected) == set()
    wrong = {key: (found.get(key), value) for key, value in expected.items() if not same(found.get(key), value)}
    assert wrong == {}


@pytest.mark.parametrize(("slug", "figure", "rows"), CASES, ids=[case[0] for case in CASES])
def test_in_total_and_by_every_dimension(opportunities, told, slug, figure, rows):
    compare(opportunities.tenant.figures(slug), {(): rows(told)}, figure)
    for dimension in DIMENSIONS:
        groups = by(rows(told), lambda row, name=dimension: getattr(row, name))
        compare(opportunities.tenant.figures(slug, dimension), groups, figure)


@pytest.mark.parametrize(("slug", "figure", "rows"), CASES, ids=[case[0] for case in CASES])
def test_by_month_and_quarter_of_the_close(opportunities, told, slug, figure, rows):
    for name, period in (("month", month), ("quarter", quarter)):
        groups = by(rows(told), lambda row, period=period: period(row.closed))
        compare(opportunities.tenant.figures(slug, name), groups, figure)


@pytest.mark.parametrize(("slug", "figure", "rows"), CASES, ids=[case[0] for case in CASES])
def test_by_rep_within_a_period_that_cuts_months(opportunities, told, slug, figure, rows):
    days = sorted(row.closed for row in told if row.closed)
    begin, end = days[len(days) // 4], days[3 * len(days) // 4]
    groups = by([row for row in rows(told) if begin <= row.closed < end], lambda row: row.rep)
    found = opportunities.tenant.figures(slug, "rep", from_=begin.isoformat(), to=end.isoformat())
    compare(found, groups, figure)


def test_by_two_dimensions_at_once(opportunities, told):
    groups = by(oracle.won(told), lambda row: row.region, lambda row: row.product)
    compare(opportunities.tenant.figures("revenue-won", "region", "product"), groups, oracle.revenue)


def test_deals_opened_by_month_and_rep(opportunities, told):
    groups = by(told, lambda row: month(row.opened), lambda row: row.rep)
    compare(opportunities.tenant.figures("deals-opened", "month", "rep"), groups, len)


def test_the_open_pipeline_of_today_and_of_past_days(opportunities, told):
    days = sorted({row.opened for row in told})
    for day in (days[len(days) // 3], days[len(days) // 2], days[-1], datetime.now(UTC).date()):
        open_then = oracle.open_on(told, day)
        row = opportunities.tenant.figures("open-pipeline", as_of=day.isoformat())[()]
        assert (row["count"], row["value"]) == (len(open_then), sum(deal.amount_before_close for deal in open_then))
        groups = by(open_then, lambda deal: deal.rep)
        found = opportunities.tenant.figures("open-pipeline", "rep", as_of=day.isoformat())
        assert {key: row["count"] for key, row in found.items() if row["count"]} == {
            key: len(rows) for key, rows in groups.items()
        }


def test_conversion_by_stage_and_the_time_in_it(opportunities, told):
    conversion = opportunities.tenant.figures("conversion-by-stage", "stage")
    assert same(conversion["engaging",]["value"], oracle.engaging_conversion(told))
    assert conversion["prospecting",]["denominator"] == sum(row.stage == "Prospecting" for row in told)
    assert same(
        opportunities.tenant.figures("time-in-stage", "stage")["engaging",]["value"], oracle.engaging_days(told)
    )


def test_pipeline_velocity_on_the_day_of_the_file(opportunities, told):
    day = max(row.closed for row in told if row.closed)
    found = opportunities.tenant.figures("pipeline-velocity", as_of=day.isoformat())[()]
    assert same(round(found["value"], 6), round(Fraction(oracle.velocity(told, day)), 6))
