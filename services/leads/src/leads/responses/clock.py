"""When the deadline of a first response is: from the lead's creation, or anew for another owner. Pure."""

from datetime import datetime
from typing import Any

from chassis.working_time import NoWorkingTime, WorkingTime
from events.catalogue.leads import LeadState
from events.catalogue.limits import TimeLimitState
from events.catalogue.response_clock import ResponseClock


def clock_of(limit: TimeLimitState, working: WorkingTime, start: datetime) -> ResponseClock | None:
    """What begins to run at an instant; nothing runs where nobody ever works."""
    due_at = _due(working, start, limit.working_minutes)
    if due_at is None:
        return None
    return ResponseClock(
        limit=limit.id,
        working_minutes=limit.working_minutes,
        started_at=start,
        due_at=due_at,
        due_on=due_at.astimezone(working.zone).date(),
        restarts=limit.restarts_with_owner,
    )


def restarted(lead: LeadState, working: WorkingTime | None) -> dict[str, Any]:
    """The clock of a lead that has another owner since its last change, where the firm gives this one its own time.

    What was answered or breached stays so, and a lead that stands for others keeps the earliest deadline.
    """
    clock, start = lead.response, lead.changed_at
    if clock is None or start is None or working is None or not clock.restarts or lead.own_origin is not None:
        return {}
    if lead.first_contact_at is not None or clock.breached or clock.due_at < start:
        return {}
    due_at = _due(working, start, clock.working_minutes)
    if due_at is None:
        return {}
    anew = {"started_at": start, "due_at": due_at, "due_on": due_at.astimezone(working.zone).date()}
    return {"response": clock.model_copy(update=anew)}


def working_seconds(working: WorkingTime | None, created_at: datetime, contact_at: datetime) -> int | None:
    """How long the prospect waited; a contact from before the lead was there is no waiting."""
    return None if working is None else max(0, working.seconds_between(created_at, contact_at))


def _due(working: WorkingTime, start: datetime, working_minutes: int) -> datetime | None:
    try:
        return working.after(start, working_minutes * 60)
    except NoWorkingTime:
        return None
