"""Handoffs over HTTP: offer, accept, return, list."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.aggregates import Loaded
from chassis.bulk import Batch, BatchReply, reply
from chassis.examples import example
from chassis.inputs import ExternalId
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import AlreadyExists, Forbidden, Invalid, NotFound, Refusal
from chassis.routes import CommandRoute, Work
from chassis.unit_of_work import UnitOfWork
from events.catalogue.leads import HandoffState, HandoffStatus
from leads import store
from leads.handoffs import batch as batch_handoffs
from leads.handoffs.batch import HandoffItem
from leads.handoffs.handing_over import Answer, HandingOver, Offer, Result
from leads.handoffs.handoff import HANDOFF, HandoffAlreadyAnswered
from leads.inputs import AcceptanceInput, OfferInput, Reason
from leads.known_names import name_taken
from leads.lookups import Lookups, sees_handoff
from leads.refusals import HandoffIsOpen, LeadIsClosed, LeadIsNotQualified
from leads.sequence import OutOfSequence
from leads.views import HandoffView

router = APIRouter(route_class=CommandRoute, tags=["handoffs"])

Order = Literal["offered_at", "-offered_at"]


@router.post(
    "/v1/leads/{lead_id}/handoff",
    status_code=201,
    responses=problems(
        NotFound, Forbidden, AlreadyExists, LeadIsNotQualified, LeadIsClosed, HandoffIsOpen, OutOfSequence, Invalid
    ),
    openapi_extra=example(
        {
            "offered_to_external_id": "rep",
            "opportunity": {
                "name": "200 laptops",
                "amount": {"amount": "1054.00", "currency": "USD"},
                "expected_close_on": "2026-06-30",
            },
        }
    ),
)
async def offer_lead(lead_id: UUID, body: OfferInput, work: Work, response: Response) -> HandoffView:
    """Offer a qualified lead to an account executive. The credit for it stays with the one who offers."""
    if body.external_id is not None and (known := await work.find(HANDOFF, "external_id", body.external_id)):
        raise name_taken("A handoff", known, seen=sees_handoff(work.principal.scope, known.state))
    id_ = work.new_id()
    handing_over = await _handing_over(work, body)
    view = _view(work, await handing_over.offer([Offer(lead_id, id_, body)]))
    response.headers["Location"] = f"/v1/handoffs/{id_}"
    return view


@router.post(
    "/v1/handoffs/{handoff_id}/acceptance",
    responses=problems(NotFound, Forbidden, HandoffAlreadyAnswered, OutOfSequence, Invalid),
    openapi_extra=example({"account_name": "Công ty Đông Á"}),
)
async def accept_handoff(handoff_id: UUID, body: AcceptanceInput, work: Work) -> HandoffView:
    """Take the lead over. It is converted, its account opened where there is none, and deals opens the deal named."""
    handing_over = await _handing_over(work, body)
    return _view(work, await handing_over.answer([Answer(handoff_id, body)]))


@router.post(
    "/v1/handoffs/{handoff_id}/return",
    responses=problems(NotFound, Forbidden, HandoffAlreadyAnswered, OutOfSequence),
    openapi_extra=example({"reason": "not ready to buy"}),
)
async def return_handoff(handoff_id: UUID, body: Reason, work: Work) -> HandoffView:
    """Give the lead back, for a reason; it is open again."""
    handing_over = await _handing_over(work, body)
    return _view(work, await handing_over.answer([Answer(handoff_id, body)]))


@router.post(
    "/v1/handoffs:batch",
    openapi_extra=example({"items": [{"item_id": "row 1", "command": "accept", "external_id": "h-3"}]}),
)
async def batch_of_handoffs(body: Batch[HandoffItem], work: Work, response: Response) -> BatchReply:
    """Up to 200 commands in their order: offer, accept, return."""
    return reply(await batch_handoffs.run(work, body.items, atomic=body.atomic), response)


@router.get("/v1/handoffs")
async def list_handoffs(
    reader: Reader,
    *,
    status: HandoffStatus | None = None,
    offered_to: UUID | None = None,
    offered_by: UUID | None = None,
    lead: UUID | None = None,
    external_id: Annotated[ExternalId | None, Query()] = None,
    sort: Order = "offered_at",
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[HandoffView]:
    """Handoffs that the caller offered, is offered, or looks after; by time of the offer.

    Those of a ``lead`` are also those of the leads that were merged into it.
    """
    cursors = reader.cursors(f"handoffs {sort}")
    query = store.Query(reader.tenant)
    query.equal(
        {
            "status": status.value if status else None,
            "offered_to_id": offered_to,
            "offered_by_id": offered_by,
            "external_id": external_id,
        }
    )
    store.of_lead(query, lead)
    query.within(reader.scope, *store.HANDOFF_OWNERS)
    rows = await store.handoffs(
        reader.connection, query, after=cursors.read(cursor), descending=sort.startswith("-"), limit=limit
    )
    handoffs = [_loaded(row) for row in rows]
    return cursors.page(handoffs, limit, HandoffView.of, lambda each: [each.state.offered_at, each.state.id])


@router.get("/v1/handoffs/{handoff_id}", responses=problems(NotFound))
async def get_handoff(handoff_id: UUID, reader: Reader) -> HandoffView:
    """One handoff."""
    scope = reader.scope
    return HandoffView.of(await reader.load(HANDOFF, handoff_id, visible=lambda each: sees_handoff(scope, each)))


async def _handing_over(work: UnitOfWork, body: Any) -> HandingOver:
    lookups = Lookups(work)
    await lookups.gather([body])
    return HandingOver(work, lookups)


def _view(work: UnitOfWork, results: list[Result]) -> HandoffView:
    result = results[0]
    if isinstance(result, Refusal):
        raise result
    work.version = result.version
    return HandoffView.of(result)


def _loaded(row: Any) -> Loaded[HandoffState]:
    return Loaded(HandoffState.model_validate_json(row["state"]), row["version"])
