"""The arithmetic behind the figures of ``dealstream bench``."""

import pytest

from dealstream.bench.figures import Figure, as_json, as_row
from dealstream.bench.statistics import Sample, due_times, median, moment_of, percentile, rate_between


def test_a_percentile_is_a_value_that_was_seen() -> None:
    assert percentile(range(1, 101), 99) == 99
    assert percentile(range(1, 101), 100) == 100
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile([7.0], 99) == 7.0
    assert percentile([1.0, 2.0], 0) == 1.0


def test_of_few_values_the_99th_percentile_is_the_worst() -> None:
    assert percentile([*[1.0] * 50, 900.0], 99) == 900.0


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_the_median_of_an_even_number_is_the_lower_one() -> None:
    assert median([4.0, 1.0, 3.0, 2.0]) == 2.0


def test_a_rate_leaves_the_warm_up_out() -> None:
    samples = [Sample(0, 0), Sample(10, 100), Sample(11, 200), Sample(12, 300)]
    assert rate_between(samples, 100, 300) == 100
    assert rate_between(samples, 0, 100) == 10


def test_a_moment_lies_on_the_line_between_its_samples() -> None:
    assert moment_of([Sample(0, 0), Sample(2, 10), Sample(3, 10), Sample(4, 20)], 15) == 3.5
    with pytest.raises(ValueError, match="never passed"):
        moment_of([Sample(0, 0), Sample(2, 10)], 11)


def test_calls_are_due_at_even_distances() -> None:
    assert due_times(4, 3) == [0, 0.25, 0.5]


def test_a_bar_is_met_from_its_own_side() -> None:
    more, less = Figure("a", 20, 20, "times"), Figure("b", 251, 250, "MB", less_is_better=True)
    assert (more.met, less.met) == (True, False)
    assert as_json([more, less]) == {
        "a": {"value": 20.0, "bar": 20, "unit": "times", "met": True},
        "b": {"value": 251.0, "bar": 250, "unit": "MB", "met": False},
    }
    assert as_row(less) == ["b", "251", "<= 250", "MB", "MISSED", "+0 %"]
