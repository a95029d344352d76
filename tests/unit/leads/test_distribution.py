"""Turns are fair: by weight, evenly mixed, also when people are away; limits hold."""

from collections import Counter
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.catalogue.assignment import Limit, Member, Period
from leads.assignment.distribution import below, first_day_of, next_of, period_of, taken

DAY = date(2026, 3, 4)
ANA, BAO, CHI = UUID(int=1), UUID(int=2), UUID(int=3)

weights = st.lists(st.integers(1, 7), min_size=1, max_size=6)


def members(*weights):
    return [Member(person=UUID(int=number), weight=weight) for number, weight in enumerate(weights, start=1)]


def picked(team, times, turns=None):
    """Who gets leads one after the other, and the turns after that."""
    found, turns = [], turns or {}
    for _ in range(times):
        found.append(next_of(turns, team))
        turns = taken(turns, team, found[-1], "")
    return found, turns


def test_turns_go_round():
    assert picked(members(1, 1, 1), 7)[0] == [ANA, BAO, CHI, ANA, BAO, CHI, ANA]


@given(weights, st.integers(1, 4))
def test_shares_are_as_the_weights_say(some, rounds):
    found, turns = picked(members(*some), rounds * sum(some))
    assert Counter(found) == {UUID(int=number): rounds * weight for number, weight in enumerate(some, start=1)}
    assert {turn.credit for turn in turns.values()} == {0}, "all is as it was in the beginning"


@given(weights.filter(lambda some: len(some) > 1), st.integers(1, 200))
def test_nobody_is_ever_a_whole_lead_behind(some, times):
    found, _ = picked(members(*some), times)
    for number, weight in enumerate(some, start=1):
        assert abs(found.count(UUID(int=number)) - times * weight / sum(some)) < len(some)


def test_the_shares_are_mixed():
    assert picked(members(3, 1), 8)[0] == [ANA, ANA, BAO, ANA, ANA, ANA, BAO, ANA]


def test_who_comes_back_from_leave_is_not_buried():
    team = members(1, 1, 1)
    _, turns = picked(team[:2], 100)
    after, _ = picked(team, 9, turns)
    assert Counter(after) == {ANA: 3, BAO: 3, CHI: 3}


@given(st.lists(st.frozensets(st.integers(0, 3), min_size=1), max_size=60))
def test_whoever_is_there_credit_is_neither_made_nor_lost(presences):
    team, turns = members(1, 2, 3, 1), {}
    for presence in presences:
        present = [team[place] for place in sorted(presence)]
        person = next_of(turns, present)
        assert person in {member.person for member in present}
        turns = taken(turns, present, person, "")
    assert sum(turn.credit for turn in turns.values()) == 0
    assert sum(turn.given for turn in turns.values()) == len(presences)


def test_a_limit_holds_in_its_period_and_begins_anew():
    team, limit, turns = members(1, 1), Limit(leads=2, per=Period.WEEK), {}
    for _ in range(4):
        present = below(limit, turns, team, DAY)
        turns = taken(turns, present, next_of(turns, present), period_of(DAY, limit.per))
    assert below(limit, turns, team, DAY) == ()
    assert below(limit, turns, team, date(2026, 3, 8)) == ()
    assert below(limit, turns, team, date(2026, 3, 9)) == tuple(team)
    assert below(None, turns, team, DAY) == tuple(team)


@pytest.mark.parametrize(
    ("per", "day", "name", "first"),
    [
        (Period.DAY, date(2026, 3, 4), "2026-03-04", date(2026, 3, 4)),
        (Period.WEEK, date(2027, 1, 1), "2026-W53", date(2026, 12, 28)),
        (Period.MONTH, date(2026, 2, 28), "2026-02", date(2026, 2, 1)),
    ],
)
def test_periods_have_names_and_first_days(per, day, name, first):
    assert period_of(day, per) == name
    assert (first_day_of(day, per), period_of(first_day_of(day, per), per)) == (first, name)
