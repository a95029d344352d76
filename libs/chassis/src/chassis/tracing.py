"""What a request or message belongs to: W3C trace context, carried from HTTP over the outbox into Kafka and on.

A request without ``traceparent`` begins a trace. The correlation id of its events is the trace id, or the caller's
``X-Request-Id`` where that is a UUID and no trace came with it.
"""

import random
import re
from dataclasses import dataclass
from uuid import UUID

import structlog

_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._:/+=@-]{1,128}$")
_NOTHING = "0" * 32


@dataclass(frozen=True, slots=True)
class Trace:
    """The place of one unit of work in a trace."""

    trace_id: str
    traceparent: str
    request_id: str
    correlation_id: UUID

    @classmethod
    def of_request(cls, traceparent: str | None, request_id: str | None) -> "Trace":
        """Continue the caller's trace or begin one; what is malformed counts as absent, as W3C asks."""
        asked = request_id if request_id and _REQUEST_ID.match(request_id) else None
        parent = _TRACEPARENT.match(traceparent) if traceparent else None
        if parent and parent[1] != _NOTHING:
            return cls._continuing(parent[1], parent[3], asked, None)
        return cls._continuing(_random_hex(128), "01", asked, _as_uuid(asked))

    @classmethod
    def of_message(cls, traceparent: str | None, correlation_id: UUID | None) -> "Trace":
        """Continue the trace of the message that caused this work."""
        trace = cls.of_request(traceparent, None)
        if correlation_id is None:
            return trace
        return cls(trace.trace_id, trace.traceparent, trace.request_id, correlation_id)

    @classmethod
    def _continuing(cls, trace_id: str, flags: str, request_id: str | None, correlation: UUID | None) -> "Trace":
        return cls(
            trace_id=trace_id,
            traceparent=f"00-{trace_id}-{_random_hex(64)}-{flags}",
            request_id=request_id or trace_id,
            correlation_id=correlation or UUID(trace_id),
        )

    def bind(self, **more: str) -> None:
        """Put the ids on every log line of the running task."""
        structlog.contextvars.bind_contextvars(trace_id=self.trace_id, request_id=self.request_id, **more)


def _random_hex(bits: int) -> str:
    return f"{random.getrandbits(bits) | 1:0{bits // 4}x}"


def _as_uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
