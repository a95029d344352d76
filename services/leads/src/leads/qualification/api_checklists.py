"""Checklists over HTTP: everybody sees what is asked, sales operations says it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.aggregates import Loaded
from chassis.examples import example
from chassis.inputs import ExternalId, Name
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import AlreadyExists, Forbidden, NotFound
from chassis.routes import CommandRoute, Work
from events.catalogue.identity import Role
from events.catalogue.qualification import ChecklistItem, ChecklistState
from leads import store
from leads.qualification.checklist import CHECKLIST, ChangeChecklist, DefineChecklist, ItemTwice
from leads.qualification.inputs import ChecklistChange, ChecklistInput, ItemInput
from leads.qualification.views import ChecklistView

router = APIRouter(route_class=CommandRoute, tags=["qualification"])

RULERS = (Role.SALES_OPS, Role.ADMIN)
"""Who says how the firm qualifies."""

BANT = {
    "name": "Web leads",
    "source": "web",
    "items": [
        {"code": "budget", "text": "Is there a budget this year?"},
        {"code": "decider", "text": "Do we talk to who decides?"},
        {"code": "competitor", "text": "Do they use a competitor?", "required": False},
    ],
}


@router.post(
    "/v1/checklists",
    status_code=201,
    responses=problems(AlreadyExists, Forbidden, ItemTwice),
    openapi_extra=example(BANT),
)
async def define_checklist(body: ChecklistInput, work: Work, response: Response) -> ChecklistView:
    """Say what must be known of a lead before it is qualified. One checklist a source is in use at a time."""
    work.principal.require(*RULERS)
    moment = await work.moment(body.occurred_at)
    state = ChecklistState(
        id=work.new_id(),
        external_id=body.external_id,
        name=body.name,
        source=body.source,
        items=_items(body.items),
        in_force_from=moment.at,
        active=body.active,
    )
    loaded = await work.execute(CHECKLIST, state.id, DefineChecklist(moment=moment, checklist=state))
    response.headers["Location"] = f"/v1/checklists/{state.id}"
    return ChecklistView.of(loaded)


@router.get("/v1/checklists")
async def list_checklists(
    reader: Reader,
    *,
    source: Annotated[Name | None, Query()] = None,
    active: bool | None = None,
    external_id: Annotated[ExternalId | None, Query()] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[ChecklistView]:
    """Checklists in order of entry."""
    cursors = reader.cursors("checklists")
    query = store.Query(reader.tenant)
    query.equal({"source": source, "active": active, "external_id": external_id})
    rows = await store.by_id(reader.connection, query, "checklist", after=cursors.read(cursor), limit=limit)
    return cursors.page(rows, limit, lambda row: ChecklistView.of(_loaded(row)), lambda row: [row["id"]])


@router.get("/v1/checklists/{checklist_id}", responses=problems(NotFound))
async def get_checklist(checklist_id: UUID, reader: Reader) -> ChecklistView:
    """One checklist."""
    return ChecklistView.of(await reader.load(CHECKLIST, checklist_id))


@router.patch(
    "/v1/checklists/{checklist_id}",
    responses=problems(NotFound, AlreadyExists, Forbidden, ItemTwice),
    openapi_extra=example({"items": [{"code": "budget", "text": "Is there a budget this year?"}]}),
)
async def change_checklist(checklist_id: UUID, body: ChecklistChange, work: Work) -> ChecklistView:
    """Change name, items or activity. With other items it is another edition; leads keep what was answered."""
    work.principal.require(*RULERS)
    changes: dict[str, Any] = body.model_dump(exclude_unset=True, exclude={"items"})
    if body.items is not None:
        changes["items"] = _items(body.items)
    command = ChangeChecklist(moment=await work.moment(), changes=changes)
    return ChecklistView.of(await work.execute(CHECKLIST, checklist_id, command))


def _items(given: list[ItemInput]) -> tuple[ChecklistItem, ...]:
    return tuple(ChecklistItem(code=item.code, text=item.text, required=item.required) for item in given)


def _loaded(row: Any) -> Loaded[ChecklistState]:
    return Loaded(ChecklistState.model_validate_json(row["state"]), row["version"])
