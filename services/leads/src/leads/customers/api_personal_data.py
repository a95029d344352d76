"""Who sees contact data, and which admin read whose, over HTTP."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from chassis.examples import example
from chassis.inputs import Input
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Forbidden
from chassis.routes import CommandRoute, Work
from events.catalogue.identity import Role
from leads import store
from leads.customers import store_personal_data
from leads.customers.masking import SEEING_BY_DEFAULT

router = APIRouter(route_class=CommandRoute, tags=["personal data"])


class ContactDataRights(Input):
    """The roles that see mail, phone and personal fields of contacts; all others see masks."""

    roles: Annotated[list[Role], Field(max_length=20)]


class ContactDataRightsView(BaseModel):
    """The roles that see mail, phone and personal fields of contacts; all others see masks."""

    roles: list[Role]


class PersonalDataReadView(BaseModel):
    """An admin was shown the personal data of a contact."""

    id: UUID
    at: datetime
    reader: str = Field(examples=["person:0193a000-0000-7000-8000-0000000000aa"])
    operation: str = Field(examples=["get_contact"])
    request_id: str
    contact: UUID

    @classmethod
    def of(cls, row: Any) -> "PersonalDataReadView":
        return cls(**{**dict(row), "contact": row["contact_id"]})


@router.get("/v1/contact-data-rights")
async def get_contact_data_rights(reader: Reader) -> ContactDataRightsView:
    """Who sees contact data."""
    roles = await store_personal_data.seeing(reader.connection, reader.tenant)
    found = sorted(SEEING_BY_DEFAULT if roles is None else roles)
    reader.etag("-".join(found))
    return ContactDataRightsView(roles=found)


@router.put(
    "/v1/contact-data-rights",
    responses=problems(Forbidden),
    openapi_extra=example({"roles": ["rep", "sdr", "manager", "sales-ops", "admin", "integration"]}),
)
async def set_contact_data_rights(body: ContactDataRights, work: Work) -> ContactDataRightsView:
    """Say who sees contact data. For admins, who may take the right from themselves as well."""
    work.principal.require(Role.ADMIN)
    roles = sorted(set(body.roles))
    await store_personal_data.let_see(work.connection, work.tenant, roles, work.principal.subject, work.now)
    return ContactDataRightsView(roles=roles)


@router.get("/v1/personal-data-reads", responses=problems(Forbidden))
async def list_personal_data_reads(
    reader: Reader,
    *,
    contact: UUID | None = None,
    by: Annotated[str | None, Query(max_length=200, pattern=r"^[!-~]+$")] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[PersonalDataReadView]:
    """Which admin was shown whose personal data, the newest first. For admins."""
    reader.principal.require(Role.ADMIN)
    cursors = reader.cursors("personal data reads")
    query = store.Query(reader.tenant)
    query.equal({"contact_id": contact, "reader": by})
    rows = await store_personal_data.reads(reader.connection, query, after=cursors.read(cursor), limit=limit)
    return cursors.page(rows, limit, PersonalDataReadView.of, lambda row: [row["id"]])
