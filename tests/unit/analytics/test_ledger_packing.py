"""Packed postings are the postings, and changes lead from one set to the other."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.ledger.packing import Booked, book, changes, day_number, day_of, from_bytes, key_of, to_bytes, unpack_key
from analytics.ledger.posting import Measure, Posting, Slice, lattice

WON = Measure("won", 7, "Won", groupings=lattice("rep"))
HERE, THERE = Slice(rep="ana"), Slice(rep="binh")
IDS = {HERE: 1, THERE: 2}
DAY = date(2026, 3, 1)

keys = st.builds(key_of, st.integers(1, 2**31 - 1), st.integers(1, 4095), st.integers(0, 2**17 - 1))
values = st.tuples(st.integers(-(2**31), 2**31), st.integers(-(2**62), 2**62)).filter(lambda value: value != (0, 0))
sets = st.dictionaries(keys, values, max_size=30)


@given(st.integers(1, 2**31 - 1), st.integers(1, 4095), st.dates(date(1900, 1, 1), date(2200, 1, 1)))
def test_a_key_holds_slice_measure_and_day(slice_id: int, measure: int, day: date) -> None:
    found = unpack_key(key_of(slice_id, measure, day_number(day)))
    assert found == (slice_id, measure, day_number(day))
    assert day_of(found[2]) == day


@given(sets)
def test_bytes_give_the_set_back_and_do_not_depend_on_its_order(booked: Booked) -> None:
    assert from_bytes(to_bytes(booked)) == booked
    assert to_bytes(dict(reversed(booked.items()))) == to_bytes(booked)


@given(sets, sets)
def test_changes_added_to_what_was_give_what_is(before: Booked, after: Booked) -> None:
    total = dict(before)
    for key, count, amount in changes(dict(before), after):
        assert (count, amount) != (0, 0)
        was = total.get(key, (0, 0))
        total[key] = (was[0] + count, was[1] + amount)
    assert {key: value for key, value in total.items() if value != (0, 0)} == after


def test_postings_on_one_day_and_slice_add_up_and_those_that_cancel_vanish() -> None:
    booked = book([Posting(WON, DAY, HERE, 1, 500), Posting(WON, DAY, HERE, 2, -100), Posting(WON, DAY, THERE)], IDS)
    assert sorted(booked.values()) == [(1, 0), (3, 400)]
    assert not book([Posting(WON, DAY, HERE, 1, 5), Posting(WON, DAY, HERE, -1, -5)], IDS)


def test_an_unknown_slice_is_asked_for_not_guessed() -> None:
    with pytest.raises(KeyError):
        book([Posting(WON, DAY, Slice(rep="nobody"))], IDS)
