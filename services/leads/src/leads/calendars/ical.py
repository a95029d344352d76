"""A calendar as calendar programs read it: iCalendar (RFC 5545), the same text for the same plans. Pure.

Times are UTC, so no zone needs to be described. An entry keeps its UID whatever happens to it, and its SEQUENCE grows
with each change. What was cancelled stays in the text as cancelled, so that it goes from calendars that had it.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

from icalendar import Calendar, Event

from events.catalogue.activities import ActivityKind, ActivityState, ActivityStatus
from leads.calendars.planned import Span, span_of

PRODUCT: Final = "-//Dealstream//Calendar of a person//EN"
KINDS: Final[Mapping[str, Mapping[ActivityKind, str]]] = {
    "en": {ActivityKind.CALL: "Call", ActivityKind.MEETING: "Meeting", ActivityKind.VISIT: "Visit"},
    "vi": {ActivityKind.CALL: "Gọi điện", ActivityKind.MEETING: "Họp", ActivityKind.VISIT: "Gặp khách"},
    "zh": {ActivityKind.CALL: "电话", ActivityKind.MEETING: "会议", ActivityKind.VISIT: "拜访"},
}
CANCELLED: Final = frozenset({ActivityStatus.CANCELLED, ActivityStatus.NO_SHOW})
"""Nothing takes place, or took place."""


class Entry(NamedTuple):
    """An activity, which version of it, and the account that is named with it."""

    activity: ActivityState
    version: int
    account: str | None = None


def calendar_text(entries: Iterable[Entry], locale: str) -> bytes:
    """The feed of a person."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    for entry in entries:
        span = span_of(entry.activity)
        if span is not None:
            calendar.add_component(_event(entry, span, KINDS.get(locale.partition("-")[0], KINDS["en"])))
    text: bytes = calendar.to_ical()
    return text


def _event(entry: Entry, span: Span, kinds: Mapping[ActivityKind, str]) -> Event:
    activity = entry.activity
    off = activity.status in CANCELLED
    event = Event()
    event.add("uid", f"{activity.id}@dealstream")
    event.add("sequence", entry.version - 1)
    event.add("dtstamp", _changed_at(activity))
    event.add("dtstart", _whole(span.start))
    if _whole(span.until) > _whole(span.start):
        event.add("dtend", _whole(span.until))
    event.add("summary", ": ".join(filter(None, (kinds[activity.kind], entry.account))))
    event.add("status", "CANCELLED" if off else "TENTATIVE" if activity.status is ActivityStatus.ASKED else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if off else "OPAQUE")
    event.add("class", "PRIVATE")
    return event


def _changed_at(activity: ActivityState) -> datetime:
    """When it was last known to change: as the text says nothing of now, it stays the same until something changes."""
    moved = activity.moves[-1].at if activity.moves else None
    known = (activity.entered_at, activity.completed_entry_at, activity.asked_at, activity.agreed_at, moved)
    return _whole(max(at for at in known if at is not None))


def _whole(at: datetime) -> datetime:
    """There are no parts of a second in iCalendar."""
    return at.astimezone(UTC).replace(microsecond=0)
