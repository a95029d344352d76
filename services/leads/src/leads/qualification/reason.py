"""A reason for letting a lead go, under a code of the firm's own. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists
from events.catalogue.qualification import (
    DisqualifyReasonChanged,
    DisqualifyReasonDefined,
    DisqualifyReasonEvent,
    DisqualifyReasonState,
)


@dataclass(frozen=True, kw_only=True)
class DefineReason(Command):
    """Define a reason; its code stays."""

    creates: ClassVar[bool] = True
    reason: DisqualifyReasonState


@dataclass(frozen=True, kw_only=True)
class ChangeReason(Command):
    """Change the fields named."""

    changes: Mapping[str, Any]


ReasonCommand = DefineReason | ChangeReason


def decide(command: ReasonCommand, reason: DisqualifyReasonState | None) -> Iterator[DisqualifyReasonEvent]:
    match command, reason:
        case DefineReason(), None:
            yield DisqualifyReasonDefined(disqualify_reason=command.reason)
        case DefineReason(), DisqualifyReasonState():
            raise AlreadyExists(id=str(reason.id))
        case ChangeReason(), DisqualifyReasonState():
            changed = reason.model_copy(update=command.changes)
            if changed != reason:
                yield DisqualifyReasonChanged(disqualify_reason=changed)


def apply(_reason: DisqualifyReasonState | None, event: DisqualifyReasonEvent) -> DisqualifyReasonState:
    """An event carries the state after it."""
    return event.disqualify_reason


DISQUALIFY_REASON = Aggregate(
    noun="reason",
    table="disqualify_reason",
    state=DisqualifyReasonState,
    decide=decide,
    apply=apply,
    columns=lambda reason: {"code": reason.code, "active": reason.active},
)
