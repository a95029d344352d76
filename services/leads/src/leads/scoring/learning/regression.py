"""Penalised logistic regression on levels, by coordinate descent in plain Python. Pure.

A level is the list of rows that have it; the most frequent level of a term is the one the others are measured against.
A Newton step for a level costs as much as it has rows, so that columns that are mostly the same cost next to nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from leads.scoring.learning.quality import probability

PASSES = 40
STILL = 0.01
"""A step below this is not taken; when all are, the fit is done."""
LONGEST_STEP = 2.0


@dataclass
class Level:
    """One level of one term: its rows, its weight so far, and how strongly that is drawn to nothing."""

    term: int
    key: str
    rows: list[int]
    penalty: float = 1.0
    weight: float = 0.0


class Fit:
    """Weights and log odds of a set of rows; it goes on from where it is when levels or penalties change."""

    def __init__(self, outcomes: Sequence[int], rows: Sequence[int]) -> None:
        """Only ``rows`` take part; the others keep their place in the lists."""
        self._outcomes = outcomes
        self._rows = rows
        self.base = _average([outcomes[row] for row in rows])
        self.margins = [self.base] * len(outcomes)
        self.residuals = [0.0] * len(outcomes)
        self.curvatures = [0.0] * len(outcomes)
        self._move(rows, 0.0)

    def run(self, levels: Sequence[Level]) -> None:
        """Descend until no level moves."""
        for _ in range(PASSES):
            furthest = abs(self._step_base())
            for level in levels:
                furthest = max(furthest, abs(self._step(level)))
            if furthest < 5 * STILL:
                return

    def _step(self, level: Level) -> float:
        slope = sum(map(self.residuals.__getitem__, level.rows)) - level.penalty * level.weight
        curvature = sum(map(self.curvatures.__getitem__, level.rows)) + level.penalty
        step = max(-LONGEST_STEP, min(LONGEST_STEP, slope / curvature))
        if abs(step) < STILL:
            return 0.0
        level.weight += step
        self._move(level.rows, step)
        return step

    def _step_base(self) -> float:
        slope = sum(map(self.residuals.__getitem__, self._rows))
        step = slope / (sum(map(self.curvatures.__getitem__, self._rows)) + 1e-9)
        if abs(step) < STILL:
            return 0.0
        self.base += step
        self._move(self._rows, step)
        return step

    def _move(self, rows: Sequence[int], step: float) -> None:
        exp, margins, outcomes = math.exp, self.margins, self._outcomes
        residuals, curvatures = self.residuals, self.curvatures
        for row in rows:
            margin = margins[row] = margins[row] + step
            said = 1 / (1 + exp(-margin))
            residuals[row] = outcomes[row] - said
            curvatures[row] = said * (1 - said)


def straightened(margins: Sequence[float], outcomes: Sequence[int]) -> tuple[float, float]:
    """Slope and shift that make log odds agree with outcomes they did not see (Platt 1999), by Newton's method.

    Log odds that point the wrong way say nothing: their slope is 0.
    """
    slope, shift = 1.0, 0.0
    for _ in range(25):
        gradient = [0.0, 0.0]
        curvature = [1e-9, 0.0, 1e-9]
        for margin, outcome in zip(margins, outcomes, strict=True):
            said = probability(slope * margin + shift)
            gradient[0] += (outcome - said) * margin
            gradient[1] += outcome - said
            weight = said * (1 - said)
            curvature[0] += weight * margin * margin
            curvature[1] += weight * margin
            curvature[2] += weight
        determinant = curvature[0] * curvature[2] - curvature[1] ** 2
        if determinant <= 0:
            break
        by_slope = (curvature[2] * gradient[0] - curvature[1] * gradient[1]) / determinant
        by_shift = (curvature[0] * gradient[1] - curvature[1] * gradient[0]) / determinant
        slope, shift = slope + by_slope, shift + by_shift
        if abs(by_slope) + abs(by_shift) < 1e-6:  # noqa: PLR2004 - far below what is shown
            break
    return (slope, shift) if slope > 0 else (0.0, _average(outcomes))


def _average(outcomes: Sequence[int]) -> float:
    hits = sum(outcomes)
    return math.log((hits + 0.5) / (len(outcomes) - hits + 0.5))
