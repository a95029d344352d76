"""The terms of the waterfall are what happened to each deal, and add up from one stock to the other."""

from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from analytics.periods import Days
from analytics.query.question import Only
from analytics.waterfall import Waterfall, between_days, between_times
from events.catalogue.deals import DealState, DealStatus, Span
from folded_world import BEGAN, TENANT, a_database, as_known_at, ledger_of
from kpi_seen import open_on
from sales_world import OWNERS, a_world

FIRM = a_world(13, size=60)
DAYS = Days(date(2025, 12, 10), date(2026, 2, 1))
TODAY = datetime(2026, 8, 1, tzinfo=UTC).date()
ONE_REP = Only({"rep": frozenset({str(OWNERS[0].person)})})
ONE_STAGE = Only({"stage": frozenset({"needs", "proposal"})})

Ledger = tuple[Any, str]


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ledger(postgres_url: str) -> AsyncIterator[Ledger]:
    async with a_database(postgres_url) as url, ledger_of(url, FIRM) as found:
        yield found


def counts(span: Span | None, only: Only) -> bool:
    """Whether an open deal is in the view; written out for the two filters used here."""
    if span is None:
        return False
    if only is ONE_REP:
        return span.owner.person == OWNERS[0].person
    return only is not ONE_STAGE or span.stage in {"needs", "proposal"}


def happened(deal: DealState, day: date, before: Span | None, after: Span | None) -> str:
    if before is None:
        return "new" if deal.opened_on == day else "reopened"
    if after is None:
        last = [closing for closing in deal.closings if closing.on == day][-1]
        return "won" if last.outcome is DealStatus.WON else "lost"
    return ""


def expected(only: Only) -> dict[str, list[int]]:
    """Day by day, deal by deal, from the states of the deals on the two evenings."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    assert DAYS.start
    assert DAYS.end
    for place in range(DAYS.start.toordinal(), DAYS.end.toordinal()):
        day = date.fromordinal(place)
        for *_, deal in FIRM.deals:
            was, now = open_on(deal, date.fromordinal(place - 1)), open_on(deal, day)
            was_in, now_in = counts(was, only), counts(now, only)
            count = now_in - was_in
            amount = (now.base_minor if now and now_in else 0) - (was.base_minor if was and was_in else 0)
            if count or amount:
                term = happened(deal, day, was, now)
                if not term and was and now:
                    moved = "reassigned" if was.owner != now.owner else "moved"
                    term = moved if count else "raised" if amount > 0 else "lowered"
                found[term][0] += count
                found[term][1] += amount
    return found


def adds_up(found: Waterfall) -> bool:
    number = found.start.number + sum(change.number for change in found.terms.values())
    amount = found.start.amount + sum(change.amount for change in found.terms.values())
    return (number, amount) == found.end


def stock(deals: list[list[DealState]], day: date, only: Only) -> tuple[int, int]:
    spans = [span for (*_, deal) in deals if (span := open_on(deal, day)) and counts(span, only)]
    return len(spans), sum(span.base_minor for span in spans)


@pytest.mark.parametrize("only", [Only(), ONE_REP, ONE_STAGE], ids=["all", "one rep", "some stages"])
async def test_between_days_each_change_has_its_term(ledger: Ledger, only: Only) -> None:
    found = await between_days(ledger[0], TENANT, DAYS, only)
    assert {term: list(change) for term, change in found.terms.items() if any(change)} == {
        term: change for term, change in expected(only).items() if any(change)
    }
    assert adds_up(found)
    assert DAYS.end
    assert tuple(found.end) == stock(FIRM.deals, DAYS.end - timedelta(days=1), only)


@pytest.mark.parametrize("only", [Only(), ONE_REP, ONE_STAGE], ids=["all", "one rep", "some stages"])
async def test_between_times_of_knowing_the_terms_add_up(ledger: Ledger, only: Only) -> None:
    known = BEGAN + timedelta(minutes=100), BEGAN + timedelta(minutes=560)
    found = await between_times(ledger[0], TENANT, known, TODAY, only)
    assert adds_up(found)
    for at, balance in zip(known, (found.start, found.end), strict=True):
        assert tuple(balance) == stock(as_known_at(FIRM, at).deals, TODAY, only)
    assert sum(any(change) for change in found.terms.values()) >= 4
