"""Following up over HTTP: next steps and pauses of leads and accounts, and the list of those that nobody follows up."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.examples import example
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import NotFound
from chassis.routes import CommandRoute, Work
from events.catalogue.follow_ups import FollowUp, FollowUpPause
from events.catalogue.leads import CustomerState, LeadState
from leads.activities import store_follow_ups as store
from leads.activities.following_up import NothingToFollowUp, PauseFollowUp, PauseIsOver, PlanFollowUp
from leads.activities.inputs import FollowUpInput, NextStepInput, PauseInput
from leads.activities.store_follow_ups import KEPT, Subject, Violation
from leads.customers.customer import CUSTOMER
from leads.lead import LEAD
from leads.lookups import sees_account, sees_lead
from leads.store import Query
from leads.views import AccountView, FollowUpView, LeadView, PauseView

router = APIRouter(route_class=CommandRoute, tags=["follow-ups"])

STEP = {"next_step": {"what": "send-offer", "due_on": "2026-03-09"}}
PAUSE = {"until": "2026-04-01", "reason": "budget-next-quarter"}


class FollowUpGap(BaseModel):
    """An open lead or cared-for account that is not followed up as it should be, and why not."""

    id: UUID
    kind: Subject
    violations: list[Violation]
    owner: UUID | None
    next_step: FollowUpView | None
    paused: PauseView | None


@router.get("/v1/follow-ups")
async def list_follow_ups(
    reader: Reader,
    *,
    kind: Subject = "lead",
    state: Violation | None = None,
    owner: UUID | None = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[FollowUpGap]:
    """Open leads, or cared-for accounts, that the caller may see and that nobody active holds (``unowned``), that have
    no next step (``missing``), or one whose day is past (``overdue``). Paused ones need no next step.
    """
    cursors = reader.cursors(f"follow-ups {kind}")
    today = (await reader.directory.moment(reader.tenant, reader.now)).on
    query = Query(reader.tenant)
    query.equal({"owner_id": owner})
    store.violated(query, kind, state, today)
    query.within(reader.scope, *KEPT[kind].owners, unowned=KEPT[kind].unowned)
    rows = await store.page(reader.connection, query, kind, after=cursors.read(cursor), limit=limit)
    return cursors.page(rows, limit, lambda row: _gap(kind, row, today), lambda row: [row["id"]])


@router.post(
    "/v1/leads/{lead_id}/next-step", responses=problems(NotFound, NothingToFollowUp), openapi_extra=example(STEP)
)
async def plan_next_step_of_lead(lead_id: UUID, body: FollowUpInput, work: Work) -> LeadView:
    """What is to be done next for the lead, by when."""
    command = PlanFollowUp(moment=await work.moment(), next_step=step_of(body.next_step))
    scope = work.principal.scope
    return LeadView.of(await work.execute(LEAD, lead_id, command, visible=lambda lead: sees_lead(scope, lead)))


@router.post(
    "/v1/leads/{lead_id}/pause",
    responses=problems(NotFound, NothingToFollowUp, PauseIsOver),
    openapi_extra=example(PAUSE),
)
async def pause_lead(lead_id: UUID, body: PauseInput, work: Work) -> LeadView:
    """Nothing is to be done for the lead until a day, for a reason."""
    command = PauseFollowUp(moment=await work.moment(), pause=_pause_of(body))
    scope = work.principal.scope
    return LeadView.of(await work.execute(LEAD, lead_id, command, visible=lambda lead: sees_lead(scope, lead)))


@router.post("/v1/accounts/{account_id}/next-step", responses=problems(NotFound), openapi_extra=example(STEP))
async def plan_next_step_of_account(account_id: UUID, body: FollowUpInput, work: Work) -> AccountView:
    """What is to be done next for the account, by when."""
    command = PlanFollowUp(moment=await work.moment(), next_step=step_of(body.next_step))
    scope = work.principal.scope
    return AccountView.of(
        await work.execute(CUSTOMER, account_id, command, visible=lambda one: sees_account(scope, one))
    )


@router.post("/v1/accounts/{account_id}/pause", responses=problems(NotFound, PauseIsOver), openapi_extra=example(PAUSE))
async def pause_account(account_id: UUID, body: PauseInput, work: Work) -> AccountView:
    """Nothing is to be done for the account until a day, for a reason."""
    command = PauseFollowUp(moment=await work.moment(), pause=_pause_of(body))
    scope = work.principal.scope
    return AccountView.of(
        await work.execute(CUSTOMER, account_id, command, visible=lambda one: sees_account(scope, one))
    )


def step_of(body: NextStepInput | None) -> FollowUp | None:
    return None if body is None else FollowUp(what=body.what, due_on=body.due_on)


def _pause_of(body: PauseInput) -> FollowUpPause | None:
    if body.until is None or body.reason is None:
        return None
    return FollowUpPause(until=body.until, reason=body.reason)


def _gap(kind: Subject, row: Any, today: date) -> FollowUpGap:
    state = (LeadState if kind == "lead" else CustomerState).model_validate_json(row["state"])
    return FollowUpGap(
        id=row["id"],
        kind=kind,
        violations=list(_violations(state, today, unowned=row["unowned"])),
        owner=row["owner_id"],
        next_step=FollowUpView.of(state.next_step),
        paused=PauseView.of(state.paused),
    )


def _violations(record: LeadState | CustomerState, today: date, *, unowned: bool) -> Iterator[Violation]:
    if unowned:
        yield "unowned"
    if record.paused is not None and record.paused.until > today:
        return
    if record.next_step is None:
        yield "missing"
    elif record.next_step.due_on < today:
        yield "overdue"
