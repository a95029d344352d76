"""How good probabilities are: ranking (area under the curve), accuracy (Brier score), surprise (log loss). Pure."""

import math
from collections.abc import Sequence
from itertools import groupby


def area_under_curve(scores: Sequence[float], outcomes: Sequence[int]) -> float | None:
    """How often a lead that converted has the higher score than one that did not; ties count half."""
    positives = sum(outcomes)
    negatives = len(outcomes) - positives
    if not positives or not negatives:
        return None
    ordered = sorted(zip(scores, outcomes, strict=True))
    below, won = 0, 0.0
    for _, tied in groupby(ordered, key=lambda each: each[0]):
        of_tied = [outcome for _, outcome in tied]
        hits = sum(of_tied)
        misses = len(of_tied) - hits
        won += hits * (below + misses / 2)
        below += misses
    return won / (positives * negatives)


def brier_score(probabilities: Sequence[float], outcomes: Sequence[int]) -> float | None:
    """The mean squared distance between what was said and what came."""
    if not outcomes:
        return None
    return sum((said - came) ** 2 for said, came in zip(probabilities, outcomes, strict=True)) / len(outcomes)


def log_loss(margins: Sequence[float], outcomes: Sequence[int]) -> float:
    """The mean surprise about the outcomes, of log odds."""
    return sum(_surprise(margin if came else -margin) for margin, came in zip(margins, outcomes, strict=True)) / len(
        outcomes
    )


def _surprise(margin: float) -> float:
    return math.log1p(math.exp(-margin)) if margin > 0 else math.log1p(math.exp(margin)) - margin


def probability(margin: float) -> float:
    """The probability that log odds stand for."""
    if margin >= 0:
        return 1 / (1 + math.exp(-margin))
    odds = math.exp(margin)
    return odds / (1 + odds)
