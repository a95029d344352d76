"""A team: formed, then changed. Teams make a tree; each may have a lead. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists
from events.catalogue.identity import TeamChanged, TeamEvent, TeamFormed, TeamState
from identity.trees import refuse_loop


@dataclass(frozen=True, kw_only=True)
class FormTeam(Command):
    """Form a team."""

    creates: ClassVar[bool] = True
    team: TeamState


@dataclass(frozen=True, kw_only=True)
class ChangeTeam(Command):
    """Change the fields named; ``line`` is the new parent and all above it."""

    changes: Mapping[str, Any]
    line: tuple[UUID, ...] = ()


TeamCommand = FormTeam | ChangeTeam


def decide(command: TeamCommand, team: TeamState | None) -> Iterator[TeamEvent]:
    match command, team:
        case FormTeam(), None:
            yield TeamFormed(team=command.team)
        case FormTeam(), TeamState():
            raise AlreadyExists(id=str(team.id))
        case ChangeTeam(), TeamState():
            refuse_loop(team.id, command.line, pointer="/parent")
            changed = team.model_copy(update=command.changes)
            if changed != team:
                yield TeamChanged(team=changed)


def apply(_team: TeamState | None, event: TeamEvent) -> TeamState:
    """An event carries the state after it."""
    return event.team


TEAM = Aggregate(
    noun="team",
    table="team",
    state=TeamState,
    decide=decide,
    apply=apply,
    columns=lambda team: {
        "external_id": team.external_id,
        "name": team.name,
        "parent_id": team.parent,
        "lead_id": team.lead,
    },
)
