"""Turns every way in which a request can fail into its problem document."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route

from chassis.database_errors import refusal_of
from chassis.problems import ProblemResponse, problem, response_of
from chassis.refusals import NotFound, Refusal

log = structlog.get_logger(__name__)

_CODES = {
    400: ("malformed", "The request cannot be understood."),
    401: ("unauthenticated", "The request carries no valid credentials."),
    403: ("forbidden", "You may not do this."),
    404: ("no-such-address", "There is nothing at this address."),
    405: ("method-not-allowed", "This address does not take this method; see the Allow header."),
    413: ("too-large", "The body is larger than this endpoint takes."),
    415: ("unsupported-media-type", "The body must be application/json."),
    429: ("too-many-requests", "Too many requests; slow down."),
}


def install(app: FastAPI) -> None:
    """Make the application answer problems only."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, _http)


def unexpected(error: Exception) -> Response:
    """The last resort: an outage of the database is 503, anything else our fault, which the log tells in full."""
    if isinstance(error, Refusal):
        return response_of(error)
    refusal = refusal_of(error)
    if refusal is not None:
        return response_of(refusal)
    log.error("request failed", exc_info=error)
    return ProblemResponse(problem(500, "internal-error", "Something went wrong here; it has been logged."))


async def _refused(_request: Request, refusal: Any) -> Response:
    return response_of(refusal)


async def _http(request: Request, error: Any) -> Response:
    code, detail = _CODES.get(error.status_code, (f"http-{error.status_code}", str(error.detail)))
    headers = {"Allow": _allowed(request)} if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else error.headers
    return ProblemResponse(problem(error.status_code, code, detail), headers)


def _allowed(request: Request) -> str:
    """The methods of every route with this address; Starlette names only those of the first."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    here = (route for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    return ", ".join(sorted({method for route in here for method in route.methods or ()}))


async def invalid(_request: Request, error: Any) -> Response:
    """Malformed JSON is 400; a path that is no id names nothing, 404; a parameter nobody reads 400; a field 422."""
    found: Sequence[Any] = error.errors()
    errors = [_field_error(each, error.body) for each in found]
    if any(each["type"] == "jsoninvalid" for each in found):
        return ProblemResponse(problem(400, "malformed", "The body is not JSON.", errors=errors))
    if found and all(each["loc"][0] == "path" for each in found):
        return ProblemResponse(problem(404, NotFound.slug, NotFound().detail, errors=errors))
    return ProblemResponse(problem(422, "invalid", "Some values are not acceptable.", errors=errors))


def _field_error(error: Any, body: object) -> dict[str, str]:
    where, *path = error["loc"] or ("body",)
    if error["type"] == "jsoninvalid":
        path = []
    elif where == "body":
        path = _present(path, body, absent=error["type"] in {"missing", "extra_forbidden"})
    if named := _named(error):
        path = [*path, named]
    pointer = "".join(f"/{_escaped(part)}" for part in path)
    detail = str(error["msg"]).removeprefix("Value error, ")
    return {"pointer": pointer, "code": error["type"].replace("_", "-"), "detail": detail, "in": str(where)}


def _named(error: Any) -> str | None:
    """The field that an error of a whole body is about: the one that says which of several bodies it is, or as told."""
    facts = error.get("ctx") or {}
    name: str | None = facts["discriminator"].strip("'") if "discriminator" in facts else facts.get("field")
    return name


def _present(path: Sequence[Any], body: object, *, absent: bool) -> list[Any]:
    """The path through the body itself; pydantic also names the branch of a union, which is no part of the JSON."""
    kept: list[Any] = []
    here = body
    for depth, part in enumerate(path, start=1):
        if (isinstance(here, dict) and part in here) or (
            isinstance(here, list) and isinstance(part, int) and part < len(here)
        ):
            here = here[part]
        elif not (absent and depth == len(path)):
            continue
        kept.append(part)
    return kept


def _escaped(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
