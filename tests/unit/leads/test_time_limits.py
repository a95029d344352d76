"""How soon an offer is to be answered, and what becomes of one that is not."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from chassis.refusals import AlreadyExists
from events.catalogue.leads import (
    HandoffExpired,
    HandoffStatus,
    LeadOffered,
    LeadOfferExpired,
    LeadState,
    LeadStatus,
    Owner,
)
from events.catalogue.limits import LimitKind, TimeLimitChanged, TimeLimitSet, TimeLimitState
from events.moment import Moment
from events.testing import given
from leads.handoffs.handoff import HANDOFF, AcceptHandoff, ExpireHandoff, HandoffAlreadyAnswered, OfferHandoff
from leads.lead import LEAD, OfferLead
from leads.limits.deciding import ExpireOffer
from leads.limits.time_limit import TIME_LIMIT, ChangeTimeLimit, SetTimeLimit, applying

ANA, BAO = Owner(person=UUID(int=1)), Owner(person=UUID(int=2))
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
HANDED = UUID(int=5)


def after(minutes):
    return Moment.of(START + timedelta(minutes=minutes), "UTC")


LEAD_STATE = LeadState(
    id=UUID(int=3), owner=ANA, first_owner=ANA, created_at=START, created_on=START.date(), status=LeadStatus.QUALIFIED
)
OFFER = OfferHandoff(
    moment=after(1), id=HANDED, lead=LEAD_STATE, offered_by=ANA, offered_to=BAO, due_at=after(60).at
)  # fmt: skip
TO_BAO = OfferLead(moment=after(1), handoff_id=HANDED, to=BAO)


def test_an_offer_expires_when_its_time_has_run_out_and_once():
    given(HANDOFF, OFFER).when(ExpireHandoff(moment=after(59))).then_nothing()
    expire = ExpireHandoff(moment=after(60))
    given(HANDOFF, OFFER).when(expire).then(HandoffExpired()).then_state(
        status=HandoffStatus.EXPIRED, expired_at=after(60).at, answered_at=None, offered_by=ANA
    )
    given(HANDOFF, OFFER, expire).when(expire).then_nothing()
    accept = AcceptHandoff(moment=after(61), account_id=UUID(int=8))
    given(HANDOFF, OFFER, expire).when(accept).then_refused(HandoffAlreadyAnswered, "expired")


def test_what_is_answered_or_has_no_limit_does_not_expire():
    accept = AcceptHandoff(moment=after(10), account_id=UUID(int=8))
    given(HANDOFF, OFFER, accept).when(ExpireHandoff(moment=after(99))).then_nothing()
    unlimited = OfferHandoff(moment=after(1), id=HANDED, lead=LEAD_STATE, offered_by=ANA, offered_to=BAO)
    given(HANDOFF, unlimited).when(ExpireHandoff(moment=after(9999))).then_nothing()


def test_the_lead_of_an_expired_offer_is_open_for_another():
    expire = ExpireOffer(moment=after(60), handoff_id=HANDED)
    expired = given(LEAD, LEAD_STATE, TO_BAO).when(expire)
    expired.then(LeadOfferExpired(handoff_id=HANDED)).then_state(
        status=LeadStatus.QUALIFIED, open_handoff=None, offered_to=None, first_owner=ANA
    )
    given(LEAD, expired.state).when(expire).then_nothing()
    given(LEAD, expired.state).when(OfferLead(moment=after(61), handoff_id=UUID(int=6), to=BAO)).then(LeadOffered)
    other = ExpireOffer(moment=after(60), handoff_id=UUID(int=99))
    given(LEAD, LEAD_STATE, TO_BAO).when(other).then_nothing()


def limit(source, minutes, **more):
    return TimeLimitState(
        id=UUID(int=minutes), kind=LimitKind.HANDOFF_ANSWER, source=source, working_minutes=minutes, **more
    )


def test_the_limit_of_the_source_goes_before_the_one_for_all():
    limits = (
        limit(None, 60),
        limit("fair", 30),
        limit("web", 10, active=False),
    )
    found = [applying(limits, LimitKind.HANDOFF_ANSWER, source) for source in ("fair", "web", None)]
    assert [each.working_minutes for each in found] == [30, 60, 60]
    assert applying(limits[1:], LimitKind.HANDOFF_ANSWER, "web") is None


def test_a_limit_is_set_and_changed():
    put = SetTimeLimit(moment=after(0), limit=limit("fair", 30))
    given(TIME_LIMIT).when(put).then(TimeLimitSet())
    given(TIME_LIMIT, put).when(put).then_refused(AlreadyExists)
    change = ChangeTimeLimit(moment=after(0), changes={"working_minutes": 60})
    given(TIME_LIMIT, put).when(change).then(TimeLimitChanged()).then_state(working_minutes=60)
    given(TIME_LIMIT, put, change).when(change).then_nothing()
