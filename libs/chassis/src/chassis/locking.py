"""Locks that end with the transaction, for what two must not decide at once and where there is no row to lock."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID
from zlib import crc32

_SLOTS = 128
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest($1::text[]) AS name"


async def one_at_a_time(connection: Any, what: str, tenant: UUID, keys: Iterable[str]) -> None:
    """Until the transaction ends nobody else decides about ``what`` with one of these keys.

    Keys share a few locks, taken in their order: a batch may hold all of them, and two batches cannot block each other.
    """
    slots = sorted({crc32(f"{tenant}:{key}".encode()) % _SLOTS for key in keys})
    await connection.execute(_LOCK, [f"{what}:{tenant}:{slot}" for slot in slots])
