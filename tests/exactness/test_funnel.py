"""Each figure of the loaded funnel equals the one computed straight from the files."""

import pytest

from exactness import funnel_oracle as oracle
from exactness.test_opportunities import by, compare, month, same


@pytest.fixture(scope="session")
def told(funnel):
    return oracle.leads(funnel.folder)


def test_leads_by_origin_and_by_day(funnel, told):
    compare(funnel.tenant.figures("leads-created"), {(): told}, len)
    compare(funnel.tenant.figures("leads-created", "source"), by(told, lambda row: row.origin), len)
    compare(funnel.tenant.figures("leads-created", "month"), by(told, lambda row: month(row.created)), len)


def test_conversion_by_origin_and_cohort(funnel, told):
    compare(funnel.tenant.figures("lead-conversion"), {(): told}, oracle.conversion)
    compare(funnel.tenant.figures("lead-conversion", "source"), by(told, lambda row: row.origin), oracle.conversion)
    compare(
        funnel.tenant.figures("lead-conversion", "month"), by(told, lambda row: month(row.created)), oracle.conversion
    )
    both = by(told, lambda row: row.origin, lambda row: month(row.created))
    compare(funnel.tenant.figures("lead-conversion", "source", "month"), both, oracle.conversion)


def test_wins_by_the_one_who_sold(funnel, told):
    won = [row for row in told if row.converted]
    compare(funnel.tenant.figures("deals-won", "rep"), by(won, lambda row: row.rep), len)
    compare(funnel.tenant.figures("deals-won", "month"), by(won, lambda row: month(row.won_on)), len)
    compare(funnel.tenant.figures("deals-won", "source"), by(won, lambda row: row.origin), len)


def test_time_from_first_contact_to_win(funnel, told):
    won = [row for row in told if row.converted]
    assert same(funnel.tenant.figures("sales-cycle")[()]["value"], round(oracle.mean_days(won), 12))
    compare(
        funnel.tenant.figures("sales-cycle", "rep"),
        by(won, lambda row: row.rep),
        lambda rows: round(oracle.mean_days(rows), 12),
    )


def test_every_handoff_was_accepted(funnel, told):
    won = [row for row in told if row.converted]
    row = funnel.tenant.figures("handoff-acceptance")[()]
    assert (row["numerator"], row["denominator"]) == (len(won), len(won))
    found = funnel.tenant.figures("handoff-acceptance", "rep")
    assert {key: row["denominator"] for key, row in found.items()} == {
        key: len(rows) for key, rows in by(won, lambda row: row.sdr).items()
    }
