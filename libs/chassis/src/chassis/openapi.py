"""The OpenAPI document of a service, complete and stable, fit to be committed and compared.

FastAPI describes the endpoints; here is added what every endpoint has: the security schemes, the problems that any
request may meet, and the one shape they have.
"""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from chassis import refusals as kinds
from chassis.problems import Problem, declared
from chassis.query import UnknownParameter

_READS = frozenset({"get", "head"})
_ANY = (kinds.Malformed, UnknownParameter, kinds.Unauthenticated, kinds.Forbidden, kinds.Invalid)
_LATER = (kinds.TooManyRequests, kinds.Unavailable)
_BODY = (kinds.TooLarge, kinds.UnsupportedMediaType)
_KEY = (kinds.IdempotencyKeyInFlight, kinds.AlreadyExists)


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
    for path, item in found.get("paths", {}).items():
        for method, operation in item.items():
            _complete(path, method, operation)
    return found


def as_text(app: FastAPI) -> str:
    """The document with sorted keys, so that a diff shows what changed and nothing else."""
    return json.dumps(app.openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


_BEARER = "A token of identity (`POST /v1/sessions`), or an API key `dsk_...`."


def _problem_schemas() -> dict[str, Any]:
    schema = TypeAdapter(Problem).json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    return {**schema.pop("$defs"), "Problem": schema}


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Add what any request to this endpoint may meet, keep what the endpoint itself declares."""
    common: list[type[kinds.Refusal]] = [*_ANY, *_LATER]
    if not operation.pop("x-public", False):
        operation.setdefault("security", [{"bearer": []}])
    if "{" in path:
        common.append(kinds.NotFound)
    if "requestBody" in operation:
        common += _BODY
    if method not in _READS:
        common += _KEY
        common += (kinds.StaleVersion, kinds.PreconditionRequired, kinds.IdempotencyKeyReused)
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
