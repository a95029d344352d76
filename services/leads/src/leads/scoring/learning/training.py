"""Learning a scorecard; what it leaves open is tried on rows held out: the strength of penalties, the pairs. Pure.

Each way is tried in folds: learnt on the others, judged by the surprise at the fold's own outcomes. The way that did
best is learnt once more on all rows; what it said of the held-out rows straightens its probabilities.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from events.catalogue.scoring import Coding, Scorecard, Term
from leads.scoring.learning.coding import JOINT, encoder
from leads.scoring.learning.columns import Column, survey
from leads.scoring.learning.pairs import Coded, Pair, telling_pairs
from leads.scoring.learning.quality import area_under_curve, brier_score, log_loss, probability
from leads.scoring.learning.regression import Fit, Level, straightened

LEAST_ROWS, LEAST_OF_EACH = 200, 50
"""With fewer closed leads, or fewer of one outcome, chance says more than the leads."""
LEAST_IN_LEVEL = 8
FOLDS = 4
STRENGTHS = (20.0, 7.0, 2.5, 0.9)
PAIR_NUMBERS = (8, 24)
PAIR_STRENGTHS = (20.0, 6.0)
EARNS = 0.999
"""Pairs are taken only where they lower the surprise at held-out outcomes below this share."""
SHOWN_DIGITS = 4


class OutcomesTooFew(Exception):
    """There is not enough to learn from."""

    def __init__(self, rows: int, converted: int) -> None:
        self.rows, self.converted = rows, converted
        super().__init__(f"{rows} closed leads, {converted} of them converted")


class Way(NamedTuple):
    """One way to learn: how strong the penalties are, and how many pairs count."""

    strength: float
    pairs: int = 0
    pair_strength: float = 0.0


@dataclass(frozen=True)
class Learnt:
    """A scorecard, what it was made from, and how it did on rows that it had not seen."""

    scorecard: Scorecard
    columns: tuple[Column, ...]
    way: Way
    rows: int
    converted: int
    held_out_area: float
    held_out_brier: float
    average_brier: float
    """What it would be if every lead had the average probability."""


def learn(rows: Sequence[Mapping[str, object]], outcomes: Sequence[int]) -> Learnt:
    """The scorecard of rows whose outcome (1 converted, 0 not) is known."""
    converted = sum(outcomes)
    if len(rows) < LEAST_ROWS or min(converted, len(rows) - converted) < LEAST_OF_EACH:
        raise OutcomesTooFew(len(rows), converted)
    columns = survey(rows, outcomes, LEAST_IN_LEVEL)
    material = _Material.of(columns, rows, outcomes)
    way, held_out = _best_way(material)
    slope, shift = straightened(held_out, outcomes)
    said = [probability(slope * margin + shift) for margin in held_out]
    rate = converted / len(rows)
    return Learnt(
        scorecard=_scorecard(material, way, slope, shift),
        columns=tuple(columns),
        way=way,
        rows=len(rows),
        converted=converted,
        held_out_area=area_under_curve(said, outcomes) or 0.5,
        held_out_brier=brier_score(said, outcomes) or 0.0,
        average_brier=rate * (1 - rate),
    )


@dataclass(frozen=True)
class _Material:
    """The rows as levels: of each single coding, and of the columns that may join in pairs."""

    outcomes: Sequence[int]
    codings: Sequence[Coding]
    levels: Sequence[Sequence[str]]
    """By coding, then by row."""
    joining: Sequence[Coded]

    @classmethod
    def of(
        cls, columns: Sequence[Column], rows: Sequence[Mapping[str, object]], outcomes: Sequence[int]
    ) -> "_Material":
        codings = [coding for column in columns for coding in column.codings]
        joining = [column.for_pairs for column in columns if column.for_pairs is not None]
        coded = [Coded.of(coding, _levels(coding, rows)) for coding in joining]
        varied = [column for column in coded if column.varies]
        return cls(outcomes, codings, [_levels(coding, rows) for coding in codings], varied)

    def joint(self, one: int, other: int) -> list[str]:
        """The levels of two columns together, by row."""
        first, second = self.joining[one], self.joining[other]
        names = [[JOINT.join((left, right)) for right in second.keys] for left in first.keys]
        return [names[left][right] for left, right in zip(first.places, second.places, strict=True)]


def _levels(coding: Coding, rows: Sequence[Mapping[str, object]]) -> list[str]:
    level = encoder(coding)
    return [level(row.get(coding.column)) for row in rows]


class _Trial:
    """A fit of some of the rows that grows: first single columns, then pairs."""

    def __init__(self, material: _Material, rows: Sequence[int]) -> None:
        self._material, self._rows = material, rows
        self.fit = Fit(material.outcomes, rows)
        self.by_row: list[Sequence[str]] = list(material.levels)
        self.terms: list[tuple[Coding, ...]] = [(coding,) for coding in material.codings]
        self.levels = [level for term, levels in enumerate(self.by_row) for level in grouped(term, levels, rows)]
        self._single = len(self.levels)

    def singles(self, strength: float) -> None:
        for level in self.levels[: self._single]:
            level.penalty = strength
        self.fit.run(self.levels)

    def pairs(self, most: int) -> list[Pair]:
        """The pairs that say most beyond what is fitted."""
        return telling_pairs(self._material.joining, self.fit, self._rows, most)

    def join(self, one: int, other: int) -> None:
        joining = self._material.joining
        levels = self._material.joint(one, other)
        self.levels += grouped(len(self.terms), levels, self._rows)
        self.by_row.append(levels)
        self.terms.append((joining[one].coding, joining[other].coding))

    def joined(self, strength: float) -> None:
        for level in self.levels[self._single :]:
            level.penalty = strength
        self.fit.run(self.levels)

    def say(self, rows: Sequence[int], into: list[float]) -> None:
        """What it says of rows that it has not seen."""
        weights = self.weights()
        for row in rows:
            into[row] = self.fit.base + sum(
                weight.get(levels[row], 0.0) for weight, levels in zip(weights, self.by_row, strict=True)
            )

    def weights(self) -> list[dict[str, float]]:
        """By term, then by level."""
        found: list[dict[str, float]] = [{} for _ in self.terms]
        for level in self.levels:
            found[level.term][level.key] = level.weight
        return found


def grouped(term: int, levels: Sequence[str], rows: Sequence[int]) -> list[Level]:
    """The levels of a term with their rows, but for the most frequent one."""
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(levels[row], []).append(row)
    usual = max(found, key=lambda key: len(found[key]))
    return [Level(term, key, of) for key, of in found.items() if key != usual]


def _best_way(material: _Material) -> tuple[Way, list[float]]:
    """The way that did best, and what it said of each row when that was held out."""
    folds = _folds(len(material.outcomes))
    said: dict[Way, list[float]] = {}
    for held_out in folds:
        taught = [row for fold in folds if fold is not held_out for row in fold]
        for way, trial in _singly(material, taught):
            trial.say(held_out, said.setdefault(way, [0.0] * len(material.outcomes)))
    best = _least_surprised(material, said)
    paired: dict[Way, list[float]] = {}
    for held_out in folds:
        taught = [row for fold in folds if fold is not held_out for row in fold]
        for way, trial in _in_pairs(material, taught, best.strength):
            trial.say(held_out, paired.setdefault(way, [0.0] * len(material.outcomes)))
    better = _least_surprised(material, paired)
    single = log_loss(said[best], material.outcomes)
    if log_loss(paired[better], material.outcomes) < EARNS * single:
        return better, paired[better]
    return best, said[best]


def _singly(material: _Material, rows: Sequence[int]) -> Iterator[tuple[Way, _Trial]]:
    trial = _Trial(material, rows)
    for strength in STRENGTHS:
        trial.singles(strength)
        yield Way(strength), trial


def _in_pairs(material: _Material, rows: Sequence[int], strength: float) -> Iterator[tuple[Way, _Trial]]:
    trial = _Trial(material, rows)
    trial.singles(strength)
    pairs = trial.pairs(max(PAIR_NUMBERS))
    taken = 0
    for number in PAIR_NUMBERS:
        for one, other in pairs[taken:number]:
            trial.join(one, other)
        taken = number
        for pair_strength in PAIR_STRENGTHS:
            trial.joined(pair_strength)
            yield Way(strength, number, pair_strength), trial


def _least_surprised(material: _Material, said: Mapping[Way, Sequence[float]]) -> Way:
    return min(said, key=lambda way: log_loss(said[way], material.outcomes))


def _folds(rows: int) -> list[list[int]]:
    """The rows shared out by chance that is the same each time."""
    order = list(range(rows))
    Random(rows).shuffle(order)  # noqa: S311 - no secret
    return [sorted(order[place::FOLDS]) for place in range(FOLDS)]


def _scorecard(material: _Material, way: Way, slope: float, shift: float) -> Scorecard:
    trial = _Trial(material, range(len(material.outcomes)))
    trial.singles(way.strength)
    if way.pairs:
        for one, other in trial.pairs(way.pairs):
            trial.join(one, other)
        trial.joined(way.pair_strength)
    base, terms = slope * trial.fit.base + shift, []
    for of, weights, levels in zip(trial.terms, trial.weights(), trial.by_row, strict=True):
        counts = Counter(levels)
        mean = sum(weights.get(key, 0.0) * rows for key, rows in counts.items()) / len(levels)
        base += slope * mean
        centred = {key: round(slope * (weights.get(key, 0.0) - mean), SHOWN_DIGITS) for key in sorted(counts)}
        if any(centred.values()):
            terms.append(Term(of=of, weights=centred))
    return Scorecard(base=round(base, SHOWN_DIGITS), terms=tuple(terms))
