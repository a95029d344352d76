"""A lead goes into the pool and out of it: claimed, returned for a reason, recycled when nobody follows it up. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.aggregates import Command
from chassis.refusals import Kind, Refusal
from chassis.working_time import WorkingTime
from events.catalogue.leads import (
    AppliedRule,
    AssignedHow,
    LeadAssigned,
    LeadEvent,
    LeadPooled,
    LeadState,
    LeadStatus,
    Owner,
    PoolReason,
    PoolStay,
)
from leads.merging.merge import first_held
from leads.refusals import HandoffIsOpen, LeadIsClosed
from leads.responses.clock import restarted
from leads.sequence import refuse_earlier


class LeadIsNotInPool(Refusal):
    """The lead is not in the public pool: somebody holds it."""

    slug = "lead-is-not-in-pool"


class LeadIsNotHeld(Refusal):
    """Nobody holds the lead, so nobody can give it back."""

    slug = "lead-is-not-held"


class ClaimLimitReached(Refusal):
    """You have claimed as many leads as one may in this period."""

    slug = "claim-limit-reached"
    kind = Kind.CONFLICT


@dataclass(frozen=True, kw_only=True)
class ClaimLead(Command):
    """Somebody takes a lead out of the pool, who works at these times."""

    by: Owner
    working: WorkingTime | None = None


@dataclass(frozen=True, kw_only=True)
class ReturnToPool(Command):
    """Who holds the lead gives it back."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class RecycleLead(Command):
    """This owner has not followed the lead up since; whoever did something meanwhile keeps it."""

    owner: UUID
    quiet_since: datetime


def assigned(
    lead: LeadState,
    owner: Owner,
    how: AssignedHow = AssignedHow.HAND,
    rule: AppliedRule | None = None,
    working: WorkingTime | None = None,
) -> LeadAssigned:
    """The lead, which has changed at the moment of the command already, has a new owner from then on."""
    held = lead.model_copy(
        update={
            **first_held(lead, owner),
            **restarted(lead, working),
            "held_since": lead.changed_at,
            "assigned_by_rule": rule,
            "pool": None,
        }
    )
    return LeadAssigned(from_owner=lead.owner, to_owner=owner, how=how, rule=rule, lead=held)


def pooled(lead: LeadState, why: PoolReason, reason: str | None = None, alert_to: tuple[UUID, ...] = ()) -> LeadPooled:
    """The lead, which has changed already, is nobody's from then on."""
    if lead.changed_at is None:
        raise TypeError("a lead that changes has a time of its change")
    stay = PoolStay(since=lead.changed_at, why=why, reason=reason)
    free = lead.model_copy(update={"owner": None, "held_since": None, "assigned_by_rule": None, "pool": stay})
    return LeadPooled(why=why, reason=reason, from_owner=lead.owner, alert_to=alert_to, lead=free)


def quiet_since(lead: LeadState) -> datetime | None:
    """Since when the lead's owner could do something with it and has not; None where there is nobody who could."""
    if lead.owner is None or _is_closed(lead) or lead.open_handoff is not None:
        return None
    held = lead.held_since or lead.changed_at or lead.created_at
    done = (held, lead.back_since, lead.qualified_at, lead.first_contact_at)
    return max(at for at in done if at is not None)


def nothing_due_until(lead: LeadState) -> date | None:
    """The day until which nothing is asked of the owner: the lead pauses, or its next step is for that day."""
    days = [lead.paused.until] if lead.paused else []
    days += [lead.next_step.due_on] if lead.next_step else []
    return max(days, default=None)


def pooled_at(lead: LeadState) -> datetime | None:
    """Since when the lead waits in the pool; a closed one does not wait."""
    return None if lead.pool is None or _is_closed(lead) else lead.pool.since


def _claim(command: ClaimLead, lead: LeadState) -> Iterator[LeadEvent]:
    if lead.pool is None:
        raise LeadIsNotInPool
    yield assigned(_changed(command, lead), command.by, AssignedHow.CLAIM, working=command.working)


def _return(command: ReturnToPool, lead: LeadState) -> Iterator[LeadEvent]:
    if lead.owner is None:
        raise LeadIsNotHeld
    if lead.open_handoff is not None:
        raise HandoffIsOpen(handoff_id=str(lead.open_handoff))
    yield pooled(_changed(command, lead), PoolReason.RETURNED, command.reason)


def _recycle(command: RecycleLead, lead: LeadState) -> Iterator[LeadEvent]:
    since = quiet_since(lead)
    if lead.owner is None or since is None or (lead.owner.person, since) != (command.owner, command.quiet_since):
        return
    yield pooled(_changed(command, lead), PoolReason.RECYCLED)


def _changed(command: Command, lead: LeadState) -> LeadState:
    if _is_closed(lead):
        raise LeadIsClosed(current_status=lead.status.value)
    refuse_earlier(command.moment.at, lead.changed_at)
    return lead.model_copy(update={"changed_at": command.moment.at})


def _is_closed(lead: LeadState) -> bool:
    return lead.status in {LeadStatus.DISQUALIFIED, LeadStatus.CONVERTED} or lead.merged_into is not None


POOLING: Mapping[type[Command], Callable[[Any, LeadState], Iterator[LeadEvent]]] = {
    ClaimLead: _claim,
    ReturnToPool: _return,
    RecycleLead: _recycle,
}
