"""What leads answers about conversions."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from chassis.aggregates import Loaded
from events.catalogue.conversions import ConversionState, ConversionStatus
from leads.views import OwnerView


class ConversionView(BaseModel):
    """A conversion: waiting for deals, confirmed, or undone because deals refused."""

    id: UUID
    version: int
    handoff: UUID
    lead: UUID
    account: UUID
    account_opened: bool
    contact: UUID | None
    deal: UUID
    status: ConversionStatus
    offered_by: OwnerView
    offered_to: OwnerView
    started_at: datetime
    due_at: datetime
    """When deals should have answered."""
    ended_at: datetime | None
    code: str | None
    """The name of the rule for which deals refused."""

    @classmethod
    def of(cls, loaded: Loaded[ConversionState]) -> "ConversionView":
        conversion = loaded.state
        return cls(
            id=conversion.id,
            version=loaded.version,
            handoff=conversion.handoff_id,
            lead=conversion.lead_id,
            account=conversion.account_id,
            account_opened=conversion.account_opened,
            contact=conversion.contact_id,
            deal=conversion.deal_id,
            status=conversion.status,
            offered_by=OwnerView.sure(conversion.offered_by),
            offered_to=OwnerView.sure(conversion.offered_to),
            started_at=conversion.started_at,
            due_at=conversion.due_at,
            ended_at=conversion.ended_at,
            code=conversion.code,
        )
