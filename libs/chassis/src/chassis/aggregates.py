"""What the unit of work must know of one kind of aggregate to load, decide, save and publish it. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel

from events.event import Event
from events.moment import Moment

State = TypeVar("State", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Command:
    """Base of every command: an imperative with all that the decision needs, looked up before it.

    ``moment`` is when it happened in the business (backdated for history). A command that may bring an aggregate into
    being says ``creates = True``; any other meets a missing aggregate with 404.
    """

    creates: ClassVar[bool] = False
    moment: Moment


@dataclass(frozen=True)
class Journal:
    """A table that keeps what became of each aggregate: a row for every event that ``row`` has columns for.

    The row is written with its event, also where a batch does several things to one aggregate. ``table`` has the
    columns ``tenant_id, id, version, actor`` and those of ``row``.
    """

    table: str
    row: Callable[[Any], Mapping[str, object] | None]


def _no_columns(_state: Any) -> Mapping[str, object]:
    return {}


@dataclass(frozen=True)
class Aggregate(Generic[State]):
    """A kind of aggregate: how it decides and where it is kept.

    ``table`` has the columns ``tenant_id, id, version, state jsonb`` and those that ``columns`` derives from the state
    for lists, filters and uniqueness. The state's own fields are what events carry.
    """

    noun: str
    table: str
    state: type[State]
    decide: Callable[[Any, State | None], Iterator[Event]]
    apply: Callable[[State | None, Any], State]
    columns: Callable[[State], Mapping[str, object]] = field(default=_no_columns)
    history: str | None = None
    """The table that keeps who changed what about it (``chassis.history``); none where nobody asks."""
    journal: Journal | None = None
    """What it keeps of its events."""


@dataclass(frozen=True)
class Loaded(Generic[State]):
    """An aggregate's state as of a version; the version is the ETag and the ``aggregateversion`` of its last event."""

    state: State
    version: int
