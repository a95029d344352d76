"""Random lives of a lead between people and the pool: at each moment somebody holds it or the pool does, never both.

The model keeps a list of custodies; the rows that the events leave must be that list, end to end, whatever happened.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chassis.aggregates import Loaded
from chassis.decisions import decided
from chassis.refusals import Refusal
from events.catalogue.leads import AppliedRule, LeadStatus, Owner
from events.moment import Moment
from leads.lead import (
    LEAD,
    AssignLead,
    CaptureLead,
    ConvertLead,
    DisqualifyLead,
    OfferLead,
    QualifyLead,
    ReopenLead,
    ReturnLead,
)
from leads.pool.pooling import (
    ClaimLead,
    LeadIsNotHeld,
    LeadIsNotInPool,
    RecycleLead,
    ReturnToPool,
    pooled_at,
    quiet_since,
)
from leads.refusals import HandoffIsOpen, LeadIsClosed

LEAD_ID, HANDOFF, THING = UUID(int=1), UUID(int=2), UUID(int=3)
PEOPLE = tuple(Owner(person=UUID(int=10 + number), team=UUID(int=20 + number % 2)) for number in range(3))
RULE = AppliedRule(id=UUID(int=4), name="fair", revision=7)
POOL = None

people = st.sampled_from(PEOPLE)


class Custody(RuleBasedStateMachine):
    """One lead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)
        self.loaded: Loaded[Any] | None = None
        self.rows: list[Any] = []
        self.held: list[tuple[datetime, Owner | None, str]] = []
        self.first: Owner | None = None

    @initialize(owner=st.none() | people, by_rule=st.booleans(), pooled=st.booleans())
    def captured(self, owner: Owner | None, by_rule: bool, pooled: bool) -> None:
        applied = RULE if owner and by_rule else None
        self.run(CaptureLead(moment=self.moment(), id=LEAD_ID, owner=owner, rule=applied, pooled=pooled))
        if owner:
            self.expect(owner, "rule" if by_rule else "hand")
        elif pooled:
            self.expect(POOL, "nobody-fits")

    @rule(to=people)
    def given_by_hand(self, to: Owner) -> None:
        before = self.lead
        refused = self.run(AssignLead(moment=self.moment(), to=to))
        if before.owner == to:
            assert refused is None
        elif self.closed(before):
            assert isinstance(refused, LeadIsClosed)
        else:
            self.expect(to, "hand")

    @rule(by=people)
    def claimed(self, by: Owner) -> None:
        before = self.lead
        refused = self.run(ClaimLead(moment=self.moment(), by=by))
        if before.pool is None:
            assert isinstance(refused, LeadIsNotInPool)
        elif self.closed(before):
            assert isinstance(refused, LeadIsClosed)
        else:
            self.expect(by, "claim")

    @rule()
    def returned(self) -> None:
        before = self.lead
        refused = self.run(ReturnToPool(moment=self.moment(), reason="not mine"))
        if before.owner is None:
            assert isinstance(refused, LeadIsNotHeld)
        elif before.open_handoff:
            assert isinstance(refused, HandoffIsOpen)
        elif self.closed(before):
            assert isinstance(refused, LeadIsClosed)
        else:
            self.expect(POOL, "returned")

    @rule(stale=st.booleans())
    def recycled(self, stale: bool) -> None:
        """The job saw the lead as it is, or as it was before somebody did something."""
        before = self.lead
        since = quiet_since(before)
        owner = before.owner.person if before.owner else THING
        seen = (since or self.now) - timedelta(seconds=stale)
        assert self.run(RecycleLead(moment=self.moment(), owner=owner, quiet_since=seen)) is None
        if since is not None and not stale:
            self.expect(POOL, "recycled")
        else:
            assert self.lead == before

    @rule()
    def qualified(self) -> None:
        self.run(QualifyLead(moment=self.moment()))

    @rule()
    def disqualified_or_reopened(self) -> None:
        closed = self.lead.status is LeadStatus.DISQUALIFIED
        self.run(ReopenLead(moment=self.moment()) if closed else DisqualifyLead(moment=self.moment(), reason="no"))

    @precondition(lambda self: self.lead.status is LeadStatus.QUALIFIED)
    @rule(to=people)
    def offered(self, to: Owner) -> None:
        self.run(OfferLead(moment=self.moment(), handoff_id=HANDOFF, to=to))

    @precondition(lambda self: self.lead.open_handoff is not None)
    @rule(accepted=st.booleans())
    def answered(self, accepted: bool) -> None:
        took = ConvertLead(moment=self.moment(), handoff_id=HANDOFF, deal_id=THING, account_id=THING)
        back = ReturnLead(moment=self.moment(), handoff_id=HANDOFF, reason="no budget")
        self.run(took if accepted else back)

    @invariant()
    def the_rows_are_what_happened(self) -> None:
        told = [
            (row["at"], Owner(person=row["person_id"], team=row["team_id"]) if "person_id" in row else POOL, row["how"])
            for row in self.rows
        ]
        assert told == self.held

    @invariant()
    def one_holds_it_or_the_pool_does(self) -> None:
        if self.loaded is None:
            return
        holder = self.held[-1][1] if self.held else None
        assert self.lead.owner == holder
        assert (self.lead.pool is not None) == (bool(self.held) and holder is POOL)
        assert self.lead.first_owner == self.first
        assert (pooled_at(self.lead) is not None) == (self.lead.pool is not None and not self.closed(self.lead))
        if self.lead.owner is not None:
            assert self.lead.held_since == self.held[-1][0]
        if self.lead.assigned_by_rule is not None:
            assert (self.held[-1][2], self.lead.assigned_by_rule) == ("rule", RULE)

    @property
    def lead(self) -> Any:
        assert self.loaded is not None
        return self.loaded.state

    def moment(self) -> Moment:
        self.now += timedelta(hours=1)
        return Moment.of(self.now, "UTC")

    def run(self, command: Any) -> Refusal | None:
        try:
            change, events = decided(LEAD, LEAD_ID, command, self.loaded)
        except Refusal as refusal:
            return refusal
        self.loaded = change.loaded
        assert LEAD.journal is not None
        self.rows += [row for event, _ in events if (row := LEAD.journal.row(event)) is not None]
        return None

    def expect(self, holder: Owner | None, how: str) -> None:
        self.held.append((self.now, holder, how))
        self.first = self.first or holder

    def closed(self, lead: Any) -> bool:
        return lead.status in {LeadStatus.DISQUALIFIED, LeadStatus.CONVERTED}


TestCustody = Custody.TestCase
TestCustody.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
