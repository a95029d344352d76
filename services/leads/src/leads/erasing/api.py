"""Erasure of a person over HTTP: ask for it, and see what it reached."""

from uuid import UUID

from fastapi import APIRouter, Response

from chassis.examples import example
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Forbidden, NotFound
from chassis.routes import CommandRoute, Work
from events.catalogue.identity import Role
from leads.erasing import store
from leads.erasing.erasure import ERASURE
from leads.erasing.forgetting import erase
from leads.erasing.views import ErasureInput, ErasureView

router = APIRouter(route_class=CommandRoute, tags=["personal data"])

ERASERS = (Role.ADMIN, Role.SALES_OPS)
"""Who may forget somebody for the whole firm; they see all records."""


@router.post(
    "/v1/contacts/{contact_id}/erasure",
    status_code=202,
    responses=problems(NotFound, Forbidden),
    openapi_extra=example({"reason": "asked"}),
)
async def erase_contact(contact_id: UUID, body: ErasureInput, work: Work, response: Response) -> ErasureView:
    """Forget a person: this contact and all others that are the same person, with everything about them.

    Ids, counts and what is in figures stay. It cannot be undone. Asked again, it answers the erasure that there is.
    """
    work.principal.require(*ERASERS)
    response.headers["Location"] = f"/v1/contacts/{contact_id}/erasure"
    return ErasureView.of(await erase(work, contact_id, body.reason))


@router.get("/v1/contacts/{contact_id}/erasure", responses=problems(NotFound, Forbidden))
async def get_erasure(contact_id: UUID, reader: Reader) -> ErasureView:
    """The erasure that reached this contact: what was erased, and whether it is complete."""
    reader.principal.require(*ERASERS)
    erasure = await store.erasure_of(reader.connection, reader.tenant, contact_id)
    if erasure is None:
        raise NotFound
    return ErasureView.of(await reader.load(ERASURE, erasure))
