"""Keyset pages behind opaque, signed cursors.

A cursor names the last row of a page by its sort values; the next page begins after it, so pages stay right while rows
are added. The signature covers the tenant and the list (``purpose``): a cursor made up, altered or carried to another
list is refused with 400 and never reaches SQL.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from chassis.refusals import Kind, Refusal

Item = TypeVar("Item")
Row = TypeVar("Row")

Limit = Annotated[int, Query(ge=1, le=200, description="How many items at most")]
"""Use as ``limit: Limit = 50``."""

CursorText = Annotated[str | None, Query(max_length=2000, description="``next_cursor`` of the page before")]
"""Use as ``cursor: CursorText = None``."""

_SIGNATURE_BYTES = 16


class WrongCursor(Refusal):
    """The cursor is not one that this list gave."""

    slug = "wrong-cursor"
    kind = Kind.MALFORMED


class Page(BaseModel, Generic[Item]):
    """One page of a list; ``next_cursor`` is null on the last one."""

    items: list[Item]
    next_cursor: str | None = None


class Cursors:
    """Makes and reads the cursors of one list of one tenant."""

    def __init__(self, secret: str, tenant: UUID, purpose: str) -> None:
        self._key = hashlib.sha256(f"{secret}|{tenant}|{purpose}".encode()).digest()

    def write(self, values: Sequence[object]) -> str:
        payload = json.dumps([_as_text(value) for value in values], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._sign(payload) + payload).rstrip(b"=").decode()

    def read(self, cursor: str | None) -> list[str | None] | None:
        """The sort values after which the page begins, as text; None for the first page."""
        if cursor is None:
            return None
        try:
            raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except ValueError as error:
            raise WrongCursor(pointer="/cursor") from error
        signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(payload)):
            raise WrongCursor(pointer="/cursor")
        values: list[str | None] = json.loads(payload)
        return values

    def page(
        self, rows: Sequence[Row], limit: int, item: Callable[[Row], Item], keys: Callable[[Row], Sequence[object]]
    ) -> Page[Item]:
        """The page of ``rows``, which were fetched with ``LIMIT limit + 1`` to see whether more follow."""
        shown = rows[:limit]
        more = len(rows) > limit
        return Page(items=[item(row) for row in shown], next_cursor=self.write(keys(shown[-1])) if more else None)

    def _sign(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, "sha256")[:_SIGNATURE_BYTES]


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
