"""Conversions over HTTP: how far each has come, and which wait too long."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from chassis.aggregates import Loaded
from chassis.paging import CursorText, Limit, Page
from chassis.principal import Scope
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import NotFound
from chassis.routes import CommandRoute
from events.catalogue.conversions import ConversionState, ConversionStatus
from leads import store
from leads.conversions import store as store_conversions
from leads.conversions.conversion import CONVERSION
from leads.conversions.views import ConversionView

router = APIRouter(route_class=CommandRoute, tags=["handoffs"])


@router.get("/v1/conversions")
async def list_conversions(
    reader: Reader,
    *,
    status: ConversionStatus | None = None,
    overdue: bool | None = None,
    handoff: UUID | None = None,
    lead: UUID | None = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[ConversionView]:
    """Conversions of handoffs that one sees; ``overdue=true``: those that wait although deals should have answered."""
    cursors = reader.cursors("conversions")
    query = store.Query(reader.tenant)
    query.equal({"status": status.value if status else None, "handoff_id": handoff, "lead_id": lead})
    query.within(reader.scope, *store_conversions.OWNERS)
    if overdue is not None:
        store_conversions.overdue(query, reader.now, wanted=overdue)
    rows = await store_conversions.conversions(reader.connection, query, after=cursors.read(cursor), limit=limit)
    return cursors.page(rows, limit, lambda row: ConversionView.of(_loaded(row)), lambda row: [row["id"]])


@router.get("/v1/conversions/{conversion_id}", responses=problems(NotFound))
async def get_conversion(conversion_id: UUID, reader: Reader) -> ConversionView:
    """One conversion."""
    scope = reader.scope
    found = await reader.load(CONVERSION, conversion_id, visible=lambda each: _sees(scope, each))
    return ConversionView.of(found)


def _sees(scope: Scope, conversion: ConversionState) -> bool:
    return scope.allows(conversion.offered_by) or scope.allows(conversion.offered_to)


def _loaded(row: Any) -> Loaded[ConversionState]:
    return Loaded(ConversionState.model_validate_json(row["state"]), row["version"])
