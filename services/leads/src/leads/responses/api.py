"""First responses over HTTP: which leads wait for one, and which had to wait too long."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from chassis.inputs import Name, OccurredAt
from chassis.paging import CursorText, Limit, Page
from chassis.reading import Reader
from chassis.routes import CommandRoute
from events.catalogue.leads import LeadState
from events.catalogue.responses import ResponseStatus
from leads import store as store_leads
from leads.responses import store
from leads.responses.views import ResponseView

router = APIRouter(route_class=CommandRoute, tags=["leads"])


@router.get("/v1/responses")
async def list_responses(
    reader: Reader,
    *,
    status: ResponseStatus | None = None,
    owner: UUID | None = None,
    source: Annotated[Name | None, Query()] = None,
    due_from: Annotated[OccurredAt | None, Query()] = None,
    due_to: Annotated[OccurredAt | None, Query()] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[ResponseView]:
    """Leads with a deadline for the first response, the soonest first: due from ``due_from`` on, before ``due_to``.

    A lead becomes ``overdue`` a few seconds after its deadline. Those that were merged into others are left out.
    """
    cursors = reader.cursors("responses")
    query = store_leads.Query(reader.tenant)
    query.equal({"response_status": status.value if status else None, "owner_id": owner, "source": source})
    query.within(reader.scope, *store_leads.LEAD_OWNERS)
    for bound, at in ((">=", due_from), ("<", due_to)):
        if at is not None:
            query.where(f"response_due_at {bound} {{}}", at)
    rows = await store.by_deadline(reader.connection, query, after=cursors.read(cursor), limit=limit)
    leads = [LeadState.model_validate_json(row["state"]) for row in rows]
    return cursors.page(leads, limit, ResponseView.of, lambda lead: [_due_at(lead), lead.id])


def _due_at(lead: LeadState) -> datetime | None:
    return None if lead.response is None else lead.response.due_at
