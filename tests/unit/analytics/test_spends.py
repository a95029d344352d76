"""Money is spread over the days it was spent for, and not a minor unit is lost or made."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from analytics.kpis.leads import COST_PER_LEAD
from analytics.ledger.posting import Posting, Slice
from analytics.measures.leads import LEADS, PENDING
from analytics.measures.spends import SPENT, postings
from analytics.query.balances import PostingsInMemory
from analytics.query.evaluate import evaluate
from analytics.query.question import Question
from events.catalogue.campaigns import Reversal, SpendState
from events.money import Money, PinnedRate
from sales_world import name

MONDAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def a_spend(base_minor: int, days: int, **more: Any) -> SpendState:
    return SpendState(
        id=name("spend"),
        campaign_id=name("campaign"),
        source="fair",
        from_on=MONDAY,
        to_on=MONDAY + timedelta(days=days - 1),
        amount=Money(minor=base_minor, currency="USD"),
        rate=PinnedRate(currency="USD", base="USD", rate="1", on=MONDAY),
        base_minor=base_minor,
        booked_at=NOON,
        booked_on=MONDAY,
        **more,
    )


def booked(spend: SpendState) -> list[tuple[int, int]]:
    """Day after Monday, and minor units."""
    return [((one.on - MONDAY).days, one.amount) for one in postings(spend)]


def test_ten_cents_over_three_days_are_three_three_and_four() -> None:
    assert booked(a_spend(10, 3)) == [(0, 3), (1, 3), (2, 4)]


def test_a_day_takes_the_whole_and_days_without_a_cent_take_nothing() -> None:
    assert booked(a_spend(77, 1)) == [(0, 77)]
    assert booked(a_spend(1, 4)) == [(0, 0), (3, 1)]
    assert booked(a_spend(0, 4)) == [(0, 0)]


def test_it_counts_once_for_the_source_and_for_nobody() -> None:
    found = list(postings(a_spend(10, 3)))
    assert [(one.measure, one.slice) for one in found] == [(SPENT, Slice(source="fair"))] * 3
    assert sum(one.count for one in found) == 1


def test_what_was_reversed_counts_on_no_day() -> None:
    assert booked(a_spend(10, 3, reversal=Reversal(at=NOON, on=MONDAY, reason="typing error"))) == []


@given(st.integers(0, 10**17), st.integers(1, 366))
def test_the_parts_are_the_whole_and_differ_by_one_at_most(whole: int, days: int) -> None:
    parts = dict(booked(a_spend(whole, days)))
    every = [parts.get(day, 0) for day in range(days)]
    assert sum(every) == whole
    assert max(every) - min(every) <= 1


async def test_spend_without_leads_has_no_cost_per_lead_and_is_shown() -> None:
    """And leads without spend cost nothing."""
    lead = Posting(LEADS, MONDAY, Slice(source="web", label=PENDING))
    found = [*postings(a_spend(500, 2)), lead, lead]
    balances = PostingsInMemory((name(str(place)), posting) for place, posting in enumerate(found))
    rows = {row.key.values[0]: row for row in await evaluate(_by_source(), balances)}
    assert (rows["fair"].value, rows["fair"].part, rows["fair"].reason) == (None, 500, "no lead was created")
    assert (rows["web"].value, rows["web"].part, rows["web"].whole) == (0, 0, 2)


def _by_source() -> Question:
    return Question(kpi=COST_PER_LEAD, by=("source",), now=NOON)
