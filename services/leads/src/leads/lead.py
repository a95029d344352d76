"""A lead: captured, assigned, qualified or disqualified, handed over, converted or returned. Pure.

A decision yields each event with the lead's state after it. What is so already is no event, so that a command may be
sent again.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists
from chassis.working_time import WorkingTime
from events.catalogue.leads import (
    AppliedRule,
    AssignedHow,
    LeadAnswered,
    LeadCaptured,
    LeadConverted,
    LeadDetailsChanged,
    LeadDisqualified,
    LeadEvent,
    LeadOffered,
    LeadQualified,
    LeadReopened,
    LeadReturned,
    LeadState,
    LeadStatus,
    LeadTouched,
    Owner,
    PoolReason,
    Touch,
)
from events.catalogue.qualification import ChecklistState, DisqualifyReasonState
from events.catalogue.response_clock import ResponseClock
from events.catalogue.responses import response_status
from events.catalogue.transfers import LeadOfferRedirected
from leads.activities.following_up import PauseFollowUp, PlanFollowUp, follow_up_columns, pause_lead, plan_lead
from leads.activities.on_leads import ContactLead, contacted
from leads.conversions.undoing import UndoLead, undo_lead
from leads.custom.values import NO_VALUES, CustomValues
from leads.limits.deciding import ExpireOffer, expire_offer
from leads.merging.merge import MERGING, own_details, refuse_merged
from leads.merging.touches import kept
from leads.pool.custody import CUSTODY
from leads.pool.pooling import POOLING, assigned, pooled, pooled_at, quiet_since
from leads.qualification import judging
from leads.qualification.deciding import OPEN_AGAIN, AnswerLead, RecallLead, answer_lead, recall_lead, refuse_closed
from leads.refusals import HandoffIsNotOpen, HandoffIsOpen, LeadIsNotDisqualified, LeadIsNotQualified
from leads.responses.deciding import BreachResponse, breach_response
from leads.sequence import refuse_earlier


@dataclass(frozen=True, kw_only=True)
class CaptureLead(Command):
    """A lead came in; with an owner it is assigned at once."""

    creates: ClassVar[bool] = True
    id: UUID
    external_id: str | None = None
    title: str | None = None
    source: str | None = None
    campaign: str | None = None
    medium: str | None = None
    contact_id: UUID | None = None
    account_id: UUID | None = None
    region: UUID | None = None
    owner: Owner | None = None
    rule: AppliedRule | None = None
    """That found the owner."""
    pooled: bool = False
    """Without an owner it waits in the public pool, and ``alert_to`` hear of it."""
    alert_to: tuple[UUID, ...] = ()
    imported: bool = False
    custom: CustomValues = NO_VALUES
    captured_by: str | None = None
    response: ResponseClock | None = None


@dataclass(frozen=True, kw_only=True)
class ChangeLeadDetails(Command):
    """Change the fields named."""

    changes: Mapping[str, Any]
    custom: CustomValues = NO_VALUES


@dataclass(frozen=True, kw_only=True)
class TouchLead(Command):
    """The prospect came in once more: a capture that belongs to a lead which is there already."""

    external_id: str | None = None
    source: str | None = None
    campaign: str | None = None
    medium: str | None = None


@dataclass(frozen=True, kw_only=True)
class AssignLead(Command):
    """The lead gets a new owner, who works at these times."""

    to: Owner
    working: WorkingTime | None = None
    even_merged: bool = False
    """Also where another lead stands for it: parted, it is not to fall back to somebody who has left."""


@dataclass(frozen=True, kw_only=True)
class QualifyLead(Command):
    """The lead is worth an account executive's time; the checklist that applies must agree."""

    answers: Mapping[str, bool] = field(default_factory=dict)
    checklists: tuple[ChecklistState, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DisqualifyLead(Command):
    """The lead is not worth pursuing, for one of the firm's reasons where it has any; maybe until a day."""

    reason: str
    recall_on: date | None = None
    reasons: tuple[DisqualifyReasonState, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ReopenLead(Command):
    """The lead is worth pursuing after all."""


@dataclass(frozen=True, kw_only=True)
class OfferLead(Command):
    """The lead is offered to an account executive."""

    handoff_id: UUID
    to: Owner


@dataclass(frozen=True, kw_only=True)
class RedirectOffer(Command):
    """Another account executive is asked."""

    handoff_id: UUID
    to: Owner


@dataclass(frozen=True, kw_only=True)
class ReturnLead(Command):
    """The account executive gave the lead back."""

    handoff_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class ConvertLead(Command):
    """The account executive took the lead over, with the team and region of that day."""

    handoff_id: UUID
    deal_id: UUID
    account_id: UUID
    by: Owner | None = None


def decide(command: Command, lead: LeadState | None) -> Iterator[LeadEvent]:
    if lead is None:
        yield from _capture(command)
    elif isinstance(command, CaptureLead):
        raise AlreadyExists(id=str(lead.id))
    else:
        if not (isinstance(command, AssignLead) and command.even_merged):
            refuse_merged(command, lead)
        yield from _DECISIONS[type(command)](command, lead)


def _capture(command: Command) -> Iterator[LeadEvent]:
    if not isinstance(command, CaptureLead):
        raise TypeError(f"{type(command).__name__} needs a lead")
    captured = LeadState(
        id=command.id,
        external_id=command.external_id,
        title=command.title,
        source=command.source,
        campaign=command.campaign,
        medium=command.medium,
        contact_id=command.contact_id,
        account_id=command.account_id,
        region=command.region,
        created_at=command.moment.at,
        created_on=command.moment.on,
        changed_at=command.moment.at,
        imported=command.imported,
        captured_by=command.captured_by,
        response=command.response,
        custom=command.custom.values,
        custom_revisions=command.custom.revisions,
    )
    yield LeadCaptured(lead=captured)
    if command.owner:
        how = AssignedHow.HAND if command.rule is None else AssignedHow.RULE
        yield assigned(captured, command.owner, how, command.rule)
    elif command.pooled:
        yield pooled(captured, PoolReason.NOBODY_FITS, alert_to=command.alert_to)


def _change(command: ChangeLeadDetails, lead: LeadState) -> Iterator[LeadEvent]:
    changes = {**command.changes, **command.custom.onto(lead)}
    if any(getattr(lead, name) != value for name, value in changes.items()):
        yield LeadDetailsChanged(lead=_after(command, lead, **changes, **own_details(lead, changes)))


def _touch(command: TouchLead, lead: LeadState) -> Iterator[LeadEvent]:
    if command.external_id is not None and command.external_id in _names_of(lead):
        return
    touch = Touch(
        at=command.moment.at,
        on=command.moment.on,
        external_id=command.external_id,
        source=command.source,
        campaign=command.campaign,
        medium=command.medium,
    )
    later = kept((*lead.later_touches, touch))
    yield LeadTouched(touch=touch, lead=lead.model_copy(update={"later_touches": later}))


def _names_of(lead: LeadState) -> set[str | None]:
    """What callers call the captures of this lead."""
    return {lead.external_id, *(touch.external_id for touch in lead.later_touches)}


def _assign(command: AssignLead, lead: LeadState) -> Iterator[LeadEvent]:
    if command.to == lead.owner:
        return
    refuse_closed(lead)
    yield assigned(_after(command, lead), command.to, working=command.working)


def _qualify(command: QualifyLead, lead: LeadState) -> Iterator[LeadEvent]:
    if lead.status in {LeadStatus.QUALIFIED, LeadStatus.CONVERTED}:
        return
    refuse_closed(lead)
    at = command.moment
    answers, new = judging.judged(command.checklists, _after(command, lead), at.at, command.answers)
    if new:
        yield LeadAnswered(given=new, lead=_after(command, lead, answers=answers))
    qualified = {"status": LeadStatus.QUALIFIED, "qualified_at": at.at, "qualified_on": at.on}
    yield LeadQualified(lead=_after(command, lead, answers=answers, **qualified))


def _disqualify(command: DisqualifyLead, lead: LeadState) -> Iterator[LeadEvent]:
    if lead.status is LeadStatus.DISQUALIFIED and lead.disqualified_reason == command.reason:
        return
    refuse_closed(lead)
    if lead.open_handoff:
        raise HandoffIsOpen(handoff_id=str(lead.open_handoff))
    recall_on = judging.recall_day(command.reasons, lead, command.reason, command.recall_on, command.moment)
    yield LeadDisqualified(
        reason=command.reason,
        lead=_after(
            command,
            lead,
            status=LeadStatus.DISQUALIFIED,
            disqualified_on=command.moment.on,
            disqualified_reason=command.reason,
            recall_on=recall_on,
        ),
    )


def _reopen(command: ReopenLead, lead: LeadState) -> Iterator[LeadEvent]:
    if lead.status is not LeadStatus.DISQUALIFIED:
        raise LeadIsNotDisqualified(current_status=lead.status.value)
    yield LeadReopened(lead=_after(command, lead, back_since=command.moment.at, **OPEN_AGAIN))


def _offer(command: OfferLead, lead: LeadState) -> Iterator[LeadEvent]:
    refuse_closed(lead)
    if lead.status is not LeadStatus.QUALIFIED:
        raise LeadIsNotQualified(current_status=lead.status.value)
    if lead.open_handoff:
        raise HandoffIsOpen(handoff_id=str(lead.open_handoff))
    offered = _after(command, lead, open_handoff=command.handoff_id, offered_to=command.to)
    yield LeadOffered(handoff_id=command.handoff_id, to_owner=command.to, lead=offered)


def _redirect(command: RedirectOffer, lead: LeadState) -> Iterator[LeadEvent]:
    _refuse_other(command.handoff_id, lead)
    if command.to != lead.offered_to:
        asked = _after(command, lead, offered_to=command.to)
        yield LeadOfferRedirected(
            handoff_id=command.handoff_id, from_owner=lead.offered_to, to_owner=command.to, lead=asked
        )


def _return(command: ReturnLead, lead: LeadState) -> Iterator[LeadEvent]:
    _refuse_other(command.handoff_id, lead)
    back = {"open_handoff": None, "offered_to": None, "back_since": command.moment.at}
    yield LeadReturned(reason=command.reason, lead=_after(command, lead, **back, **OPEN_AGAIN))


def _convert(command: ConvertLead, lead: LeadState) -> Iterator[LeadEvent]:
    _refuse_other(command.handoff_id, lead)
    converted = _after(
        command,
        lead,
        status=LeadStatus.CONVERTED,
        converted_on=command.moment.on,
        deal_id=command.deal_id,
        account_id=command.account_id,
        open_handoff=None,
        offered_to=command.by or lead.offered_to,
    )
    yield LeadConverted(deal_id=command.deal_id, account_id=command.account_id, lead=converted)


_DECISIONS: Mapping[type[Command], Callable[[Any, LeadState], Iterator[LeadEvent]]] = {
    ChangeLeadDetails: _change,
    TouchLead: _touch,
    ContactLead: contacted,
    PlanFollowUp: plan_lead,
    PauseFollowUp: pause_lead,
    AssignLead: _assign,
    AnswerLead: answer_lead,
    QualifyLead: _qualify,
    DisqualifyLead: _disqualify,
    ReopenLead: _reopen,
    RecallLead: recall_lead,
    OfferLead: _offer,
    RedirectOffer: _redirect,
    ReturnLead: _return,
    ExpireOffer: expire_offer,
    ConvertLead: _convert,
    BreachResponse: breach_response,
    UndoLead: undo_lead,
    **POOLING,
    **MERGING,
}


def _after(command: Command, lead: LeadState, **changes: Any) -> LeadState:
    refuse_earlier(command.moment.at, lead.changed_at)
    return lead.model_copy(update={"changed_at": command.moment.at, **changes})


def _refuse_other(handoff_id: UUID, lead: LeadState) -> None:
    if lead.open_handoff != handoff_id:
        raise HandoffIsNotOpen(current_status=lead.status.value)


def apply(_lead: LeadState | None, event: LeadEvent) -> LeadState:
    """An event carries the state after it."""
    return event.lead


def _columns(lead: LeadState) -> Mapping[str, object]:
    return {
        "external_id": lead.external_id,
        "status": lead.status.value,
        "source": lead.source,
        "campaign": lead.campaign,
        "contact_id": lead.contact_id,
        "account_id": lead.account_id,
        "owner_id": lead.owner and lead.owner.person,
        "owner_team_id": lead.owner and lead.owner.team,
        "region_id": lead.region,
        "pooled_at": pooled_at(lead),
        "quiet_since": quiet_since(lead),
        "offered_to_id": lead.offered_to and lead.offered_to.person,
        "offered_to_team_id": lead.offered_to and lead.offered_to.team,
        "created_at": lead.created_at,
        "recall_on": None if lead.merged_into else lead.recall_on,
        "merged_into_id": lead.merged_into,
        "response_due_at": lead.response and lead.response.due_at,
        "response_status": response_status(lead),
        **follow_up_columns(lead),
    }


LEAD = Aggregate(
    noun="lead",
    table="lead",
    state=LeadState,
    decide=decide,
    apply=apply,
    columns=_columns,
    history="lead_change",
    journal=CUSTODY,
)
