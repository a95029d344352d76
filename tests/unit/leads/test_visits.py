"""Visits: when the next is due, the proof of one, and what speaks against it."""

from datetime import UTC, date, datetime, timedelta
from math import pi
from uuid import UUID

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from analytics.measures.activities import VISIT_FLAGS, VISITS_VERIFIED, postings
from chassis.refusals import Invalid
from events.catalogue.activities import ActivityKind, ActivityState, ActivityStatus, VisitCheckedIn, VisitCheckedOut
from events.catalogue.leads import Owner
from events.moment import Moment
from events.testing import given
from leads.activities.activity import ACTIVITY, CancelActivity, CompleteActivity
from leads.activities.appointments import ActivityIsClosed, NotAgreed
from leads.sequence import OutOfSequence
from leads.visits.plan import VisitPlan, VisitStep
from leads.visits.proof import (
    EARTH_METRES,
    AlreadyChecked,
    CheckIn,
    CheckOut,
    NotAVisit,
    NotCheckedIn,
    Position,
    Reading,
    Rules,
    is_impossible,
    metres_between,
)

NOON = datetime(2026, 3, 2, 5, tzinfo=UTC)
ANA = Owner(person=UUID(int=0xA1))
VISIT = ActivityState(
    id=UUID(int=1), kind=ActivityKind.VISIT, status=ActivityStatus.PLANNED, performer=ANA, planned_at=NOON,
    planned_on=NOON.date(), recorded_on=NOON.date(), entered_at=NOON,
)  # fmt: skip
HANOI, HO_CHI_MINH_CITY = Position(21.0278, 105.8342), Position(10.7769, 106.7009)
PLAN = VisitPlan("a", 30, (VisitStep("stock", "Count"), VisitStep("shelf", "Look"), VisitStep("chat", "Talk", False)))


def at(minutes):
    return Moment.of(NOON + timedelta(minutes=minutes), "UTC")


def came(minutes=0, distance=40, **more):
    return CheckIn(moment=at(minutes), reading=Reading(distance, **more))


def left(minutes=30, distance=40, **more):
    return CheckOut(moment=at(minutes), reading=Reading(distance, **more))


def complete(minutes=31):
    return CompleteActivity(moment=at(minutes), entered_at=at(minutes).at, performer=ANA)


def test_a_visit_near_the_site_long_enough_and_in_time_is_verified():
    given(ACTIVITY, VISIT).when(came()).then(VisitCheckedIn).then_state(distance_metres=40, flags=(), verified=False)
    found = given(ACTIVITY, VISIT, came()).when(left(photo=True)).then(VisitCheckedOut)
    found.then_state(stay_seconds=1800, flags=(), verified=True, has_photo=True)
    given(ACTIVITY, VISIT, came(), complete()).when(left()).then_state(verified=True, status=ActivityStatus.DONE)


@pytest.mark.parametrize(
    ("steps", "flags"),
    [
        ((came(distance=300), left()), []),
        ((came(distance=301), left()), ["outside-radius"]),
        ((came(), left(distance=301)), ["outside-radius"]),
        ((came(distance=None), left(distance=None)), ["no-site"]),
        ((came(accuracy_metres=300), left(accuracy_metres=301)), ["inaccurate-position"]),
        ((came(mock=True), left()), ["mock-position"]),
        ((came(), left(impossible_travel=True)), ["impossible-travel"]),
        ((came(120), left(130)), []),
        ((came(121), left(131)), ["off-plan"]),
        ((came(-121), left(20)), ["off-plan"]),
        ((came(), left(9.9)), ["too-short"]),
        ((came(distance=9000, mock=True), left(1)), ["mock-position", "outside-radius", "too-short"]),
    ],
)
def test_what_speaks_against_a_visit_is_flagged(steps, flags):
    state = given(ACTIVITY, VISIT, *steps).state
    assert (list(state.flags), state.verified) == (flags, not flags)
    done = given(ACTIVITY, state, complete(200)).state
    booked = [one for one in postings(done) if one.measure in {VISITS_VERIFIED, VISIT_FLAGS}]
    assert [one.slice.label for one in booked] == (flags or [None])


