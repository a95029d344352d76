"""The public pool over HTTP: what waits there, claim, return, and who held a lead when."""

from datetime import UTC, datetime, time
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from chassis.aggregates import Loaded
from chassis.examples import example
from chassis.inputs import Name
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Forbidden, NotFound
from chassis.routes import CommandRoute, Work
from chassis.unit_of_work import UnitOfWork
from events.catalogue.assignment import Limit as ClaimLimit
from events.catalogue.leads import LeadState
from leads import store as store_leads
from leads.assignment import store as store_assignment
from leads.assignment.distribution import first_day_of
from leads.inputs import Reason
from leads.lead import LEAD
from leads.lookups import Lookups, sees_lead
from leads.pool import store
from leads.pool.pooling import (
    ClaimLead,
    ClaimLimitReached,
    LeadIsNotHeld,
    LeadIsNotInPool,
    ReturnToPool,
    pooled_at,
)
from leads.pool.views import CustodyView, PoolLeadView
from leads.refusals import HandoffIsOpen, LeadIsClosed
from leads.sequence import OutOfSequence
from leads.views import LeadView

router = APIRouter(route_class=CommandRoute, tags=["pool"])


@router.get("/v1/pool")
async def list_pool(
    reader: Reader,
    *,
    source: Annotated[Name | None, Query()] = None,
    campaign: Annotated[Name | None, Query()] = None,
    region: UUID | None = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[PoolLeadView]:
    """Leads that nobody holds and everybody may claim, the longest there first."""
    cursors = reader.cursors("pool")
    query = store_leads.Query(reader.tenant)
    query.equal({"source": source, "campaign": campaign, "region_id": region})
    rows = await store.waiting(reader.connection, query, after=cursors.read(cursor), limit=limit)
    leads = [_loaded(row) for row in rows]
    return cursors.page(leads, limit, PoolLeadView.of, lambda lead: [pooled_at(lead.state), lead.state.id])


@router.post(
    "/v1/leads/{lead_id}/claim",
    responses=problems(NotFound, Forbidden, LeadIsNotInPool, LeadIsClosed, ClaimLimitReached, OutOfSequence),
)
async def claim_lead(lead_id: UUID, work: Work) -> LeadView:
    """Take a lead out of the public pool. Only people claim, and no more in a period than the firm allows."""
    moment, scope = await work.moment(), work.principal.scope
    owner = await Lookups(work).myself(moment.on)
    if owner is None:
        raise Forbidden("Only a person can hold a lead.")
    await _refuse_beyond_limit(work, owner.person)
    working = await work.directory.working_time(work.tenant, owner.person)
    command = ClaimLead(moment=moment, by=owner, working=working)
    loaded = await work.execute(
        LEAD, lead_id, command, visible=lambda lead: pooled_at(lead) is not None or sees_lead(scope, lead)
    )
    return LeadView.of(loaded)


@router.post(
    "/v1/leads/{lead_id}/return-to-pool",
    responses=problems(NotFound, LeadIsNotHeld, LeadIsClosed, HandoffIsOpen, OutOfSequence),
    openapi_extra=example({"reason": "not in my line of business"}),
)
async def return_to_pool(lead_id: UUID, body: Reason, work: Work) -> LeadView:
    """Give a lead back for a reason; everybody may claim it from then on."""
    scope = work.principal.scope
    command = ReturnToPool(moment=await work.moment(body.occurred_at), reason=body.reason)
    return LeadView.of(await work.execute(LEAD, lead_id, command, visible=lambda lead: sees_lead(scope, lead)))


@router.get("/v1/leads/{lead_id}/custody", responses=problems(NotFound))
async def list_custody(
    lead_id: UUID, reader: Reader, limit: Limit = 50, cursor: CursorText = None
) -> Page[CustodyView]:
    """Who held the lead, from when until when, oldest first; a rule that gave it to somebody is named."""
    await reader.load(LEAD, lead_id, visible=lambda lead: sees_lead(reader.scope, lead))
    cursors = reader.cursors(f"custody {lead_id}")
    after = cursors.read(cursor)
    since = int(str(after[0])) if after else 0
    rows = await store.custodies(reader.connection, reader.tenant, lead_id, since, limit)
    return cursors.page(rows, limit, CustodyView.of, lambda row: [row["version"]])


async def _refuse_beyond_limit(work: UnitOfWork, person: UUID) -> None:
    policy = await store_assignment.policy(work.connection, work.tenant)
    limit = None if policy is None else policy.pool.claim_limit
    if limit is None:
        return
    await store.one_claim_at_a_time(work.connection, work.tenant, person)
    since = await _period_began(work, limit)
    if await store.claims_since(work.connection, work.tenant, person, since) >= limit.leads:
        raise ClaimLimitReached(f"At most {limit.leads} leads a {limit.per.value} may be claimed.")


async def _period_began(work: UnitOfWork, limit: ClaimLimit) -> datetime:
    """When the present period began, by the tenant's days."""
    tenant = await work.directory.tenant(work.tenant)
    today = (await work.moment()).on
    return datetime.combine(first_day_of(today, limit.per), time(), ZoneInfo(tenant.zone)).astimezone(UTC)


def _loaded(row: Any) -> Loaded[LeadState]:
    return Loaded(LeadState.model_validate_json(row["state"]), row["version"])
