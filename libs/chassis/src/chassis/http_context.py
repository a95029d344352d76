"""The one middleware: trace, size and type of the body, metrics, the last resort.

Plain ASGI, because it stands before every request. It binds the ids of the request to the log, refuses a body that is
too large or no JSON before anybody reads it, measures by route template, and answers a problem even when the
application breaks.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import metrics
from chassis.problem_handlers import unexpected
from chassis.problems import response_of
from chassis.refusals import Malformed, Refusal, TooLarge, UnsupportedMediaType
from chassis.resources import Resources
from chassis.tracing import Trace

BODY_BYTES = 1024 * 1024
BATCH_BODY_BYTES = 8 * 1024 * 1024

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What this middleware knows of a request; stands in the scope under ``dealstream``."""

    resources: Resources
    trace: Trace
    headers: dict[bytes, bytes]

    def header(self, name: bytes) -> str | None:
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")


def context_of(scope: Any) -> RequestContext:
    """The context of the running request."""
    context: RequestContext = scope["dealstream"]
    return context


class HttpContext:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, resources: Resources, *, urlencoded: tuple[str, ...] = ()) -> None:
        self.app = app
        self.resources = resources
        self.urlencoded = urlencoded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = _combined(scope["headers"])
        trace = Trace.of_request(_text(headers, b"traceparent"), _text(headers, b"x-request-id"))
        structlog.contextvars.clear_contextvars()
        trace.bind()
        scope["dealstream"] = RequestContext(self.resources, trace, headers)
        takes_forms = scope["path"].startswith(self.urlencoded) if self.urlencoded else False
        exchange = _Exchange(scope, receive, send, trace, takes_forms=takes_forms)
        await exchange.run(self.app, headers)


class _Exchange:
    """One request and its answer."""

    __slots__ = ("_receive", "_request_id", "_scope", "_send", "_takes_forms", "_trace", "limit", "received", "status")

    def __init__(self, scope: Scope, receive: Receive, send: Send, trace: Trace, *, takes_forms: bool) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._trace = trace
        self._takes_forms = takes_forms
        self.limit = BATCH_BODY_BYTES if scope["path"].endswith(":batch") else BODY_BYTES
        self.received = 0
        self.status = 0

    async def run(self, app: ASGIApp, headers: dict[bytes, bytes]) -> None:
        began = time.perf_counter()
        try:
            _check(self._scope, headers, self.limit, takes_forms=self._takes_forms)
            counts = b"content-length" not in headers and b"transfer-encoding" in headers
            await app(self._scope, self.receive if counts else self._receive, self.send)
        except Exception as error:
            if self.status == 0:
                await self._answer(error)
            else:
                raise
        finally:
            metrics.observe_request(self._scope, self.status or 499, time.perf_counter() - began)

    async def receive(self) -> Message:
        message = await self._receive()
        self.received += len(message.get("body", b""))
        if self.received > self.limit:
            raise HTTPException(413)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [
                *message.get("headers", ()),
                (b"x-request-id", self._trace.request_id.encode("latin-1")),
                (b"traceparent", self._trace.traceparent.encode("latin-1")),
            ]
        await self._send(message)

    async def _answer(self, error: Exception) -> None:
        response = response_of(error) if isinstance(error, Refusal) else unexpected(error)
        await response(self._scope, self._receive, self.send)


def _check(scope: Scope, headers: dict[bytes, bytes], limit: int, *, takes_forms: bool) -> None:
    """Refuse what nobody should read."""
    if b"%00" in scope.get("raw_path", b"") or b"%00" in scope["query_string"]:
        raise Malformed("The address holds a NUL character.")
    if scope["method"] not in _WITH_BODY:
        return
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length) > limit:
        raise TooLarge(f"At most {limit} bytes are taken here.", limit_bytes=limit)
    if length == b"0" and b"transfer-encoding" not in headers:
        return
    content_type = headers.get(b"content-type", b"")
    if not (_is_json(content_type) or (takes_forms and _is_form(content_type))):
        raise UnsupportedMediaType


def _is_form(content_type: bytes) -> bool:
    return _kind(content_type) == b"application/x-www-form-urlencoded"


def _is_json(content_type: bytes) -> bool:
    kind = _kind(content_type)
    return kind == b"application/json" or (kind.startswith(b"application/") and kind.endswith(b"+json"))


def _combined(lines: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Lines of one name are one header (RFC 9110, 5.2): whoever sends two keys is refused, not believed by halves."""
    headers: dict[bytes, bytes] = {}
    for name, value in lines:
        headers[name] = headers[name] + b", " + value if name in headers else value
    return headers


def _kind(content_type: bytes) -> bytes:
    return content_type.partition(b";")[0].strip().lower()


def _text(headers: dict[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")
