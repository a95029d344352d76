"""The edge of every write: ``APIRouter(route_class=CommandRoute)`` and an endpoint that takes ``work: Work``.

Around such an endpoint the route opens the tenant's transaction, answers a repeated Idempotency-Key with its stored
reply, renders the reply, stores it, and commits, all before a byte of the answer leaves: a commit that fails is never a
200. A transaction that lost against another one is done again once. PATCH, PUT and DELETE need If-Match.
"""

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any, get_type_hints

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic_core import from_json, to_json
from starlette.responses import Response

from chassis import metrics
from chassis.auth import authenticated
from chassis.http_context import RequestContext, context_of
from chassis.idempotency import IdempotencyKey, Reply
from chassis.preconditions import IfMatch, etag
from chassis.query import refuse_unknown_query
from chassis.refusals import ConcurrentChange, Invalid, Malformed, PreconditionRequired
from chassis.unit_of_work import UnitOfWork

Endpoint = Callable[..., Awaitable[Any]]

_NEEDS_MATCH = frozenset({"PATCH", "PUT", "DELETE"})
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_KEPT_HEADERS = frozenset({"etag", "location", "content-type"})


class RequestWork(UnitOfWork):
    """The unit of work of one HTTP request."""

    idempotency_key: IdempotencyKey | None = None

    def refuse_idempotency_key(self) -> None:
        """For requests that take or answer a secret: what is kept for a key must hold none."""
        if self.idempotency_key is not None:
            raise Malformed("This request takes no Idempotency-Key: secrets are not kept.", pointer="/Idempotency-Key")


async def open_work(request: Request) -> RequestWork:
    """Say who asks and what they demand; the transaction is opened by ``CommandRoute`` once the body is valid."""
    context = context_of(request.scope)
    principal = await authenticated(request)
    refuse_unknown_query(request)
    work = RequestWork(context.resources, principal, context.trace, if_match=_if_match(request.method, context))
    key = context.header(b"idempotency-key")
    if key is not None:
        address = f"{request.method} {request.scope['path']}?".encode() + request.scope["query_string"]
        work.idempotency_key = IdempotencyKey.of(
            key, principal.tenant, principal.subject, address, await request.body()
        )
    return work


Work = Annotated[RequestWork, Depends(open_work)]
"""What an endpoint of a command takes."""


class CommandRoute(APIRoute):
    """A route whose endpoint runs in one transaction."""

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        methods = {method.upper() for method in options.get("methods") or ("GET",)}
        if not methods <= _READS:
            wrapped = _in_transaction(endpoint, options.get("status_code") or 200)
            if wrapped is not endpoint:
                options["openapi_extra"] = _headers_of(methods, options.get("openapi_extra") or {})
            endpoint = wrapped
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            refuse_unknown_query(request)
            body = await request.body()
            if body:
                request._json = parsed(body)  # noqa: SLF001 - where Starlette keeps the parsed body
            return await handler(request)

        return strictly


def _in_transaction(endpoint: Endpoint, status: int) -> Endpoint:
    """The endpoint between BEGIN and COMMIT; unchanged when it takes no unit of work."""
    names = {hint: name for name, hint in get_type_hints(endpoint).items() if name != "return"}
    work_name = names.get(RequestWork) or names.get(UnitOfWork)
    response_name = names.get(Response)
    if work_name is None:
        return endpoint

    async def replied(values: dict[str, Any], *, look: bool) -> Response:
        work: RequestWork = values[work_name]
        key = work.idempotency_key
        if key is not None and look and (stored := await key.reply(work.connection)) is not None:
            metrics.REPLAYED.inc()
            return Response(stored.body, stored.status, {**stored.headers, "Idempotency-Replayed": "true"})
        asked = values.get(response_name) if response_name else None
        result = await endpoint(**values)
        work.refuse_unmatched()
        response = _rendered(result, asked, status, work.version)
        if key is not None:
            work.closing = key.keep(_kept(response))
        return response

    @functools.wraps(endpoint)
    async def run(**values: Any) -> Response:
        work: RequestWork = values[work_name]
        key = work.idempotency_key
        try:
            async with work.transaction("" if key is None else key.claim()):
                return await replied(values, look=False)
        except ConcurrentChange:
            metrics.RETRIED.inc()
        async with work.transaction():
            return await replied(values, look=True)

    if not inspect.iscoroutinefunction(endpoint):
        raise TypeError(f"{endpoint} must be async")
    return run


def _rendered(result: Any, asked: Response | None, status: int, version: int | None) -> Response:
    """The endpoint's answer in bytes, with the ETag of the aggregate it executed."""
    if isinstance(result, Response):
        return result
    if asked is not None and asked.status_code:
        status = asked.status_code
    response = Response(_json(result), status, media_type=None if result is None else "application/json")
    if asked is not None:
        response.headers.raw.extend(asked.headers.raw)
    if version is not None and "etag" not in response.headers:
        response.headers["ETag"] = etag(version)
    return response


def _json(result: Any) -> bytes:
    if result is None:
        return b""
    if isinstance(result, BaseModel):
        return result.__pydantic_serializer__.to_json(result, by_alias=True)
    return to_json(result)


def _kept(response: Response) -> Reply:
    headers = {name: value for name, value in response.headers.items() if name in _KEPT_HEADERS}
    return Reply(response.status_code, headers, bytes(response.body))


def _if_match(method: str, context: RequestContext) -> IfMatch | None:
    header = context.header(b"if-match")
    if header is not None:
        return IfMatch.parse(header)
    if method in _NEEDS_MATCH:
        raise PreconditionRequired(pointer="/If-Match")
    return None


def parsed(body: bytes) -> Any:
    """JSON as RFC 8259 has it: no NaN, no NUL characters, which PostgreSQL cannot keep."""
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Malformed(f"The body is not JSON: {error}.") from error
    if b"\\u0000" in body and (pointer := _nul_in(value, "")) is not None:
        raise Invalid("Text may not hold the NUL character.", pointer=pointer)
    return value


def _nul_in(value: Any, pointer: str) -> str | None:
    """Where the first NUL character stands."""
    if isinstance(value, str):
        return pointer if "\0" in value else None
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        if isinstance(key, str) and "\0" in key:
            return pointer
        if (found := _nul_in(each, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")) is not None:
            return found
    return None


def _headers_of(methods: set[str], extra: dict[str, Any]) -> dict[str, Any]:
    """The headers that this class reads, for OpenAPI."""
    match = "The `ETag` that you read; stale is 412." + (" Needed." if methods & _NEEDS_MATCH else "")
    key = "Repeat the request safely: the same key answers the stored reply for 24 hours."
    parameters = [
        _header("If-Match", match, r'^(\*|(W/)?"[!#-~]*"(, (W/)?"[!#-~]*")*)$', required=bool(methods & _NEEDS_MATCH)),
        _header("Idempotency-Key", key, "^[!-~]{1,255}$", required=False),
    ]
    return {**extra, "parameters": [*extra.get("parameters", []), *parameters]}


def _header(name: str, description: str, pattern: str, *, required: bool) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": pattern}
    return {"name": name, "in": "header", "required": required, "description": description, "schema": schema}
