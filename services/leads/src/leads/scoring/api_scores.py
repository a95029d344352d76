"""Scores of leads over HTTP: of one lead, as a ranked work list, and the rep's own probability."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from chassis.examples import example
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader, ReadTransaction
from chassis.refusals import Invalid, NotFound
from chassis.routes import CommandRoute, Work
from events.catalogue.scoring import ScoreState
from leads import store as store_leads
from leads.lead import LEAD
from leads.lookups import sees_lead
from leads.scoring import store
from leads.scoring.forecast import SCORE, Estimate, LeadIsSettled
from leads.scoring.grading import Class
from leads.scoring.inputs import EstimateInput
from leads.scoring.keeping_scores import grade, grader_of
from leads.scoring.views import EstimatedView, ScoreView, WorkView

router = APIRouter(route_class=CommandRoute, tags=["scoring"])


@router.get("/v1/leads/{lead_id}/score", responses=problems(NotFound))
async def get_score(lead_id: UUID, reader: Reader) -> ScoreView:
    """The score of a lead as it is now: points of each rule it meets, what each column adds to its probability."""
    found = await store.leads_as_they_are(reader.connection, reader.tenant, [lead_id])
    if not found or not sees_lead(reader.scope, found[0][0].state):
        raise NotFound
    [(lead, account)] = found
    grader, rules_version = await grader_of(reader.connection, reader.tenant)
    zone = (await reader.directory.tenant(reader.tenant)).zone
    scores = await _scores(reader, [lead_id])
    graded = grade(grader, lead.state, account, zone)
    return ScoreView.of(lead.state, graded, grader, rules_version, scores.get(lead_id))


@router.put(
    "/v1/leads/{lead_id}/probability",
    responses=problems(NotFound, LeadIsSettled),
    openapi_extra=example({"percent": 35}),
)
async def estimate(lead_id: UUID, body: EstimateInput, work: Work) -> EstimatedView:
    """How likely the lead is to convert, as the one who works on it sees it; kept beside the system's."""
    scope = work.principal.scope
    lead = await work.load(LEAD, lead_id, visible=lambda lead: sees_lead(scope, lead))
    said = None if body.percent is None else 100 * body.percent
    command = Estimate(moment=await work.moment(), lead=lead.state, probability=said)
    return EstimatedView.of(await work.execute(SCORE, lead_id, command))


@router.get("/v1/work-list", responses=problems(Invalid))
async def work_list(
    reader: Reader,
    *,
    owner: UUID | None = None,
    class_name: Annotated[Class | None, Query()] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[WorkView]:
    """The leads of a rep that wait for work, best chance first, each with the reasons for its rank.

    Without ``owner`` the caller's own. A change of a lead, of the rules or of the scorecard shows within seconds.
    """
    person = owner or reader.principal.person
    if person is None:
        raise Invalid("This key belongs to no person: name the owner.", pointer="/owner")
    cursors = reader.cursors(f"work list {person}")
    query = store_leads.Query(reader.tenant)
    query.equal({"owner_id": person, "class": class_name})
    store.held_by(query, person, reader.scope)
    rows = await store.work_list(reader.connection, query, after=cursors.read(cursor), limit=limit)
    ids = [row["lead_id"] for row in rows]
    leads = {
        lead.state.id: lead.state for lead, _ in await store.leads_as_they_are(reader.connection, reader.tenant, ids)
    }
    scores = await _scores(reader, ids)
    return cursors.page(
        rows,
        limit,
        lambda row: WorkView.of(row, leads[row["lead_id"]], scores.get(row["lead_id"])),
        lambda row: [row["rank"], row["lead_id"]],
    )


async def _scores(reader: ReadTransaction, ids: Sequence[UUID]) -> dict[UUID, ScoreState]:
    rows = await store.states(reader.connection, reader.tenant, "score", ids)
    return {id_: ScoreState.model_validate_json(row["state"]) for id_, row in rows.items()}
