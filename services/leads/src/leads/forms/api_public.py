"""What a page with a form asks: how to show it, and to take an entry. Without credentials, at a limited pace.

Whoever sends the same twice, is known already or fell into the trap gets the same answer: an entry tells nothing about
who is a prospect.
"""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from chassis.http_context import context_of
from chassis.openapi import PUBLIC
from chassis.problems import problems
from chassis.refusals import Forbidden, Invalid, Malformed, NotFound, TooManyRequests, UnsupportedMediaType
from chassis.routes import parsed
from events.catalogue.web_forms import WebFormState
from leads.custom.values import VALUE_REFUSALS
from leads.forms import receiving
from leads.forms.entry import ENTRY_REFUSALS, Entry
from leads.forms.inputs import EntryInput
from leads.forms.ticket import TicketNeeded, issued
from leads.forms.views import OpenFormView, ReceivedView
from leads.public import PublicRoute

router = APIRouter(route_class=PublicRoute, tags=["public"])

FormKey = Annotated[str, Path(min_length=1, max_length=64)]
URLENCODED = "application/x-www-form-urlencoded"
MOST_FIELDS = 100


class OriginNotAllowed(Forbidden):
    """This form does not take entries from pages of this origin."""

    slug = "origin-not-allowed"


def _body() -> dict[str, object]:
    schema = EntryInput.model_json_schema()
    example = {"ticket": "AABpRyMZb0T7mXq5o3l2WQ", "entry_id": "7f1c"}
    return {
        "required": True,
        "content": {
            "application/json": {"schema": schema, "example": example},
            URLENCODED: {"schema": {"type": "object", "additionalProperties": {"type": "string"}}},
        },
    }


@router.get("/v1/public/forms/{form_key}", responses=problems(NotFound, OriginNotAllowed), openapi_extra=PUBLIC)
async def open_form(form_key: FormKey, request: Request) -> OpenFormView:
    """What to show, and a ticket that says when it was opened."""
    resources = context_of(request.scope).resources
    _, form = await receiving.form_of(resources, form_key)
    _refuse_origin(form, request)
    return OpenFormView.of(form, issued(resources.cursor_secret, form.key, resources.clock.now()))


@router.post(
    "/v1/public/forms/{form_key}",
    status_code=202,
    responses=problems(
        NotFound, OriginNotAllowed, TooManyRequests, TicketNeeded, Invalid, *ENTRY_REFUSALS, *VALUE_REFUSALS
    ),
    openapi_extra={**PUBLIC, "requestBody": _body()},
)
async def submit_form(form_key: FormKey, request: Request) -> ReceivedView:
    """Take an entry, as JSON or as an HTML form posts it; at most so many a minute, of the form and of an address."""
    entry = await _entry(request)
    resources = context_of(request.scope).resources
    tenant, form = await receiving.form_of(resources, form_key)
    _refuse_origin(form, request)
    await receiving.receive(resources, tenant, form, entry, _address(request, resources.settings))
    return ReceivedView()


@router.options("/v1/public/forms/{form_key}", include_in_schema=False)
async def preflight(form_key: FormKey, request: Request) -> Response:
    """Whether a page of this origin may send JSON."""
    _, form = await receiving.form_of(context_of(request.scope).resources, form_key)
    origin = request.headers.get("origin")
    if origin is None or not _allowed(form, origin):
        return Response(status_code=204, headers={"Vary": "Origin"})
    headers = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "content-type",
        "Access-Control-Max-Age": "600",
        "Vary": "Origin",
    }
    return Response(status_code=204, headers=headers)


async def _entry(request: Request) -> Entry:
    body = await request.body()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == URLENCODED:
        return _of_html_form(body)
    sent = parsed(body) if body else None
    try:
        found = EntryInput.model_validate(sent)
    except ValidationError as error:
        errors = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise RequestValidationError(errors, body=sent) from error
    return Entry(found.fields, found.ticket, found.entry_id)


def _of_html_form(body: bytes) -> Entry:
    """Fields as they are; those that begin with a line below are ours."""
    if not body:
        raise UnsupportedMediaType
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Malformed("The body is no form.") from error
    if any("\0" in text for pair in pairs for text in pair):
        raise Invalid("Text may not hold the NUL character.", pointer="")
    values = dict(pairs)
    ticket, entry_id = values.pop("_ticket", None), values.pop("_entry_id", None)
    try:
        found = EntryInput.model_validate({"fields": values, "ticket": ticket, "entry_id": entry_id})
    except ValidationError as error:
        errors = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise RequestValidationError(errors, body={"fields": values}) from error
    return Entry(found.fields, found.ticket, found.entry_id)


def _allowed(form: WebFormState, origin: str) -> bool:
    return not form.origins or origin in form.origins


def _refuse_origin(form: WebFormState, request: Request) -> None:
    """What is no page says no origin; it is held back by the pace alone."""
    origin = request.headers.get("origin")
    if origin is not None and not _allowed(form, origin):
        raise OriginNotAllowed


def _address(request: Request, settings: object) -> str:
    """Where the caller is: said by the nearest proxy that is ours, if there are any."""
    hops: int = getattr(settings, "proxies", 0)
    passed = [each.strip() for each in request.headers.get("x-forwarded-for", "").split(",") if each.strip()]
    if hops and len(passed) >= hops:
        return passed[-hops]
    return request.client.host if request.client else ""
