"""Events of time limits: how soon a firm wants things to be done, in working time."""

from enum import StrEnum
from uuid import UUID

from pydantic import PositiveInt

from events.event import UNSTAMPED, Event, Value
from events.topics import LEADS_TIME_LIMIT


class LimitKind(StrEnum):
    """What is to be done in time."""

    HANDOFF_ANSWER = "handoff-answer"
    """An account executive answers an offer; one that is not answered in time expires."""
    FIRST_RESPONSE = "first-response"
    """A person of ours turns to the prospect of a new lead; where nobody does in time, that is a breach."""


class TimeLimitState(Value):
    """A limit for leads of one source, or for all that have no limit of their own."""

    id: UUID
    kind: LimitKind
    source: str | None = None
    working_minutes: PositiveInt
    """Of the firm's working time; of a person's own where it is this person's to answer."""
    active: bool = True
    restarts_with_owner: bool = False
    """Whether a first response has its whole time anew once somebody else holds the lead."""


class TimeLimitEvent(Event, topic=LEADS_TIME_LIMIT):
    """Base of what happens to a time limit."""

    time_limit: TimeLimitState = UNSTAMPED


class TimeLimitSet(TimeLimitEvent, type="dealstream.time_limit.set", version=1):
    """A time limit was set, for what begins from now on."""


class TimeLimitChanged(TimeLimitEvent, type="dealstream.time_limit.changed", version=1):
    """A time limit became longer or shorter, or is in use no more; what runs keeps its time."""
