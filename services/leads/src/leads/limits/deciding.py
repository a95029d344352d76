"""What a limit that has passed means for a lead. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from chassis.aggregates import Command
from events.catalogue.leads import LeadEvent, LeadOfferExpired, LeadState


@dataclass(frozen=True, kw_only=True)
class ExpireOffer(Command):
    """The offer of this handoff was not answered in time."""

    handoff_id: UUID


def expire_offer(command: ExpireOffer, lead: LeadState) -> Iterator[LeadEvent]:
    """A lead that waits for no answer, or for that to another offer, is left alone."""
    if lead.open_handoff != command.handoff_id:
        return
    at = max(command.moment.at, lead.changed_at or command.moment.at)
    free = lead.model_copy(update={"open_handoff": None, "offered_to": None, "changed_at": at, "back_since": at})
    yield LeadOfferExpired(handoff_id=command.handoff_id, occurred_at=at, lead=free)
