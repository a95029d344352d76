"""People: joining, changing, dated places, leaving and coming back."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st

from chassis.refusals import AlreadyExists
from events.catalogue.identity import (
    Assignment,
    PersonChanged,
    PersonDeactivated,
    PersonJoined,
    PersonReactivated,
    PersonReassigned,
    PersonState,
    Role,
)
from events.moment import Moment
from events.testing import given
from identity.person import (
    ASSIGNMENTS_MAX,
    PERSON,
    AssignPerson,
    ChangePerson,
    DeactivatePerson,
    JoinPerson,
    LastAdmin,
    PersonIsInactive,
    ReactivatePerson,
    TooManyAssignments,
    belongs_on,
)
from identity.trees import HierarchyLoop

NOW = Moment.of(datetime(2026, 3, 2, 9, tzinfo=UTC), "UTC")
HANOI, SAIGON = UUID(int=1), UUID(int=2)


def ana(**changes):
    return PersonState(id=UUID(int=7), name="Ana", roles=(Role.REP,)).model_copy(update=changes)


def assign(day, team):
    return AssignPerson(moment=NOW, assignment=Assignment(from_on=day, team=team))


def change(person=None, *, line=(), other_admins=1, **changes):
    return ChangePerson(moment=NOW, changes=changes, line=line, other_admins=other_admins)


def test_a_person_joins_once():
    joins = JoinPerson(moment=NOW, person=ana())
    given(PERSON).when(joins).then(PersonJoined()).then_state(name="Ana")
    given(PERSON, ana()).when(joins).then_refused(AlreadyExists)


def test_a_change_to_what_is_so_already_is_no_event():
    given(PERSON, ana()).when(change(name="Ana")).then_nothing()
    given(PERSON, ana()).when(change(name="Anh")).then(PersonChanged()).then_state(name="Anh", roles=(Role.REP,))


def test_nobody_is_above_himself():
    refused = given(PERSON, ana()).when(change(manager=SAIGON, line=(SAIGON, ana().id))).then_refused(HierarchyLoop)
    assert refused.pointer == "/manager"


def test_the_last_admin_stays_admin_and_active():
    root = ana(roles=(Role.ADMIN,))
    given(PERSON, root).when(change(roles=(Role.REP,), other_admins=0)).then_refused(LastAdmin)
    given(PERSON, root).when(DeactivatePerson(moment=NOW, other_admins=0)).then_refused(LastAdmin)
    given(PERSON, root).when(DeactivatePerson(moment=NOW, other_admins=1)).then(PersonDeactivated())


def test_a_backdated_assignment_takes_its_place_in_the_order():
    history = [assign(date(2026, 2, 1), SAIGON), assign(date(2025, 6, 1), HANOI)]
    given(PERSON, ana(), *history).when(assign(date(2025, 9, 1), None)).then(
        PersonReassigned(from_on=date(2025, 9, 1))
    ).then_state(
        assignments=(
            Assignment(from_on=date(2025, 6, 1), team=HANOI),
            Assignment(from_on=date(2025, 9, 1)),
            Assignment(from_on=date(2026, 2, 1), team=SAIGON),
        )
    )


def test_an_assignment_of_the_same_day_replaces_the_other():
    history = [assign(date(2026, 2, 1), SAIGON)]
    given(PERSON, ana(), *history).when(assign(date(2026, 2, 1), HANOI)).then(PersonReassigned).then_state(
        assignments=(Assignment(from_on=date(2026, 2, 1), team=HANOI),)
    )
    given(PERSON, ana(), *history).when(assign(date(2026, 2, 1), SAIGON)).then_nothing()


def test_one_who_left_is_not_assigned_until_back():
    left = ana(active=False)
    given(PERSON, left).when(assign(date(2026, 2, 1), HANOI)).then_refused(PersonIsInactive)
    given(PERSON, left).when(DeactivatePerson(moment=NOW, other_admins=0)).then_nothing()
    given(PERSON, left).when(ReactivatePerson(moment=NOW)).then(PersonReactivated()).then_state(active=True)
    given(PERSON, ana()).when(ReactivatePerson(moment=NOW)).then_nothing()


def test_the_history_of_places_is_bounded():
    full = tuple(Assignment(from_on=date.fromordinal(700_000 + day)) for day in range(ASSIGNMENTS_MAX))
    given(PERSON, ana(assignments=full)).when(assign(date(2026, 2, 1), HANOI)).then_refused(TooManyAssignments)


@pytest.mark.parametrize(
    ("day", "team"),
    [(date(2020, 1, 1), HANOI), (date(2026, 1, 31), HANOI), (date(2026, 2, 1), SAIGON), (date(2030, 1, 1), SAIGON)],
)
def test_where_a_person_belongs_on_a_day(day, team):
    places = (Assignment(from_on=date(2025, 6, 1), team=HANOI), Assignment(from_on=date(2026, 2, 1), team=SAIGON))
    assert belongs_on(ana(assignments=places), day).team == team
    assert belongs_on(ana(), day) is None


@for_any(st.permutations([date(2026, month, 1) for month in range(1, 8)]))
def test_the_order_of_entry_does_not_matter(days):
    person = ana()
    for day in days:
        person = given(PERSON, person).when(assign(day, UUID(int=day.month))).state
    assert [each.from_on for each in person.assignments] == sorted(days)
    assert all(each.team == UUID(int=each.from_on.month) for each in person.assignments)


def test_ids_are_the_callers():
    person = uuid4()
    given(PERSON).when(JoinPerson(moment=NOW, person=ana(id=person))).then_state(id=person)
