"""The life of a lead."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from chassis.refusals import AlreadyExists
from events.catalogue.leads import (
    LeadAssigned,
    LeadCaptured,
    LeadConverted,
    LeadDetailsChanged,
    LeadDisqualified,
    LeadOffered,
    LeadQualified,
    LeadReopened,
    LeadReturned,
    LeadStatus,
    LeadTouched,
    Owner,
    Touch,
)
from events.moment import Moment
from events.testing import given
from leads.lead import (
    LEAD,
    AssignLead,
    CaptureLead,
    ChangeLeadDetails,
    ConvertLead,
    DisqualifyLead,
    OfferLead,
    QualifyLead,
    ReopenLead,
    ReturnLead,
    TouchLead,
)
from leads.merging.touches import TOUCHES_KEPT
from leads.refusals import HandoffIsNotOpen, HandoffIsOpen, LeadIsClosed, LeadIsNotDisqualified, LeadIsNotQualified
from leads.sequence import OutOfSequence

ANA = Owner(person=UUID(int=1), team=UUID(int=11), region=UUID(int=21))
BAO = Owner(person=UUID(int=2), team=UUID(int=12))
HANDOFF, DEAL, ACCOUNT = UUID(int=5), UUID(int=6), UUID(int=8)


def on_day(day):
    return Moment.of(datetime(2026, 3, 1, 9, tzinfo=UTC) + timedelta(days=day - 1), "Asia/Ho_Chi_Minh")


CAPTURE = CaptureLead(moment=on_day(1), id=UUID(int=3), source="fair", owner=ANA)
QUALIFY = QualifyLead(moment=on_day(2))
OFFER = OfferLead(moment=on_day(3), handoff_id=HANDOFF, to=BAO)
CONVERT = ConvertLead(moment=on_day(4), handoff_id=HANDOFF, deal_id=DEAL, account_id=ACCOUNT)
DISQUALIFY = DisqualifyLead(moment=on_day(4), reason="no budget")


def test_a_lead_comes_in_without_an_owner():
    unowned = CaptureLead(moment=on_day(1), id=UUID(int=3), external_id="x-1", imported=True)
    given(LEAD).when(unowned).then(LeadCaptured()).then_state(
        status=LeadStatus.OPEN, owner=None, first_owner=None, external_id="x-1", imported=True, source=None
    )


def test_a_lead_with_an_owner_is_assigned_at_once():
    given(LEAD).when(CAPTURE).then(LeadCaptured(), LeadAssigned(to_owner=ANA)).then_state(owner=ANA, first_owner=ANA)


def test_the_day_is_the_day_in_the_tenants_zone():
    late = Moment.of(datetime(2026, 3, 1, 18, tzinfo=UTC), "Asia/Ho_Chi_Minh")
    given(LEAD).when(CaptureLead(moment=late, id=UUID(int=3))).then_state(created_on=date(2026, 3, 2))


def test_a_lead_is_captured_once():
    given(LEAD, CAPTURE).when(CAPTURE).then_refused(AlreadyExists)


def test_the_first_owner_stays_when_the_lead_moves_on():
    given(LEAD, CAPTURE).when(AssignLead(moment=on_day(2), to=BAO)).then(
        LeadAssigned(from_owner=ANA, to_owner=BAO)
    ).then_state(owner=BAO, first_owner=ANA)


def test_assigning_to_the_same_owner_changes_nothing():
    given(LEAD, CAPTURE).when(AssignLead(moment=on_day(2), to=ANA)).then_nothing()


def test_qualifying_keeps_instant_and_day_and_happens_once():
    given(LEAD, CAPTURE).when(QUALIFY).then(LeadQualified()).then_state(
        status=LeadStatus.QUALIFIED, qualified_at=on_day(2).at, qualified_on=on_day(2).on
    )
    given(LEAD, CAPTURE, QUALIFY).when(QualifyLead(moment=on_day(5))).then_nothing()


def test_disqualifying_needs_an_open_or_qualified_lead_and_keeps_the_reason():
    given(LEAD, CAPTURE, QUALIFY).when(DISQUALIFY).then(LeadDisqualified(reason="no budget")).then_state(
        status=LeadStatus.DISQUALIFIED, disqualified_reason="no budget", disqualified_on=on_day(4).on
    )
    given(LEAD, CAPTURE, DISQUALIFY).when(DISQUALIFY).then_nothing()
    other = DisqualifyLead(moment=on_day(5), reason="other")
    given(LEAD, CAPTURE, DISQUALIFY).when(other).then_refused(LeadIsClosed)


@pytest.mark.parametrize("command", [QualifyLead(moment=on_day(9)), AssignLead(moment=on_day(9), to=BAO)])
def test_a_disqualified_lead_must_be_reopened_first(command):
    given(LEAD, CAPTURE, DISQUALIFY).when(command).then_refused(LeadIsClosed)
    reopened = ReopenLead(moment=on_day(8))
    given(LEAD, CAPTURE, DISQUALIFY).when(reopened).then(LeadReopened()).then_state(
        status=LeadStatus.OPEN, disqualified_reason=None, disqualified_on=None
    )
    assert given(LEAD, CAPTURE, DISQUALIFY, reopened).when(command).events


def test_only_a_disqualified_lead_is_reopened():
    given(LEAD, CAPTURE).when(ReopenLead(moment=on_day(2))).then_refused(LeadIsNotDisqualified)


def test_only_a_qualified_lead_is_offered_and_one_at_a_time():
    given(LEAD, CAPTURE).when(OFFER).then_refused(LeadIsNotQualified)
    given(LEAD, CAPTURE, QUALIFY).when(OFFER).then(LeadOffered(handoff_id=HANDOFF, to_owner=BAO)).then_state(
        open_handoff=HANDOFF, offered_to=BAO, owner=ANA
    )
    given(LEAD, CAPTURE, QUALIFY, OFFER).when(OFFER).then_refused(HandoffIsOpen)


def test_a_lead_under_offer_is_not_disqualified():
    given(LEAD, CAPTURE, QUALIFY, OFFER).when(DISQUALIFY).then_refused(HandoffIsOpen)


def test_a_returned_lead_is_open_again():
    back = ReturnLead(moment=on_day(4), handoff_id=HANDOFF, reason="too early")
    given(LEAD, CAPTURE, QUALIFY, OFFER).when(back).then(LeadReturned(reason="too early")).then_state(
        status=LeadStatus.OPEN, open_handoff=None, offered_to=None, qualified_on=None, owner=ANA
    )
    given(LEAD, CAPTURE, QUALIFY, OFFER, back).when(back).then_refused(HandoffIsNotOpen)


def test_conversion_names_the_deal_and_keeps_the_credit():
    given(LEAD, CAPTURE, QUALIFY, OFFER).when(CONVERT).then(LeadConverted(deal_id=DEAL, account_id=ACCOUNT)).then_state(
        status=LeadStatus.CONVERTED, converted_on=on_day(4).on, deal_id=DEAL, owner=ANA, first_owner=ANA, offered_to=BAO
    )


@pytest.mark.parametrize("command", [DISQUALIFY, AssignLead(moment=on_day(9), to=BAO), OFFER])
def test_a_converted_lead_is_closed(command):
    given(LEAD, CAPTURE, QUALIFY, OFFER, CONVERT).when(command).then_refused(LeadIsClosed)


def test_a_converted_lead_is_qualified_already():
    given(LEAD, CAPTURE, QUALIFY, OFFER, CONVERT).when(QualifyLead(moment=on_day(9))).then_nothing()


def test_nothing_happens_before_the_last_change():
    refused = given(LEAD, CAPTURE, QUALIFY).when(AssignLead(moment=on_day(1), to=BAO)).then_refused(OutOfSequence)
    assert refused.pointer == "/occurred_at"
    given(LEAD, CAPTURE).when(AssignLead(moment=on_day(1), to=BAO)).then(LeadAssigned)


def test_details_change_only_when_they_differ():
    given(LEAD, CAPTURE).when(ChangeLeadDetails(moment=on_day(2), changes={"title": None})).then_nothing()
    given(LEAD, CAPTURE).when(ChangeLeadDetails(moment=on_day(2), changes={"title": "工业泵"})).then(
        LeadDetailsChanged()
    ).then_state(title="工业泵", source="fair")


def test_a_command_other_than_capture_needs_a_lead():
    given(LEAD).when(QUALIFY).then_refused(TypeError, "QualifyLead")


def touched(number, day=3):
    return TouchLead(moment=on_day(day), external_id=f"form-{number}", source="web", medium="organic")


def test_a_touch_is_remembered_and_the_first_source_stays():
    life = given(LEAD, CAPTURE, QUALIFY).when(touched(1, day=1))
    touch = Touch(at=on_day(1).at, on=on_day(1).on, external_id="form-1", source="web", medium="organic")
    life.then(LeadTouched(touch=touch)).then_state(
        source="fair", status=LeadStatus.QUALIFIED, later_touches=(touch,), changed_at=on_day(2).at
    )


def test_the_same_touch_sent_again_is_none():
    given(LEAD, CAPTURE, touched(1)).when(touched(1)).then_nothing()
    nameless = TouchLead(moment=on_day(3), source="web")
    assert len(given(LEAD, CAPTURE, nameless).when(nameless).events) == 1


def test_a_lead_that_is_sent_again_by_its_own_name_is_no_touch():
    named = CaptureLead(moment=on_day(1), id=UUID(int=3), external_id="form-1")
    given(LEAD, named).when(touched(1)).then_nothing()


def test_the_latest_touches_stay_in_the_order_of_time():
    many = [touched(number, day=number) for number in range(2, TOUCHES_KEPT + 3)]
    lead = given(LEAD, CAPTURE, *many[1:], many[0]).state
    assert [touch.external_id for touch in lead.later_touches] == [command.external_id for command in many[1:]]
