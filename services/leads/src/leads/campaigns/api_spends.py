"""What was spent on campaigns, over HTTP: book, reverse, list. For those who look after others."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.aggregates import Loaded
from chassis.bulk import Batch, BatchReply, reply
from chassis.examples import example
from chassis.inputs import Day, ExternalId, Name
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import AlreadyExists, Forbidden, Invalid, NotFound, RateMissing
from chassis.routes import CommandRoute, Work
from events.catalogue.campaigns import SpendState
from leads import store
from leads.campaigns import batch as campaign_batch
from leads.campaigns import store as store_campaigns
from leads.campaigns.batch import SpendItem
from leads.campaigns.booking import Bookings
from leads.campaigns.campaign import DaysBackwards
from leads.campaigns.inputs import SpendInput
from leads.campaigns.spend import (
    SPEND,
    CampaignWithoutEnd,
    OutsideCampaign,
    ReverseSpend,
    SpendAlreadyReversed,
    TooManyDays,
)
from leads.campaigns.views import SpendView
from leads.inputs import Reason
from leads.lookups import ASSIGNERS
from leads.sequence import OutOfSequence

router = APIRouter(route_class=CommandRoute, tags=["campaigns"])

BILL = {
    "campaign_external_id": "spring-26",
    "external_id": "bill-881",
    "from_on": "2026-03-01",
    "to_on": "2026-03-15",
    "amount": {"amount": "1240.50", "currency": "USD"},
    "note": "stand and posters",
}


@router.post(
    "/v1/spends",
    status_code=201,
    responses=problems(
        AlreadyExists, Forbidden, Invalid, DaysBackwards, OutsideCampaign, CampaignWithoutEnd, TooManyDays, RateMissing
    ),
    openapi_extra=example(BILL),
)
async def book_spend(body: SpendInput, work: Work, response: Response) -> SpendView:
    """Book what was spent on a campaign, on a day or evenly over several; without days, over all of the campaign."""
    work.principal.require(*ASSIGNERS)
    if body.external_id is not None and (known := await work.find(SPEND, "external_id", body.external_id)) is not None:
        detail = "A spend with this external id is booked."
        raise AlreadyExists(detail, pointer="/external_id", id=str(known.state.id))
    bookings = Bookings(work)
    await bookings.gather([body])
    command = await bookings.booking(body)
    loaded = await work.execute(SPEND, command.id, command)
    response.headers["Location"] = f"/v1/spends/{loaded.state.id}"
    return SpendView.of(loaded)


@router.post(
    "/v1/spends:batch", responses=problems(Forbidden), openapi_extra=example({"items": [{"item_id": "1", **BILL}]})
)
async def book_spends(body: Batch[SpendItem], work: Work, response: Response) -> BatchReply:
    """Book many spends; one that is booked already under its external id is answered with ``existing``."""
    work.principal.require(*ASSIGNERS)
    results = await campaign_batch.run(work, body.items, atomic=body.atomic)
    work.version = None
    return reply(results, response)


@router.get("/v1/spends", responses=problems(Forbidden))
async def list_spends(
    reader: Reader,
    *,
    campaign: UUID | None = None,
    source: Annotated[Name | None, Query()] = None,
    reversed: bool | None = None,  # noqa: A002 - what it is called in the address
    external_id: Annotated[ExternalId | None, Query()] = None,
    from_on: Day | None = None,
    to_on: Day | None = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[SpendView]:
    """Spends with a day from ``from_on`` on and before ``to_on``, in order of entry."""
    reader.principal.require(*ASSIGNERS)
    cursors = reader.cursors("spends")
    query = store.Query(reader.tenant)
    query.equal({"campaign_id": campaign, "source": source, "reversed": reversed, "external_id": external_id})
    store_campaigns.on_days(query, from_on, to_on)
    rows = await store.by_id(reader.connection, query, "spend", after=cursors.read(cursor), limit=limit)
    return cursors.page(rows, limit, lambda row: SpendView.of(_loaded(row)), lambda row: [row["id"]])


@router.get("/v1/spends/{spend_id}", responses=problems(NotFound, Forbidden))
async def get_spend(spend_id: UUID, reader: Reader) -> SpendView:
    """One spend."""
    reader.principal.require(*ASSIGNERS)
    return SpendView.of(await reader.load(SPEND, spend_id))


@router.post(
    "/v1/spends/{spend_id}/reversal",
    responses=problems(NotFound, Forbidden, SpendAlreadyReversed, OutOfSequence),
    openapi_extra=example({"reason": "the bill was of another campaign"}),
)
async def reverse_spend(spend_id: UUID, body: Reason, work: Work) -> SpendView:
    """Take a spend back that was booked wrongly: on all of its days, and for good."""
    work.principal.require(*ASSIGNERS)
    moment = await work.moment(body.occurred_at)
    return SpendView.of(await work.execute(SPEND, spend_id, ReverseSpend(moment=moment, reason=body.reason)))


def _loaded(row: Any) -> Loaded[SpendState]:
    return Loaded(SpendState.model_validate_json(row["state"]), row["version"])
