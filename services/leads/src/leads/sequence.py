"""The order of history: nothing may happen to a record before its last change. Pure."""

from datetime import datetime

from chassis.refusals import Kind, Refusal


class OutOfSequence(Refusal):
    """This happened before the record's last change; history is loaded in its own order."""

    slug = "out-of-sequence"
    kind = Kind.INVALID


def refuse_earlier(at: datetime, last: datetime | None) -> None:
    """Refuse what happened before the last change."""
    if last is not None and at < last:
        raise OutOfSequence(pointer="/occurred_at", last_change=last.isoformat())
