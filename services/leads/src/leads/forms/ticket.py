"""A ticket says when a form was opened, and that we said so: whoever sends the form at once is no human. Pure."""

import base64
import hmac
from datetime import UTC, datetime

from chassis.refusals import Kind, Refusal

SECONDS_MAX = 24 * 3600
"""A page may stay open so long."""

_SIGNATURE_BYTES = 16
_TIME_BYTES = 6


class TicketNeeded(Refusal):
    """This form needs the ticket that it gives when it is opened; open it again."""

    slug = "ticket-needed"
    kind = Kind.INVALID


def issued(secret: str, key: str, at: datetime) -> str:
    """The ticket of a form opened now."""
    when = int(at.timestamp()).to_bytes(_TIME_BYTES, "big")
    return base64.urlsafe_b64encode(when + _signature(secret, key, when)).rstrip(b"=").decode()


def age_seconds(secret: str, key: str, ticket: str | None, now: datetime) -> float:
    """How long ago the form was opened; refused where the ticket is not ours, of another form, or too old."""
    try:
        raw = base64.b64decode((ticket or "").encode("ascii") + b"==", altchars=b"-_")
    except ValueError:
        raise TicketNeeded(pointer="/ticket") from None
    when, signature = raw[:_TIME_BYTES], raw[_TIME_BYTES:]
    if len(when) < _TIME_BYTES or not hmac.compare_digest(signature, _signature(secret, key, when)):
        raise TicketNeeded(pointer="/ticket")
    age = (now - datetime.fromtimestamp(int.from_bytes(when, "big"), UTC)).total_seconds()
    if age > SECONDS_MAX:
        raise TicketNeeded(pointer="/ticket")
    return age


def _signature(secret: str, key: str, when: bytes) -> bytes:
    return hmac.digest(secret.encode(), f"web-form|{key}|".encode() + when, "sha256")[:_SIGNATURE_BYTES]
