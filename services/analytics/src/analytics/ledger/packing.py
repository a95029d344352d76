"""Postings in compact form: a whole set is one dictionary of integers in memory and one byte string in the database.

A key packs measure, day and slice into one integer, so that comparing the postings before and after an event, the
innermost loop of the fold, touches nothing but integers. Pure.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from analytics.ledger.posting import Posting, Slice

Booked = dict[int, tuple[int, int]]
"""Count and amount by packed key: what is in force for one fact. Never holds a pair of zeros."""

Change = tuple[int, int, int]
"""Packed key, change of the count, change of the amount."""

DAY_BITS: Final = 17
MEASURE_BITS: Final = 12
SLICE_SHIFT: Final = DAY_BITS + MEASURE_BITS
DAY_MASK: Final = (1 << DAY_BITS) - 1
MEASURE_MASK: Final = (1 << MEASURE_BITS) - 1
SLICE_COUNT_MAX: Final = 1 << (63 - SLICE_SHIFT)

FIRST_DAY: Final = date(1900, 1, 1).toordinal()


def day_number(on: date) -> int:
    """Days since 1900; 17 bits reach the year 2258."""
    return on.toordinal() - FIRST_DAY


def day_of(number: int) -> date:
    return date.fromordinal(number + FIRST_DAY)


def key_of(slice_id: int, measure: int, day: int) -> int:
    return slice_id << SLICE_SHIFT | measure << DAY_BITS | day


def unpack_key(key: int) -> tuple[int, int, int]:
    """Slice id, measure number, day number."""
    return key >> SLICE_SHIFT, key >> DAY_BITS & MEASURE_MASK, key & DAY_MASK


def book(postings: Iterable[Posting], ids: Mapping[Slice, int]) -> Booked:
    """Add the postings up by key. A slice without an id raises KeyError: ask for it and book again."""
    booked: Booked = {}
    several = False
    for measure, on, where, count, amount in postings:
        key = ids[where] << SLICE_SHIFT | measure.number << DAY_BITS | (on.toordinal() - FIRST_DAY)
        was = booked.get(key)
        if was is None:
            booked[key] = (count, amount)
        else:
            booked[key] = (was[0] + count, was[1] + amount)
            several = True
    if several or (0, 0) in booked.values():
        return {key: value for key, value in booked.items() if value != (0, 0)}
    return booked


def changes(before: Booked, after: Booked) -> Iterator[Change]:
    """What must be added to ``before`` to give ``after``; empties ``before``."""
    take = before.pop
    for key, value in after.items():
        was = take(key, None)
        if was is None:
            yield key, value[0], value[1]
        elif was != value:
            yield key, value[0] - was[0], value[1] - was[1]
    for key, (count, amount) in before.items():
        yield key, -count, -amount
    before.clear()


def to_bytes(booked: Booked) -> bytes:
    """Little-endian triples of 64-bit integers, ordered by key: equal sets give equal bytes."""
    flat: list[int] = []
    for key in sorted(booked):
        flat += (key, *booked[key])
    return struct.pack(f"<{len(flat)}q", *flat)


def from_bytes(packed: bytes) -> Booked:
    flat = struct.unpack(f"<{len(packed) // 8}q", packed)
    return dict(zip(flat[::3], zip(flat[1::3], flat[2::3], strict=True), strict=True))
