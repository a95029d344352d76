"""Activities: planned, done, cancelled, and what they mean for their lead."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from chassis.refusals import AlreadyExists
from events.catalogue.activities import (
    ActivityCancelled,
    ActivityDone,
    ActivityKind,
    ActivityNoted,
    ActivityPlanned,
    ActivityState,
    ActivityStatus,
    Direction,
)
from events.catalogue.leads import LeadContacted, LeadState, LeadStatus, Owner
from events.moment import Moment
from events.testing import given
from leads.activities.activity import (
    ACTIVITY,
    CancelActivity,
    CompleteActivity,
    Done,
    NoteActivity,
    NoteIsNoPlan,
    RecordActivity,
    went,
)
from leads.activities.appointments import ActivityIsClosed, TimesBackwards
from leads.activities.on_leads import ContactLead, effect
from leads.lead import LEAD

ZONE = "Asia/Ho_Chi_Minh"
NOON = datetime(2026, 3, 2, 5, tzinfo=UTC)
NOW, LATER = Moment.of(NOON, ZONE), Moment.of(NOON + timedelta(days=1), ZONE)
ANA = Owner(person=UUID(int=0xA1), team=UUID(int=0x11))
ANA_ELSEWHERE = Owner(person=UUID(int=0xA1), team=UUID(int=0x12))
LEAD_ID = UUID(int=7)
VISIT = ActivityState(
    id=UUID(int=1), kind=ActivityKind.VISIT, status=ActivityStatus.PLANNED, lead_id=LEAD_ID, customer_id=LEAD_ID,
    performer=ANA, planned_at=NOW.at, planned_on=NOW.on, recorded_on=NOW.on, entered_at=NOW.at,
)  # fmt: skip
PLAN = RecordActivity(moment=NOW, activity=VISIT)
COMPLETE = CompleteActivity(moment=LATER, entered_at=LATER.at + timedelta(hours=5), performer=ANA_ELSEWHERE)


def a_call(**more):
    call = {"kind": ActivityKind.CALL, "status": ActivityStatus.DONE, "done_at": NOW.at, "done_on": NOW.on}
    return VISIT.model_copy(update={**call, "planned_at": None, "planned_on": None, **more})


def a_lead(**more):
    return LeadState(id=LEAD_ID, created_at=NOW.at, created_on=NOW.on, changed_at=LATER.at, **more)


def contact(moment, *, two_way=False):
    return ContactLead(moment=moment, activity_id=UUID(int=1), two_way=two_way)


def test_an_activity_is_planned_or_done_as_its_state_says():
    given(ACTIVITY).when(PLAN).then(ActivityPlanned()).then_state(status=ActivityStatus.PLANNED)
    done = RecordActivity(moment=NOW, activity=a_call())
    given(ACTIVITY).when(done).then(ActivityDone())
    given(ACTIVITY, done).when(done).then_refused(AlreadyExists)


def test_what_is_done_keeps_its_time_the_time_of_entry_and_the_team_of_that_day():
    given(ACTIVITY, PLAN).when(COMPLETE).then(ActivityDone()).then_state(
        status=ActivityStatus.DONE, done_at=LATER.at, done_on=LATER.on, performer=ANA_ELSEWHERE, planned_on=NOW.on,
        completed_entry_at=LATER.at + timedelta(hours=5), two_way=True,
    )  # fmt: skip


def test_what_is_done_stays_done():
    given(ACTIVITY, PLAN, COMPLETE).when(COMPLETE).then_nothing()
    again = replace(COMPLETE, moment=NOW)
    given(ACTIVITY, PLAN, COMPLETE).when(again).then_refused(ActivityIsClosed)
    given(ACTIVITY, PLAN, COMPLETE).when(CancelActivity(moment=LATER)).then_refused(ActivityIsClosed)


def test_what_is_cancelled_is_not_done():
    cancel = CancelActivity(moment=LATER, reason="ill")
    cancelled = given(ACTIVITY, PLAN).when(cancel).then(ActivityCancelled())
    cancelled.then_state(status=ActivityStatus.CANCELLED, closed_on=LATER.on, reason="ill", done_on=None)
    given(ACTIVITY, PLAN, cancel).when(cancel).then_nothing()
    given(ACTIVITY, PLAN, cancel).when(COMPLETE).then_refused(ActivityIsClosed)


def test_a_note_is_not_planned_and_nothing_ends_before_it_begins():
    note = VISIT.model_copy(update={"kind": ActivityKind.NOTE})
    given(ACTIVITY).when(RecordActivity(moment=NOW, activity=note)).then_refused(NoteIsNoPlan)
    backwards = VISIT.model_copy(update={"planned_until": NOW.at - timedelta(minutes=1)})
    given(ACTIVITY).when(RecordActivity(moment=NOW, activity=backwards)).then_refused(TimesBackwards)


def test_a_new_text_is_a_new_revision_and_not_in_the_state():
    written = NoteActivity(moment=LATER, changes={}, texts_changed=True)
    given(ACTIVITY, PLAN).when(written).then(ActivityNoted()).then_state(text_revision=1)
    given(ACTIVITY, PLAN).when(NoteActivity(moment=LATER, changes={"outcome": None})).then_nothing()


@pytest.mark.parametrize(
    ("kind", "how", "direction", "two_way"),
    [
        ("call", Done(), "outbound", False),
        ("call", Done(direction=Direction.INBOUND, two_way=True), "inbound", True),
        ("visit", Done(), None, True),
        ("meeting", Done(two_way=False), None, False),
        ("task", Done(), None, False),
    ],
)
def test_what_nothing_is_said_of_follows_from_the_kind(kind, how, direction, two_way):
    found = went(ActivityKind(kind), how)
    assert (found["direction"], found["two_way"]) == (direction, two_way)


@pytest.mark.parametrize(
    ("activity", "counts"),
    [
        (a_call(direction=Direction.OUTBOUND), True),
        (a_call(direction=Direction.INBOUND), False),
        (a_call(direction=Direction.INBOUND, two_way=True), True),
        (a_call(direction=Direction.OUTBOUND, automatic=True), False),
        (a_call(kind=ActivityKind.TASK, two_way=True), False),
        (a_call(kind=ActivityKind.NOTE, two_way=True), False),
        (a_call(direction=Direction.OUTBOUND, lead_id=None), False),
        (VISIT, False),
        (VISIT.model_copy(update={"status": ActivityStatus.CANCELLED}), False),
    ],
)
def test_a_contact_is_of_a_person_and_outbound_or_two_way(activity, counts):
    assert (effect(activity) is not None) is counts


def test_the_first_contact_is_the_time_it_was_made_not_entered():
    [command] = [effect(a_call(direction=Direction.OUTBOUND, entered_at=LATER.at))]
    given(LEAD, a_lead()).when(command).then(LeadContacted(activity_id=UUID(int=1))).then_state(
        first_contact_at=NOW.at, first_contact_on=NOW.on, first_talk_at=None, changed_at=LATER.at
    )


def test_the_earliest_contact_and_the_earliest_talk_stand():
    known = a_lead(first_contact_at=NOW.at, first_contact_on=NOW.on)
    given(LEAD, known).when(contact(LATER)).then_nothing()
    talked = given(LEAD, known).when(contact(LATER, two_way=True)).then(LeadContacted)
    talked.then_state(first_contact_at=NOW.at, first_talk_at=LATER.at, first_talk_on=LATER.on)
    earlier = Moment.of(NOON - timedelta(days=9), ZONE)
    given(LEAD, talked.state).when(contact(earlier, two_way=True)).then(LeadContacted).then_state(
        first_contact_at=earlier.at, first_contact_on=earlier.on, first_talk_at=earlier.at
    )


def test_a_closed_lead_hears_of_a_contact_too():
    closed = a_lead(status=LeadStatus.DISQUALIFIED)
    given(LEAD, closed).when(contact(NOW)).then(LeadContacted).then_state(status=LeadStatus.DISQUALIFIED)
