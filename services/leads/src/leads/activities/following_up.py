"""Following up: the next step for an open lead or a cared-for account, or a pause with a reason. Pure.

A next step is what is to come, so it does not ask for the order of the record's history.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chassis.aggregates import Command
from chassis.refusals import Kind, Refusal
from events.catalogue.follow_ups import FollowUp, FollowUpPause
from events.catalogue.leads import (
    CustomerEvent,
    CustomerFollowUpPaused,
    CustomerFollowUpPlanned,
    CustomerState,
    LeadEvent,
    LeadFollowUpPaused,
    LeadFollowUpPlanned,
    LeadState,
    LeadStatus,
)

CLOSED = frozenset({LeadStatus.DISQUALIFIED, LeadStatus.CONVERTED})


class NothingToFollowUp(Refusal):
    """The lead is closed: there is nothing to follow up."""

    slug = "nothing-to-follow-up"


class PauseIsOver(Refusal):
    """A pause ends on a day to come."""

    slug = "pause-is-over"
    kind = Kind.INVALID


@dataclass(frozen=True, kw_only=True)
class PlanFollowUp(Command):
    """What is to be done next; None takes the next step away."""

    next_step: FollowUp | None


@dataclass(frozen=True, kw_only=True)
class PauseFollowUp(Command):
    """Nothing is to be done until a day; None ends the pause."""

    pause: FollowUpPause | None


FollowUpCommand = PlanFollowUp | PauseFollowUp


def plan_lead(command: PlanFollowUp, lead: LeadState) -> Iterator[LeadEvent]:
    if command.next_step == lead.next_step:
        return
    _refuse_closed(lead)
    planned = lead.model_copy(update={"next_step": command.next_step})
    yield LeadFollowUpPlanned(next_step=command.next_step, lead=planned)


def pause_lead(command: PauseFollowUp, lead: LeadState) -> Iterator[LeadEvent]:
    if command.pause == lead.paused:
        return
    _refuse_closed(lead)
    _refuse_past(command)
    yield LeadFollowUpPaused(pause=command.pause, lead=lead.model_copy(update={"paused": command.pause}))


def on_customer(command: FollowUpCommand, customer: CustomerState) -> Iterator[CustomerEvent]:
    match command:
        case PlanFollowUp(next_step=step) if step != customer.next_step:
            yield CustomerFollowUpPlanned(next_step=step, customer=customer.model_copy(update={"next_step": step}))
        case PauseFollowUp(pause=pause) if pause != customer.paused:
            _refuse_past(command)
            yield CustomerFollowUpPaused(pause=pause, customer=customer.model_copy(update={"paused": pause}))


def follow_up_columns(record: LeadState | CustomerState) -> Mapping[str, object]:
    """By which records without a due next step are found."""
    return {
        "next_due_on": record.next_step and record.next_step.due_on,
        "paused_until": record.paused and record.paused.until,
    }


def _refuse_closed(lead: LeadState) -> None:
    if lead.status in CLOSED:
        raise NothingToFollowUp(current_status=lead.status.value)


def _refuse_past(command: PauseFollowUp) -> None:
    if command.pause is not None and command.pause.until <= command.moment.on:
        raise PauseIsOver(pointer="/until")
