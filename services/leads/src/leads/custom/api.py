"""Fields that a firm defines, over HTTP: define, change, retire, list. Everybody sees them, sales-ops defines them."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from chassis.aggregates import Loaded
from chassis.examples import example
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import AlreadyExists, Forbidden, Invalid, NotFound, Refusal
from chassis.routes import CommandRoute, Work
from events.catalogue.custom_fields import CustomFieldState, RecordKind
from events.catalogue.identity import Role
from leads import store
from leads.custom import store as custom_store
from leads.custom.custom_field import (
    CUSTOM_FIELD,
    ChangeCustomField,
    ChoicesNotFitting,
    DefineCustomField,
    PersonalOnContacts,
)
from leads.custom.inputs import CustomFieldChange, CustomFieldInput
from leads.custom.views import CustomFieldView

router = APIRouter(route_class=CommandRoute, tags=["custom fields"])

MOST_FIELDS = 100
"""So many a kind of record, those that are retired included: each capture is held against all of them."""


class TooManyFields(Refusal):
    """A firm defines at most 100 fields for a kind of record."""

    slug = "too-many-fields"


@router.post(
    "/v1/custom-fields",
    status_code=201,
    responses=problems(AlreadyExists, TooManyFields, Forbidden, Invalid, ChoicesNotFitting, PersonalOnContacts),
    openapi_extra=example(
        {
            "record": "lead",
            "key": "segment",
            "label": "Segment",
            "type": "choice",
            "choices": ["Hotel", "Retail"],
            "required": False,
        }
    ),
)
async def define_custom_field(body: CustomFieldInput, work: Work, response: Response) -> CustomFieldView:
    """Define a field for leads, accounts or contacts. Only fields of contacts may be personal."""
    work.principal.require(Role.SALES_OPS, Role.ADMIN)
    standing = [
        each for each in await custom_store.definitions(work.connection, work.tenant) if each.record is body.record
    ]
    if known := next((each for each in standing if each.key == body.key), None):
        raise AlreadyExists("A field with this key exists.", pointer="/key", id=str(known.id))
    if len(standing) >= MOST_FIELDS:
        raise TooManyFields(pointer="/record")
    values = {**body.model_dump(), "choices": tuple(body.choices)}
    field = CustomFieldState(id=work.new_id(), **values)
    loaded = await work.execute(CUSTOM_FIELD, field.id, DefineCustomField(moment=await work.moment(), field=field))
    response.headers["Location"] = f"/v1/custom-fields/{field.id}"
    return CustomFieldView.of(loaded)


@router.get("/v1/custom-fields")
async def list_custom_fields(
    reader: Reader,
    *,
    record: RecordKind | None = None,
    active: bool | None = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[CustomFieldView]:
    """Fields that the firm defined, in the order of their definition, those that are retired included."""
    cursors = reader.cursors("custom fields")
    query = store.Query(reader.tenant)
    query.equal({"record": record.value if record else None, "active": active})
    rows = await store.by_id(reader.connection, query, "custom_field", after=cursors.read(cursor), limit=limit)
    return cursors.page(rows, limit, lambda row: CustomFieldView.of(_loaded(row)), lambda row: [row["id"]])


@router.get("/v1/custom-fields/{field_id}", responses=problems(NotFound))
async def get_custom_field(field_id: UUID, reader: Reader) -> CustomFieldView:
    """One field."""
    return CustomFieldView.of(await reader.load(CUSTOM_FIELD, field_id))


@router.patch(
    "/v1/custom-fields/{field_id}",
    responses=problems(NotFound, Forbidden, Invalid, ChoicesNotFitting),
    openapi_extra=example({"label": "Market segment", "required": True}),
)
async def change_custom_field(field_id: UUID, body: CustomFieldChange, work: Work) -> CustomFieldView:
    """Change label, obligation or choices, or retire the field. Values that stand keep the revision that took them."""
    work.principal.require(Role.SALES_OPS, Role.ADMIN)
    changes = body.model_dump(exclude_unset=True)
    if body.choices is not None:
        changes["choices"] = tuple(body.choices)
    command = ChangeCustomField(moment=await work.moment(), changes=changes)
    return CustomFieldView.of(await work.execute(CUSTOM_FIELD, field_id, command))


def _loaded(row: Any) -> Loaded[CustomFieldState]:
    return Loaded(CustomFieldState.model_validate_json(row["state"]), row["version"])
