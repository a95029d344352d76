"""Merging leads over HTTP, and parting them again: both leads change in one transaction, or neither."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter

from chassis import aggregate_store
from chassis.aggregates import Command, Loaded
from chassis.examples import example
from chassis.problems import problems
from chassis.refusals import Forbidden, Invalid, NotApplied, NotFound, Refusal
from chassis.routes import CommandRoute, Work
from chassis.unit_of_work import UnitOfWork
from chassis.working_time import WorkingTime
from events.catalogue.leads import LeadState
from leads.inputs import When
from leads.lead import LEAD
from leads.lookups import ASSIGNERS, sees_lead
from leads.merging.merge import (
    AbsorbLead,
    BothConverted,
    ConvertedSurvives,
    LeadHoldsOthers,
    LeadIsMerged,
    LeadIsNotMerged,
    MergeLead,
    MergeUnderOffer,
    ReleaseLead,
    SameLead,
    SurvivorIsClosed,
    TooManyMerged,
    UnmergeLead,
)
from leads.sequence import OutOfSequence
from leads.views import LeadView

router = APIRouter(route_class=CommandRoute, tags=["leads"])


class OtherLead(When):
    """The other lead."""

    lead: UUID


EXAMPLE = example({"lead": "019a0000-0000-7000-8000-000000000007"})


@router.post(
    "/v1/leads/{lead_id}/merge",
    responses=problems(
        NotFound,
        Forbidden,
        Invalid,
        SameLead,
        LeadIsMerged,
        LeadHoldsOthers,
        BothConverted,
        ConvertedSurvives,
        SurvivorIsClosed,
        MergeUnderOffer,
        TooManyMerged,
        OutOfSequence,
    ),
    openapi_extra=EXAMPLE,
)
async def merge_leads(lead_id: UUID, body: OtherLead, work: Work) -> LeadView:
    """Merge another lead of the same prospect into this one, which stands for both from then on.

    It counts with the earliest creation, the first source, the first owner and the first contact, and has the touches
    and handoffs of both. The other one is closed, and counts no more.
    """
    moment = await work.moment(body.occurred_at)
    survivor, other = await _both(work, lead_id, body.lead)
    commands = [
        (survivor.id, AbsorbLead(moment=moment, other=other, working=await _working(work, survivor))),
        (other.id, MergeLead(moment=moment, into=survivor.id)),
    ]
    return await _done(work, commands)


@router.post(
    "/v1/leads/{lead_id}/unmerge",
    responses=problems(NotFound, Forbidden, Invalid, LeadIsNotMerged, LeadIsMerged, MergeUnderOffer, OutOfSequence),
    openapi_extra=EXAMPLE,
)
async def unmerge_leads(lead_id: UUID, body: OtherLead, work: Work) -> LeadView:
    """Part a lead from this one, which stood for it: both are as if they had never been merged.

    What happened to this one meanwhile stays with it.
    """
    moment = await work.moment(body.occurred_at)
    survivor, other = await _both(work, lead_id, body.lead)
    commands = [
        (survivor.id, ReleaseLead(moment=moment, other=other, working=await _working(work, survivor))),
        (other.id, UnmergeLead(moment=moment, from_lead=survivor.id)),
    ]
    return await _done(work, commands)


async def _both(work: UnitOfWork, survivor: UUID, other: UUID) -> tuple[LeadState, LeadState]:
    """Locked, in the order of ids as everybody locks leads. The credit of both is at stake, so both must be one's own
    or of those one looks after.
    """
    found = await aggregate_store.load_many_for_update(work.connection, LEAD, work.tenant, {survivor, other})
    seen = {id_: each.state for id_, each in found.items() if sees_lead(work.principal.scope, each.state)}
    if survivor not in seen:
        raise NotFound
    if other not in seen:
        raise Invalid("No such lead is known.", pointer="/lead")
    if not work.principal.has(*ASSIGNERS) and not all(_holds(work, lead) for lead in seen.values()):
        raise Forbidden("You may merge leads that you hold.")
    work.match(found[survivor])
    return seen[survivor], seen[other]


async def _working(work: UnitOfWork, survivor: LeadState) -> WorkingTime:
    """Of who holds the survivor, else of the firm."""
    holder = None if survivor.owner is None else survivor.owner.person
    return await work.directory.working_time(work.tenant, holder)


def _holds(work: UnitOfWork, lead: LeadState) -> bool:
    return lead.owner is not None and lead.owner.person == work.principal.person


async def _done(work: UnitOfWork, commands: Sequence[tuple[UUID, Command]]) -> LeadView:
    results = await work.execute_many(LEAD, commands, atomic=True)
    if refusals := [each for each in results if isinstance(each, Refusal)]:
        raise next((each for each in refusals if not isinstance(each, NotApplied)), refusals[0])
    survivor = next(each for each in results if isinstance(each, Loaded))
    work.version = survivor.version
    return LeadView.of(survivor)
