"""A sales region: defined, then changed. Regions make a tree. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists
from events.catalogue.identity import RegionChanged, RegionDefined, RegionEvent, RegionState
from identity.trees import refuse_loop


@dataclass(frozen=True, kw_only=True)
class DefineRegion(Command):
    """Define a region."""

    creates: ClassVar[bool] = True
    region: RegionState


@dataclass(frozen=True, kw_only=True)
class ChangeRegion(Command):
    """Change the fields named; ``line`` is the new parent and all above it."""

    changes: Mapping[str, Any]
    line: tuple[UUID, ...] = ()


RegionCommand = DefineRegion | ChangeRegion


def decide(command: RegionCommand, region: RegionState | None) -> Iterator[RegionEvent]:
    match command, region:
        case DefineRegion(), None:
            yield RegionDefined(region=command.region)
        case DefineRegion(), RegionState():
            raise AlreadyExists(id=str(region.id))
        case ChangeRegion(), RegionState():
            refuse_loop(region.id, command.line, pointer="/parent")
            changed = region.model_copy(update=command.changes)
            if changed != region:
                yield RegionChanged(region=changed)


def apply(_region: RegionState | None, event: RegionEvent) -> RegionState:
    """An event carries the state after it."""
    return event.region


REGION = Aggregate(
    noun="region",
    table="region",
    state=RegionState,
    decide=decide,
    apply=apply,
    columns=lambda region: {"external_id": region.external_id, "name": region.name, "parent_id": region.parent},
)
