"""Needs over HTTP: what was answered in a conversation, and what is known by it of a lead or an account."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter

from chassis.examples import example
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader, ReadTransaction
from chassis.refusals import Forbidden, Invalid, NotFound
from chassis.routes import CommandRoute, Work
from chassis.unit_of_work import UnitOfWork
from leads.activities import recording
from leads.customers.customer import CUSTOMER
from leads.customers.personal_data import PersonalReads, Reads, sight_of
from leads.inputs import Code
from leads.lead import LEAD
from leads.lookups import sees_account, sees_lead
from leads.scripts import store
from leads.scripts.inputs import AnswersInput
from leads.scripts.script import NoConversation, Script, ScriptNotInUse, refuse_silent
from leads.scripts.store import Need
from leads.scripts.views import NeedsView, NeedView
from leads.store import Query, of_lead

router = APIRouter(route_class=CommandRoute, tags=["needs"])

ANSWERS = {"script": "first-talk", "answers": [{"question": "trouble", "answer": "They leak every spring."}]}


@router.post(
    "/v1/activities/{activity_id}/answers",
    status_code=201,
    responses=problems(NotFound, Forbidden, Invalid, NoConversation, ScriptNotInUse),
    openapi_extra=example(ANSWERS),
)
async def keep_answers(activity_id: UUID, body: AnswersInput, work: Work) -> NeedsView:
    """Keep what was answered to a script's questions in a call, message, meeting or visit, as needs of its lead and
    account. One given anew stands; the one before is its past.
    """
    activity = await recording.changeable(work, activity_id)
    at = (await work.moment(body.occurred_at or activity.done_at)).at
    refuse_silent(activity)
    script = await _script(work, body)
    whose = (activity.id, activity.lead_id, activity.account_id, activity.contact_id)
    asked = list(script.answered(each.question for each in body.answers))
    needs = [
        Need(
            *(work.new_id(), *whose, script.script, script.edition),
            *(question.code, question.text, question.need, given.answer, at, work.now, work.principal.subject),
        )
        for question, given in zip(asked, body.answers, strict=True)
    ]
    await store.write(work.connection, work.tenant, needs)
    return NeedsView(needs=[NeedView.of(need._asdict()) for need in needs])


@router.get("/v1/leads/{lead_id}/needs", responses=problems(NotFound))
async def get_needs_of_lead(lead_id: UUID, reads: PersonalReads, reader: Reader) -> NeedsView:
    """The newest answer to each question, by the lead and those it stands for."""
    await reader.load(LEAD, lead_id, visible=lambda lead: sees_lead(reader.scope, lead))
    query = Query(reader.tenant)
    of_lead(query, lead_id)
    return NeedsView(needs=await _seen(reads, reader, await store.standing(reader.connection, query)))


@router.get("/v1/accounts/{account_id}/needs", responses=problems(NotFound))
async def get_needs_of_account(account_id: UUID, reads: PersonalReads, reader: Reader) -> NeedsView:
    """The newest answer to each question, by the account and its leads."""
    await reader.load(CUSTOMER, account_id, visible=lambda account: sees_account(reader.scope, account))
    query = Query(reader.tenant)
    store.of_account(query, account_id)
    return NeedsView(needs=await _seen(reads, reader, await store.standing(reader.connection, query)))


@router.get("/v1/leads/{lead_id}/need-history", responses=problems(NotFound))
async def list_needs_of_lead(
    lead_id: UUID,
    reads: PersonalReads,
    reader: Reader,
    *,
    need: Code | None = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[NeedView]:
    """Every answer of a lead there ever was, the newest first; those that tell one kind of ``need``."""
    await reader.load(LEAD, lead_id, visible=lambda lead: sees_lead(reader.scope, lead))
    query = Query(reader.tenant)
    of_lead(query, lead_id)
    query.equal({"need": need})
    return await _page(reads, reader, query, f"needs lead {lead_id} {need}", limit=limit, cursor=cursor)


@router.get("/v1/accounts/{account_id}/need-history", responses=problems(NotFound))
async def list_needs_of_account(
    account_id: UUID,
    reads: PersonalReads,
    reader: Reader,
    *,
    need: Code | None = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[NeedView]:
    """Every answer of an account and its leads there ever was, the newest first; of one kind of ``need``."""
    await reader.load(CUSTOMER, account_id, visible=lambda account: sees_account(reader.scope, account))
    query = Query(reader.tenant)
    store.of_account(query, account_id)
    query.equal({"need": need})
    return await _page(reads, reader, query, f"needs account {account_id} {need}", limit=limit, cursor=cursor)


async def _page(
    reads: Reads, reader: ReadTransaction, query: Query, purpose: str, *, limit: int, cursor: str | None
) -> Page[NeedView]:
    cursors = reader.cursors(purpose)
    rows = await store.needs(reader.connection, query, after=cursors.read(cursor), limit=limit)
    seen = dict(zip((row["id"] for row in rows), await _seen(reads, reader, rows[:limit]), strict=False))
    return cursors.page(rows, limit, lambda row: seen[row["id"]], lambda row: [row["id"]])


async def _seen(reads: Reads, reader: ReadTransaction, rows: Sequence[Any]) -> list[NeedView]:
    """What somebody answered may name contacts and how to reach them."""
    reads.note(reader.principal, (row["contact_id"] for row in rows))
    sight = await sight_of(reader.connection, reader.principal)
    return [NeedView.of(row, sight) for row in rows]


async def _script(work: UnitOfWork, body: AnswersInput) -> Script:
    found = await store.script(work.connection, work.tenant, body.script, body.edition)
    if found is None:
        raise Invalid("No such script is known.", pointer="/script" if body.edition is None else "/edition")
    if not found.active:
        raise ScriptNotInUse(pointer="/script")
    return found
