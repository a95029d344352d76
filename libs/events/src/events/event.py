"""What an event is: something that happened to one aggregate, together with the aggregate's public state after it.

The same class is yielded by a decision, published on Kafka and handed to consumers. A decision names only what
happened; ``stamped`` adds when it happened and the state that resulted, which only the unit of work knows.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

from events.topics import Topic


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("its UTC lies outside of the calendar") from error


Timestamp = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An instant, always held in UTC; on the wire RFC 3339 with ``Z``."""


class _Unstamped:
    """Stands where the unit of work has not yet put the time and the state."""

    def __repr__(self) -> str:
        return "UNSTAMPED"


UNSTAMPED: Any = _Unstamped()


class Value(BaseModel):
    """A part of an aggregate's state: frozen, compared by value, open to fields that a newer writer adds."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Value):
    """Base of every event version.

    A class of events for one aggregate names its topic: ``class DealEvent(Event, topic=DEALS_DEAL)``, and declares one
    field, called as the topic's aggregate, for the state. An event version then names its type and version:
    ``class DealWon(DealEvent, type="dealstream.deal.won", version=1)``.
    """

    topic: ClassVar[Topic]
    type: ClassVar[str]
    version: ClassVar[int]

    occurred_at: Timestamp = UNSTAMPED
    """When it happened in the business; history that is loaded later keeps its own time."""

    def __init_subclass__(
        cls,
        *,
        topic: Topic | None = None,
        type: str | None = None,  # noqa: A002 - reads as the event type that it is
        version: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)
        if topic is not None:
            cls.topic = topic
        if type is not None:
            cls.type = f"{type}.v{version}"
            cls.version = version
            if cls.type in _registry:
                raise TypeError(f"event type {cls.type} is declared twice")
            _registry[cls.type] = cls

    @property
    def state(self) -> Any:
        """The aggregate's public state after this event."""
        return getattr(self, self.topic.aggregate)

    @property
    def is_stamped(self) -> bool:
        return self.occurred_at is not UNSTAMPED and self.state is not UNSTAMPED

    def dated(self, at: datetime) -> Self:
        """This event with its time, unless the decision gave it one: what ``apply`` sees."""
        return self.model_copy(update={"occurred_at": at}) if self.occurred_at is UNSTAMPED else self

    def stamped(self, occurred_at: datetime, state: BaseModel) -> Self:
        """This event as it is published: with its time and the state that resulted from it."""
        return self.model_copy(update={"occurred_at": occurred_at, self.topic.aggregate: state})


_registry: dict[str, type[Event]] = {}

REGISTRY: Mapping[str, type[Event]] = MappingProxyType(_registry)
"""Every event version by its CloudEvents type; complete once ``events.catalogue`` is imported."""
