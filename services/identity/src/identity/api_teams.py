"""Teams over HTTP: form, change, list."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.aggregates import Loaded
from chassis.bulk import Batch, BatchReply, Existing, each, reply
from chassis.examples import example
from chassis.inputs import ExternalId
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import AlreadyExists, Invalid, NotFound
from chassis.routes import CommandRoute, Work
from chassis.unit_of_work import UnitOfWork
from events.catalogue.identity import TeamState
from identity import store
from identity.api_people import STAFF
from identity.inputs import TeamChange, TeamInput, TeamItem
from identity.references import existing, line, named, refuse_existing, refuse_unknown
from identity.team import TEAM, ChangeTeam, FormTeam
from identity.trees import HierarchyLoop
from identity.views import TeamView

router = APIRouter(route_class=CommandRoute, tags=["teams"])


@router.post(
    "/v1/teams",
    status_code=201,
    responses=problems(AlreadyExists, Invalid),
    openapi_extra=example({"name": "Hà Nội", "external_id": "hanoi", "parent_external_id": "north"}),
)
async def form_team(body: TeamInput, work: Work, response: Response) -> TeamView:
    """Form a team, below a parent and with a lead where given."""
    work.principal.require(*STAFF)
    await refuse_existing(work, "team", body.external_id)
    loaded = await _formed(work, body)
    response.headers["Location"] = f"/v1/teams/{loaded.state.id}"
    return TeamView.of(loaded)


@router.post(
    "/v1/teams:batch",
    openapi_extra=example({"items": [{"item_id": "row 1", "name": "Hà Nội", "external_id": "hanoi"}]}),
)
async def form_teams(body: Batch[TeamItem], work: Work, response: Response) -> BatchReply:
    """Form many teams, parents first; one whose external id is known is answered with ``existing``."""
    work.principal.require(*STAFF)

    async def run(item: TeamItem) -> Any:
        if (known := await existing(work, "team", item.external_id)) is not None:
            return known, Existing(known, await work.load(TEAM, known))
        loaded = await _formed(work, item)
        return loaded.state.id, loaded

    results = await each(work, body.items, run, atomic=body.atomic, created=True)
    work.version = None
    return reply(results, response)


@router.get("/v1/teams")
async def list_teams(
    reader: Reader,
    *,
    parent: UUID | None = None,
    lead: UUID | None = None,
    external_id: Annotated[ExternalId | None, Query()] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[TeamView]:
    """Teams in order of entry."""
    cursors = reader.cursors("teams")
    after = cursors.read(cursor)
    wanted = store.Filter(
        tenant=reader.tenant,
        limit=limit,
        after=after[0] if after else None,
        equal={"parent_id": parent, "lead_id": lead, "external_id": external_id},
    )
    rows = await store.page(reader.connection, "team", wanted)
    return cursors.page(rows, limit, lambda row: TeamView.of(_loaded(row)), lambda row: [row["id"]])


@router.get("/v1/teams/{team_id}", responses=problems(NotFound))
async def get_team(team_id: UUID, reader: Reader) -> TeamView:
    """One team."""
    return TeamView.of(await reader.load(TEAM, team_id))


@router.patch(
    "/v1/teams/{team_id}",
    responses=problems(NotFound, HierarchyLoop, Invalid),
    openapi_extra=example({"name": "Hà Nội and Hải Phòng"}),
)
async def change_team(team_id: UUID, body: TeamChange, work: Work) -> TeamView:
    """Change name, parent or lead."""
    work.principal.require(*STAFF)
    if body.lead is not None:
        await refuse_unknown(work, "person", body.lead, pointer="/lead")
    command = ChangeTeam(
        moment=await work.moment(),
        changes=body.model_dump(exclude_unset=True),
        line=await line(work, "team", body.parent, pointer="/parent"),
    )
    return TeamView.of(await work.execute(TEAM, team_id, command))


async def _formed(work: UnitOfWork, body: TeamInput) -> Loaded[TeamState]:
    id_ = work.new_id()
    team = TeamState(
        id=id_,
        external_id=body.external_id,
        name=body.name,
        parent=await named(work, "team", body, "parent"),
        lead=await named(work, "person", body, "lead"),
    )
    return await work.execute(TEAM, id_, FormTeam(moment=await work.moment(), team=team))


def _loaded(row: Any) -> Loaded[TeamState]:
    return Loaded(TeamState.model_validate_json(row["state"]), row["version"])
