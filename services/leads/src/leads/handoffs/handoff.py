"""A handoff: a qualified lead offered to an account executive, who answers once. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID, uuid5

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists, Refusal
from events.catalogue.leads import (
    HandoffAccepted,
    HandoffEvent,
    HandoffExpired,
    HandoffFailed,
    HandoffOffered,
    HandoffReturned,
    HandoffState,
    HandoffStatus,
    LeadState,
    Opportunity,
    Owner,
)
from events.catalogue.transfers import HandoffRedirected
from leads.sequence import refuse_earlier


class HandoffAlreadyAnswered(Refusal):
    """The handoff was answered before."""

    slug = "handoff-already-answered"


@dataclass(frozen=True, kw_only=True)
class OfferHandoff(Command):
    """Offer a lead; the credit for it stays with the one who offers."""

    creates: ClassVar[bool] = True
    id: UUID
    external_id: str | None = None
    lead: LeadState
    offered_by: Owner
    offered_to: Owner
    account_id: UUID | None = None
    opportunity: Opportunity = field(default_factory=Opportunity)
    imported: bool = False
    due_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class AcceptHandoff(Command):
    """The account executive takes the lead over: whoever was asked, with the team and region of that day."""

    account_id: UUID
    by: Owner | None = None


@dataclass(frozen=True, kw_only=True)
class ReturnHandoff(Command):
    """The account executive gives the lead back."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class ExpireHandoff(Command):
    """Time may have run out."""


@dataclass(frozen=True, kw_only=True)
class FailHandoff(Command):
    """Deals refused the deal."""

    code: str


@dataclass(frozen=True, kw_only=True)
class RedirectHandoff(Command):
    """Another account executive is asked."""

    to: Owner


HandoffCommand = OfferHandoff | AcceptHandoff | ReturnHandoff | RedirectHandoff | ExpireHandoff | FailHandoff


def decide(command: HandoffCommand, handoff: HandoffState | None) -> Iterator[HandoffEvent]:
    match command, handoff:
        case OfferHandoff(), None:
            yield HandoffOffered(handoff=_offered(command))
        case OfferHandoff(), HandoffState():
            raise AlreadyExists(id=str(handoff.id))
        case AcceptHandoff(), HandoffState():
            yield _accepted(command, handoff)
        case ReturnHandoff(), HandoffState():
            yield _returned(command, handoff)
        case ExpireHandoff(), HandoffState():
            if is_late(handoff, command.moment.at):
                yield _expired(command, handoff)
        case FailHandoff(), HandoffState():
            if handoff.status is HandoffStatus.ACCEPTED:
                yield _failed(command, handoff)
        case RedirectHandoff(), HandoffState():
            yield from _redirected(command, handoff)


def deal_of(handoff_id: UUID) -> UUID:
    """The deal that an acceptance opens: the same however often it is asked."""
    return uuid5(handoff_id, "deal")


def _offered(command: OfferHandoff) -> HandoffState:
    return HandoffState(
        id=command.id,
        external_id=command.external_id,
        lead_id=command.lead.id,
        source=command.lead.source,
        campaign=command.lead.campaign,
        offered_by=command.offered_by,
        offered_to=command.offered_to,
        offered_at=command.moment.at,
        offered_on=command.moment.on,
        lead_created_on=command.lead.created_on,
        lead_owner=command.lead.first_owner,
        opportunity=command.opportunity,
        account_id=command.account_id or command.lead.account_id,
        imported=command.imported,
        due_at=command.due_at,
    )


def _accepted(command: AcceptHandoff, handoff: HandoffState) -> HandoffAccepted:
    seconds = _seconds_to_answer(command, handoff)
    accepted = handoff.model_copy(
        update={
            "status": HandoffStatus.ACCEPTED,
            "answered_at": command.moment.at,
            "answered_on": command.moment.on,
            "answered_by": command.by or handoff.offered_to,
            "deal_id": deal_of(handoff.id),
            "account_id": command.account_id,
        }
    )
    return HandoffAccepted(seconds_to_answer=seconds, handoff=accepted)


def _returned(command: ReturnHandoff, handoff: HandoffState) -> HandoffReturned:
    seconds = _seconds_to_answer(command, handoff)
    returned = handoff.model_copy(
        update={
            "status": HandoffStatus.RETURNED,
            "answered_at": command.moment.at,
            "answered_on": command.moment.on,
            "reason": command.reason,
        }
    )
    return HandoffReturned(reason=command.reason, seconds_to_answer=seconds, handoff=returned)


def is_late(handoff: HandoffState, at: datetime) -> bool:
    """Whether it should have been answered by now, and was not."""
    return handoff.status is HandoffStatus.OFFERED and handoff.due_at is not None and at >= handoff.due_at


def _expired(command: ExpireHandoff, handoff: HandoffState) -> HandoffExpired:
    at = command.moment
    expired = {"status": HandoffStatus.EXPIRED, "expired_at": at.at, "expired_on": at.on}
    return HandoffExpired(handoff=handoff.model_copy(update=expired))


def _failed(command: FailHandoff, handoff: HandoffState) -> HandoffFailed:
    at = command.moment
    failed = {"status": HandoffStatus.FAILED, "failed_at": at.at, "failed_on": at.on, "failure": command.code}
    return HandoffFailed(code=command.code, handoff=handoff.model_copy(update={**failed, "deal_id": None}))


def _redirected(command: RedirectHandoff, handoff: HandoffState) -> Iterator[HandoffEvent]:
    _seconds_to_answer(command, handoff)
    if command.to != handoff.offered_to:
        asked = handoff.model_copy(update={"offered_to": command.to})
        yield HandoffRedirected(from_owner=handoff.offered_to, to_owner=command.to, handoff=asked)


def _seconds_to_answer(command: Command, handoff: HandoffState) -> int:
    if handoff.status is not HandoffStatus.OFFERED:
        raise HandoffAlreadyAnswered(
            f"The handoff was {handoff.status.value} before.", current_status=handoff.status.value
        )
    refuse_earlier(command.moment.at, handoff.offered_at)
    return int((command.moment.at - handoff.offered_at).total_seconds())


def apply(_handoff: HandoffState | None, event: HandoffEvent) -> HandoffState:
    """An event carries the state after it."""
    return event.handoff


def _columns(handoff: HandoffState) -> Mapping[str, object]:
    return {
        "external_id": handoff.external_id,
        "lead_id": handoff.lead_id,
        "status": handoff.status.value,
        "offered_by_id": handoff.offered_by.person,
        "offered_by_team_id": handoff.offered_by.team,
        "offered_to_id": handoff.offered_to.person,
        "offered_to_team_id": handoff.offered_to.team,
        "offered_at": handoff.offered_at,
        "due_at": handoff.due_at if handoff.status is HandoffStatus.OFFERED else None,
    }


HANDOFF = Aggregate(noun="handoff", table="handoff", state=HandoffState, decide=decide, apply=apply, columns=_columns)
