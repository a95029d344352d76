"""How soon a new lead is answered first: the deadline in working time, met, breached, late told and taken back."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from chassis.working_time import WorkingTime
from events.catalogue.leads import LeadAssigned, LeadCaptured, LeadContacted, LeadPooled, Owner
from events.catalogue.limits import LimitKind, TimeLimitState
from events.catalogue.responses import LeadResponseBreached, LeadResponseMet, response_status
from events.moment import Moment
from events.testing import given
from leads.activities.on_leads import ContactLead
from leads.lead import LEAD, AssignLead, CaptureLead, DisqualifyLead, ReopenLead
from leads.limits.time_limit import TIME_LIMIT, ChangeTimeLimit, NothingRestarts, SetTimeLimit
from leads.merging.merge import AbsorbLead, MergeLead, ReleaseLead
from leads.pool.pooling import ClaimLead, ReturnToPool
from leads.responses.clock import clock_of
from leads.responses.deciding import BreachResponse

ANA, BAO = Owner(person=UUID(int=1)), Owner(person=UUID(int=2))
CALL = UUID(int=9)
DAY_SHIFT = WorkingTime(ZoneInfo("UTC"), hours=(((540, 1020),),) * 5 + ((), ()))
"""Nine to five on five days."""
LATE_SHIFT = WorkingTime(ZoneInfo("UTC"), hours=(((720, 1200),),) * 5 + ((), ()))
"""Noon to eight."""
NEVER = WorkingTime(ZoneInfo("UTC"), hours=((),) * 7)
FRIDAY = datetime(2026, 3, 6, 16, tzinfo=UTC)
"""An hour before the weekend."""
LIMIT = TimeLimitState(id=UUID(int=7), kind=LimitKind.FIRST_RESPONSE, working_minutes=120)
DUE = datetime(2026, 3, 9, 10, tzinfo=UTC)


def at(moment):
    return Moment.of(moment, "UTC")


def captured(limit=LIMIT, start=FRIDAY, number=3, owner=ANA, **more):
    clock = limit and clock_of(limit, DAY_SHIFT, start)
    return CaptureLead(moment=at(start), id=UUID(int=number), owner=owner, response=clock, **more)


def contact(moment, **more):
    return ContactLead(moment=at(moment), activity_id=CALL, two_way=False, working=DAY_SHIFT, **more)


def tick(moment):
    return BreachResponse(moment=at(moment))


CAPTURE, IN_TIME, TOO_LATE = captured(), contact(DUE), contact(DUE + timedelta(minutes=1))
TICK = tick(DUE + timedelta(hours=3))
RESTARTS = LIMIT.model_copy(update={"restarts_with_owner": True})


def status(*history):
    return response_status(given(LEAD, *history).state)


def test_the_deadline_is_in_the_working_time_of_the_owner():
    life = given(LEAD).when(CAPTURE).then(LeadCaptured(), LeadAssigned(to_owner=ANA))
    clock = life.state.response
    assert (clock.started_at, clock.due_at, clock.due_on, clock.limit) == (FRIDAY, DUE, DUE.date(), LIMIT.id)
    assert (clock.breached, status(CAPTURE)) == (False, "running")


def test_without_a_limit_or_where_nobody_ever_works_there_is_no_deadline():
    assert clock_of(LIMIT, NEVER, FRIDAY) is None
    free = captured(limit=None)
    assert given(LEAD, free).state.response is None
    assert status(free) is None
    given(LEAD, free).when(TICK).then_nothing()
    given(LEAD, free).when(TOO_LATE).then(LeadContacted(activity_id=CALL))


def test_a_contact_up_to_the_deadline_meets_it():
    met = given(LEAD, CAPTURE).when(IN_TIME)
    met.then(LeadContacted(activity_id=CALL), LeadResponseMet(activity_id=CALL))
    assert response_status(met.state) == "met"
    assert met.state.working_seconds_to_contact == 7200
    given(LEAD, CAPTURE, IN_TIME).when(TICK).then_nothing()
    given(LEAD, CAPTURE, IN_TIME).when(contact(DUE - timedelta(hours=1))).then(LeadContacted(activity_id=CALL))


def test_the_breach_happened_at_the_deadline_however_late_it_is_told_and_once():
    breached = given(LEAD, CAPTURE).when(tick(DUE + timedelta(days=400)))
    breached.then(LeadResponseBreached(occurred_at=DUE))
    assert response_status(breached.state) == "overdue"
    assert breached.state.changed_at == FRIDAY
    given(LEAD, CAPTURE, TICK).when(tick(DUE + timedelta(days=9))).then_nothing()
    given(LEAD, CAPTURE).when(tick(DUE)).then_nothing()


def test_a_contact_after_the_deadline_tells_the_breach_first_and_is_late():
    late = given(LEAD, CAPTURE).when(TOO_LATE)
    late.then(LeadResponseBreached(occurred_at=DUE), LeadContacted(activity_id=CALL))
    assert response_status(late.state) == "late"
    given(LEAD, CAPTURE, TICK).when(TOO_LATE).then(LeadContacted(activity_id=CALL))
    assert status(CAPTURE, TICK, TOO_LATE) == "late"


def test_a_contact_in_time_that_is_told_late_takes_the_breach_back():
    told = given(LEAD, CAPTURE, TICK, TOO_LATE).when(IN_TIME)
    told.then(LeadContacted(activity_id=CALL), LeadResponseMet(activity_id=CALL, withdraws_breach=True))
    assert (response_status(told.state), told.state.response.breached) == ("met", False)
    given(LEAD, CAPTURE, TICK, IN_TIME).when(TICK).then_nothing()


def test_a_contact_before_the_lead_was_there_is_no_waiting():
    assert given(LEAD, CAPTURE).when(contact(FRIDAY - timedelta(days=3))).state.working_seconds_to_contact == 0


def test_a_lead_that_never_was_a_prospect_is_excused_until_it_is_reopened():
    junk = DisqualifyLead(moment=at(FRIDAY), reason=" Spam")
    given(LEAD, CAPTURE, junk).when(TICK).then_nothing()
    assert status(CAPTURE, junk) == "excused"
    given(LEAD, CAPTURE, junk, ReopenLead(moment=at(DUE))).when(TICK).then(LeadResponseBreached(occurred_at=DUE))
    other = DisqualifyLead(moment=at(FRIDAY), reason="no budget")
    given(LEAD, CAPTURE, other).when(TICK).then(LeadResponseBreached(occurred_at=DUE))


@pytest.mark.parametrize(("limit", "due"), [(LIMIT, DUE), (RESTARTS, datetime(2026, 3, 9, 14, tzinfo=UTC))])
def test_another_owner_has_the_whole_time_only_where_the_firm_says_so(limit, due):
    to_bao = AssignLead(moment=at(FRIDAY + timedelta(days=1)), to=BAO, working=LATE_SHIFT)
    clock = given(LEAD, captured(limit)).when(to_bao).state.response
    assert (clock.due_at, clock.due_on) == (due, due.date())
    back = ReturnToPool(moment=at(FRIDAY), reason="not mine")
    claim = ClaimLead(moment=at(FRIDAY + timedelta(days=1)), by=BAO, working=LATE_SHIFT)
    assert given(LEAD, captured(limit), back).when(claim).then(LeadAssigned(to_owner=BAO, from_owner=None, how="claim"))
    assert given(LEAD, captured(limit), back).when(claim).state.response.due_at == due
    given(LEAD, captured(limit)).when(back).then(LeadPooled(why="returned", reason="not mine", from_owner=ANA))


@pytest.mark.parametrize("before", [[IN_TIME], [TICK], [TOO_LATE], []])
def test_what_is_answered_or_over_does_not_run_anew(before):
    later = AssignLead(moment=at(DUE + timedelta(days=1)), to=BAO, working=LATE_SHIFT)
    life = given(LEAD, captured(RESTARTS), *before)
    assert life.when(later).state.response == life.state.response
    early = AssignLead(moment=at(FRIDAY + timedelta(days=1)), to=BAO, working=NEVER)
    assert given(LEAD, captured(RESTARTS)).when(early).state.response.due_at == DUE


def test_only_a_first_response_runs_anew():
    answer = RESTARTS.model_copy(update={"kind": LimitKind.HANDOFF_ANSWER})
    given(TIME_LIMIT).when(SetTimeLimit(moment=at(FRIDAY), limit=answer)).then_refused(NothingRestarts)
    plain = SetTimeLimit(moment=at(FRIDAY), limit=answer.model_copy(update={"restarts_with_owner": False}))
    change = ChangeTimeLimit(moment=at(FRIDAY), changes={"restarts_with_owner": True})
    given(TIME_LIMIT, plain).when(change).then_refused(NothingRestarts)


EARLIER = captured(start=FRIDAY - timedelta(days=2), number=4, owner=BAO)
MERGED_AT = FRIDAY + timedelta(days=4)


def absorb(other):
    return AbsorbLead(moment=at(MERGED_AT), other=other, working=DAY_SHIFT)


def release(other):
    return ReleaseLead(moment=at(MERGED_AT + timedelta(days=1)), other=other, working=DAY_SHIFT)


def test_the_survivor_takes_the_earlier_contact_and_gives_it_back():
    other = given(LEAD, EARLIER, contact(FRIDAY - timedelta(days=2))).state
    merged = given(LEAD, CAPTURE, TOO_LATE, absorb(other))
    assert merged.state.first_contact_at == FRIDAY - timedelta(days=2)
    assert (merged.state.working_seconds_to_contact, response_status(merged.state)) == (0, "met")
    assert merged.state.response == other.response
    alone, parted = given(LEAD, CAPTURE, TOO_LATE).state, merged.when(release(other)).state
    assert parted == alone.model_copy(update={"changed_at": parted.changed_at})


def test_the_survivor_keeps_its_own_contact_where_that_is_the_earlier_one():
    other = given(LEAD, EARLIER, contact(DUE + timedelta(days=1))).state
    merged = given(LEAD, CAPTURE, IN_TIME, absorb(other)).state
    assert merged.first_contact_at == DUE
    assert merged.working_seconds_to_contact == DAY_SHIFT.seconds_between(FRIDAY - timedelta(days=2), DUE)
    assert (response_status(merged), merged.response) == ("late", other.response)


def test_a_contact_that_misses_the_deadline_of_a_merged_lead_is_a_breach():
    merged = given(LEAD, CAPTURE, contact(DUE - timedelta(hours=1)), absorb(given(LEAD, EARLIER).state))
    assert response_status(merged.state) == "running"
    breach = merged.when(tick(MERGED_AT)).then(LeadResponseBreached(occurred_at=merged.state.response.due_at))
    assert response_status(breach.state) == "late"


def test_a_contact_while_merged_stays_with_the_survivor_though_the_other_s_was_earlier():
    other = given(LEAD, EARLIER, contact(FRIDAY - timedelta(days=2))).state
    merged = given(LEAD, CAPTURE, absorb(other)).when(TOO_LATE)
    assert merged.state.first_contact_at == FRIDAY - timedelta(days=2)
    parted = given(LEAD, merged.state).when(release(other)).state
    assert (parted.first_contact_at, parted.response.due_at) == (TOO_LATE.moment.at, DUE)


def test_a_breach_is_told_once_though_further_leads_are_merged():
    first, second = given(LEAD, EARLIER).state, given(LEAD, captured(number=5)).state
    breached = given(LEAD, CAPTURE, absorb(first), tick(MERGED_AT)).state
    assert response_status(breached) == "overdue"
    again = given(LEAD, breached).when(absorb(second)).state
    assert response_status(again) == "overdue"
    assert list(LEAD.decide(tick(MERGED_AT + timedelta(days=1)), again)) == []


def test_a_contact_from_before_merges_kept_contacts_apart_stays_the_survivor_s():
    other = given(LEAD, EARLIER).state
    merged = given(LEAD, CAPTURE, IN_TIME, absorb(other)).state
    told_before = {"first_contact_at": None, "first_contact_on": None, "working_seconds_to_contact": None}
    old = merged.model_copy(update={"own_origin": merged.own_origin.model_copy(update=told_before)})
    assert given(LEAD, old).when(release(other)).state.first_contact_at == DUE


def test_a_merged_lead_has_no_deadline_of_its_own():
    gone = given(LEAD, CAPTURE, MergeLead(moment=at(MERGED_AT), into=UUID(int=4))).state
    assert response_status(gone) is None
