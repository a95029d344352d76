"""Handoffs, alone and together with their lead: whatever is tried, a lead has one open handoff and one deal at most."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chassis.refusals import AlreadyExists, Refusal
from events.catalogue.leads import (
    HandoffAccepted,
    HandoffOffered,
    HandoffReturned,
    HandoffStatus,
    LeadState,
    LeadStatus,
    Opportunity,
    Owner,
)
from events.moment import Moment
from events.testing import given
from leads.handoffs.handoff import (
    HANDOFF,
    AcceptHandoff,
    HandoffAlreadyAnswered,
    OfferHandoff,
    ReturnHandoff,
    deal_of,
)
from leads.lead import LEAD, CaptureLead, ConvertLead, DisqualifyLead, OfferLead, QualifyLead, ReopenLead, ReturnLead
from leads.sequence import OutOfSequence

ANA, BAO = Owner(person=UUID(int=1), team=UUID(int=11)), Owner(person=UUID(int=2))
START = datetime(2026, 3, 1, 9, tzinfo=UTC)
LEAD_STATE = LeadState(id=UUID(int=3), source="fair", first_owner=ANA, created_at=START, created_on=date(2026, 3, 1))


def after(minutes):
    return Moment.of(START + timedelta(minutes=minutes), "UTC")


OFFER = OfferHandoff(moment=after(10), id=UUID(int=5), lead=LEAD_STATE, offered_by=ANA, offered_to=BAO)
ACCEPT = AcceptHandoff(moment=after(40), account_id=UUID(int=8))
RETURN = ReturnHandoff(moment=after(40), reason="too early")


def test_an_offer_keeps_what_the_deal_will_need():
    offer = OfferHandoff(
        moment=after(10),
        id=UUID(int=5),
        lead=LEAD_STATE,
        offered_by=ANA,
        offered_to=BAO,
        opportunity=Opportunity(name="Pumps"),
    )
    given(HANDOFF).when(offer).then(HandoffOffered()).then_state(
        source="fair",
        lead_created_on=date(2026, 3, 1),
        lead_owner=ANA,
        offered_by=ANA,
        offered_to=BAO,
        status=HandoffStatus.OFFERED,
        opportunity=Opportunity(name="Pumps"),
    )
    given(HANDOFF, OFFER).when(OFFER).then_refused(AlreadyExists)


def test_acceptance_names_one_deal_for_ever_and_keeps_the_credit():
    given(HANDOFF, OFFER).when(ACCEPT).then(HandoffAccepted(seconds_to_answer=1800)).then_state(
        status=HandoffStatus.ACCEPTED, deal_id=deal_of(OFFER.id), account_id=UUID(int=8), offered_by=ANA
    )
    assert deal_of(OFFER.id) == deal_of(OFFER.id) != deal_of(UUID(int=8))


def test_a_return_keeps_its_reason():
    given(HANDOFF, OFFER).when(RETURN).then(HandoffReturned(reason="too early", seconds_to_answer=1800)).then_state(
        status=HandoffStatus.RETURNED, reason="too early", deal_id=None
    )


def test_an_answer_is_final():
    for first in (ACCEPT, RETURN):
        for second in (ACCEPT, RETURN):
            refused = given(HANDOFF, OFFER, first).when(second).then_refused(HandoffAlreadyAnswered)
            assert refused.facts["current_status"] in {"accepted", "returned"}


def test_no_answer_before_the_offer():
    given(HANDOFF, OFFER).when(ReturnHandoff(moment=after(9), reason="x")).then_refused(OutOfSequence)


class HandoffLife(RuleBasedStateMachine):
    """One lead under any order of commands, each handoff answered together with its lead as the service does."""

    def __init__(self):
        super().__init__()
        self.minutes = 0
        self.handoffs = []
        self.refused = self.deals = 0
        self.lead = given(LEAD).when(CaptureLead(moment=after(0), id=UUID(int=3), owner=ANA)).state

    def now(self):
        self.minutes += 1
        return after(self.minutes)

    def try_lead(self, command):
        try:
            self.lead = given(LEAD, self.lead).when(command).state
        except Refusal:
            self.refused += 1
            return False
        return True

    @rule()
    def qualify(self):
        self.try_lead(QualifyLead(moment=self.now()))

    @rule()
    def disqualify(self):
        self.try_lead(DisqualifyLead(moment=self.now(), reason="no budget"))

    @rule()
    def reopen(self):
        self.try_lead(ReopenLead(moment=self.now()))

    @rule()
    def offer(self):
        moment, handoff = self.now(), UUID(int=100 + len(self.handoffs))
        if self.try_lead(OfferLead(moment=moment, handoff_id=handoff, to=BAO)):
            offer = OfferHandoff(moment=moment, id=handoff, lead=self.lead, offered_by=ANA, offered_to=BAO)
            self.handoffs.append(given(HANDOFF).when(offer).state)

    @rule(pick=st.integers(0, 9), accept=st.booleans())
    def answer(self, pick, accept):
        if not self.handoffs:
            return
        index, moment = pick % len(self.handoffs), self.now()
        handoff = self.handoffs[index]
        command = (
            AcceptHandoff(moment=moment, account_id=UUID(int=8))
            if accept
            else ReturnHandoff(moment=moment, reason="no")
        )
        try:
            answered = given(HANDOFF, handoff).when(command).state
        except HandoffAlreadyAnswered:
            assert handoff.status is not HandoffStatus.OFFERED
            return
        convert = ConvertLead(
            moment=moment,
            handoff_id=handoff.id,
            deal_id=deal_of(handoff.id),
            account_id=UUID(int=8),
        )
        give_back = ReturnLead(moment=moment, handoff_id=handoff.id, reason="no")
        assert self.try_lead(convert if accept else give_back), "an open handoff always fits its lead"
        self.handoffs[index] = answered

    @invariant()
    def the_lead_knows_its_open_handoff(self):
        waiting = [each.id for each in self.handoffs if each.status is HandoffStatus.OFFERED]
        assert waiting == ([self.lead.open_handoff] if self.lead.open_handoff else [])

    @invariant()
    def a_lead_is_converted_by_exactly_one_handoff(self):
        deals = [each.deal_id for each in self.handoffs if each.status is HandoffStatus.ACCEPTED]
        assert deals == ([self.lead.deal_id] if self.lead.status is LeadStatus.CONVERTED else [])

    @invariant()
    def the_credit_stays(self):
        assert self.lead.first_owner == ANA
        assert all(each.offered_by == ANA for each in self.handoffs)


TestHandoffLife = HandoffLife.TestCase
TestHandoffLife.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
