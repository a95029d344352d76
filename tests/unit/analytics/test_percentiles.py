"""Percentiles from buckets are those of the sorted values; buckets hold neighbours and keep the order."""

from collections import defaultdict
from fractions import Fraction
from statistics import median, quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.measures.histogram import bucket, place
from analytics.percentiles import buckets_at, percentile

VALUES = st.one_of(st.integers(-50, 50), st.integers(-(10**17), 10**17))
RANKS = st.fractions(0, 1, max_denominator=100)


def in_buckets(values: list[int]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for value in values:
        found[bucket(value)].append(value)
    return found


def at_rank(values: list[int], rank: Fraction) -> Fraction:
    """Only the buckets that were asked for are there to look into."""
    held = in_buckets(values)
    counts = {label: len(found) for label, found in held.items()}
    asked = buckets_at(counts, rank)
    return percentile(counts, {label: held[label] for label in asked}, rank)


@given(st.lists(VALUES, min_size=1), RANKS)
def test_it_is_the_straight_line_between_the_neighbours_of_the_sorted_values(values: list[int], rank: Fraction) -> None:
    ordered, at = sorted(values), (len(values) - 1) * rank
    low = int(at)
    high = min(low + 1, len(values) - 1)
    assert at_rank(values, rank) == ordered[low] + (ordered[high] - ordered[low]) * (at - low)


@given(st.lists(st.integers(0, 10**6), min_size=2))
def test_it_agrees_with_the_standard_library(values: list[int]) -> None:
    assert at_rank(values, Fraction(1, 2)) == Fraction(median(values))
    tenths = quantiles(values, n=10, method="inclusive")
    assert float(at_rank(values, Fraction(9, 10))) == pytest.approx(tenths[8])


@given(VALUES, VALUES)
def test_a_smaller_value_is_in_no_later_bucket(one: int, other: int) -> None:
    small, great = sorted((one, other))
    assert place(bucket(small)) <= place(bucket(great))


@given(st.integers(1, 10**17))
def test_values_of_a_bucket_differ_by_half_at_most(value: int) -> None:
    assert bucket(2 * value) != bucket(value)
    assert bucket(value) == bucket(-value).replace("-", "+")


def test_only_nothing_is_in_the_bucket_of_zero() -> None:
    assert bucket(0) == "0"
    assert {bucket(1), bucket(-1)} == {"+00a", "-00a"}


def test_without_values_there_is_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        buckets_at({}, Fraction(1, 2))
