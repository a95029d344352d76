"""The test kit: rules as given / when / then, a clock that stands still, and what was published.

    given(DEAL, a_deal(stage="proposal")).when(MoveStage(to="won", ...)).then_refused(ExitCriteriaMissing, "quote")

A failure always prints what *was* found. An aggregate is whatever has ``decide`` and ``apply``.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, Self, TypeVar

import events.catalogue  # noqa: F401 - completes the registry
from events.event import REGISTRY, Event
from events.in_memory import InMemoryBroker

__all__ = [
    "FixedClock",
    "Given",
    "InMemoryBroker",
    "Outcome",
    "assert_nothing_published",
    "assert_published",
    "given",
    "published",
]

EventType = TypeVar("EventType", bound=Event)


class Decider(Protocol):
    """What the kit needs of an aggregate."""

    @property
    def decide(self) -> Callable[[Any, Any], Iterable[Event]]: ...

    @property
    def apply(self) -> Callable[[Any, Any], Any]: ...


def given(aggregate: Decider, *history: object) -> "Given":
    """The aggregate as its history left it: a state (or none) to begin with, then events and commands as they come."""
    state: object = None
    for step in history:
        if isinstance(step, Event):
            state = aggregate.apply(state, step)
        elif hasattr(step, "moment"):
            state = Outcome(aggregate, state, step).state
        else:
            state = step
    return Given(aggregate, state)


@dataclass(frozen=True)
class Given:
    """An aggregate in a known state."""

    aggregate: Decider
    state: Any

    def when(self, command: object) -> "Outcome":
        """What the command leads to; it is decided when the outcome is looked at."""
        return Outcome(self.aggregate, self.state, command)


@dataclass
class Outcome:
    """What a command led to: events, nothing, or a refusal."""

    aggregate: Decider
    before: Any
    command: object
    _steps: list[tuple[Event, Any]] | None = field(default=None, init=False)

    @property
    def events(self) -> list[Event]:
        """The events, stamped with their time and the state after each."""
        return [event for event, _ in self._decided()]

    @property
    def state(self) -> Any:
        """The state after the command."""
        steps = self._decided()
        return steps[-1][1] if steps else self.before

    def then(self, *expected: Event | type[Event]) -> Self:
        """Exactly these events, in this order; a class stands for any event of it.

        Time and state are compared only where the expected event has them.
        """
        found = self.events
        if len(found) != len(expected) or not all(map(_matches, found, expected)):
            raise AssertionError(f"expected {_listed(expected)}\nbut found {_listed(found)}")
        return self

    def then_nothing(self) -> Self:
        """No event at all."""
        return self.then()

    def then_state(self, **fields: object) -> Self:
        """The state after the command has these values (``owner__person`` reaches into a part)."""
        if wrong := _differences(self.state, fields):
            raise AssertionError(f"{wrong}\nin {self.state!r}")
        return self

    def then_refused(self, refusal: type[Exception], detail: str = "") -> Exception:
        """The command is refused in this way, its text containing ``detail``; the refusal is returned."""
        try:
            found = self.events
        except refusal as refused:
            if detail not in str(refused):
                raise AssertionError(f"refused, but {detail!r} is not in {str(refused)!r}") from refused
            return refused
        raise AssertionError(f"expected {refusal.__name__}\nbut found {_listed(found)}")

    def _decided(self) -> list[tuple[Event, Any]]:
        if self._steps is None:
            self._steps = list(_decided(self.aggregate, self.command, self.before))
        return self._steps


class FixedClock:
    """A clock that moves only when told to."""

    def __init__(self, at: datetime = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta | None = None, **units: float) -> datetime:
        """Move on by a duration, or ``advance(minutes=5)``."""
        self.at += by if by is not None else timedelta(**units)
        return self.at


async def published(connection: Any, event_type: type[EventType] | None = None) -> list[EventType]:
    """The events in the outbox that this connection sees, in the order of their writing."""
    rows = await connection.fetch("SELECT type, payload::text AS payload FROM outbox_event ORDER BY seq")
    found = [REGISTRY[row["type"]].model_validate_json(row["payload"]) for row in rows if row["payload"] is not None]
    return [event for event in found if event_type is None or isinstance(event, event_type)]  # type: ignore[misc]


async def assert_published(connection: Any, event_type: type[EventType], **fields: object) -> EventType:
    """One event of this type with these values (``deal__status=...`` reaches into the state) is in the outbox."""
    everything: list[Event] = await published(connection)
    of_type = [event for event in everything if isinstance(event, event_type)]
    matching = [event for event in of_type if not _differences(event, fields)]
    if matching:
        return matching[-1]
    if of_type:
        reasons = "\n".join(f"  {_differences(event, fields)} in {event!r}" for event in of_type)
        raise AssertionError(f"{event_type.__name__} was published, but not like this:\n{reasons}")
    raise AssertionError(f"no {event_type.__name__} was published; found {_listed(everything)}")


async def assert_nothing_published(connection: Any, event_type: type[Event] = Event) -> None:
    """No event of this type is in the outbox."""
    if found := await published(connection, event_type):
        raise AssertionError(f"expected nothing\nbut found {_listed(found)}")


def _decided(aggregate: Decider, command: object, state: Any) -> Iterator[tuple[Event, Any]]:
    # The decision sees the state before the command for all of its events, as in the unit of work.
    for decided in list(aggregate.decide(command, state)):
        at = getattr(getattr(command, "moment", None), "at", None)
        event = decided if at is None or decided.is_stamped else decided.model_copy(update={"occurred_at": at})
        state = aggregate.apply(state, event)
        yield event.stamped(event.occurred_at, state), state


def _matches(found: Event, expected: Event | type[Event]) -> bool:
    if isinstance(expected, type):
        return isinstance(found, expected)
    if type(found) is not type(expected):
        return False
    unset = {"occurred_at", expected.topic.aggregate} - expected.model_fields_set
    return all(
        getattr(found, name) == getattr(expected, name) for name in type(found).model_fields if name not in unset
    )


def _differences(value: object, fields: dict[str, object]) -> str:
    def reach(path: str) -> object:
        reached: object = value
        for name in path.split("__"):
            reached = getattr(reached, name)
        return reached

    return ", ".join(f"{path} is {reach(path)!r}, not {want!r}" for path, want in fields.items() if reach(path) != want)


def _listed(found: Iterable[object]) -> str:
    return "".join(f"\n  {_shown(event)}" for event in found) or "nothing"


def _shown(event: object) -> str:
    if isinstance(event, type) or not isinstance(event, Event):
        return getattr(event, "__name__", repr(event))
    names = type(event).model_fields.keys() - {"occurred_at", event.topic.aggregate}
    return f"{type(event).__name__}({', '.join(f'{name}={getattr(event, name)!r}' for name in sorted(names))})"
