"""The cycle of an appointment: asked, agreed, moved, held, missed; and that nobody comes unannounced."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from analytics.measures.activities import PLANS, postings
from chassis.refusals import Refusal
from events.catalogue.activities import (
    ActivityKind,
    ActivityMoved,
    ActivityPlanned,
    ActivityState,
    ActivityStatus,
    AppointmentAgreed,
    AppointmentAsked,
    AppointmentMissed,
)
from events.catalogue.leads import Owner
from events.moment import Moment
from events.testing import given
from leads.activities.activity import ACTIVITY, CancelActivity, CompleteActivity, RecordActivity
from leads.activities.appointments import (
    ActivityIsClosed,
    AgreeAppointment,
    AskAppointment,
    MissAppointment,
    MoveActivity,
    NotAgreed,
    NotAnAppointment,
    NotDueYet,
    Plan,
    TimesBackwards,
    VisitWithoutContact,
)
from leads.sequence import OutOfSequence

ANA = Owner(person=UUID(int=0xA1))
START = datetime(2026, 3, 2, 5, tzinfo=UTC)


def on_day(days: float) -> Moment:
    return Moment.of(START + timedelta(days=days), "UTC")


def a_visit(**more) -> ActivityState:
    planned = on_day(3)
    return ActivityState(
        id=UUID(int=1), kind=ActivityKind.VISIT, status=ActivityStatus.PLANNED, lead_id=UUID(int=7), performer=ANA,
        planned_at=planned.at, planned_on=planned.on, recorded_on=START.date(), entered_at=START,
    ).model_copy(update=more)  # fmt: skip


def record(*, prior_contact: bool = False, **more) -> RecordActivity:
    return RecordActivity(moment=on_day(0), activity=a_visit(**more), prior_contact=prior_contact)


def complete(days: float) -> CompleteActivity:
    return CompleteActivity(moment=on_day(days), entered_at=on_day(days).at, performer=ANA)


PLANNED = record(prior_contact=True)
ASK, AGREE = AskAppointment(moment=on_day(1)), AgreeAppointment(moment=on_day(2))


def move(days: float, to: float, **more) -> MoveActivity:
    return MoveActivity(moment=on_day(days), plan=Plan(on_day(to)), **more)


def test_nobody_is_visited_without_prior_contact_unless_a_reason_is_given():
    given(ACTIVITY).when(record()).then_refused(VisitWithoutContact)
    given(ACTIVITY).when(record(prior_contact=True)).then(ActivityPlanned)
    given(ACTIVITY).when(record(without_contact="cold-route")).then_state(without_contact="cold-route")
    given(ACTIVITY).when(record(status=ActivityStatus.DONE, done_on=START.date())).then_refused(VisitWithoutContact)
    given(ACTIVITY).when(record(imported=True)).then(ActivityPlanned)
    given(ACTIVITY).when(record(kind=ActivityKind.MEETING)).then(ActivityPlanned)


def test_asking_for_an_appointment_is_the_contact():
    asked = record(status=ActivityStatus.ASKED, asked_at=START)
    given(ACTIVITY).when(asked).then(AppointmentAsked)
    agreed = record(status=ActivityStatus.AGREED, agreed_at=START, agreed_on=START.date())
    given(ACTIVITY).when(agreed).then(AppointmentAgreed)
    call = record(kind=ActivityKind.CALL, status=ActivityStatus.ASKED, asked_at=START)
    given(ACTIVITY).when(call).then_refused(NotAnAppointment)


def test_what_was_asked_for_is_held_once_it_was_agreed_to():
    given(ACTIVITY, PLANNED, ASK).when(complete(3)).then_refused(NotAgreed)
    given(ACTIVITY, PLANNED, ASK).when(MissAppointment(moment=on_day(4))).then_refused(NotAgreed)
    given(ACTIVITY, PLANNED, ASK, AGREE).when(complete(3)).then_state(status=ActivityStatus.DONE, two_way=True)
    given(ACTIVITY, PLANNED, ASK, AGREE).when(complete(1)).then_refused(OutOfSequence)
    given(ACTIVITY, PLANNED, ASK).when(replace(AGREE, moment=on_day(0.5))).then_refused(OutOfSequence)


def test_an_appointment_is_agreed_to_as_planned_or_for_another_time():
    given(ACTIVITY, PLANNED, ASK).when(AGREE).then(AppointmentAgreed).then_state(agreed_on=on_day(2).on)
    given(ACTIVITY, PLANNED, ASK, AGREE).when(AGREE).then_nothing()
    other = replace(AGREE, plan=Plan(on_day(5), on_day(5.1).at))
    found = given(ACTIVITY, PLANNED, ASK).when(other).then(ActivityMoved, AppointmentAgreed)
    found.then_state(planned_on=on_day(5).on, planned_until=on_day(5.1).at, status=ActivityStatus.AGREED)
    backwards = replace(AGREE, plan=Plan(on_day(5), on_day(4).at))
    given(ACTIVITY, PLANNED, ASK).when(backwards).then_refused(TimesBackwards)


def test_a_move_without_agreement_asks_anew():
    given(ACTIVITY, PLANNED, ASK, AGREE).when(move(2.5, 6)).then(ActivityMoved).then_state(status=ActivityStatus.AGREED)
    anew = given(ACTIVITY, PLANNED, ASK, AGREE).when(move(2.5, 6, agreed=False)).then(ActivityMoved)
    anew.then_state(status=ActivityStatus.ASKED, agreed_at=None, planned_on=on_day(6).on)
    given(ACTIVITY, PLANNED).when(move(1, 3)).then_nothing()
    given(ACTIVITY, PLANNED, complete(3)).when(move(4, 6)).then_refused(ActivityIsClosed)


def test_nobody_is_missed_before_the_time():
    given(ACTIVITY, PLANNED).when(MissAppointment(moment=on_day(2))).then_refused(NotDueYet)
    given(ACTIVITY, PLANNED).when(MissAppointment(moment=on_day(3.1))).then(AppointmentMissed).then_state(
        status=ActivityStatus.NO_SHOW, closed_on=on_day(3).on
    )
    task = a_visit(kind=ActivityKind.TASK)
    given(ACTIVITY, task).when(MissAppointment(moment=on_day(4))).then_refused(NotAnAppointment)


def test_moved_late_the_old_day_had_a_plan_that_came_to_nothing():
    moved = given(ACTIVITY, PLANNED, move(1, 5), move(5, 8), complete(8)).state
    found = sorted((one.on, one.slice.label) for one in postings(moved) if one.measure is PLANS)
    assert found == [(on_day(5).on, "visit moved-late"), (on_day(8).on, "visit held")]


DAYS = st.sampled_from((0.0, 0.2, 0.5, 1.0, 2.0))
OPEN = {ActivityStatus.PLANNED, ActivityStatus.ASKED, ActivityStatus.AGREED}
STEPS = {
    ActivityStatus.PLANNED: {*OPEN, ActivityStatus.DONE, ActivityStatus.NO_SHOW, ActivityStatus.CANCELLED},
    ActivityStatus.ASKED: {ActivityStatus.ASKED, ActivityStatus.AGREED, ActivityStatus.CANCELLED},
    ActivityStatus.AGREED: {
        ActivityStatus.AGREED, ActivityStatus.ASKED, ActivityStatus.DONE, ActivityStatus.NO_SHOW,
        ActivityStatus.CANCELLED,
    },
}  # fmt: skip
"""Where one event leads to; from what is over, nowhere."""


class Cycle(RuleBasedStateMachine):
    """A visit that anything may happen to, in any order, at times that go back and forth."""

    def __init__(self) -> None:
        super().__init__()
        self.state: ActivityState | None = None
        self.at = 0.0
        self.plans = 1
        self.asked_since_agreed = False

    @initialize(prior=st.booleans(), reason=st.sampled_from((None, "cold-route")))
    def begin(self, prior, reason):
        command = record(prior_contact=prior, without_contact=reason)
        assert self.run(command) is (prior or reason is not None)
        if self.state is None:
            assert self.run(record(status=ActivityStatus.ASKED, asked_at=START))
            self.asked_since_agreed = True

    @rule(later=DAYS)
    def time_passes(self, later):
        self.at += later

    @rule(back=DAYS)
    def ask(self, back):
        if self.run(AskAppointment(moment=on_day(self.at - back))) and self.state.status is ActivityStatus.ASKED:
            self.asked_since_agreed = True

    @rule(back=DAYS, to=st.none() | DAYS)
    def agree(self, back, to):
        plan = None if to is None else Plan(on_day(self.at + to))
        if self.run(AgreeAppointment(moment=on_day(self.at - back), plan=plan)):
            self.asked_since_agreed = False

    @rule(back=DAYS, to=DAYS, agreed=st.booleans())
    def move(self, back, to, agreed):
        was_agreed = self.state.status is ActivityStatus.AGREED
        before = len(self.state.moves)
        if self.run(move(self.at - back, self.at + to, agreed=agreed)) and was_agreed and not agreed:
            self.asked_since_agreed = len(self.state.moves) > before

    @rule(back=DAYS)
    def hold(self, back):
        held = self.run(complete(self.at - back))
        assert not (held and self.asked_since_agreed)

    @rule(back=DAYS)
    def miss(self, back):
        due = on_day(self.at - back).at >= self.state.planned_at
        missed = self.run(MissAppointment(moment=on_day(self.at - back)))
        assert not missed or (due and not self.asked_since_agreed) or self.state.status is ActivityStatus.NO_SHOW

    @precondition(lambda self: self.at > 3)
    @rule()
    def cancel(self):
        self.run(CancelActivity(moment=on_day(self.at)))

    def run(self, command) -> bool:
        """Whether it was not refused; each event is a step that the cycle allows."""
        try:
            events = list(ACTIVITY.decide(command, self.state))
        except Refusal:
            return False
        for event in events:
            if self.state is not None:
                assert event.activity.status in STEPS.get(self.state.status, set())
            self.state = ACTIVITY.apply(self.state, event)
            if isinstance(event, ActivityMoved) and event.move.on >= event.move.from_on:
                self.plans += 1
        return True

    @invariant()
    def what_is_agreed_says_when(self):
        if self.state is not None and self.state.status is ActivityStatus.AGREED:
            assert self.state.agreed_at is not None
        if self.state is not None and self.state.status is ActivityStatus.ASKED:
            assert self.state.asked_at is not None or self.state.moves
            assert self.state.agreed_at is None

    @invariant()
    def moves_follow_each_other(self):
        if self.state is not None:
            times = [each.at for each in self.state.moves]
            assert times == sorted(times)

    @invariant()
    def every_plan_is_counted_once(self):
        if self.state is not None:
            assert sum(one.count for one in postings(self.state) if one.measure is PLANS) == self.plans


TestCycle = Cycle.TestCase


def test_a_plan_that_failed_stays_with_the_team_in_which_it_failed():
    old, new = (Owner(person=ANA.person, team=UUID(int=team)) for team in (1, 2))
    late = MoveActivity(moment=on_day(3), plan=Plan(on_day(40)))
    done = CompleteActivity(moment=on_day(40), entered_at=on_day(40).at, performer=new)
    moved = given(ACTIVITY, record(performer=old, without_contact="x")).when(late).state
    after = given(ACTIVITY, moved).when(done).state
    found = [(each[2].team, each[2].label) for each in postings(after) if each[1] == on_day(3).on]
    assert found == [(str(old.team), "visit moved-late")]
    assert {each[2].team for each in postings(after) if each[1] == on_day(40).on} == {str(new.team)}
