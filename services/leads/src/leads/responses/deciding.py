"""What a deadline that has passed, and a contact that was in time, mean for a lead. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.aggregates import Command
from events.catalogue.leads import LeadEvent, LeadState
from events.catalogue.responses import LeadResponseBreached, LeadResponseMet, ResponseStatus, response_status


@dataclass(frozen=True, kw_only=True)
class BreachResponse(Command):
    """The deadline of the first response has passed."""


def breach_response(command: BreachResponse, lead: LeadState) -> Iterator[LeadEvent]:
    yield from breached_by(lead, command.moment.at)


def breached_by(lead: LeadState, at: datetime) -> Iterator[LeadResponseBreached]:
    """The breach, where the deadline had passed at this instant and nobody knew; it happened at the deadline."""
    clock = lead.response
    if clock is None or clock.due_at >= at or response_status(lead) is not ResponseStatus.RUNNING:
        return
    breached = lead.model_copy(update={"response": clock.model_copy(update={"breached": True})})
    yield LeadResponseBreached(occurred_at=clock.due_at, lead=breached)


def met_by(lead: LeadState, before: LeadState, activity_id: UUID) -> Iterator[LeadResponseMet]:
    """The deadline is met by what changed the lead; a breach that was told of it is taken back."""
    clock = lead.response
    if clock is None or response_status(lead) is not ResponseStatus.MET:
        return
    if response_status(before) is not ResponseStatus.MET:
        met = lead.model_copy(update={"response": clock.model_copy(update={"breached": False})})
        yield LeadResponseMet(activity_id=activity_id, withdraws_breach=clock.breached, lead=met)
