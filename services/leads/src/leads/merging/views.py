"""How a lead's touches are shown, and the leads that it stands for."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from events.catalogue.touches import Merged, Touch


class TouchView(BaseModel):
    """The prospect came in once more: a capture that was linked to the lead."""

    at: datetime
    on: date
    external_id: str | None
    source: str | None
    campaign: str | None
    medium: str | None
    from_lead: UUID | None
    """Where leads were merged: the one whose capture or touch it was."""

    @classmethod
    def of(cls, touch: Touch) -> "TouchView":
        return cls(**dict(touch))


class MergedView(BaseModel):
    """A lead of the same prospect that another stands for."""

    lead: UUID
    at: datetime
    created_at: datetime
    source: str | None

    @classmethod
    def of(cls, merged: Merged) -> "MergedView":
        origin = merged.origin
        return cls(lead=merged.lead_id, at=merged.at, created_at=origin.created_at, source=origin.source)
