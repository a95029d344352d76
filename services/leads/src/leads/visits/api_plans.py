"""Visit plans over HTTP: how often accounts of a class are visited, and which are due."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query

from chassis.examples import example
from chassis.inputs import Day
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Forbidden, NotFound
from chassis.routes import CommandRoute, Work
from leads.inputs import Code
from leads.qualification.api_checklists import RULERS
from leads.store import OWNERS
from leads.store import Query as Conditions
from leads.visits import store
from leads.visits.inputs import PlanInput, RulesInput
from leads.visits.plan import VisitPlan
from leads.visits.proof import Rules
from leads.visits.views import DueVisitView, RulesView, VisitPlanView

router = APIRouter(route_class=CommandRoute, tags=["visits"])

MONTHLY = {"customer_class": "a", "every_days": 30, "steps": [{"code": "stock", "text": "Count the stock"}]}

Class = Annotated[Code, Path()]


@router.post("/v1/visit-plans", status_code=201, responses=problems(Forbidden), openapi_extra=example(MONTHLY))
async def set_visit_plan(body: PlanInput, work: Work) -> VisitPlanView:
    """Say how often accounts of a class are visited, and what is done there, in place of what was said before."""
    work.principal.require(*RULERS)
    plan = VisitPlan(body.customer_class, body.every_days, body.standard, body.active)
    await store.keep_plan(work.connection, work.tenant, plan)
    return VisitPlanView.of(plan)


@router.get("/v1/visit-plans")
async def list_visit_plans(reader: Reader, *, limit: Limit = 50, cursor: CursorText = None) -> Page[VisitPlanView]:
    """Plans in the order of their classes."""
    cursors = reader.cursors("visit plans")
    rows = await store.plans(reader.connection, Conditions(reader.tenant), after=cursors.read(cursor), limit=limit)
    return cursors.page(
        rows, limit, lambda row: VisitPlanView.of(store.plan_of(row)), lambda row: [row["customer_class"]]
    )


@router.get("/v1/visit-plans/{customer_class}", responses=problems(NotFound))
async def get_visit_plan(customer_class: Class, reader: Reader) -> VisitPlanView:
    """The plan of one class."""
    plan = await store.plan(reader.connection, reader.tenant, customer_class)
    if plan is None:
        raise NotFound
    return VisitPlanView.of(plan)


@router.get("/v1/due-visits")
async def list_due_visits(
    reader: Reader,
    *,
    owner: UUID | None = None,
    by: Annotated[Day | None, Query()] = None,
    unplanned: bool | None = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[DueVisitView]:
    """Accounts that the caller may see whose next visit is due ``by`` a day (today where absent), in order of entry:
    so many days after the last one as the plan of their class says, at once where there was none. Paused ones are out.
    """
    today = (await reader.directory.moment(reader.tenant, reader.now)).on
    cursors = reader.cursors("due visits")
    query = Conditions(reader.tenant)
    query.equal({"owner_id": owner})
    query.within(reader.scope, *OWNERS, unowned=True)
    rows = await store.due(
        reader.connection,
        query,
        by=by or today,
        now=reader.now,
        today=today,
        unplanned=unplanned,
        after=cursors.read(cursor),
        limit=limit,
    )
    return cursors.page(rows, limit, _due, lambda row: [row["id"]])


@router.get("/v1/visit-rules")
async def get_visit_rules(reader: Reader) -> RulesView:
    """What the firm takes for a visit."""
    return RulesView(**(await store.rules(reader.connection, reader.tenant))._asdict())


@router.put("/v1/visit-rules", responses=problems(Forbidden), openapi_extra=example({"radius_metres": 500}))
async def set_visit_rules(body: RulesInput, work: Work) -> RulesView:
    """Set what the firm takes for a visit; what is absent is as usual. Visits checked before stay as they were."""
    work.principal.require(*RULERS)
    rules = Rules(**body.model_dump())
    await store.keep_rules(work.connection, work.tenant, rules)
    return RulesView(**rules._asdict())


def _due(row: Any) -> DueVisitView:
    return DueVisitView(
        account=row["id"],
        name=row["name"],
        customer_class=row["customer_class"],
        owner=row["owner_id"],
        every_days=row["every_days"],
        last_visit_on=row["last_on"],
        due_on=row["due_on"],
        planned=row["planned_id"],
        planned_at=row["planned_from"],
    )
