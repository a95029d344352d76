"""Who is told when: the rules on events and on time."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from events.catalogue.deals import DealState, DealStatus, NextStep, Span
from events.catalogue.leads import Owner
from events.money import Money, PinnedRate
from notifications.rules import NEXT_STEP_GRACE, next_step_missing_at, stalled_at

ANA = Owner(person=UUID(int=1))
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def a_deal(**changes):
    span = a_span(MONDAY)
    fields = {
        "id": UUID(int=7),
        "name": "Acme, 40 scanners",
        "pipeline": UUID(int=8),
        "stage": "proposal",
        "owner": ANA,
        "amount": Money(minor=100, currency="USD"),
        "rate": PinnedRate(currency="USD", base="USD", rate="1", on=date(2026, 3, 2)),
        "base_minor": 100,
        "stalled_after_days": 10,
        "opened_at": MONDAY,
        "opened_on": date(2026, 3, 2),
        "spans": (span,),
    }
    return DealState(**{**fields, **changes})


def a_span(from_at, stage="proposal", to_at=None):
    return Span(
        stage=stage,
        stage_index=2,
        probability=5000,
        owner=ANA,
        base_minor=100,
        from_at=from_at,
        from_on=from_at.date(),
        to_at=to_at,
        to_on=to_at.date() if to_at else None,
    )


def test_a_deal_stalls_when_its_stage_limit_has_passed():
    assert stalled_at(a_deal(), UTC) == MONDAY + timedelta(days=10)


def test_a_change_within_the_stage_does_not_start_the_limit_anew():
    later = MONDAY + timedelta(days=4)
    deal = a_deal(spans=(a_span(MONDAY, to_at=later), a_span(later)))
    assert stalled_at(deal, UTC) == MONDAY + timedelta(days=10)


def test_coming_back_to_a_stage_starts_its_limit_anew():
    left, back = MONDAY + timedelta(days=2), MONDAY + timedelta(days=5)
    deal = a_deal(spans=(a_span(MONDAY, to_at=left), a_span(left, "needs", back), a_span(back)))
    assert stalled_at(deal, UTC) == back + timedelta(days=10)


@pytest.mark.parametrize(
    "changes", [{"status": DealStatus.WON}, {"status": DealStatus.LOST}, {"stalled_after_days": None}]
)
def test_a_closed_deal_or_one_without_a_limit_never_stalls(changes):
    assert stalled_at(a_deal(**changes), UTC) is None


def test_a_deal_without_a_next_step_is_asked_about_after_the_grace():
    assert next_step_missing_at(a_deal(changed_at=MONDAY), UTC) == MONDAY + NEXT_STEP_GRACE


def test_a_next_step_moves_the_question_behind_its_due_day():
    deal = a_deal(next_step=NextStep(what="call", due_on=date(2026, 3, 9)))
    assert next_step_missing_at(deal, UTC) > datetime(2026, 3, 11, 23, tzinfo=UTC)


def test_a_next_step_is_due_until_its_day_is_over_in_the_firms_zone():
    deal = a_deal(next_step=NextStep(what="call", due_on=date(2026, 3, 9)))
    for zone, over in (("Asia/Ho_Chi_Minh", (9, 17)), ("America/Los_Angeles", (10, 7))):
        due = next_step_missing_at(deal, ZoneInfo(zone))
        day_ends = datetime(2026, 3, *over, tzinfo=UTC)
        assert due is not None
        assert timedelta() < day_ends + NEXT_STEP_GRACE - due <= timedelta(seconds=1)


def test_a_closed_deal_needs_no_next_step():
    assert next_step_missing_at(a_deal(status=DealStatus.WON), UTC) is None
