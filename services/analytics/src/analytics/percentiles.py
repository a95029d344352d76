"""Exact percentiles from buckets: which buckets must be looked into, and the value then. Pure.

The percentile at rank ``q`` of n sorted values lies at place ``(n - 1) * q``; between two neighbours it is
interpolated in a straight line, as ``percentile_cont`` does.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from analytics.measures.histogram import place


def buckets_at(counts: Mapping[str, int], rank: Fraction) -> tuple[str, ...]:
    """The labels of the one or two buckets that hold the neighbours of the percentile."""
    low, high = _neighbours(sum(counts.values()), rank)
    return tuple(dict.fromkeys((_holding(counts, low), _holding(counts, high))))


def percentile(counts: Mapping[str, int], values: Mapping[str, Sequence[int]], rank: Fraction) -> Fraction:
    """The percentile, given the values of at least the buckets that ``buckets_at`` named."""
    total = sum(counts.values())
    low, high = _neighbours(total, rank)
    below, above = _value(counts, values, low), _value(counts, values, high)
    return below + (above - below) * ((total - 1) * rank - low)


def _neighbours(total: int, rank: Fraction) -> tuple[int, int]:
    if total <= 0:
        raise ValueError("no values, no percentile")
    at = (total - 1) * rank
    low = at.numerator // at.denominator
    return low, min(low + (at.denominator > 1), total - 1)


def _holding(counts: Mapping[str, int], index: int) -> str:
    return next(label for label, start, end in _laid_out(counts) if start <= index < end)


def _value(counts: Mapping[str, int], values: Mapping[str, Sequence[int]], index: int) -> Fraction:
    for label, start, end in _laid_out(counts):
        if start <= index < end:
            return Fraction(sorted(values[label])[index - start])
    raise ValueError("the buckets do not hold that many values")


def _laid_out(counts: Mapping[str, int]) -> Iterator[tuple[str, int, int]]:
    start = 0
    for label in sorted((label for label, count in counts.items() if count), key=place):
        yield label, start, start + counts[label]
        start += counts[label]
