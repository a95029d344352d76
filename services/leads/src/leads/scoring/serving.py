"""What a scorecard says of a lead, and how much each column adds to it. Pure: a few look-ups in dictionaries."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from events.catalogue.scoring import Scorecard, Term
from leads.scoring.learning.coding import JOINT, Encoder, encoder
from leads.scoring.learning.quality import probability

POINTS_TO_DOUBLE = 20
"""So many points double the odds."""
_POINTS = POINTS_TO_DOUBLE / math.log(2)


class Contribution(NamedTuple):
    """What a column, or two together, adds: in points, and as log odds."""

    columns: tuple[str, ...]
    log_odds: float

    @property
    def points(self) -> int:
        return round(_POINTS * self.log_odds)


class Scored(NamedTuple):
    """A probability and where it comes from: the base and the contributions add up to its log odds."""

    probability: float
    base: float
    contributions: tuple[Contribution, ...]
    """The strongest first."""


class Scorer:
    """A scorecard made ready to score many leads."""

    def __init__(self, scorecard: Scorecard) -> None:
        self._base = scorecard.base
        self._terms = [
            (_columns(term), [encoder(coding) for coding in term.of], term.weights) for term in scorecard.terms
        ]

    def score(self, row: Mapping[str, object]) -> Scored:
        added: dict[tuple[str, ...], float] = {}
        for columns, encoders, weights in self._terms:
            weight = weights.get(_level(columns, encoders, row), 0.0)
            added[columns] = added.get(columns, 0.0) + weight
        contributions = [Contribution(columns, log_odds) for columns, log_odds in added.items() if log_odds]
        contributions.sort(key=lambda each: (-abs(each.log_odds), each.columns))
        margin = self._base + sum(each.log_odds for each in contributions)
        return Scored(probability(margin), self._base, tuple(contributions))


def _columns(term: Term) -> tuple[str, ...]:
    return tuple(coding.column for coding in term.of)


def _level(columns: tuple[str, ...], encoders: list[Encoder], row: Mapping[str, object]) -> str:
    return JOINT.join(encode(row.get(column)) for column, encode in zip(columns, encoders, strict=True))
