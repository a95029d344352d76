"""Figures from samples. Pure."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple


class Sample(NamedTuple):
    """How much was done by a moment, counted from wherever."""

    at: float
    done: float


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that at least ``percent`` of all do not exceed; never one in between that nobody saw."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values, so no percentile")
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, min(len(ordered), int(rank)) - 1)]


def median(values: Iterable[float]) -> float:
    return percentile(values, 50)


def moment_of(samples: Sequence[Sample], done: float) -> float:
    """When so much was done, on the straight line between the two samples around it."""
    for before, after in pairwise(samples):
        if before.done <= done <= after.done and after.done > before.done:
            return before.at + (after.at - before.at) * (done - before.done) / (after.done - before.done)
    raise ValueError(f"{done:g} was never passed")


def rate_between(samples: Sequence[Sample], begin: float, end: float) -> float:
    """So much a second, from the moment that ``begin`` was done to the moment that ``end`` was."""
    return (end - begin) / (moment_of(samples, end) - moment_of(samples, begin))


def due_times(rate: float, count: int) -> list[float]:
    """When each call of an open load is due, in seconds from its beginning: evenly, whatever becomes of the others."""
    return [number / rate for number in range(count)]
