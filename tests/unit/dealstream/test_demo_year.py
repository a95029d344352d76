"""The demo's year is the same for the same seed, ends where it should, and is as big as promised."""

from datetime import UTC, datetime

import pytest

from dealstream.demo.year import STAGES, Year

END = datetime(2026, 11, 22, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def leads():
    return list(Year(END).leads())


@pytest.fixture(scope="module")
def deals(leads):
    year = Year(END)
    list(year.leads())
    return [lead.deal for lead in leads if lead.deal] + list(year.own_deals())


def test_the_same_seed_tells_the_same_year(leads):
    assert leads == list(Year(END).leads())
    assert leads != list(Year(END, seed=7).leads())


def test_there_are_enough_leads_and_deals(leads, deals):
    assert len(leads) >= 5_000
    assert len(deals) >= 2_000


def test_nothing_happens_after_the_end_or_out_of_order(leads, deals):
    for lead in leads:
        told = [lead.at, lead.qualified_at or lead.disqualified_at, lead.offered_at, lead.answered_at]
        times = [at for at in told if at is not None]
        assert times == sorted(times)
        assert times[-1] <= END
    for deal in deals:
        times = [deal.opened_at, *(move.at for move in deal.moves), *([deal.close.at] if deal.close else [])]
        assert times == sorted(times)
        assert times[-1] <= END


def test_deals_go_through_the_stages_in_order(deals):
    assert all([move.stage for move in deal.moves] == list(STAGES[1 : 1 + len(deal.moves)]) for deal in deals)


def test_some_deals_are_won_some_lost_and_some_open(deals):
    won = sum(1 for deal in deals if deal.close and deal.close.won)
    lost = sum(1 for deal in deals if deal.close and not deal.close.won)
    assert 0.2 < won / (won + lost) < 0.6
    assert sum(1 for deal in deals if deal.close is None) > 100
