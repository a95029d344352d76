"""Refusals: what a decision answers when a rule forbids the command.

A refusal is a domain class with a stable ``slug`` and a ``kind``; ``chassis.problems`` is the one place that maps the
kind to an HTTP status. The docstring of a refusal is its message. Pure: domain modules may import this.
"""

from enum import Enum
from typing import ClassVar


class Kind(Enum):
    """Why a command was refused, in the words of a caller; the value is the HTTP status."""

    MALFORMED = 400
    UNAUTHENTICATED = 401
    FORBIDDEN = 403
    NOT_FOUND = 404
    CONFLICT = 409
    GONE = 410
    STALE = 412
    TOO_LARGE = 413
    UNSUPPORTED_MEDIA_TYPE = 415
    INVALID = 422
    PRECONDITION_REQUIRED = 428
    TOO_MANY = 429
    UNAVAILABLE = 503


class Refusal(Exception):
    """The command was refused."""

    slug: ClassVar[str] = "refused"
    kind: ClassVar[Kind] = Kind.CONFLICT

    def __init__(self, detail: str | None = None, *, pointer: str | None = None, **facts: object) -> None:
        """``pointer`` is the JSON Pointer of the field at fault; ``facts`` are added to the problem document."""
        self.detail = detail or (type(self).__doc__ or "").strip().partition("\n")[0]
        self.pointer = pointer
        self.facts = facts
        super().__init__(self.detail)


class NotFound(Refusal):
    """No such record is visible to you."""

    slug = "not-found"
    kind = Kind.NOT_FOUND


class StaleVersion(Refusal):
    """The record has changed since you read it."""

    slug = "stale-version"
    kind = Kind.STALE


class Forbidden(Refusal):
    """You may not do this."""

    slug = "forbidden"
    kind = Kind.FORBIDDEN


class Invalid(Refusal):
    """A value is not acceptable."""

    slug = "invalid"
    kind = Kind.INVALID


class AlreadyExists(Refusal):
    """A record with this identity exists."""

    slug = "already-exists"
    kind = Kind.CONFLICT


class Malformed(Refusal):
    """The request cannot be understood."""

    slug = "malformed"
    kind = Kind.MALFORMED


class Unauthenticated(Refusal):
    """The request carries no valid credentials."""

    slug = "unauthenticated"
    kind = Kind.UNAUTHENTICATED


class UnsupportedMediaType(Refusal):
    """The body must be application/json."""

    slug = "unsupported-media-type"
    kind = Kind.UNSUPPORTED_MEDIA_TYPE


class TooLarge(Refusal):
    """The body is larger than this endpoint takes."""

    slug = "too-large"
    kind = Kind.TOO_LARGE


class PreconditionRequired(Refusal):
    """This request needs an If-Match header with the ETag that you read."""

    slug = "precondition-required"
    kind = Kind.PRECONDITION_REQUIRED


class TooManyRequests(Refusal):
    """Too many requests; slow down."""

    slug = "too-many-requests"
    kind = Kind.TOO_MANY


class Unavailable(Refusal):
    """The service cannot do this right now; try again shortly."""

    slug = "unavailable"
    kind = Kind.UNAVAILABLE


class ConcurrentChange(Unavailable):
    """Others changed the same records at the same time; try again."""

    slug = "concurrent-change"


class NotApplied(Refusal):
    """Nothing was written, because another item of the atomic batch was refused."""

    slug = "not-applied"


class IdempotencyKeyReused(Refusal):
    """This Idempotency-Key was used with another request."""

    slug = "idempotency-key-reused"
    kind = Kind.INVALID


class IdempotencyKeyInFlight(Refusal):
    """A request with this Idempotency-Key is being worked on."""

    slug = "idempotency-key-in-flight"


class RateMissing(Refusal):
    """No exchange rate is known for this currency and day."""

    slug = "rate-missing"
    kind = Kind.INVALID
