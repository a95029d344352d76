"""A scorecard of the tenant: asked for, then trained or refused. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists, Refusal
from events.catalogue.scoring import (
    ModelStatus,
    Scorecard,
    ScoreModelEvent,
    ScoreModelRefused,
    ScoreModelRequested,
    ScoreModelState,
    ScoreModelTrained,
    Training,
)

TOO_FEW = "outcomes-do-not-suffice"
SAYS_NOTHING = "no-better-than-average"


class OutcomesDoNotSuffice(Refusal):
    """Too few leads are closed, or too few of one outcome, to learn from."""

    slug = TOO_FEW


class TrainingGoesOn(Refusal):
    """A scorecard is being learnt already."""

    slug = "training-goes-on"


@dataclass(frozen=True, kw_only=True)
class RequestTraining(Command):
    """Learn a scorecard."""

    creates: ClassVar[bool] = True
    id: UUID


@dataclass(frozen=True, kw_only=True)
class FinishTraining(Command):
    """It was learnt; without a scorecard, for this reason."""

    training: Training | None = None
    scorecard: Scorecard | None = None
    reason: str | None = None


def decide(command: Command, model: ScoreModelState | None) -> Iterator[ScoreModelEvent]:
    if isinstance(command, RequestTraining) and model is not None:
        raise AlreadyExists(id=str(model.id))
    yield from _DECISIONS[type(command)](command, model)


def _request(command: RequestTraining, _model: None) -> Iterator[ScoreModelEvent]:
    yield ScoreModelRequested(score_model=ScoreModelState(id=command.id, requested_at=command.moment.at))


def _finish(command: FinishTraining, model: ScoreModelState) -> Iterator[ScoreModelEvent]:
    """Of two processes that trained the same one, the first is heard."""
    if model.status is not ModelStatus.REQUESTED:
        return
    status = ModelStatus.TRAINED if command.scorecard is not None else ModelStatus.REFUSED
    finished = model.model_copy(
        update={
            "status": status,
            "finished_at": command.moment.at,
            "training": command.training,
            "scorecard": command.scorecard,
            "reason": command.reason,
        }
    )
    if command.scorecard is not None:
        yield ScoreModelTrained(score_model=finished)
    else:
        yield ScoreModelRefused(reason=command.reason or SAYS_NOTHING, score_model=finished)


_DECISIONS: Mapping[type[Command], Callable[[Any, Any], Iterator[ScoreModelEvent]]] = {
    RequestTraining: _request,
    FinishTraining: _finish,
}


def apply(_model: ScoreModelState | None, event: ScoreModelEvent) -> ScoreModelState:
    """An event carries the state after it."""
    return event.score_model


SCORE_MODEL = Aggregate(
    noun="score_model",
    table="score_model",
    state=ScoreModelState,
    decide=decide,
    apply=apply,
    columns=lambda model: {"status": model.status.value, "finished_at": model.finished_at},
)
