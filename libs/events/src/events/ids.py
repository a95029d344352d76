"""Ids of events and aggregates: UUIDv7 (RFC 9562), ascending within the process even when the clock steps back."""

import secrets
import threading
import time
from uuid import UUID

_NANOSECONDS_PER_TICK = 1_000_000 / 4096
_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62

_lock = threading.Lock()
_last_tick = 0


def uuid7() -> UUID:
    """A new id: milliseconds, then 12 bits of their fraction, then 62 random bits."""
    tick = _next_tick()
    return UUID(int=(tick >> 12) << 80 | _VERSION | (tick & 0xFFF) << 64 | _VARIANT | secrets.randbits(62))


def _next_tick() -> int:
    global _last_tick  # noqa: PLW0603
    with _lock:
        _last_tick = max(_last_tick + 1, int(time.time_ns() / _NANOSECONDS_PER_TICK))
        return _last_tick
