"""The OpenAPI document of a service, complete and stable, fit to be committed and compared.

FastAPI describes the endpoints; here is added what every endpoint has: the security schemes, the problems that any
request may meet, and the one shape they have.
"""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from chassis import refusals as kinds
from chassis.problems import Problem, declared
from chassis.query import UnknownParameter
from chassis.reading import open_reader

PUBLIC: dict[str, Any] = {"security": []}
"""``openapi_extra=`` of an endpoint that needs no credentials."""

_ANY = (kinds.Malformed, UnknownParameter, kinds.Invalid, kinds.TooManyRequests, kinds.Unavailable)
_CALLER = (kinds.Unauthenticated, kinds.Forbidden)
_BODY = (kinds.TooLarge, kinds.UnsupportedMediaType)
_KEY = (kinds.IdempotencyKeyInFlight, kinds.AlreadyExists, kinds.IdempotencyKeyReused)


def install(app: FastAPI) -> None:
    """Make the application answer the completed document at /openapi.json."""

    def complete() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = document(app)
        return app.openapi_schema

    app.openapi = complete  # type: ignore[method-assign]


def document(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    components = found.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas |= _problem_schemas()
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "description": _BEARER}}
    reads = {route.operation_id for route in app.routes if isinstance(route, APIRoute) and _is_read(route)}
    for path, item in found.get("paths", {}).items():
        for operation in item.values():
            if operation["operationId"] in reads:
                _add_not_modified(operation)
            _add_mixed(operation)
            _add_problems(path, operation)
    return found


def as_text(app: FastAPI) -> str:
    """The document with sorted keys, so that a diff shows what changed and nothing else."""
    return json.dumps(app.openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


_BEARER = "A token of identity (`POST /v1/sessions`), or an API key `dsk_...`."


def _problem_schemas() -> dict[str, Any]:
    schema = TypeAdapter(Problem).json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    return {**schema.pop("$defs"), "Problem": schema}


def _is_read(route: APIRoute) -> bool:
    reads = any(each.call is open_reader for each in route.dependant.dependencies)
    return reads and route.methods == {"GET"}


def _add_not_modified(operation: dict[str, Any]) -> None:
    """A record is not sent again to whoever has it; pages have no version."""
    if "/Page_" in json.dumps(operation["responses"]["200"]):
        return
    about = "The `ETag` that you have; where it is still right, 304 answers."
    operation.setdefault("parameters", []).append(
        {"name": "If-None-Match", "in": "header", "required": False, "description": about, "schema": {"type": "string"}}
    )
    operation["responses"]["304"] = {"description": "What you have is still right."}


def _add_mixed(operation: dict[str, Any]) -> None:
    """A batch answers 207 where some items were refused."""
    done = operation.get("responses", {}).get("200")
    if done is not None and "/BatchReply" in json.dumps(done):
        mixed = {**done, "description": "Some items were refused; each result says what became of its item."}
        operation["responses"].setdefault("207", mixed)


def _add_problems(path: str, operation: dict[str, Any]) -> None:
    """Add what any such request may meet, keep what the endpoint itself declares."""
    headers = {each["name"]: each["required"] for each in operation.get("parameters", ()) if each["in"] == "header"}
    common: list[type[kinds.Refusal]] = [*_ANY]
    if operation.setdefault("security", [{"bearer": []}]):
        common += _CALLER
    if "{" in path:
        common.append(kinds.NotFound)
    if "requestBody" in operation:
        common += _BODY
    if "Idempotency-Key" in headers:
        common += _KEY
    if "If-Match" in headers:
        common.append(kinds.StaleVersion)
    if headers.get("If-Match"):
        common.append(kinds.PreconditionRequired)
    responses = operation.setdefault("responses", {})
    responses.pop("422", None) if _is_default(responses.get("422")) else None
    for status, response in _by_status(common).items():
        if status in responses:
            merged = f"{responses[status].get('description', '')} {response['description']}".strip()
            responses[status] = {**response, **responses[status], "description": merged}
        else:
            responses[status] = response
    operation["responses"] = dict(sorted(responses.items()))


def _is_default(response: Any) -> bool:
    return response is not None and "HTTPValidationError" in json.dumps(response)


def _by_status(refusals: list[type[kinds.Refusal]]) -> dict[str, dict[str, Any]]:
    grouped: dict[str, list[type[kinds.Refusal]]] = {}
    for refusal in refusals:
        grouped.setdefault(str(refusal.kind.value), []).append(refusal)
    return {status: declared(some) for status, some in grouped.items()}
