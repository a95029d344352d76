"""A time limit: how soon something is to be done, for leads of one source or for all. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists, Kind, Refusal
from events.catalogue.limits import LimitKind, TimeLimitChanged, TimeLimitEvent, TimeLimitSet, TimeLimitState


@dataclass(frozen=True, kw_only=True)
class SetTimeLimit(Command):
    """Set a limit."""

    creates: ClassVar[bool] = True
    limit: TimeLimitState


@dataclass(frozen=True, kw_only=True)
class ChangeTimeLimit(Command):
    """Change the fields named."""

    changes: Mapping[str, Any]


class NothingRestarts(Refusal):
    """Only the time for a first response can begin anew with another owner."""

    slug = "nothing-restarts"
    kind = Kind.INVALID


LimitCommand = SetTimeLimit | ChangeTimeLimit


def decide(command: LimitCommand, limit: TimeLimitState | None) -> Iterator[TimeLimitEvent]:
    match command, limit:
        case SetTimeLimit(), None:
            _refuse_restart(command.limit)
            yield TimeLimitSet(time_limit=command.limit)
        case SetTimeLimit(), TimeLimitState():
            raise AlreadyExists(id=str(limit.id))
        case ChangeTimeLimit(), TimeLimitState():
            changed = limit.model_copy(update=command.changes)
            _refuse_restart(changed)
            if changed != limit:
                yield TimeLimitChanged(time_limit=changed)


def applying(limits: Iterable[TimeLimitState], kind: LimitKind, source: str | None) -> TimeLimitState | None:
    """The limit of the source, else the one for all."""
    in_use = {limit.source: limit for limit in limits if limit.active and limit.kind is kind}
    own = None if source is None else in_use.get(source)
    return own or in_use.get(None)


def _refuse_restart(limit: TimeLimitState) -> None:
    if limit.restarts_with_owner and limit.kind is not LimitKind.FIRST_RESPONSE:
        raise NothingRestarts(pointer="/restarts_with_owner")


def apply(_limit: TimeLimitState | None, event: TimeLimitEvent) -> TimeLimitState:
    """An event carries the state after it."""
    return event.time_limit


TIME_LIMIT = Aggregate(
    noun="time limit",
    table="time_limit",
    state=TimeLimitState,
    decide=decide,
    apply=apply,
    columns=lambda limit: {"kind": limit.kind.value, "source": limit.source, "active": limit.active},
)
