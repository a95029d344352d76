"""When a person's open work passes to another, every figure of the days before stays as it was."""

from collections import Counter
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from analytics.measures.deals import postings as of_deal
from analytics.measures.handoffs import postings as of_handoff
from analytics.measures.histories import deal_as_of
from analytics.measures.leads import postings as of_lead
from deals.commands import ChangeOwner
from deals.deal import DEAL
from events.catalogue.deals import DealStatus
from events.catalogue.leads import HandoffStatus, LeadStatus, Owner
from events.moment import Moment
from leads.handoffs.handoff import HANDOFF, RedirectHandoff
from leads.lead import LEAD, AssignLead
from sales_world import OWNERS, a_world

NEW = Owner(person=UUID(int=77), team=UUID(int=78))
LEAVER = OWNERS[0].person
LEFT = Moment(at=datetime(2026, 9, 1, tzinfo=UTC), on=date(2026, 9, 1))


def after(kind, state, command):
    for event in kind.decide(command, state):
        state = kind.apply(state, event)
    return state


def lead_passed_on(lead):
    mine = lead.owner is not None and lead.owner.person == LEAVER
    if not mine or lead.status not in {LeadStatus.OPEN, LeadStatus.QUALIFIED}:
        return lead
    return after(LEAD, lead, AssignLead(moment=LEFT, to=NEW))


def handoff_passed_on(handoff):
    if handoff.offered_to.person != LEAVER or handoff.status is not HandoffStatus.OFFERED:
        return handoff
    return after(HANDOFF, handoff, RedirectHandoff(moment=LEFT, to=NEW))


def deal_passed_on(deal):
    if deal.owner.person != LEAVER or deal.status is not DealStatus.OPEN:
        return deal
    return after(DEAL, deal, ChangeOwner(moment=LEFT, dated=False, to=NEW))


def booked(states, postings):
    """What is booked on days before the transfer."""
    cells = Counter()
    for state in states:
        for each in postings(state):
            if each.on < LEFT.on:
                cells[each.measure.key, each.on, each.slice, "count"] += each.count
                cells[each.measure.key, each.on, each.slice, "amount"] += each.amount
    return {cell: value for cell, value in cells.items() if value}


@pytest.mark.parametrize("seed", range(6))
def test_past_credit_stays_with_who_earned_it(seed):
    world = a_world(seed, size=60)
    leads, handoffs = world.latest("lead"), world.latest("handoff")
    assert any(lead_passed_on(lead) != lead for lead in leads)
    assert booked(map(lead_passed_on, leads), of_lead) == booked(leads, of_lead)
    assert booked(map(handoff_passed_on, handoffs), of_handoff) == booked(handoffs, of_handoff)
    before = date(2026, 8, 31)
    deals = world.latest("deal")
    moved = [deal_passed_on(deal) for deal in deals]
    assert moved != deals

    def known(states):
        return [state for deal in states if (state := deal_as_of(deal, before)) is not None]

    assert booked(known(moved), of_deal) == booked(known(deals), of_deal)
