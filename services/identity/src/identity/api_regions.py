"""Regions over HTTP: define, change, list."""

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
from events.catalogue.identity import RegionState
from identity import store
from identity.api_people import STAFF
from identity.inputs import RegionChange, RegionInput, RegionItem
from identity.references import existing, line, named, refuse_existing
from identity.region import REGION, ChangeRegion, DefineRegion
from identity.trees import HierarchyLoop
from identity.views import RegionView

router = APIRouter(route_class=CommandRoute, tags=["regions"])


@router.post(
    "/v1/regions",
    status_code=201,
    responses=problems(AlreadyExists, Invalid),
    openapi_extra=example({"name": "Việt Nam", "external_id": "vn"}),
)
async def define_region(body: RegionInput, work: Work, response: Response) -> RegionView:
    """Define a region, below a parent where given."""
    work.principal.require(*STAFF)
    await refuse_existing(work, "region", body.external_id)
    loaded = await _defined(work, body)
    response.headers["Location"] = f"/v1/regions/{loaded.state.id}"
    return RegionView.of(loaded)


@router.post(
    "/v1/regions:batch",
    openapi_extra=example({"items": [{"item_id": "row 1", "name": "Việt Nam", "external_id": "vn"}]}),
)
async def define_regions(body: Batch[RegionItem], work: Work, response: Response) -> BatchReply:
    """Define many regions, parents first; one whose external id is known is answered with ``existing``."""
    work.principal.require(*STAFF)

    async def run(item: RegionItem) -> Any:
        if (known := await existing(work, "region", item.external_id)) is not None:
            return known, Existing(known, await work.load(REGION, known))
        loaded = await _defined(work, item)
        return loaded.state.id, loaded

    results = await each(work, body.items, run, atomic=body.atomic, created=True)
    work.version = None
    return reply(results, response)


@router.get("/v1/regions")
async def list_regions(
    reader: Reader,
    parent: UUID | None = None,
    external_id: Annotated[ExternalId | None, Query()] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[RegionView]:
    """Regions in order of entry."""
    cursors = reader.cursors("regions")
    after = cursors.read(cursor)
    wanted = store.Filter(
        tenant=reader.tenant,
        limit=limit,
        after=after[0] if after else None,
        equal={"parent_id": parent, "external_id": external_id},
    )
    rows = await store.page(reader.connection, "region", wanted)
    return cursors.page(rows, limit, lambda row: RegionView.of(_loaded(row)), lambda row: [row["id"]])


@router.get("/v1/regions/{region_id}", responses=problems(NotFound))
async def get_region(region_id: UUID, reader: Reader) -> RegionView:
    """One region."""
    return RegionView.of(await reader.load(REGION, region_id))


@router.patch(
    "/v1/regions/{region_id}",
    responses=problems(NotFound, HierarchyLoop, Invalid),
    openapi_extra=example({"name": "Mainland"}),
)
async def change_region(region_id: UUID, body: RegionChange, work: Work) -> RegionView:
    """Change name or parent."""
    work.principal.require(*STAFF)
    command = ChangeRegion(
        moment=await work.moment(),
        changes=body.model_dump(exclude_unset=True),
        line=await line(work, "region", body.parent, pointer="/parent"),
    )
    return RegionView.of(await work.execute(REGION, region_id, command))


async def _defined(work: UnitOfWork, body: RegionInput) -> Loaded[RegionState]:
    id_ = work.new_id()
    region = RegionState(
        id=id_,
        external_id=body.external_id,
        name=body.name,
        parent=await named(work, "region", body, "parent"),
    )
    return await work.execute(REGION, id_, DefineRegion(moment=await work.moment(), region=region))


def _loaded(row: Any) -> Loaded[RegionState]:
    return Loaded(RegionState.model_validate_json(row["state"]), row["version"])
