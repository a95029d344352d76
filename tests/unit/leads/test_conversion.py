"""A conversion waits, and ends once; undoing it gives lead and handoff back."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from chassis.refusals import AlreadyExists
from events.catalogue.conversions import (
    ConversionConfirmed,
    ConversionStarted,
    ConversionState,
    ConversionStatus,
    ConversionUndone,
)
from events.catalogue.leads import (
    HandoffFailed,
    HandoffStatus,
    LeadConversionUndone,
    LeadOffered,
    LeadState,
    LeadStatus,
    Owner,
)
from events.moment import Moment
from events.testing import given
from leads.conversions.conversion import (
    CONVERSION,
    ConfirmConversion,
    ConversionEnded,
    StartConversion,
    UndoConversion,
    conversion_of,
)
from leads.conversions.undoing import UndoLead
from leads.handoffs.handoff import HANDOFF, AcceptHandoff, FailHandoff, OfferHandoff, ReturnHandoff, deal_of
from leads.lead import LEAD, ConvertLead, OfferLead

ANA, BAO = Owner(person=UUID(int=1), team=UUID(int=11)), Owner(person=UUID(int=2))
START = datetime(2026, 3, 1, 9, tzinfo=UTC)
HANDED, ACCOUNT = UUID(int=5), UUID(int=8)


def after(minutes):
    return Moment.of(START + timedelta(minutes=minutes), "UTC")


STATE = ConversionState(
    id=conversion_of(HANDED), handoff_id=HANDED, lead_id=UUID(int=3), deal_id=deal_of(HANDED), account_id=ACCOUNT,
    offered_by=ANA, offered_to=BAO, started_at=START, started_on=START.date(), due_at=START + timedelta(minutes=5),
)  # fmt: skip
BEGIN = StartConversion(moment=after(0), conversion=STATE)
CONFIRM, UNDO = ConfirmConversion(moment=after(1)), UndoConversion(moment=after(1), code="not-offered")
LEAD_STATE = LeadState(
    id=UUID(int=3), owner=ANA, first_owner=ANA, created_at=START, created_on=START.date(),
    status=LeadStatus.QUALIFIED, qualified_at=START, qualified_on=START.date(),
)  # fmt: skip
OFFERED = OfferLead(moment=after(1), handoff_id=HANDED, to=BAO)
CONVERT = ConvertLead(moment=after(2), handoff_id=HANDED, deal_id=deal_of(HANDED), account_id=ACCOUNT)
HAND_OVER = OfferHandoff(moment=after(1), id=HANDED, lead=LEAD_STATE, offered_by=ANA, offered_to=BAO)
ACCEPT = AcceptHandoff(moment=after(2), account_id=ACCOUNT)


def test_a_conversion_starts_once_and_waits():
    given(CONVERSION).when(BEGIN).then(ConversionStarted()).then_state(status=ConversionStatus.WAITING)
    given(CONVERSION, BEGIN).when(BEGIN).then_refused(AlreadyExists)


@pytest.mark.parametrize(
    ("answer", "other", "event", "status"),
    [(CONFIRM, UNDO, ConversionConfirmed, "confirmed"), (UNDO, CONFIRM, ConversionUndone, "undone")],
)
def test_an_answer_ends_it_whenever_it_comes_and_is_told_once(answer, other, event, status):
    given(CONVERSION, BEGIN).when(answer).then(event).then_state(status=status, ended_at=after(1).at)
    given(CONVERSION, BEGIN, answer).when(answer).then_nothing()
    given(CONVERSION, BEGIN, answer).when(other).then_refused(ConversionEnded, status)


def test_an_undone_lead_is_qualified_as_before_and_may_be_offered_again():
    undo = UndoLead(moment=after(9), deal_id=deal_of(HANDED), code="not-offered")
    undone = given(LEAD, LEAD_STATE, OFFERED, CONVERT).when(undo)
    undone.then(LeadConversionUndone(code="not-offered")).then_state(
        status=LeadStatus.QUALIFIED, converted_on=None, deal_id=None, account_id=ACCOUNT, offered_to=None,
        qualified_on=START.date(), owner=ANA, first_owner=ANA,
    )  # fmt: skip
    given(LEAD, undone.state).when(undo).then_nothing()
    again = OfferLead(moment=after(10), handoff_id=UUID(int=6), to=BAO)
    given(LEAD, undone.state).when(again).then(LeadOffered)


def test_a_lead_that_another_conversion_holds_is_left_alone():
    other = UndoLead(moment=after(9), deal_id=UUID(int=99), code="not-offered")
    given(LEAD, LEAD_STATE, OFFERED, CONVERT).when(other).then_nothing()
    given(LEAD, LEAD_STATE).when(UndoLead(moment=after(9), deal_id=deal_of(HANDED), code="x")).then_nothing()


def test_undoing_waits_for_nothing_that_was_dated_ahead():
    early = UndoLead(moment=after(1), deal_id=deal_of(HANDED), code="x")
    given(LEAD, LEAD_STATE, OFFERED, CONVERT).when(early).then(LeadConversionUndone(code="x", occurred_at=after(2).at))


def test_a_failed_handoff_says_so_once_and_keeps_the_credit():
    fail = FailHandoff(moment=after(3), code="not-offered")
    given(HANDOFF, HAND_OVER, ACCEPT).when(fail).then(HandoffFailed(code="not-offered")).then_state(
        status=HandoffStatus.FAILED, failure="not-offered", deal_id=None, offered_by=ANA, answered_at=after(2).at
    )
    given(HANDOFF, HAND_OVER, ACCEPT, fail).when(fail).then_nothing()
    given(HANDOFF, HAND_OVER).when(fail).then_nothing()
    given(HANDOFF, HAND_OVER, ReturnHandoff(moment=after(2), reason="x")).when(fail).then_nothing()
