"""Pipelines: the stages that deals go through. Pure: commands, decisions, and how a change is applied."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID, uuid5

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists
from deals.refusals import BadStages, DefaultNeeded, StageInUse, UnknownStage
from events.catalogue.deals import PipelineChanged, PipelineDefined, PipelineEvent, PipelineState, Stage

MOST_STAGES = 20

DEFAULT_STAGES = (
    Stage(key="qualified", title="Qualified", probability=1_000, stalled_after_days=14),
    Stage(key="needs", title="Needs", probability=2_500, stalled_after_days=21),
    Stage(key="proposal", title="Proposal", probability=5_000, stalled_after_days=21),
    Stage(key="negotiation", title="Negotiation", probability=7_500, stalled_after_days=30),
)


def default_pipeline_id(tenant: UUID) -> UUID:
    """The id of the pipeline that a tenant begins with: always the same, so that it is made once."""
    return uuid5(tenant, "default-pipeline")


@dataclass(frozen=True, kw_only=True)
class DefinePipeline(Command):
    """Make a pipeline."""

    creates: ClassVar[bool] = True
    id: UUID
    name: str
    stages: tuple[Stage, ...]
    external_id: str | None = None
    is_default: bool = False


@dataclass(frozen=True, kw_only=True)
class ChangePipeline(Command):
    """Change what is given. ``occupied`` are the stages in which open deals stand."""

    name: str | None = None
    stages: tuple[Stage, ...] | None = None
    active: bool | None = None
    is_default: bool | None = None
    occupied: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class YieldDefault(Command):
    """Stop being the default, because another pipeline becomes it in the same transaction."""


PipelineCommand = DefinePipeline | ChangePipeline | YieldDefault


def decide(command: PipelineCommand, pipeline: PipelineState | None) -> Iterator[PipelineEvent]:
    """What happens to the pipeline."""
    match command, pipeline:
        case DefinePipeline(), _:
            return _define(command, pipeline)
        case ChangePipeline(), PipelineState():
            return _change(command, pipeline)
        case YieldDefault(), PipelineState():
            return _changed(pipeline, pipeline.model_copy(update={"is_default": False}))
    raise TypeError(command)


def apply(_pipeline: PipelineState | None, event: PipelineEvent) -> PipelineState:
    """An event carries the state after it."""
    state: PipelineState = event.pipeline
    return state


def place_of(pipeline: PipelineState, stage: str) -> int:
    """Where the stage stands in the pipeline, from 0."""
    for index, candidate in enumerate(pipeline.stages):
        if candidate.key == stage:
            return index
    known = ", ".join(each.key for each in pipeline.stages)
    raise UnknownStage(f"The pipeline {pipeline.name} has no stage {stage}; it has {known}.", pointer="/stage")


def _define(command: DefinePipeline, pipeline: PipelineState | None) -> Iterator[PipelineEvent]:
    if pipeline is not None:
        raise AlreadyExists
    _check(command.stages)
    yield PipelineDefined(
        pipeline=PipelineState(
            id=command.id,
            external_id=command.external_id,
            name=command.name,
            stages=command.stages,
            is_default=command.is_default,
        )
    )


def _change(command: ChangePipeline, pipeline: PipelineState) -> Iterator[PipelineEvent]:
    wanted = {
        "name": command.name,
        "stages": command.stages,
        "active": command.active,
        "is_default": command.is_default,
    }
    after = pipeline.model_copy(update={name: value for name, value in wanted.items() if value is not None})
    _check(after.stages)
    if pipeline.is_default and not (after.is_default and after.active):
        raise DefaultNeeded
    if after.is_default and not after.active:
        raise DefaultNeeded
    if gone := command.occupied - {stage.key for stage in after.stages}:
        raise StageInUse(f"Open deals stand in {', '.join(sorted(gone))}: move them first.", pointer="/stages")
    yield from _changed(pipeline, after)


def _changed(before: PipelineState, after: PipelineState) -> Iterator[PipelineEvent]:
    if after != before:
        yield PipelineChanged(pipeline=after)


def _check(stages: tuple[Stage, ...]) -> None:
    if not 1 <= len(stages) <= MOST_STAGES:
        raise BadStages(f"A pipeline has 1 to {MOST_STAGES} stages.", pointer="/stages")
    keys = [stage.key for stage in stages]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise BadStages(f"Two stages are called {', '.join(twice)}.", pointer="/stages")


PIPELINE = Aggregate(
    noun="pipeline",
    table="pipeline",
    state=PipelineState,
    decide=decide,
    apply=apply,
    columns=lambda pipeline: {
        "external_id": pipeline.external_id,
        "name": pipeline.name,
        "is_default": pipeline.is_default,
        "active": pipeline.active,
    },
)
