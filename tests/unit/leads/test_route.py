"""The way through a day's visits: shortest where all orders are tried, good and bounded where there are more."""

from itertools import permutations
from random import Random
from uuid import UUID

import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from leads.visits.proof import Position
from leads.visits.route import STOPS_MAX, Route, Stop, length_of, shortest_way

OFFICE = Position(21.0, 105.8)


def stops(*places):
    return [Stop(UUID(int=number), Position(*place)) for number, place in enumerate(places, start=1)]


def scattered(number, seed):
    dice = Random(seed)  # noqa: S311 - made up, not secret
    return stops(*((21 + dice.random() / 5, 105.8 + dice.random() / 5) for _ in range(number)))


def in_town(number):
    return st.lists(st.tuples(st.floats(20.9, 21.1), st.floats(105.7, 105.9)), max_size=number)


def test_no_visits_are_no_way():
    assert shortest_way([], OFFICE) == Route((), (), shortest=True, bound_metres=0)


def test_stops_in_a_row_are_gone_to_one_after_the_other():
    far, near, middle = stops((21.3, 105.8), (21.1, 105.8), (21.2, 105.8))
    route = shortest_way([far, near, middle], OFFICE)
    assert route.stops == (near, middle, far)
    assert route.legs == (11120, 11120, 11120) or max(route.legs) - min(route.legs) <= 1
    assert route.shortest


@settings(max_examples=40)
@forall(in_town(6), st.sampled_from([OFFICE, None]))
def test_up_to_nine_stops_no_order_is_shorter(places, start):
    day = stops(*places)
    route = shortest_way(day, start)
    assert route.metres == min(length_of(order, start) for order in permutations(day))
    assert (route.shortest, route.bound_metres) == (True, route.metres)
    assert sorted(route.stops) == sorted(day)


@pytest.mark.parametrize("start", [OFFICE, None])
@pytest.mark.parametrize("seed", range(3))
def test_beyond_the_way_is_good_and_bounded(seed, start):
    day = scattered(18, seed)
    route = shortest_way(day, start)
    assert sorted(route.stops) == sorted(day)
    assert route.metres == length_of(route.stops, start)
    assert route.bound_metres <= route.metres <= 1.35 * route.bound_metres
    assert not route.shortest


def test_the_heuristic_comes_close_to_the_shortest_way(monkeypatch):
    days = [scattered(9, seed) for seed in range(5)]
    best = [shortest_way(day, OFFICE).metres for day in days]
    monkeypatch.setattr("leads.visits.route.TRIED_MAX", 0)
    found = [shortest_way(day, OFFICE).metres for day in days]
    assert all(one <= other <= 1.1 * one for one, other in zip(best, found, strict=True))


@pytest.mark.parametrize("number", [6, 15])
def test_the_order_in_which_visits_come_does_not_matter(number):
    day = scattered(number, 7)
    turned = [day[turn:] + day[:turn] for turn in range(0, number, 2)]
    assert len({shortest_way(each, OFFICE).stops for each in turned}) == 1


def test_a_full_day_is_planned():
    assert len(shortest_way(scattered(STOPS_MAX, 1), OFFICE).stops) == STOPS_MAX
