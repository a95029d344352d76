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
    STALE = 412
    TOO_LARGE = 413
    INVALID = 422
    PRECONDITION_REQUIRED = 428
    TOO_MANY = 429
    UNAVAILABLE = 503


class Refusal(Exception):  # noqa: N818 - "refusal" is the word of the domain
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
