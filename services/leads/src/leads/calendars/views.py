"""What leads answers about calendars."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from events.catalogue.activities import ActivityKind, ActivityStatus
from leads.calendars.planned import Conflict, ConflictReason, Span


class ConflictView(BaseModel):
    """What speaks against a time."""

    reason: ConflictReason
    start: datetime
    until: datetime
    activity: UUID | None
    """What overlaps, where the caller sees it."""

    @classmethod
    def of(cls, conflict: Conflict) -> "ConflictView":
        start, until = conflict.span
        return cls(reason=conflict.reason, start=start, until=until, activity=conflict.activity)


class CalendarEntryView(BaseModel):
    """A call, meeting or visit that is planned."""

    activity: UUID
    kind: ActivityKind
    status: ActivityStatus
    start: datetime
    until: datetime
    title: str | None
    lead: UUID | None
    account: UUID | None
    contact: UUID | None
    conflicts: list[UUID]
    """What the person has planned for the same time, as far as the caller sees it."""


class SpanView(BaseModel):
    """From an instant to before another."""

    start: datetime
    until: datetime

    @classmethod
    def of(cls, span: Span) -> "SpanView":
        return cls(start=span.start, until=span.until)


class PersonTimeView(BaseModel):
    """When a person is taken by plans, and when the person works and is free."""

    person: UUID
    busy: list[SpanView]
    free: list[SpanView]


class FreeBusyView(BaseModel):
    """When people are taken, and when they are free: working time without leave and plans."""

    people: list[PersonTimeView]
    free_together: list[SpanView]
    """When all of them are free."""


class FeedView(BaseModel):
    """Since when there is a feed of a person's calendar; its address is told once, when it is made."""

    person: UUID
    made_at: datetime | None


class NewFeedView(FeedView):
    """A feed at an address that nobody else knows. Whoever has the address reads the feed without signing in."""

    path: str
