"""Campaigns over HTTP: plan, change, list, and what each has cost against its budget.

Campaigns are the firm's: everybody sees them. Who plans them and sees their cost looks after others.
"""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.aggregates import Loaded
from chassis.bulk import Batch, BatchItem, BatchReply, Existing, each, reply
from chassis.examples import example
from chassis.inputs import ExternalId, Name
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader, ReadTransaction
from chassis.refusals import AlreadyExists, Forbidden, Invalid, NotFound, RateMissing
from chassis.routes import CommandRoute, Work
from chassis.unit_of_work import UnitOfWork
from events.catalogue.campaigns import CampaignState
from leads import store
from leads.campaigns import booking
from leads.campaigns import store as store_campaigns
from leads.campaigns.campaign import CAMPAIGN, DaysBackwards
from leads.campaigns.inputs import CampaignChange, CampaignInput
from leads.campaigns.views import CampaignView, SpendingView
from leads.lookups import ASSIGNERS

router = APIRouter(route_class=CommandRoute, tags=["campaigns"])

SPRING = {
    "name": "Spring fair",
    "external_id": "spring-26",
    "source": "fair",
    "medium": "event",
    "first_on": "2026-03-01",
    "last_on": "2026-03-31",
    "budget": {"amount": "5000.00", "currency": "USD"},
}


class CampaignItem(CampaignInput, BatchItem):
    """A campaign of a batch."""


@router.post(
    "/v1/campaigns",
    status_code=201,
    responses=problems(AlreadyExists, Forbidden, DaysBackwards, RateMissing),
    openapi_extra=example(SPRING),
)
async def plan_campaign(body: CampaignInput, work: Work, response: Response) -> CampaignView:
    """Plan a campaign that should bring leads of its source."""
    work.principal.require(*ASSIGNERS)
    if (known := await _existing(work, body)) is not None:
        detail = "A campaign with this external id exists."
        raise AlreadyExists(detail, pointer="/external_id", id=str(known.state.id))
    loaded = await _planned(work, body)
    response.headers["Location"] = f"/v1/campaigns/{loaded.state.id}"
    return CampaignView.of(loaded)


@router.post(
    "/v1/campaigns:batch", responses=problems(Forbidden), openapi_extra=example({"items": [{"item_id": "1", **SPRING}]})
)
async def plan_campaigns(body: Batch[CampaignItem], work: Work, response: Response) -> BatchReply:
    """Plan many campaigns; one whose external id is known is answered with ``existing``."""
    work.principal.require(*ASSIGNERS)

    async def run(item: CampaignItem) -> Any:
        known = await _existing(work, item)
        if known is not None:
            return known.state.id, Existing(known.state.id, known)
        loaded = await _planned(work, item)
        return loaded.state.id, loaded

    results = await each(work, body.items, run, atomic=body.atomic, created=True)
    work.version = None
    return reply(results, response)


@router.get("/v1/campaigns")
async def list_campaigns(
    reader: Reader,
    *,
    source: Annotated[Name | None, Query()] = None,
    active: bool | None = None,
    external_id: Annotated[ExternalId | None, Query()] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[CampaignView]:
    """Campaigns in order of entry."""
    cursors = reader.cursors("campaigns")
    rows = await _campaigns(reader, source, active, external_id, after=cursors.read(cursor), limit=limit)
    return cursors.page(rows, limit, lambda row: CampaignView.of(_loaded(row)), lambda row: [row["id"]])


@router.get("/v1/spending", responses=problems(Forbidden))
async def list_spending(
    reader: Reader,
    *,
    source: Annotated[Name | None, Query()] = None,
    active: bool | None = None,
    external_id: Annotated[ExternalId | None, Query()] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[SpendingView]:
    """What campaigns have cost so far against their budgets; of one campaign by its ``external_id``."""
    reader.principal.require(*ASSIGNERS)
    cursors = reader.cursors("spending")
    rows = await _campaigns(reader, source, active, external_id, after=cursors.read(cursor), limit=limit)
    found = await store_campaigns.totals(reader.connection, reader.tenant, [row["id"] for row in rows])
    currency = (await reader.directory.tenant(reader.tenant)).base_currency

    def view(row: Any) -> SpendingView:
        return SpendingView.of(_loaded(row).state, found.get(row["id"], store_campaigns.NOTHING), currency)

    return cursors.page(rows, limit, view, lambda row: [row["id"]])


@router.get("/v1/campaigns/{campaign_id}", responses=problems(NotFound))
async def get_campaign(campaign_id: UUID, reader: Reader) -> CampaignView:
    """One campaign."""
    return CampaignView.of(await reader.load(CAMPAIGN, campaign_id))


@router.get("/v1/campaigns/{campaign_id}/spending", responses=problems(NotFound, Forbidden))
async def get_spending(campaign_id: UUID, reader: Reader) -> SpendingView:
    """What a campaign has cost so far against its budget."""
    reader.principal.require(*ASSIGNERS)
    query = store.Query(reader.tenant)
    query.equal({"id": campaign_id})
    rows = await store.by_id(reader.connection, query, "campaign", after=None, limit=1)
    if not rows:
        raise NotFound
    found = await store_campaigns.totals(reader.connection, reader.tenant, [campaign_id])
    currency = (await reader.directory.tenant(reader.tenant)).base_currency
    return SpendingView.of(_loaded(rows[0]).state, found.get(campaign_id, store_campaigns.NOTHING), currency)


@router.patch(
    "/v1/campaigns/{campaign_id}",
    responses=problems(NotFound, Forbidden, DaysBackwards, Invalid, RateMissing),
    openapi_extra=example({"budget": {"amount": "6000.00", "currency": "USD"}}),
)
async def change_campaign(campaign_id: UUID, body: CampaignChange, work: Work) -> CampaignView:
    """Change name, source, medium, days, budget or activity; what was spent keeps the source it was booked for."""
    work.principal.require(*ASSIGNERS)
    return CampaignView.of(await work.execute(CAMPAIGN, campaign_id, await booking.changed(work, body)))


async def _campaigns(
    reader: ReadTransaction,
    source: str | None,
    active: bool | None,
    external_id: str | None,
    *,
    after: Sequence[str | None] | None,
    limit: int,
) -> list[Any]:
    query = store.Query(reader.tenant)
    query.equal({"source": source, "active": active, "external_id": external_id})
    return await store.by_id(reader.connection, query, "campaign", after=after, limit=limit)


async def _existing(work: UnitOfWork, body: CampaignInput) -> Loaded[CampaignState] | None:
    return None if body.external_id is None else await work.find(CAMPAIGN, "external_id", body.external_id)


async def _planned(work: UnitOfWork, body: CampaignInput) -> Loaded[CampaignState]:
    command = await booking.planned(work, body)
    return await work.execute(CAMPAIGN, command.campaign.id, command)


def _loaded(row: Any) -> Loaded[CampaignState]:
    return Loaded(CampaignState.model_validate_json(row["state"]), row["version"])
