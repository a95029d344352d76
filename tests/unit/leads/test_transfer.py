"""A transfer: begun once, advanced in sums, done when every part is; and whatever dies in between, nothing is lost."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from events.catalogue.leads import LeadStatus, Owner
from events.catalogue.transfers import (
    Successor,
    TransferAdvanced,
    TransferBegun,
    TransferCancelled,
    TransferCompleted,
    TransferRequested,
    TransferStatus,
    successor,
)
from events.moment import Moment
from events.testing import given
from leads.lead import LEAD, AssignLead, CaptureLead, DisqualifyLead
from leads.transfers.transfer import (
    DEALS,
    PARTS,
    TRANSFER,
    BeginTransfer,
    CancelTransfer,
    NotePart,
    RequestTransfer,
    TransferHasBegun,
    part_of,
)

NORTH, SOUTH = UUID(int=11), UUID(int=12)
ANA, BAO = Owner(person=UUID(int=1), team=NORTH), Owner(person=UUID(int=2), team=SOUTH)
LEAVING = (ANA, Owner(person=ANA.person, team=SOUTH))
ID = UUID(int=9)


def on_day(day):
    return Moment.of(datetime(2026, 3, 1, 9, tzinfo=UTC) + timedelta(days=day - 1), "UTC")


REQUEST = RequestTransfer(
    moment=on_day(1), id=ID, from_owner=ANA, successors=(Successor(team=NORTH, to=BAO),), starts=on_day(2),
    requested_by="person:1",
)  # fmt: skip
BEGIN = BeginTransfer(moment=on_day(2), successors=REQUEST.successors)


def noted(part, moved=0, refused=0, done=True):
    return NotePart(moment=on_day(3), part=part, moved=moved, refused=refused, done=done)


def test_a_transfer_is_requested_begun_and_done_part_by_part():
    given(TRANSFER).when(REQUEST).then(TransferRequested()).then_state(status=TransferStatus.SCHEDULED)
    given(TRANSFER, REQUEST).when(BEGIN).then(TransferBegun()).then_state(begun_at=on_day(2).at)
    given(TRANSFER, REQUEST, BEGIN).when(BEGIN).then_nothing()
    ours = [noted(part) for part in PARTS if part != DEALS]
    given(TRANSFER, REQUEST, BEGIN, *ours).when(noted(DEALS, 3, 1)).then(
        TransferAdvanced(part=DEALS), TransferCompleted()
    ).then_state(status=TransferStatus.DONE)


def test_what_is_told_twice_counts_once():
    given(TRANSFER, REQUEST, BEGIN, noted(DEALS, 3, 1)).when(noted(DEALS, 3, 1)).then_nothing()
    given(TRANSFER, REQUEST).when(noted(DEALS, 3, 1)).then_nothing()


def test_it_is_called_off_only_before_it_begins():
    given(TRANSFER, REQUEST).when(CancelTransfer(moment=on_day(1))).then(TransferCancelled())
    given(TRANSFER, REQUEST, CancelTransfer(moment=on_day(1))).when(BEGIN).then_nothing()
    given(TRANSFER, REQUEST, BEGIN).when(CancelTransfer(moment=on_day(2))).then_refused(TransferHasBegun)


def after(kind, state, command):
    for event in kind.decide(command, state):
        state = kind.apply(state, event)
    return state


class Transferring(RuleBasedStateMachine):
    """Leads come in and are closed while a transfer takes its steps, of which any may die before it is committed."""

    @initialize()
    def begins(self):
        self.day = 2
        self.leads, self.first_owners, self.refused = {}, {}, set()
        self.transfer = after(TRANSFER, after(TRANSFER, None, REQUEST), BEGIN)
        self.moved = 0

    @rule(held=st.sampled_from([*LEAVING, BAO]), closed=st.booleans())
    def a_lead_comes_in(self, held, closed):
        id_ = UUID(int=100 + len(self.leads))
        self.day += 1
        lead = after(LEAD, None, CaptureLead(moment=on_day(self.day), id=id_, owner=held))
        if closed:
            lead = after(LEAD, lead, DisqualifyLead(moment=on_day(self.day), reason="no budget"))
        self.leads[id_], self.first_owners[id_] = lead, held

    @rule(at_once=st.integers(1, 3), dies=st.booleans())
    def a_step_is_taken(self, at_once, dies):
        part = part_of(self.transfer, "leads")
        if part.done or dies:
            return  # what a step did not commit, it did not do
        left = self.left()[:at_once]
        moved = refused = 0
        for lead in left:
            to = successor(self.transfer.successors, lead.owner)
            if to is None:
                self.refused.add(lead.id)
                refused += 1
            else:
                self.leads[lead.id] = after(LEAD, lead, AssignLead(moment=on_day(self.day), to=to))
                moved += 1
        self.moved += moved
        command = noted("leads", part.moved + moved, part.refused + refused, done=not left)
        self.transfer = after(TRANSFER, self.transfer, command)

    def left(self):
        return [
            lead
            for lead in self.leads.values()
            if lead.owner.person == ANA.person and lead.status is LeadStatus.OPEN and lead.id not in self.refused
        ]

    @invariant()
    def the_report_says_what_was_done(self):
        part = part_of(self.transfer, "leads")
        assert (part.moved, part.refused) == (self.moved, len(self.refused))

    @invariant()
    def credit_and_what_is_closed_stay(self):
        for id_, lead in self.leads.items():
            assert lead.first_owner == self.first_owners[id_]
            if lead.status is LeadStatus.DISQUALIFIED:
                assert lead.owner == self.first_owners[id_]

    @invariant()
    def who_was_named_for_the_team_has_it(self):
        for id_, lead in self.leads.items():
            if lead.owner != self.first_owners[id_]:
                assert (self.first_owners[id_].team, lead.owner) == (NORTH, BAO)

    def teardown(self):
        """Carried on to its end, nothing open is left with the person but what was refused."""
        if not part_of(self.transfer, "leads").done:
            for _ in range(len(self.leads) + 1):
                self.a_step_is_taken(at_once=3, dies=False)
            assert part_of(self.transfer, "leads").done
            assert self.left() == []


def test_a_transfer_that_dies_anywhere_loses_nothing():
    run_state_machine_as_test(Transferring, settings=settings(max_examples=60, stateful_step_count=25, deadline=None))
