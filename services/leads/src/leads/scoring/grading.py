"""The score of a lead: points, learnt probability, its class, and the reasons for its rank. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from events.catalogue.scoring import Classes, ScoreModelState, ScoreRulesState
from leads.scoring.rules import rules_met
from leads.scoring.serving import Scored, Scorer

REASONS_SHOWN = 3
Class = Literal["hot", "warm", "cold"]
LEAST_RANK, GREATEST_RANK = -(2**31), 2**31 - 1


class Reason(BaseModel):
    """Why a lead stands where it does: a rule it meets, or what a column adds to the learnt score."""

    kind: Literal["rule", "learnt"]
    what: list[str]
    """The name of the rule, or the columns."""
    values: list[str | None] = []
    """What the lead has in these columns."""
    points: int
    """Of the learnt score, 20 points double the odds."""


@dataclass(frozen=True)
class Graded:
    """All that is said of one lead."""

    points: int
    by_rule: tuple[Reason, ...]
    learnt: Scored | None
    by_column: tuple[Reason, ...]
    class_: Class

    @property
    def basis_points(self) -> int | None:
        """The learnt probability."""
        return None if self.learnt is None else round(10_000 * self.learnt.probability)

    @property
    def rank(self) -> int:
        """What work lists are ordered by: the learnt probability where there is one, else the points."""
        return self.points if self.basis_points is None else self.basis_points

    @property
    def reasons(self) -> list[Reason]:
        """The strongest reasons for the rank."""
        of_rank = self.by_rule if self.learnt is None else self.by_column
        return sorted(of_rank, key=lambda reason: -abs(reason.points))[:REASONS_SHOWN]


class Grader:
    """The rules and the scorecard in use, made ready for many leads."""

    def __init__(self, rules: ScoreRulesState, model: ScoreModelState | None) -> None:
        self.rules = rules
        self.model: UUID | None = None if model is None else model.id
        self._scorer = Scorer(model.scorecard) if model is not None and model.scorecard is not None else None

    def grade(self, askable: Mapping[str, object], learnable: Mapping[str, object]) -> Graded:
        by_rule = tuple(
            Reason(kind="rule", what=[rule.name], points=rule.points) for rule in rules_met(self.rules, askable)
        )
        points = max(LEAST_RANK, min(GREATEST_RANK, sum(reason.points for reason in by_rule)))
        learnt = None if self._scorer is None else self._scorer.score(learnable)
        return Graded(
            points, by_rule, learnt, _by_column(learnt, learnable), class_of(self.rules.classes, points, learnt)
        )


def class_of(classes: Classes, points: int, learnt: Scored | None) -> Class:
    """By the learnt probability where there is one, else by points."""
    if learnt is None:
        return _class(points, classes.hot_points, classes.warm_points)
    return _class(round(10_000 * learnt.probability), classes.hot_probability, classes.warm_probability)


def _class(value: int, hot: int, warm: int) -> Class:
    return "hot" if value >= hot else "warm" if value >= warm else "cold"


def _by_column(learnt: Scored | None, row: Mapping[str, object]) -> tuple[Reason, ...]:
    if learnt is None:
        return ()
    return tuple(
        Reason(
            kind="learnt",
            what=list(each.columns),
            values=[_shown(row.get(column)) for column in each.columns],
            points=each.points,
        )
        for each in learnt.contributions
    )


def _shown(value: object) -> str | None:
    return None if value is None else str(value)
