"""Deals over HTTP: one short function an endpoint. What a caller may touch is the scope of the principal."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from chassis.aggregates import Loaded
from chassis.bulk import BatchReply, reply
from chassis.examples import example
from chassis.inputs import Day, ExternalId, OccurredAt
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import AlreadyExists, Forbidden, Invalid, NotFound, RateMissing
from chassis.routes import CommandRoute, Work
from deals import batch, store
from deals.batch import DealBatch
from deals.deal import DEAL
from deals.inputs import (
    AmountChange,
    Closure,
    DealChange,
    DealInput,
    DetailsChange,
    ExpectedCloseChange,
    Label,
    LinesChange,
    NextStepChange,
    OwnerChange,
    Reopening,
    StageMove,
)
from deals.lookups import Lookups
from deals.refusals import (
    AmountFollowsLines,
    AmountOutOfRange,
    DealIsClosed,
    DealIsOpen,
    ExitCriteriaMissing,
    ListPriceMissing,
    MixedCurrencies,
    NotOffered,
    OutOfSequence,
    ReopenedTooOften,
    UnknownStage,
)
from deals.translation import WORKS_ON_DEALS, change, opening
from deals.views import DealView, StageHistory
from events.catalogue.deals import DealState, DealStatus, StageKey

router = APIRouter(prefix="/v1", tags=["deals"], route_class=CommandRoute)

_ANY_CHANGE = (NotFound, Forbidden, Invalid, OutOfSequence)
_PRICES = (RateMissing, ListPriceMissing, MixedCurrencies, AmountOutOfRange, NotOffered)


@router.post(
    "/deals",
    status_code=201,
    responses={
        200: {"model": DealView, "description": "A deal with this external id exists."},
        **problems(Forbidden, Invalid, UnknownStage, AlreadyExists, *_PRICES),
    },
    openapi_extra=example(
        {
            "name": "200 laptops",
            "external_id": "d-5",
            "amount": {"amount": "1054.00", "currency": "USD"},
            "expected_close_on": "2026-06-30",
            "source": "fair",
        }
    ),
)
async def open_deal(body: DealInput, work: Work, response: Response) -> DealView:
    """Open a deal; one whose external id exists already is answered with 200 as it is."""
    work.principal.require(*WORKS_ON_DEALS)
    if body.external_id is not None and (found := await work.find(DEAL, "external_id", body.external_id)):
        if not work.principal.scope.allows(found.state.owner):
            raise AlreadyExists(f"A deal {body.external_id} exists.", pointer="/external_id")
        response.status_code = 200
        work.version = found.version
        return DealView.of(found)
    lookups = Lookups(work)
    await lookups.gather([body])
    command = await opening(body, work.new_id(), lookups)
    return DealView.of(await work.execute(DEAL, command.id, command))


@router.post(
    "/deals:batch",
    openapi_extra=example(
        {
            "items": [
                {
                    "item_id": "row 1",
                    "command": "open",
                    "name": "200 laptops",
                    "external_id": "d-5",
                    "occurred_at": "2026-03-01T09:30:00Z",
                },
                {"item_id": "row 2", "command": "win", "external_id": "d-5"},
            ]
        }
    ),
)
async def batch_deals(body: DealBatch, work: Work, response: Response) -> BatchReply:
    """Up to 200 commands in their order."""
    return reply(await batch.run(work, body), response)


class DealQuery(BaseModel):
    """Filters, order and place of a list of deals. Days are half-open: from included, to excluded."""

    status: DealStatus | None = None
    owner: UUID | None = None
    team: UUID | None = None
    pipeline: UUID | None = None
    stage: StageKey | None = None
    account: UUID | None = None
    external_id: ExternalId | None = None
    source: Label | None = None
    opened_from: Day | None = None
    opened_to: Day | None = None
    expected_close_from: Day | None = None
    expected_close_to: Day | None = None
    updated_after: OccurredAt | None = None
    sort: Literal["created", "-created"] = "created"
    limit: Limit = 50
    cursor: CursorText = None

    def narrowed(self) -> store.DealFilter:
        return store.DealFilter(**self.model_dump(exclude={"sort", "limit", "cursor"}))


@router.get("/deals")
async def list_deals(query: Annotated[DealQuery, Query()], reader: Reader) -> Page[DealView]:
    """The deals that you may see, in the order in which they were recorded."""
    cursors = reader.cursors(f"deals {query.sort}")
    rows = await store.list_deals(
        reader.connection,
        reader.tenant,
        reader.scope,
        query.narrowed(),
        after=position(cursors.read(query.cursor)),
        descending=query.sort == "-created",
        limit=query.limit + 1,
    )
    return cursors.page(rows, query.limit, _view, lambda row: (row["created_at"], row["id"]))


@router.get("/deals/{deal_id}", responses=problems(NotFound))
async def get_deal(deal_id: UUID, reader: Reader) -> DealView:
    """One deal."""
    return DealView.of(await reader.load(DEAL, deal_id, visible=lambda deal: reader.scope.allows(deal.owner)))


@router.get("/deals/{deal_id}/stages", responses=problems(NotFound))
async def get_stage_history(deal_id: UUID, reader: Reader) -> StageHistory:
    """The stages that the deal went through, and how long it stayed in each."""
    deal = await reader.load(DEAL, deal_id, visible=lambda deal: reader.scope.allows(deal.owner))
    return StageHistory.of(deal.state, reader.now)


@router.patch(
    "/deals/{deal_id}",
    responses=problems(*_ANY_CHANGE),
    openapi_extra=example({"name": "250 laptops", "campaign": "spring"}),
)
async def change_details(deal_id: UUID, body: DetailsChange, work: Work) -> DealView:
    """Correct name, source, campaign or account."""
    return await _changed(deal_id, body, work)


@router.post(
    "/deals/{deal_id}/stage",
    responses=problems(*_ANY_CHANGE, DealIsClosed, ExitCriteriaMissing, UnknownStage),
    openapi_extra=example({"stage": "proposal"}),
)
async def move_stage(deal_id: UUID, body: StageMove, work: Work) -> DealView:
    """Move to another stage, onward or back; onward asks for what the present stage demands."""
    return await _changed(deal_id, body, work)


@router.post(
    "/deals/{deal_id}/amount",
    responses=problems(*_ANY_CHANGE, DealIsClosed, AmountFollowsLines, *_PRICES),
    openapi_extra=example({"amount": {"amount": "1054.00", "currency": "USD"}}),
)
async def change_amount(deal_id: UUID, body: AmountChange, work: Work) -> DealView:
    """Say what the deal is worth."""
    return await _changed(deal_id, body, work)


@router.post(
    "/deals/{deal_id}/lines",
    responses=problems(*_ANY_CHANGE, DealIsClosed, *_PRICES),
    openapi_extra=example(
        {"lines": [{"product_external_id": "lamp", "quantity": 2, "net_price": {"amount": "9.50", "currency": "USD"}}]}
    ),
)
async def change_lines(deal_id: UUID, body: LinesChange, work: Work) -> DealView:
    """Say which products the deal is about; their net prices add up to its amount."""
    return await _changed(deal_id, body, work)


@router.post(
    "/deals/{deal_id}/owner", responses=problems(*_ANY_CHANGE), openapi_extra=example({"owner_external_id": "rep"})
)
async def change_owner(deal_id: UUID, body: OwnerChange, work: Work) -> DealView:
    """Give the deal to somebody else."""
    return await _changed(deal_id, body, work)


@router.post(
    "/deals/{deal_id}/expected-close",
    responses=problems(*_ANY_CHANGE, DealIsClosed),
    openapi_extra=example({"expected_close_on": "2026-06-30"}),
)
async def change_expected_close(deal_id: UUID, body: ExpectedCloseChange, work: Work) -> DealView:
    """Say when the deal is expected to close."""
    return await _changed(deal_id, body, work)


@router.post(
    "/deals/{deal_id}/next-step",
    responses=problems(*_ANY_CHANGE, DealIsClosed),
    openapi_extra=example({"next_step": {"what": "Send the offer", "due_on": "2026-03-10"}}),
)
async def plan_next_step(deal_id: UUID, body: NextStepChange, work: Work) -> DealView:
    """Plan the next step, or say that it is done."""
    return await _changed(deal_id, body, work)


@router.post(
    "/deals/{deal_id}/closure",
    responses=problems(*_ANY_CHANGE, DealIsClosed, ExitCriteriaMissing, AmountFollowsLines, *_PRICES),
    openapi_extra=example({"outcome": "lost", "reason": "price", "competitor": "Somebody else"}),
)
async def close_deal(deal_id: UUID, body: Closure, work: Work) -> DealView:
    """Close the deal as won or lost."""
    return await _changed(deal_id, body, work)


@router.post(
    "/deals/{deal_id}/reopening",
    responses=problems(*_ANY_CHANGE, DealIsOpen, ReopenedTooOften, UnknownStage),
    openapi_extra=example({"reason": "they called again"}),
)
async def reopen_deal(deal_id: UUID, body: Reopening, work: Work) -> DealView:
    """Work on a closed deal again; the close is taken back in the period of the reopening."""
    return await _changed(deal_id, body, work)


async def _changed(deal_id: UUID, body: DealChange, work: Work) -> DealView:
    work.principal.require(*WORKS_ON_DEALS)
    lookups = Lookups(work)
    await lookups.gather([body])
    command = await change(body, lookups)
    scope = work.principal.scope
    return DealView.of(await work.execute(DEAL, deal_id, command, visible=lambda deal: scope.allows(deal.owner)))


def position(values: list[str | None] | None) -> store.Position | None:
    """Where a page begins, from its cursor."""
    if values is None:
        return None
    created_at, id_ = values
    return datetime.fromisoformat(str(created_at)), UUID(id_)


def _view(row: store.Row) -> DealView:
    return DealView.of(Loaded(DealState.model_validate_json(row["state"]), row["version"]))
