"""Which two columns say more together than each for itself. Pure.

What a fit of single columns leaves unexplained is added up in the cells of each pair; a pair earns its place by how far
that exceeds what chance leaves in so many cells.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import combinations

from events.catalogue.scoring import Coding
from leads.scoring.learning.regression import Fit

OTHERWISE = 0.02
"""A column that is the same in all but this share of the rows joins no pair."""
PRIOR = 10.0
"""So many rows' worth of nothing are added to each cell, so that a cell of a few rows shows little."""


@dataclass(frozen=True)
class Coded:
    """A column in few levels: the level of each row, by number; 0 is the one that most rows have."""

    coding: Coding
    keys: Sequence[str]
    places: Sequence[int]

    @classmethod
    def of(cls, coding: Coding, levels: Sequence[str]) -> "Coded":
        numbers = {level: number for number, (level, _) in enumerate(Counter(levels).most_common())}
        return cls(coding, tuple(numbers), [numbers[level] for level in levels])

    @property
    def varies(self) -> bool:
        """Whether enough rows have another level than the usual one to say anything together with other columns."""
        return len(self.places) - self.places.count(0) >= OTHERWISE * len(self.places)

    def only(self, rows: Sequence[int]) -> "Coded":
        """Of these rows alone."""
        return Coded(self.coding, self.keys, [self.places[row] for row in rows])


Pair = tuple[int, int]


def telling_pairs(columns: Sequence[Coded], fit: Fit, rows: Sequence[int], most: int) -> list[Pair]:
    """The pairs of columns, by their numbers, that say most beyond what single columns say; the best first."""
    residuals = [fit.residuals[row] for row in rows]
    curvatures = [fit.curvatures[row] for row in rows]
    coded = [column.only(rows) for column in columns]
    gains = (
        (_gain(coded[one], coded[other], residuals, curvatures), (one, other))
        for one, other in combinations(range(len(coded)), 2)
    )
    return [pair for gain, pair in nlargest(most, gains) if gain > 0]


def _gain(one: Coded, other: Coded, residuals: Sequence[float], curvatures: Sequence[float]) -> float:
    width = len(other.keys)
    slopes = [0.0] * (len(one.keys) * width)
    weights = [0.0] * len(slopes)
    for first, second, residual, curvature in zip(one.places, other.places, residuals, curvatures, strict=True):
        cell = first * width + second
        slopes[cell] += residual
        weights[cell] += curvature
    return sum(
        (slope * slope - weight) / (weight + PRIOR) for slope, weight in zip(slopes, weights, strict=True) if weight
    )