def test_a_firm_may_have_other_rules():
    rules = Rules(radius_metres=50, stay_minutes=60, photo_required=True)
    near = CheckIn(moment=at(0), reading=Reading(60), rules=rules)
    gone = CheckOut(moment=at(59), reading=Reading(10), rules=rules)
    given(ACTIVITY, VISIT, near).when(gone).then_state(flags=("no-photo", "outside-radius", "too-short"))


def test_a_visit_is_checked_in_once_then_out_once():
    given(ACTIVITY, VISIT).when(left()).then_refused(NotCheckedIn)
    given(ACTIVITY, VISIT, came()).when(came()).then_nothing()
    given(ACTIVITY, VISIT, came()).when(came(1)).then_refused(AlreadyChecked)
    given(ACTIVITY, VISIT, came()).when(left(-1)).then_refused(OutOfSequence)
    given(ACTIVITY, VISIT, came(), left()).when(left()).then_nothing()
    given(ACTIVITY, VISIT, came(), left()).when(left(40)).then_refused(AlreadyChecked)


def test_the_rules_of_appointments_hold_at_the_door():
    given(ACTIVITY, VISIT, complete()).when(came()).then_refused(ActivityIsClosed)
    given(ACTIVITY, VISIT, came(), CancelActivity(moment=at(1))).when(left()).then_refused(ActivityIsClosed)
    given(ACTIVITY, VISIT.model_copy(update={"kind": ActivityKind.CALL})).when(came()).then_refused(NotAVisit)
    asked = VISIT.model_copy(update={"status": ActivityStatus.ASKED})
    given(ACTIVITY, asked).when(came()).then_refused(NotAgreed)
    agreed = VISIT.model_copy(update={"status": ActivityStatus.AGREED, "agreed_at": at(1).at})
    given(ACTIVITY, agreed).when(came()).then_refused(OutOfSequence)


def test_the_steps_of_a_class_are_done_or_missed():
    def leaving(*steps):
        return CheckOut(moment=at(30), reading=Reading(40), steps=steps, plan=PLAN)

    there = given(ACTIVITY, VISIT, came())
    there.when(leaving("chat", "stock")).then_state(
        steps_done=("stock", "chat"), steps_missed=("shelf",), verified=True
    )
    there.when(leaving("dance")).then_refused(Invalid)


def test_the_next_visit_is_due_so_many_days_after_the_last():
    assert PLAN.due_on(date(2026, 2, 1), date(2025, 1, 1)) == date(2026, 3, 3)
    assert PLAN.due_on(None, date(2025, 1, 1)) == date(2025, 1, 1)


def test_distances_are_those_of_the_globe():
    assert metres_between(HANOI, HANOI) == 0
    assert metres_between(HANOI, HO_CHI_MINH_CITY) == pytest.approx(1_144_000, rel=0.01)
    assert metres_between(Position(0, 179.9999), Position(0, -179.9999)) == pytest.approx(22, abs=1)
    assert metres_between(Position(90, 0), Position(-90, 0)) == pytest.approx(pi * EARTH_METRES, abs=1)


positions = st.builds(Position, st.floats(-90, 90), st.floats(-180, 180))


@forall(positions, positions, positions)
def test_distances_are_symmetric_and_no_way_round_is_shorter(here, there, elsewhere):
    assert metres_between(here, there) == metres_between(there, here)
    assert 0 <= metres_between(here, there) <= pi * EARTH_METRES + 1
    assert metres_between(here, there) <= metres_between(here, elsewhere) + metres_between(elsewhere, there) + 2


def test_nobody_is_faster_than_the_firm_believes():
    hour, rules = timedelta(hours=1), Rules()
    assert not is_impossible(200_300, hour, rules)
    assert is_impossible(200_301, hour, rules)
    assert is_impossible(200_301, -hour, rules)
    assert is_impossible(301, timedelta(), rules)
    assert not is_impossible(300, timedelta(), rules)
