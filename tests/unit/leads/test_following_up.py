"""Next steps and pauses of leads and accounts."""

from datetime import UTC, date, datetime
from uuid import UUID

from events.catalogue.follow_ups import FollowUp, FollowUpPause
from events.catalogue.leads import (
    CustomerFollowUpPaused,
    CustomerFollowUpPlanned,
    CustomerState,
    LeadFollowUpPaused,
    LeadFollowUpPlanned,
    LeadState,
    LeadStatus,
)
from events.moment import Moment
from events.testing import given
from leads.activities.following_up import NothingToFollowUp, PauseFollowUp, PauseIsOver, PlanFollowUp
from leads.customers.customer import CUSTOMER
from leads.lead import LEAD

NOW = Moment.of(datetime(2026, 3, 2, 5, tzinfo=UTC), "Asia/Ho_Chi_Minh")
LATER = datetime(2026, 3, 3, tzinfo=UTC)
OPEN = LeadState(id=UUID(int=1), created_at=NOW.at, created_on=NOW.on, changed_at=LATER)
CLOSED = OPEN.model_copy(update={"status": LeadStatus.CONVERTED})
ACCOUNT = CustomerState(id=UUID(int=2), name="Đông Á", opened_on=NOW.on, customer_class="a")
OFFER = FollowUp(what="send-offer", due_on=date(2026, 3, 9))
PAUSE = FollowUpPause(until=date(2026, 4, 1), reason="budget-next-quarter")


def plan(step=OFFER):
    return PlanFollowUp(moment=NOW, next_step=step)


def pause(pause=PAUSE):
    return PauseFollowUp(moment=NOW, pause=pause)


def test_a_next_step_is_planned_changed_and_taken_away():
    given(LEAD, OPEN).when(plan()).then(LeadFollowUpPlanned(next_step=OFFER)).then_state(next_step=OFFER)
    given(LEAD, OPEN, plan()).when(plan()).then_nothing()
    given(LEAD, OPEN, plan()).when(plan(None)).then(LeadFollowUpPlanned(next_step=None)).then_state(next_step=None)


def test_a_next_step_does_not_ask_for_the_order_of_history():
    given(LEAD, OPEN).when(plan()).then_state(changed_at=LATER)


def test_a_closed_lead_has_nothing_to_follow_up():
    given(LEAD, CLOSED).when(plan()).then_refused(NothingToFollowUp)
    given(LEAD, CLOSED).when(pause()).then_refused(NothingToFollowUp)


def test_a_pause_ends_on_a_day_to_come():
    given(LEAD, OPEN).when(pause()).then(LeadFollowUpPaused(pause=PAUSE)).then_state(paused=PAUSE)
    given(LEAD, OPEN, pause()).when(pause(None)).then(LeadFollowUpPaused(pause=None)).then_state(paused=None)
    today = FollowUpPause(until=NOW.on, reason="ill")
    given(LEAD, OPEN).when(pause(today)).then_refused(PauseIsOver)
    given(CUSTOMER, ACCOUNT).when(pause(today)).then_refused(PauseIsOver)


def test_accounts_are_followed_up_as_leads_are():
    given(CUSTOMER, ACCOUNT).when(plan()).then(CustomerFollowUpPlanned(next_step=OFFER)).then_state(next_step=OFFER)
    given(CUSTOMER, ACCOUNT, plan()).when(plan()).then_nothing()
    given(CUSTOMER, ACCOUNT).when(pause()).then(CustomerFollowUpPaused(pause=PAUSE)).then_state(paused=PAUSE)
