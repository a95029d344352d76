"""Forms on the web, for the firm: define, change, list, and how their entries end. For those who look after others."""

import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from chassis.aggregates import Loaded
from chassis.examples import example
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Forbidden, NotFound
from chassis.routes import CommandRoute, Work
from events.catalogue.web_forms import FormConsent, FormField, WebFormState
from leads import store
from leads.forms import store as form_store
from leads.forms.inputs import WebFormChange, WebFormInput
from leads.forms.views import EntriesOfDayView, TallyView, WebFormView
from leads.forms.web_form import WEB_FORM, ChangeWebForm, DefineWebForm, FormNamesTwice, FormWithoutName
from leads.lookups import ASSIGNERS

router = APIRouter(route_class=CommandRoute, tags=["forms"])

CONTACT_FORM = {
    "name": "Contact page",
    "fields": [
        {"input": "your-name", "to": "name", "required": True},
        {"input": "your-mail", "to": "email", "required": True},
        {"input": "what", "to": "title"},
    ],
    "consents": [{"input": "news", "channel": "mail", "purpose": "marketing", "text": "Send me news about pumps."}],
    "origins": ["https://www.donga.example"],
    "source": "web-form",
    "fill_seconds_min": 3,
}
DAYS_SHOWN = 92


@router.post(
    "/v1/forms",
    status_code=201,
    responses=problems(Forbidden, FormWithoutName, FormNamesTwice),
    openapi_extra=example(CONTACT_FORM),
)
async def define_form(body: WebFormInput, work: Work, response: Response) -> WebFormView:
    """Define a form. Its key goes into the page; entries become leads, or touches of the leads that are there."""
    work.principal.require(*ASSIGNERS)
    form = WebFormState(id=work.new_id(), key=secrets.token_hex(16), **_parts(body.model_dump()))
    loaded = await work.execute(WEB_FORM, form.id, DefineWebForm(moment=await work.moment(), form=form))
    response.headers["Location"] = f"/v1/forms/{form.id}"
    return WebFormView.of(loaded)


@router.get("/v1/forms", responses=problems(Forbidden))
async def list_forms(
    reader: Reader, *, active: bool | None = None, limit: Limit = 50, cursor: CursorText = None
) -> Page[WebFormView]:
    """Forms in the order of their definition."""
    reader.principal.require(*ASSIGNERS)
    cursors = reader.cursors("forms")
    query = store.Query(reader.tenant)
    query.equal({"active": active})
    rows = await store.by_id(reader.connection, query, "web_form", after=cursors.read(cursor), limit=limit)
    return cursors.page(rows, limit, lambda row: WebFormView.of(_loaded(row)), lambda row: [row["id"]])


@router.get("/v1/forms/{form_id}", responses=problems(NotFound, Forbidden))
async def get_form(form_id: UUID, reader: Reader) -> WebFormView:
    """One form."""
    reader.principal.require(*ASSIGNERS)
    return WebFormView.of(await reader.load(WEB_FORM, form_id))


@router.get("/v1/forms/{form_id}/tally", responses=problems(NotFound, Forbidden))
async def get_form_tally(form_id: UUID, reader: Reader) -> TallyView:
    """How the entries of the last days ended: captured, linked to a lead that was there, or dropped as spam."""
    reader.principal.require(*ASSIGNERS)
    await reader.load(WEB_FORM, form_id)
    rows = await form_store.tally(reader.connection, reader.tenant, form_id, DAYS_SHOWN)
    days = [
        EntriesOfDayView(
            on=row["on_day"], captured=row["captured"] or 0, linked=row["linked"] or 0, spam=row["spam"] or 0
        )
        for row in rows
    ]
    reader.etag(f"{form_id}-{sum(each.captured + each.linked + each.spam for each in days)}")
    return TallyView(days=days)


@router.patch(
    "/v1/forms/{form_id}",
    responses=problems(NotFound, Forbidden, FormWithoutName, FormNamesTwice),
    openapi_extra=example({"origins": ["https://donga.example"], "per_minute": 120}),
)
async def change_form(form_id: UUID, body: WebFormChange, work: Work) -> WebFormView:
    """Change the form, or take no more entries; its key stays."""
    work.principal.require(*ASSIGNERS)
    command = ChangeWebForm(moment=await work.moment(), changes=_parts(body.model_dump(exclude_unset=True)))
    return WebFormView.of(await work.execute(WEB_FORM, form_id, command))


def _parts(values: Mapping[str, Any]) -> dict[str, Any]:
    """As the state has them."""
    kinds: Mapping[str, Any] = {
        "fields": lambda each: FormField(**each),
        "consents": lambda each: FormConsent(**each),
        "origins": lambda each: each,
    }
    return {
        name: tuple(map(kinds[name], value)) if name in kinds and value is not None else value
        for name, value in values.items()
    }


def _loaded(row: Any) -> Loaded[WebFormState]:
    return Loaded(WebFormState.model_validate_json(row["state"]), row["version"])
