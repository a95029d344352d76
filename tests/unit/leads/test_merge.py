"""Leads of one prospect become one, which counts once, and can be parted again as if nothing had been."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from analytics.ledger.posting import Slice
from analytics.measures.leads import LEADS, postings
from chassis.working_time import WorkingTime
from events.catalogue.leads import LeadStatus, Owner
from events.catalogue.merges import LeadAbsorbed, LeadMerged, LeadReleased, LeadUnmerged
from events.catalogue.response_clock import ResponseClock
from events.moment import Moment
from events.testing import given
from leads.activities.on_leads import ContactLead
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
    TouchLead,
)
from leads.merging.merge import (
    AbsorbLead,
    BothConverted,
    ConvertedSurvives,
    LeadHoldsOthers,
    LeadIsMerged,
    LeadIsNotMerged,
    MergeLead,
    MergeUnderOffer,
    ReleaseLead,
    SameLead,
    SurvivorIsClosed,
    UnmergeLead,
)
from leads.merging.touches import TOUCHES_KEPT
from leads.sequence import OutOfSequence

ANA, BAO = Owner(person=UUID(int=1), team=UUID(int=11)), Owner(person=UUID(int=2), team=UUID(int=12))
FIRST, SECOND, HANDOFF, DEAL, ACCOUNT = (UUID(int=number) for number in (31, 32, 41, 51, 61))


def on_day(day):
    return Moment.of(datetime(2026, 3, 1, 9, tzinfo=UTC) + timedelta(days=day - 1), "Asia/Ho_Chi_Minh")


def lead(*commands):
    return given(LEAD, *commands).state


def captured(id_, day, **more):
    return CaptureLead(moment=on_day(day), id=id_, **more)


EARLY = captured(FIRST, 1, source="fair", owner=BAO, title="12 pumps", external_id="fair-1")
LATE = captured(SECOND, 3, source="web", owner=ANA, external_id="web-1")
QUALIFY, OFFER = QualifyLead(moment=on_day(5)), OfferLead(moment=on_day(6), handoff_id=HANDOFF, to=BAO)
CONVERT = ConvertLead(moment=on_day(7), handoff_id=HANDOFF, deal_id=DEAL, account_id=ACCOUNT)


def counted(lead):
    """As what the lead counts among those that came in."""
    return [posting for posting in postings(lead) if posting.measure is LEADS]


def absorb(other, day=9):
    return AbsorbLead(moment=on_day(day), other=other)


def test_the_survivor_counts_from_the_earliest_creation_and_the_first_source():
    life = given(LEAD, LATE).when(absorb(lead(EARLY)))
    life.then(LeadAbsorbed(merged_id=FIRST, from_source="web")).then_state(
        created_on=on_day(1).on, source="fair", first_owner=BAO, owner=ANA, title="12 pumps"
    )
    [touch] = life.state.later_touches
    assert (touch.external_id, touch.source, touch.from_lead) == ("web-1", "web", SECOND)


def test_a_later_lead_is_a_touch_of_the_survivor():
    touched = TouchLead(moment=on_day(4), external_id="again", source="mail")
    state = given(LEAD, EARLY).when(absorb(lead(LATE, touched))).state
    assert (state.source, state.created_on, state.first_owner) == ("fair", on_day(1).on, BAO)
    assert [(touch.external_id, touch.from_lead) for touch in state.later_touches] == [
        ("web-1", SECOND),
        ("again", SECOND),
    ]


def test_the_merged_lead_is_closed_until_it_is_parted():
    merge = MergeLead(moment=on_day(9), into=FIRST)
    given(LEAD, LATE).when(merge).then(LeadMerged(into_id=FIRST)).then_state(merged_into=FIRST)
    given(LEAD, LATE, merge).when(merge).then_nothing()
    for command in (QualifyLead(moment=on_day(10)), AssignLead(moment=on_day(10), to=BAO), absorb(lead(EARLY), 10)):
        given(LEAD, LATE, merge).when(command).then_refused(LeadIsMerged)
    given(LEAD, LATE, merge).when(MergeLead(moment=on_day(10), into=DEAL)).then_refused(LeadIsMerged)
    parted = given(LEAD, LATE, merge).when(UnmergeLead(moment=on_day(11), from_lead=FIRST))
    parted.then(LeadUnmerged(from_id=FIRST))
    assert parted.state == lead(LATE).model_copy(update={"back_since": on_day(11).at})


def test_parted_the_survivor_is_as_it_was_but_for_what_happened_since():
    merged = absorb(lead(EARLY))
    release = ReleaseLead(moment=on_day(12), other=lead(EARLY))
    parted = given(LEAD, LATE, merged, QualifyLead(moment=on_day(10))).when(release)
    parted.then(LeadReleased(merged_id=FIRST, from_source="fair"))
    alone = lead(LATE, QualifyLead(moment=on_day(10)))
    assert parted.state == alone.model_copy(update={"changed_at": on_day(12).at})
    given(LEAD, LATE).when(release).then_refused(LeadIsNotMerged)


def test_who_first_holds_a_merged_lead_holds_it_first_also_when_parted():
    nobodys, other = captured(SECOND, 3), lead(EARLY)
    parted = given(LEAD, nobodys, absorb(other), AssignLead(moment=on_day(10), to=ANA))
    assert parted.state.first_owner == BAO
    state = parted.when(ReleaseLead(moment=on_day(12), other=other)).state
    assert (state.owner, state.first_owner) == (ANA, ANA)


def test_what_was_corrected_stays_corrected():
    change = ChangeLeadDetails(moment=on_day(10), changes={"campaign": "spring"})
    release = ReleaseLead(moment=on_day(12), other=lead(EARLY))
    assert given(LEAD, LATE, absorb(lead(EARLY)), change).when(release).state.campaign == "spring"


def test_a_deal_keeps_the_account_that_the_other_lead_brought():
    other = lead(captured(FIRST, 1, account_id=ACCOUNT))
    converted = given(LEAD, LATE, absorb(other), *(each for each in _converted(10)))
    assert converted.when(ReleaseLead(moment=on_day(20), other=other)).state.account_id == ACCOUNT
    assert given(LEAD, LATE, absorb(other)).when(ReleaseLead(moment=on_day(20), other=other)).state.account_id is None


def _converted(day):
    yield QualifyLead(moment=on_day(day))
    yield OfferLead(moment=on_day(day), handoff_id=HANDOFF, to=BAO)
    yield ConvertLead(moment=on_day(day), handoff_id=HANDOFF, deal_id=DEAL, account_id=ACCOUNT)


@pytest.mark.parametrize(
    ("survivor", "other", "refusal"),
    [
        ([LATE], [LATE], SameLead),
        ([LATE, QUALIFY, OFFER], [EARLY], MergeUnderOffer),
        ([LATE], [EARLY, QUALIFY, OFFER], MergeUnderOffer),
        ([LATE, QUALIFY, OFFER, CONVERT], [EARLY, QUALIFY, OFFER, CONVERT], BothConverted),
        ([LATE], [EARLY, QUALIFY, OFFER, CONVERT], ConvertedSurvives),
        ([LATE, DisqualifyLead(moment=on_day(4), reason="junk")], [EARLY], SurvivorIsClosed),
        ([LATE], [EARLY, AbsorbLead(moment=on_day(4), other=lead(captured(DEAL, 2)))], LeadHoldsOthers),
        ([LATE], [EARLY, MergeLead(moment=on_day(4), into=DEAL)], LeadIsMerged),
        ([LATE], [EARLY, QualifyLead(moment=on_day(30))], OutOfSequence),
    ],
)
def test_what_cannot_be_merged_says_why(survivor, other, refusal):
    given(LEAD, *survivor).when(absorb(lead(*other))).then_refused(refusal)


def test_merging_again_changes_nothing():
    other = lead(EARLY, MergeLead(moment=on_day(9), into=SECOND))
    given(LEAD, LATE, absorb(lead(EARLY))).when(absorb(other, 10)).then_nothing()


def test_one_of_two_merged_leads_counts():
    survivor = lead(LATE, QUALIFY, OFFER, CONVERT, absorb(lead(EARLY)))
    gone = lead(EARLY, MergeLead(moment=on_day(9), into=SECOND))
    [posting] = [*counted(survivor), *counted(gone)]
    assert (posting.on, posting.count) == (on_day(1).on, 1)
    assert posting.slice == Slice(
        rep=str(BAO.person), team=str(BAO.team), region=None, source="fair", label="converted"
    )


def test_a_lead_s_own_touches_are_not_lost_to_those_of_others():
    own = [TouchLead(moment=on_day(4), external_id=f"own-{number}") for number in range(TOUCHES_KEPT - 1)]
    theirs = [TouchLead(moment=on_day(5), external_id=f"their-{number}") for number in range(5)]
    other = lead(LATE, *theirs)
    merged = given(LEAD, EARLY, *own).when(absorb(other)).state
    assert [touch.external_id for touch in merged.later_touches][-1] == "their-4"
    assert len(merged.later_touches) == TOUCHES_KEPT
    parted = given(LEAD, EARLY, *own, absorb(other)).when(ReleaseLead(moment=on_day(10), other=other)).state
    assert [touch.external_id for touch in parted.later_touches] == [each.external_id for each in own]


ALWAYS = WorkingTime(ZoneInfo("UTC"), hours=(((0, 1440),),) * 7)
CALL = UUID(int=71)


def a_clock(number):
    """One that never runs out, so that what is parted has nothing to be told of."""
    due = datetime(2200, 1, number + 1, tzinfo=UTC)
    return ResponseClock(limit=DEAL, working_minutes=number + 1, started_at=on_day(1).at, due_at=due, due_on=due.date())


IDS = [UUID(int=100 + number) for number in range(5)]
which = st.integers(0, len(IDS) - 1)


class Merging(RuleBasedStateMachine):
    """Leads live, are merged and parted in any order; beside them live the same leads that are never merged."""

    @initialize(sources=st.lists(st.sampled_from([None, "fair", "web", "mail"]), min_size=5, max_size=5))
    def come_in(self, sources):
        self.day = 1
        self.leads, self.alone = {}, {}
        for number, (id_, source) in enumerate(zip(IDS, sources, strict=True)):
            owner = (ANA, BAO, None)[number % 3]
            command = CaptureLead(
                moment=self.later(),
                id=id_,
                source=source,
                owner=owner,
                external_id=f"capture-{number}",
                response=(None, a_clock(number))[number % 2],
            )
            self.leads[id_] = self.alone[id_] = after(None, command)

    def later(self):
        self.day += 1
        return on_day(self.day)

    def happens(self, id_, command):
        """To the lead, and to the one that is never merged."""
        lead = self.leads[id_]
        if lead.merged_into is None:
            self.leads[id_], self.alone[id_] = after(lead, command), after(self.alone[id_], command)

    @rule(number=which)
    def is_touched(self, number):
        moment = self.later()
        self.happens(IDS[number], TouchLead(moment=moment, external_id=f"touch-{self.day}", source="phone"))

    @rule(number=which, ago=st.integers(0, 40), two_way=st.booleans())
    def is_contacted(self, number, ago, two_way):
        told = Moment.of(self.later().at - timedelta(days=ago), "Asia/Ho_Chi_Minh")
        self.happens(IDS[number], ContactLead(moment=told, activity_id=CALL, two_way=two_way, working=ALWAYS))

    @rule(number=which, owner=st.sampled_from([ANA, BAO]))
    def is_assigned(self, number, owner):
        if self.leads[IDS[number]].status is not LeadStatus.DISQUALIFIED:
            self.happens(IDS[number], AssignLead(moment=self.later(), to=owner))

    @rule(number=which)
    def is_disqualified_or_reopened(self, number):
        moment = self.later()
        closed = self.leads[IDS[number]].status is LeadStatus.DISQUALIFIED
        self.happens(IDS[number], ReopenLead(moment=moment) if closed else DisqualifyLead(moment=moment, reason="no"))

    @rule(number=which)
    def is_corrected(self, number):
        moment = self.later()
        self.happens(IDS[number], ChangeLeadDetails(moment=moment, changes={"title": f"title {self.day}"}))

    @rule(into=which, gone=which)
    def are_merged(self, into, gone):
        survivor, other = self.leads[IDS[into]], self.leads[IDS[gone]]
        moment = self.later()
        may = (
            into != gone
            and survivor.merged_into is None
            and other.merged_into is None
            and not other.merges
            and survivor.status is not LeadStatus.DISQUALIFIED
        )
        if may:
            self.leads[survivor.id] = after(survivor, AbsorbLead(moment=moment, other=other, working=ALWAYS))
            self.leads[other.id] = after(other, MergeLead(moment=moment, into=survivor.id))

    @precondition(lambda self: any(lead.merged_into for lead in self.leads.values()))
    @rule(data=st.data())
    def are_parted(self, data):
        gone = data.draw(st.sampled_from([lead for lead in self.leads.values() if lead.merged_into]))
        survivor, moment = self.leads[gone.merged_into], self.later()
        self.leads[survivor.id] = after(survivor, ReleaseLead(moment=moment, other=gone, working=ALWAYS))
        self.leads[gone.id] = after(gone, UnmergeLead(moment=moment, from_lead=survivor.id))

    @invariant()
    def the_merged_stay_as_they_were(self):
        for lead in self.leads.values():
            if lead.merged_into:
                assert alike(lead) == alike(self.alone[lead.id])

    @invariant()
    def whoever_stands_for_nobody_is_as_if_never_merged(self):
        for lead in self.leads.values():
            if not lead.merges:
                assert alike(lead) == alike(self.alone[lead.id])

    @invariant()
    def each_prospect_counts_once_from_its_first_creation_and_source(self):
        for lead in self.leads.values():
            booked = counted(lead)
            if lead.merged_into:
                assert booked == []
                continue
            group = [self.alone[id_] for id_ in (lead.id, *(each.lead_id for each in lead.merges))]
            group.sort(key=lambda each: each.created_at)
            source = next((each.source for each in group if each.source), None)
            owner = next((each.first_owner for each in group if each.first_owner), None)
            assert [(posting.on, posting.count) for posting in booked] == [(group[0].created_on, 1)]
            assert (lead.source, lead.first_owner) == (source, owner)
            contacts = [each.first_contact_at for each in group if each.first_contact_at]
            talks = [each.first_talk_at for each in group if each.first_talk_at]
            assert lead.first_contact_at == min(contacts, default=None)
            assert lead.first_talk_at == min(talks, default=None)
            assert lead.response == next((each.response for each in group if each.response), None)
            if contacts:
                waited = int((min(contacts) - group[0].created_at).total_seconds())
                assert lead.working_seconds_to_contact == max(0, waited)
            names = {each.external_id for each in group} | {
                touch.external_id for each in group for touch in each.later_touches
            }
            if len(names) <= TOUCHES_KEPT:
                first = {each.external_id for each in group if each.created_at == lead.created_at}
                assert {touch.external_id for touch in lead.later_touches} == names - first


def after(lead, command):
    for event in LEAD.decide(command, lead):
        lead = LEAD.apply(lead, event)
    return lead


def alike(lead):
    """But for the time of the last change, which a merge and a parting are themselves, and of coming back."""
    return lead.model_copy(update={"changed_at": None, "back_since": None, "merged_into": None})


def test_merging_and_parting_in_any_order():
    run_state_machine_as_test(Merging, settings=settings(max_examples=60, stateful_step_count=30, deadline=None))
