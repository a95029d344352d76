"""Until when somebody must have turned to a prospect for the first time: part of a lead."""

from datetime import date
from uuid import UUID

from pydantic import PositiveInt

from events.event import Timestamp, Value


class ResponseClock(Value):
    """The deadline of the first response, by the limit that was in use when it began to run."""

    limit: UUID
    working_minutes: PositiveInt
    """Of the owner's working time; of the firm's while nobody holds the lead."""
    started_at: Timestamp
    """The lead's creation; where the limit says so, since when its present owner holds it."""
    due_at: Timestamp
    due_on: date
    restarts: bool = False
    """Whether it runs anew for another owner, while the time of the one before is not over."""
    breached: bool = False
    """It was told that the time was over before anybody turned to the prospect."""
