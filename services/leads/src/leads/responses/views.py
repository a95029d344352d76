"""What leads answers about first responses."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from events.catalogue.leads import LeadState
from leads.responses.deadline_view import DeadlineView
from leads.views import OwnerView


class ResponseView(BaseModel):
    """The first response to a lead."""

    lead: UUID
    title: str | None
    source: str | None
    owner: OwnerView | None
    created_at: datetime
    response: DeadlineView
    first_contact_at: datetime | None
    working_seconds_to_contact: int | None

    @classmethod
    def of(cls, lead: LeadState) -> "ResponseView":
        deadline = DeadlineView.of(lead)
        if deadline is None:
            raise TypeError("only leads with a deadline are listed")
        return cls(
            lead=lead.id,
            title=lead.title,
            source=lead.source,
            owner=OwnerView.of(lead.owner),
            created_at=lead.created_at,
            response=deadline,
            first_contact_at=lead.first_contact_at,
            working_seconds_to_contact=lead.working_seconds_to_contact,
        )
