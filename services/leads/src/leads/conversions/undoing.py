"""What undoing a conversion means for the lead. Pure.

The lead is qualified as it was before, and open for another offer. Its account and whoever has the credit stay. A lead
that this conversion did not convert is left alone: an undoing is told once and must not get stuck.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from chassis.aggregates import Command
from events.catalogue.leads import LeadConversionUndone, LeadEvent, LeadState, LeadStatus


@dataclass(frozen=True, kw_only=True)
class UndoLead(Command):
    """Deals refused this deal."""

    deal_id: UUID
    code: str


def undo_lead(command: UndoLead, lead: LeadState) -> Iterator[LeadEvent]:
    if lead.status is not LeadStatus.CONVERTED or lead.deal_id != command.deal_id:
        return
    at = max(command.moment.at, lead.changed_at or command.moment.at)
    undone = {"status": LeadStatus.QUALIFIED, "converted_on": None, "deal_id": None, "offered_to": None}
    after = lead.model_copy(update={**undone, "changed_at": at, "back_since": at})
    yield LeadConversionUndone(code=command.code, occurred_at=at, lead=after)
