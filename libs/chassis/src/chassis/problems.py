"""Problem documents (RFC 9457): the one shape of every answer from 400 up.

``type`` is the page of our documentation that explains the slug, ``code`` the slug itself, ``errors`` name the fields
at fault by JSON Pointer. This module only builds them; ``problem_handlers`` answers with them.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from chassis.refusals import Kind, Refusal

MEDIA_TYPE = "application/problem+json"


class FieldError(BaseModel):
    """One field at fault."""

    pointer: str = Field(examples=["/amount/currency"])
    """JSON Pointer into the body; for a parameter or header ``/<name>``."""
    code: str = Field(examples=["missing"])
    detail: str = Field(examples=["Field required"])
    where: str = Field(default="body", alias="in", examples=["body"])
    """``body``, ``query``, ``path`` or ``header``."""


class Problem(BaseModel):
    """Why a request was not done. Further members say more where a code needs it."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["/problems/not-found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["No such record is visible to you."])
    code: str = Field(examples=["not-found"])
    request_id: str | None = None
    trace_id: str | None = None
    errors: list[FieldError] = []


class ProblemResponse(Response):
    """A problem document on the wire."""

    media_type = MEDIA_TYPE

    def __init__(self, document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        # Through json with ASCII escapes: a caller's text may hold half of a surrogate pair, which UTF-8 cannot.
        super().__init__(_json(document), status_code=document["status"], headers=dict(headers or {}))


def problem(
    status: int, code: str, detail: str, *, errors: list[dict[str, str]] | None = None, **facts: object
) -> dict[str, Any]:
    """A problem document as plain data."""
    about = structlog.contextvars.get_contextvars()
    return {
        "type": f"/problems/{code}",
        "title": _title(code, status),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": about.get("request_id"),
        "trace_id": about.get("trace_id"),
        "errors": errors or [],
        **facts,
    }


def problem_of(refusal: Refusal) -> dict[str, Any]:
    """The document of a refusal."""
    errors = []
    if refusal.pointer is not None:
        where = "header" if refusal.pointer in _HEADERS else "query" if refusal.pointer == "/cursor" else "body"
        errors = [{"pointer": refusal.pointer, "code": refusal.slug, "detail": refusal.detail, "in": where}]
    facts = {name: fact for name, fact in refusal.facts.items() if name not in _RESERVED}
    return problem(refusal.kind.value, refusal.slug, refusal.detail, errors=errors, **facts)


def response_of(refusal: Refusal) -> ProblemResponse:
    """The answer to a refused request."""
    headers = {}
    if refusal.kind is Kind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after" in refusal.facts:
        headers["Retry-After"] = str(refusal.facts["retry_after"])
    if refusal.kind is Kind.STALE and "current_version" in refusal.facts:
        headers["ETag"] = f'"{refusal.facts["current_version"]}"'
    return ProblemResponse(problem_of(refusal), headers)


def problems(*refusals: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """``responses=`` of an endpoint: what its decisions may refuse. ``openapi`` adds what any endpoint may answer."""
    by_status: dict[int | str, list[type[Refusal]]] = {}
    for refusal in refusals:
        by_status.setdefault(refusal.kind.value, []).append(refusal)
    return {status: declared(some) for status, some in by_status.items()}


def declared(refusals: list[type[Refusal]]) -> dict[str, Any]:
    """An OpenAPI response that lists the codes which share one status."""
    texts = {refusal.slug: (refusal.__doc__ or "").strip().partition("\n")[0] for refusal in refusals}
    return {
        "description": " ".join(f"`{slug}`: {text}" for slug, text in texts.items()),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


_HEADERS = frozenset({"/If-Match", "/Idempotency-Key", "/Authorization"})
_RESERVED = frozenset({"type", "title", "status", "detail", "code", "request_id", "trace_id", "errors", "retry_after"})


def _title(code: str, status: int) -> str:
    text = code.replace("-", " ")
    return text[:1].upper() + text[1:] if text else HTTPStatus(status).phrase


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, default=str, separators=(",", ":")).encode()
