"""Reasons for letting leads go over HTTP, and the leads that are to be looked at again."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.aggregates import Loaded
from chassis.examples import example
from chassis.inputs import Day
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import AlreadyExists, Forbidden, NotFound
from chassis.routes import CommandRoute, Work
from events.catalogue.leads import LeadState
from events.catalogue.qualification import DisqualifyReasonState
from leads import store
from leads.qualification import store as store_qualification
from leads.qualification.api_checklists import RULERS
from leads.qualification.inputs import ReasonChange, ReasonInput
from leads.qualification.reason import DISQUALIFY_REASON, ChangeReason, DefineReason
from leads.qualification.views import ReasonView
from leads.views import LeadView

router = APIRouter(route_class=CommandRoute, tags=["qualification"])


@router.post(
    "/v1/disqualify-reasons",
    status_code=201,
    responses=problems(AlreadyExists, Forbidden),
    openapi_extra=example({"code": "no-budget", "text": "No budget this year", "recall_after_days": 180}),
)
async def define_reason(body: ReasonInput, work: Work, response: Response) -> ReasonView:
    """A reason for letting leads go. While none is in use, any words are a reason.

    The codes junk, spam, test, duplicate and fake say that there never was a prospect: the figures leave such
    leads out.
    """
    work.principal.require(*RULERS)
    state = DisqualifyReasonState(
        id=work.new_id(),
        code=body.code,
        text=body.text,
        recall_after_days=body.recall_after_days,
        active=body.active,
    )
    command = DefineReason(moment=await work.moment(body.occurred_at), reason=state)
    loaded = await work.execute(DISQUALIFY_REASON, state.id, command)
    response.headers["Location"] = f"/v1/disqualify-reasons/{state.id}"
    return ReasonView.of(loaded)


@router.get("/v1/disqualify-reasons")
async def list_reasons(
    reader: Reader, *, active: bool | None = None, limit: Limit = 50, cursor: CursorText = None
) -> Page[ReasonView]:
    """Reasons in order of entry."""
    cursors = reader.cursors("disqualify reasons")
    query = store.Query(reader.tenant)
    query.equal({"active": active})
    rows = await store.by_id(reader.connection, query, "disqualify_reason", after=cursors.read(cursor), limit=limit)
    return cursors.page(rows, limit, lambda row: ReasonView.of(_reason(row)), lambda row: [row["id"]])


@router.get("/v1/disqualify-reasons/{reason_id}", responses=problems(NotFound))
async def get_reason(reason_id: UUID, reader: Reader) -> ReasonView:
    """One reason."""
    return ReasonView.of(await reader.load(DISQUALIFY_REASON, reason_id))


@router.patch(
    "/v1/disqualify-reasons/{reason_id}",
    responses=problems(NotFound, Forbidden),
    openapi_extra=example({"active": False}),
)
async def change_reason(reason_id: UUID, body: ReasonChange, work: Work) -> ReasonView:
    """Change text, recall or activity; the code stays, and with it what leads were let go for."""
    work.principal.require(*RULERS)
    changes = body.model_dump(exclude_unset=True)
    command = ChangeReason(moment=await work.moment(), changes=changes)
    return ReasonView.of(await work.execute(DISQUALIFY_REASON, reason_id, command))


@router.get("/v1/recalls")
async def list_recalls(
    reader: Reader,
    *,
    owner: UUID | None = None,
    from_on: Annotated[Day | None, Query()] = None,
    to_on: Annotated[Day | None, Query()] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[LeadView]:
    """Leads that were let go and are to be looked at again, by day: from ``from_on`` on, before ``to_on``.

    A lead whose day has come is opened again and is no longer among them.
    """
    cursors = reader.cursors("recalls")
    query = store.Query(reader.tenant)
    query.equal({"owner_id": owner})
    query.within(reader.scope, *store.LEAD_OWNERS)
    rows = await store_qualification.recalls(
        reader.connection, query, due=(from_on, to_on), after=cursors.read(cursor), limit=limit
    )
    return cursors.page(
        [_lead(row) for row in rows], limit, LeadView.of, lambda lead: [lead.state.recall_on, lead.state.id]
    )


def _reason(row: Any) -> Loaded[DisqualifyReasonState]:
    return Loaded(DisqualifyReasonState.model_validate_json(row["state"]), row["version"])


def _lead(row: Any) -> Loaded[LeadState]:
    return Loaded(LeadState.model_validate_json(row["state"]), row["version"])
