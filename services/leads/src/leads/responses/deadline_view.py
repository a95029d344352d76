"""How the deadline of a lead's first response is shown, with the lead and in the list of them."""

from datetime import datetime

from pydantic import BaseModel

from events.catalogue.leads import LeadState
from events.catalogue.responses import ResponseStatus, response_status


class DeadlineView(BaseModel):
    """Until when somebody must turn to the prospect, and whether somebody did."""

    status: ResponseStatus
    """``running``; ``met`` in time; ``overdue`` while nobody did in time, ``late`` once somebody did after it;
    ``excused`` where there never was a prospect."""
    started_at: datetime
    due_at: datetime
    working_minutes: int
    """Of the working time of who held the lead when it began to run; of the firm's where nobody did."""

    @classmethod
    def of(cls, lead: LeadState) -> "DeadlineView | None":
        status, clock = response_status(lead), lead.response
        if status is None or clock is None:
            return None
        return cls(
            status=status, started_at=clock.started_at, due_at=clock.due_at, working_minutes=clock.working_minutes
        )
