"""Campaigns and what is spent on them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from chassis.refusals import AlreadyExists
from events.catalogue.campaigns import (
    CampaignChanged,
    CampaignPlanned,
    CampaignState,
    SpendBooked,
    SpendReversed,
)
from events.moment import Moment
from events.money import Money, PinnedRate
from events.testing import given
from leads.campaigns.campaign import CAMPAIGN, ChangeCampaign, DaysBackwards, PlanCampaign
from leads.campaigns.spend import (
    SPEND,
    BookSpend,
    CampaignWithoutEnd,
    OutsideCampaign,
    ReverseSpend,
    Span,
    SpendAlreadyReversed,
    TooManyDays,
    alike,
    days_of,
)
from leads.sequence import OutOfSequence

NOW = Moment.of(datetime(2026, 3, 2, 20, tzinfo=UTC), "Asia/Ho_Chi_Minh")
EARLIER = Moment.of(datetime(2026, 3, 1, 20, tzinfo=UTC), "Asia/Ho_Chi_Minh")
MARCH = Span(date(2026, 3, 1), date(2026, 3, 31))
FAIR = CampaignState(
    id=UUID(int=1), name="Spring fair", source="fair", medium="event", first_on=MARCH.from_on, last_on=MARCH.to_on
)
ENDLESS = FAIR.model_copy(update={"last_on": None})
PLAN = PlanCampaign(moment=NOW, campaign=FAIR)
BOOK = BookSpend(
    moment=NOW,
    id=UUID(int=2),
    external_id="bill-1",
    campaign=FAIR,
    days=MARCH,
    amount=Money(minor=100, currency="VND"),
    rate=PinnedRate(currency="VND", base="USD", rate="0.00004", on=MARCH.from_on),
    base_minor=4,
)


def change(**changes):
    return ChangeCampaign(moment=NOW, changes=changes)


def test_a_campaign_is_planned_once():
    given(CAMPAIGN).when(PLAN).then(CampaignPlanned()).then_state(name="Spring fair", active=True)
    given(CAMPAIGN, PLAN).when(PLAN).then_refused(AlreadyExists)


def test_a_campaign_changes_only_when_it_differs():
    given(CAMPAIGN, PLAN).when(change(active=True)).then_nothing()
    given(CAMPAIGN, PLAN).when(change(active=False, last_on=None)).then(CampaignChanged()).then_state(last_on=None)


def test_no_campaign_ends_before_it_begins():
    given(CAMPAIGN, PLAN).when(change(first_on=date(2026, 4, 1))).then_refused(DaysBackwards)
    backwards = PlanCampaign(moment=NOW, campaign=FAIR.model_copy(update={"last_on": date(2026, 2, 28)}))
    given(CAMPAIGN).when(backwards).then_refused(DaysBackwards)


def test_a_spend_carries_the_source_and_medium_of_its_campaign():
    given(SPEND).when(BOOK).then(SpendBooked()).then_state(
        source="fair", medium="event", from_on=MARCH.from_on, to_on=MARCH.to_on, base_minor=4, booked_on=NOW.on
    )
    given(SPEND, BOOK).when(BOOK).then_refused(AlreadyExists)


def test_a_spend_is_reversed_once_for_a_reason_and_keeps_its_amount():
    reverse = ReverseSpend(moment=NOW, reason="typing error")
    given(SPEND, BOOK).when(reverse).then(SpendReversed(reason="typing error")).then_state(base_minor=4)
    given(SPEND, BOOK, reverse).when(reverse).then_refused(SpendAlreadyReversed)
    given(SPEND, BOOK).when(ReverseSpend(moment=EARLIER, reason="typing error")).then_refused(OutOfSequence)


def test_without_days_a_spend_is_of_all_days_of_the_campaign():
    assert days_of(FAIR, None) == MARCH
    with pytest.raises(CampaignWithoutEnd):
        days_of(ENDLESS, None)


@pytest.mark.parametrize(
    ("from_on", "to_on", "refusal"),
    [
        (date(2026, 3, 5), date(2026, 3, 4), DaysBackwards),
        (date(2026, 2, 28), date(2026, 3, 4), OutsideCampaign),
        (date(2026, 3, 31), date(2026, 4, 1), OutsideCampaign),
    ],
)
def test_nothing_is_spent_on_days_that_are_not_the_campaigns(from_on, to_on, refusal):
    with pytest.raises(refusal):
        days_of(FAIR, Span(from_on, to_on))


def test_a_spend_covers_a_leap_year_and_no_more():
    year = Span(date(2027, 3, 1), date(2028, 2, 29))
    assert days_of(ENDLESS, year) == year
    with pytest.raises(TooManyDays):
        days_of(ENDLESS, Span(date(2027, 3, 1), date(2028, 3, 1)))


def test_a_booking_is_alike_with_campaign_days_and_amount_whatever_the_note():
    [booked] = SPEND.decide(BOOK, None)
    assert alike(replace(BOOK, note="sent again", id=UUID(int=3)), booked.spend)
    assert not alike(replace(BOOK, amount=Money(minor=101, currency="VND")), booked.spend)
    assert not alike(replace(BOOK, days=Span(MARCH.from_on, MARCH.from_on)), booked.spend)
    assert not alike(replace(BOOK, campaign=FAIR.model_copy(update={"id": UUID(int=9)})), booked.spend)
