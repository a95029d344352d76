"""Pipelines and products over HTTP: what deals are made of. Everybody reads them; a few change them."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from chassis.aggregates import Aggregate, Loaded
from chassis.bulk import Batch, BatchItem, BatchReply, BatchResult, Existing, Outcome, each, reply
from chassis.examples import example
from chassis.inputs import ExternalId
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader, ReadTransaction
from chassis.refusals import AlreadyExists, Forbidden, NotFound
from chassis.routes import CommandRoute, Work
from deals import store
from deals.api import position
from deals.catalogue_inputs import PipelineChange, PipelineInput, ProductChange, ProductInput
from deals.pipeline import PIPELINE, ChangePipeline, DefinePipeline, YieldDefault
from deals.product import PRODUCT, ChangeProduct, ListProduct
from deals.refusals import AmountOutOfRange, BadStages, DefaultNeeded, DuplicatePrice, StageInUse
from deals.views import PipelineView, ProductView
from events.catalogue.deals import PipelineState, ProductState
from events.catalogue.identity import Role

KEEPS_THE_CATALOGUE = (Role.ADMIN, Role.SALES_OPS, Role.INTEGRATION)

router = APIRouter(prefix="/v1", route_class=CommandRoute)


class CatalogueQuery(BaseModel):
    """Filters and place of a list."""

    external_id: ExternalId | None = None
    active: bool | None = None
    limit: Limit = 50
    cursor: CursorText = None


CatalogueList = Annotated[CatalogueQuery, Query()]


@router.get("/pipelines", tags=["pipelines"])
async def list_pipelines(query: CatalogueList, reader: Reader) -> Page[PipelineView]:
    """The pipelines, oldest first."""
    return await _listed(PIPELINE, PipelineView, query, reader)


@router.get("/pipelines/{pipeline_id}", tags=["pipelines"], responses=problems(NotFound))
async def get_pipeline(pipeline_id: UUID, reader: Reader) -> PipelineView:
    """One pipeline."""
    return PipelineView.of(await reader.load(PIPELINE, pipeline_id))


@router.post(
    "/pipelines",
    status_code=201,
    tags=["pipelines"],
    responses={
        200: {"model": PipelineView, "description": "A pipeline with this external id exists."},
        **problems(Forbidden, BadStages, AlreadyExists),
    },
    openapi_extra=example(
        {
            "name": "Renewals",
            "external_id": "renewals",
            "stages": [
                {"key": "due", "title": "Due", "probability_percent": 60},
                {"key": "agreed", "title": "Agreed", "probability_percent": 90.5},
            ],
        }
    ),
)
async def define_pipeline(body: PipelineInput, work: Work, response: Response) -> PipelineView:
    """Define a pipeline; one whose external id exists already is answered with 200 as it is."""
    work.principal.require(*KEEPS_THE_CATALOGUE)
    if found := await _existing(PIPELINE, body.external_id, work, response):
        return PipelineView.of(found)
    id_ = work.new_id()
    before = await _present_default(work) if body.is_default else None
    command = DefinePipeline(
        moment=await work.moment(),
        id=id_,
        name=body.name,
        external_id=body.external_id,
        stages=tuple(stage.to_stage() for stage in body.stages),
        is_default=body.is_default,
    )
    defined = await work.execute(PIPELINE, id_, command)
    await _yield_default(work, before, id_)
    return PipelineView.of(defined)


@router.patch(
    "/pipelines/{pipeline_id}",
    tags=["pipelines"],
    responses=problems(NotFound, Forbidden, BadStages, StageInUse, DefaultNeeded),
    openapi_extra=example({"name": "Renewals of service"}),
)
async def change_pipeline(pipeline_id: UUID, body: PipelineChange, work: Work) -> PipelineView:
    """Change name, stages, use or default."""
    work.principal.require(*KEEPS_THE_CATALOGUE)
    before = await _present_default(work) if body.is_default else None
    command = ChangePipeline(
        moment=await work.moment(),
        name=body.name,
        stages=None if body.stages is None else tuple(stage.to_stage() for stage in body.stages),
        active=body.active,
        is_default=body.is_default,
        occupied=await store.occupied_stages(work.connection, work.tenant, pipeline_id),
    )
    changed = await work.execute(PIPELINE, pipeline_id, command)
    await _yield_default(work, before, pipeline_id)
    return PipelineView.of(changed)


@router.get("/products", tags=["products"])
async def list_products(query: CatalogueList, reader: Reader) -> Page[ProductView]:
    """The products, oldest first."""
    return await _listed(PRODUCT, ProductView, query, reader)


@router.get("/products/{product_id}", tags=["products"], responses=problems(NotFound))
async def get_product(product_id: UUID, reader: Reader) -> ProductView:
    """One product."""
    return ProductView.of(await reader.load(PRODUCT, product_id))


@router.post(
    "/products",
    status_code=201,
    tags=["products"],
    responses={
        200: {"model": ProductView, "description": "A product with this external id exists."},
        **problems(Forbidden, DuplicatePrice, AmountOutOfRange, AlreadyExists),
    },
    openapi_extra=example(
        {
            "name": "Lamp",
            "external_id": "lamp-1",
            "family": "Light",
            "list_prices": [{"amount": "1054.00", "currency": "USD"}],
        }
    ),
)
async def list_product(body: ProductInput, work: Work, response: Response) -> ProductView:
    """Put a product on the list; one whose external id exists already is answered with 200 as it is."""
    work.principal.require(*KEEPS_THE_CATALOGUE)
    if found := await _existing(PRODUCT, body.external_id, work, response):
        return ProductView.of(found)
    _, listed = await _list_product(body, work)
    return ProductView.of(listed)


class ProductItem(ProductInput, BatchItem):
    """A product to put on the list."""


@router.post(
    "/products:batch",
    tags=["products"],
    responses=problems(Forbidden),
    openapi_extra=example(
        {
            "items": [
                {
                    "item_id": "row 1",
                    "name": "Lamp",
                    "external_id": "lamp-1",
                    "list_prices": [{"amount": "1054.00", "currency": "USD"}],
                }
            ]
        }
    ),
)
async def batch_products(body: Batch[ProductItem], work: Work, response: Response) -> BatchReply:
    """Put up to 200 products on the list."""
    work.principal.require(*KEEPS_THE_CATALOGUE)

    async def run(item: ProductItem) -> Outcome:
        found = await work.find(PRODUCT, "external_id", item.external_id) if item.external_id else None
        if found is not None:
            return found.state.id, Existing(found.state.id, found)
        return await _list_product(item, work)

    results: list[BatchResult] = await each(work, body.items, run, atomic=body.atomic, created=True)
    return reply(results, response)


@router.patch(
    "/products/{product_id}",
    tags=["products"],
    responses=problems(NotFound, Forbidden, DuplicatePrice, AmountOutOfRange),
    openapi_extra=example({"list_prices": [{"amount": "1054.00", "currency": "USD"}], "active": True}),
)
async def change_product(product_id: UUID, body: ProductChange, work: Work) -> ProductView:
    """Change name, family, list prices or availability; lines written before keep their prices."""
    work.principal.require(*KEEPS_THE_CATALOGUE)
    command = ChangeProduct(moment=await work.moment(), changes=body.changes())
    return ProductView.of(await work.execute(PRODUCT, product_id, command))


async def _listed(kind: Aggregate[Any], view: Any, query: CatalogueQuery, reader: ReadTransaction) -> Page[Any]:
    cursors = reader.cursors(kind.table)
    rows = await store.list_records(
        reader.connection,
        kind.table,
        reader.tenant,
        external_id=query.external_id,
        active=query.active,
        after=position(cursors.read(query.cursor)),
        limit=query.limit + 1,
    )

    def viewed(row: store.Row) -> Any:
        return view.of(Loaded(kind.state.model_validate_json(row["state"]), row["version"]))

    return cursors.page(rows, query.limit, viewed, lambda row: (row["created_at"], row["id"]))


async def _existing(
    kind: Aggregate[Any], external_id: str | None, work: Work, response: Response
) -> Loaded[Any] | None:
    found = None if external_id is None else await work.find(kind, "external_id", external_id)
    if found is not None:
        response.status_code = 200
        work.version = found.version
    return found


async def _list_product(body: ProductInput, work: Work) -> tuple[UUID, Loaded[ProductState]]:
    command = ListProduct(
        moment=await work.moment(),
        id=work.new_id(),
        name=body.name,
        external_id=body.external_id,
        family=body.family,
        list_prices=body.prices,
    )
    return command.id, await work.execute(PRODUCT, command.id, command)


async def _present_default(work: Work) -> UUID | None:
    await store.lock_default_pipeline(work.connection, work.tenant)
    return await store.default_pipeline(work.connection, work.tenant)


async def _yield_default(work: Work, before: UUID | None, after: UUID) -> Loaded[PipelineState] | None:
    if before is None or before == after:
        return None
    return await work.execute(PIPELINE, before, YieldDefault(moment=await work.moment()))
