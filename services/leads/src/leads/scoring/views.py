"""What leads answers about scoring. Probabilities are shares between 0 and 1, as text with four decimals at most."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import from_json

from chassis.aggregates import Loaded
from events.catalogue.leads import LeadState, LeadStatus
from events.catalogue.scoring import (
    Condition,
    Forecast,
    ModelStatus,
    ScoreModelState,
    ScoreRulesState,
    ScoreState,
    Training,
)
from leads.scoring.grading import Class, Graded, Grader, Reason


class RuleView(BaseModel):
    """Points for leads that meet all conditions."""

    name: str
    points: int
    when: list[Condition]


class ClassesView(BaseModel):
    """From where on a lead is hot, or warm."""

    hot_points: int
    warm_points: int
    hot_percent: int
    warm_percent: int


class RulesView(BaseModel):
    """The rules of one version; version 0 has none."""

    version: int
    rules: list[RuleView]
    classes: ClassesView
    set_at: datetime | None

    @classmethod
    def of(cls, rules: Loaded[ScoreRulesState]) -> "RulesView":
        state, classes = rules.state, rules.state.classes
        return cls(
            version=rules.version,
            rules=[RuleView(name=rule.name, points=rule.points, when=list(rule.when)) for rule in state.rules],
            classes=ClassesView(
                hot_points=classes.hot_points,
                warm_points=classes.warm_points,
                hot_percent=classes.hot_probability // 100,
                warm_percent=classes.warm_probability // 100,
            ),
            set_at=state.set_at,
        )


class ModelView(BaseModel):
    """A scorecard learnt from outcomes, or why there is none."""

    id: UUID
    version: int
    status: ModelStatus
    requested_at: datetime
    finished_at: datetime | None
    training: Training | None
    reason: str | None
    columns: list[str]
    """What it looks at."""

    @classmethod
    def of(cls, model: Loaded[ScoreModelState]) -> "ModelView":
        state = model.state
        terms = state.scorecard.terms if state.scorecard is not None else ()
        return cls(
            id=state.id,
            version=model.version,
            status=state.status,
            requested_at=state.requested_at,
            finished_at=state.finished_at,
            training=state.training,
            reason=state.reason,
            columns=sorted({coding.column for term in terms for coding in term.of}),
        )


class EstimateView(BaseModel):
    """What a person says of the lead's chance."""

    probability: str
    at: datetime

    @classmethod
    def of(cls, forecast: Forecast | None) -> "EstimateView | None":
        return None if forecast is None else cls(probability=share(forecast.probability), at=forecast.at)


class ScoreView(BaseModel):
    """The score of a lead, as of the rules and the scorecard in force now."""

    lead: UUID
    class_name: Class
    """hot, warm or cold: by probability where a scorecard is in use, else by points."""
    points: int
    rules: list[Reason]
    """The rules that the lead meets, with the points of each; they add up to ``points``."""
    rules_version: int
    probability: str | None
    """As the scorecard in use says; null where none is."""
    contributions: list[Reason]
    """What each column adds to it, the strongest first."""
    model: UUID | None
    estimate: EstimateView | None
    """The rep's own."""

    @classmethod
    def of(
        cls, lead: LeadState, graded: Graded, grader: Grader, rules_version: int, score: ScoreState | None
    ) -> "ScoreView":
        return cls(
            lead=lead.id,
            class_name=graded.class_,
            points=graded.points,
            rules=list(graded.by_rule),
            rules_version=rules_version,
            probability=share(graded.basis_points),
            contributions=list(graded.by_column),
            model=grader.model,
            estimate=EstimateView.of(score.rep if score else None),
        )


class EstimatedView(BaseModel):
    """The rep's own probability of a lead, beside the first that a scorecard gave."""

    lead: UUID
    version: int
    estimate: EstimateView | None
    system: str | None

    @classmethod
    def of(cls, loaded: Loaded[ScoreState]) -> "EstimatedView":
        score = loaded.state
        system = score.system.probability if score.system else None
        return cls(lead=score.id, version=loaded.version, estimate=EstimateView.of(score.rep), system=share(system))


class WorkView(BaseModel):
    """A lead that waits for work, and why it stands where it does."""

    lead: UUID
    title: str | None
    source: str | None
    status: LeadStatus
    created_at: datetime
    class_name: Class
    points: int
    probability: str | None
    estimate: EstimateView | None
    reasons: list[Reason]
    """The strongest reasons for its rank."""

    @classmethod
    def of(cls, row: Any, lead: LeadState, score: ScoreState | None) -> "WorkView":
        return cls(
            lead=lead.id,
            title=lead.title,
            source=lead.source,
            status=lead.status,
            created_at=lead.created_at,
            class_name=row["class"],
            points=row["points"],
            probability=share(row["probability"]),
            estimate=EstimateView.of(score.rep if score else None),
            reasons=from_json(row["reasons"]),
        )


def share(basis_points: int | None) -> Any:
    """A probability as text between 0 and 1."""
    return None if basis_points is None else f"{basis_points / 10_000:.4f}".rstrip("0").rstrip(".")
