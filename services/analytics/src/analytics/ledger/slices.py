"""Slices by number: each combination of dimension values gets a small integer, once, for all versions of the ledger.

Numbers are given in a transaction of their own, committed before they are used, so that the memory of them is never
ahead of the database, whatever becomes of the batch that asked. The memory is bounded: a full one is
replaced.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from analytics.ledger.posting import DIMENSIONS, Grouping, Measure, Slice

Connect = Callable[[], AbstractAsyncContextManager[Any]]
"""A connection outside the caller's transaction."""

Masks = tuple[int, ...]
"""The groupings of a measure, by number."""

CAPACITY: Final = 100_000

FULL_MASK: Final = (1 << len(DIMENSIONS)) - 1

_NAMES: Final = ", ".join(DIMENSIONS)

FIND: Final = "SELECT digest, id FROM slice WHERE tenant_id = $1 AND digest = ANY($2::bytea[])"
ADD: Final = f"""
INSERT INTO slice (tenant_id, {_NAMES})
SELECT $1, * FROM unnest({", ".join(f"${n}::text[]" for n in range(2, 2 + len(DIMENSIONS)))})
ON CONFLICT (tenant_id, digest) DO NOTHING RETURNING digest, id
"""
BY_ID: Final = f"SELECT id, {_NAMES} FROM slice WHERE tenant_id = $1 AND id = ANY($2::int[])"


def mask_of(grouping: Grouping) -> int:
    """The number of a grouping in the database: one bit a dimension, in the order of ``DIMENSIONS``."""
    return sum(1 << DIMENSIONS.index(dimension) for dimension in set(grouping))


def masks_of(measure: Measure) -> Masks:
    return tuple(sorted({mask_of(grouping) for grouping in measure.groupings} - {FULL_MASK}))


def project(where: Slice, mask: int) -> Slice:
    """The slice with only the dimensions of a grouping left."""
    return Slice(*(value if mask >> place & 1 else None for place, value in enumerate(where)))


def digest_of(where: Slice) -> bytes:
    """As ``slice_digest`` in the database: no two slices have the same text."""
    text = "".join("-" if value is None else f"{len(value)}:{value}" for value in where)
    return sha256(text.encode()).digest()


class TenantSlices:
    """What is remembered of one tenant's slices; the dictionaries are read in the innermost loops of the fold."""

    def __init__(self) -> None:
        self.ids: dict[Slice, int] = {}
        self.projected: dict[Masks, dict[int, tuple[int, ...]]] = {}
        """For the groupings of a measure: slice id -> ``mask << 52 | id of the projected slice`` for each of them."""
        self._slices: dict[int, Slice] = {}
        self._by_mask: dict[int, dict[Any, int]] = {}

    def __len__(self) -> int:
        return len(self.ids) + sum(map(len, self.projected.values()))

    def remember(self, number: int, where: Slice) -> None:
        self.ids[where] = number
        self._slices[number] = where

    def unknown(self, numbers: Iterable[int]) -> set[int]:
        return set(numbers) - self._slices.keys()

    def try_projecting(self, numbers: Iterable[int], masks: Masks) -> set[Slice]:
        """Project known slices by number; answers the projected slices that have no number yet."""
        projected = self.projected.setdefault(masks, {})
        pickers = [(mask, _PICKERS[mask], self._by_mask.setdefault(mask, {})) for mask in masks]
        missing: set[Slice] = set()
        for number in numbers:
            where = self._slices[number]
            found = []
            for mask, pick, known in pickers:
                values = pick(where)
                target = known.get(values)
                if target is None:
                    target = self.ids.get(project(where, mask))
                    if target is None:
                        missing.add(project(where, mask))
                        continue
                    known[values] = target
                found.append(mask << GROUPING_SHIFT | target)
            if len(found) == len(masks):
                projected[number] = tuple(found)
        return missing


class Slices:
    """All tenants' slices, within a bound of memory."""

    def __init__(self, connect: Connect, capacity: int = CAPACITY) -> None:
        self._connect = connect
        self._capacity = capacity
        self._tenants: dict[UUID, TenantSlices] = {}

    def of(self, tenant: UUID) -> TenantSlices:
        known = self._tenants.get(tenant)
        if known is None:
            known = self._tenants[tenant] = TenantSlices()
        return known

    def within_bounds(self) -> "Slices":
        """This memory, or an empty one in its place when it is full. Whoever works with it goes on with it."""
        full = sum(map(len, self._tenants.values())) > self._capacity
        return Slices(self._connect, self._capacity) if full else self

    async def number(self, tenant: UUID, slices: Iterable[Slice]) -> None:
        """Give each of the slices its number and remember it."""
        known = self.of(tenant)
        wanted = {digest_of(where): where for where in slices if where not in known.ids}
        if wanted:
            async with self._connect() as connection:
                for digest, number in await _numbered(connection, tenant, wanted):
                    known.remember(number, wanted[digest])

    async def project(self, tenant: UUID, wanted: Mapping[Masks, set[int]]) -> None:
        """Make sure that the projections of these slices, by number, are remembered."""
        known = self.of(tenant)
        forgotten = known.unknown(number for numbers in wanted.values() for number in numbers)
        if forgotten:
            async with self._connect() as connection:
                rows = await connection.fetch(BY_ID, tenant, list(forgotten))
            for number, *values in rows:
                known.remember(number, Slice(*values))
        for masks, numbers in wanted.items():
            missing = known.try_projecting(numbers, masks)
            if missing:
                await self.number(tenant, missing)
                known.try_projecting(numbers, masks)


async def _numbered(connection: Any, tenant: UUID, wanted: Mapping[bytes, Slice]) -> list[tuple[bytes, int]]:
    found = [tuple(row) for row in await connection.fetch(FIND, tenant, list(wanted))]
    missing = wanted.keys() - {digest for digest, _ in found}
    if missing:
        columns = [list(column) for column in zip(*(wanted[digest] for digest in sorted(missing)), strict=True)]
        found += [tuple(row) for row in await connection.fetch(ADD, tenant, *columns)]
        if len(found) < len(wanted):
            # Somebody else has added some of them in this moment.
            return [tuple(row) for row in await connection.fetch(FIND, tenant, list(wanted))]
    return found


GROUPING_SHIFT: Final = 52
"""Where the number of the grouping begins in a packed cell; below it stand period, day and slice."""


def _picker(mask: int) -> Callable[[Slice], Any]:
    places = [place for place in range(len(DIMENSIONS)) if mask >> place & 1]
    return itemgetter(*places) if places else _nothing


def _nothing(_where: Slice) -> None:
    return None


_PICKERS: Final = tuple(_picker(mask) for mask in range(FULL_MASK + 1))
