"""The audit: cells = sum of the ledger = what is booked for the facts = postings of their states, computed anew.

It runs in one snapshot beside the fold. Cells and ledger are compared balance by balance. Facts and ledger are compared
by measure and day: the sums, and a checksum in which each slice has a weight of its own, so that two balances that were
swapped show. Each fact's stored postings are compared with its state's, one by one.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from analytics.ledger import grain
from analytics.ledger.cells import Totals, cell_of, unpack_cell
from analytics.ledger.facts import unpack_state
from analytics.ledger.fold import Fold
from analytics.ledger.packing import (
    DAY_BITS,
    DAY_MASK,
    SLICE_SHIFT,
    Booked,
    day_number,
    day_of,
    from_bytes,
    unpack_key,
)
from analytics.measures import STATES

SHOWN_MAX: Final = 100
"""So many differences are shown; all are counted."""

CELLS: Final = """
SELECT grouping, period::text, day, slice, sum(count)::bigint, sum(amount)::text FROM {schema}.cell
WHERE tenant_id = $1 AND measure = $2 AND day >= $3 AND day < $3 + interval '1 month'
GROUP BY grouping, period, day, slice HAVING sum(count) <> 0 OR sum(amount) <> 0
"""
CELL_MONTHS: Final = """
SELECT DISTINCT measure, date_trunc('month', day)::date FROM {schema}.cell WHERE tenant_id = $1
"""
FACTS: Final = "SELECT kind, id, state, postings FROM {schema}.fact WHERE tenant_id = $1 AND state IS NOT NULL"
LEDGER_DAYS: Final = """
SELECT measure, day, sum(count), sum(amount), sum((count * 31::numeric + amount) * (slice * 2654435761 % 1000003))
FROM {schema}.ledger WHERE tenant_id = $1 GROUP BY measure, day
"""

Balance = tuple[int, int, int]
"""Count, amount, checksum."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Two ways of knowing the same number that do not agree."""

    between: str
    measure: int | None = None
    grouping: int | None = None
    period: str | None = None
    day: date | None = None
    slice: int | None = None
    fact: UUID | None = None
    found: str = ""
    expected: str = ""


@dataclass(slots=True)
class Audit:
    """The result for one tenant."""

    facts: int = 0
    balances: int = 0
    cells: int = 0
    differences: int = 0
    shown: list[Difference] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        return self.differences == 0

    def note(self, difference: Difference) -> None:
        self.differences += 1
        if len(self.shown) < SHOWN_MAX:
            self.shown.append(difference)


async def audit(connection: Any, schema: str, tenant: UUID, fold: Fold) -> Audit:
    """Compare everything of one tenant, inside a repeatable-read transaction of the caller's."""
    result = Audit()
    await _cells_against_ledger(connection, schema, tenant, fold, result)
    await _facts_against_ledger(connection, schema, tenant, fold, result)
    return result


async def _cells_against_ledger(connection: Any, schema: str, tenant: UUID, fold: Fold, result: Audit) -> None:
    portions = set(await grain.portions(connection, schema, tenant))
    portions |= {
        grain.Portion(*row) for row in await grain.fetched(connection, CELL_MONTHS.format(schema=schema), tenant)
    }
    for portion in sorted(portions):
        sums = await grain.sums(connection, schema, tenant, portion)
        expected = await fold.roll_up(tenant, sums)
        found = await _cells(connection, schema, tenant, portion)
        result.balances += len(sums)
        result.cells += len(found)
        for key in expected.keys() | found.keys():
            if expected.get(key, _NOTHING) != found.get(key, _NOTHING):
                result.note(_of_cell(key, found.get(key, _NOTHING), expected.get(key, _NOTHING)))


async def _cells(connection: Any, schema: str, tenant: UUID, portion: grain.Portion) -> Totals:
    rows = await grain.fetched(connection, CELLS.format(schema=schema), tenant, *portion)
    return {
        cell_of(portion.measure, grouping, period == "m", day, slice_id): [count, int(amount)]
        for grouping, period, day, slice_id, count, amount in rows
    }


def _of_cell(key: int, found: list[int], expected: list[int]) -> Difference:
    measure, grouping, is_month, day, slice_id = unpack_cell(key)
    return Difference(
        "cells and ledger", measure, grouping, "m" if is_month else "d", day, slice_id,
        found=str(found), expected=str(expected),
    )  # fmt: skip


async def _facts_against_ledger(connection: Any, schema: str, tenant: UUID, fold: Fold, result: Audit) -> None:
    expected: dict[int, Balance] = {}
    async for kind, id_, state, packed in connection.cursor(
        FACTS.format(schema=schema), tenant, prefetch=500, timeout=grain.WHOLE_LEDGER_SECONDS
    ):
        result.facts += 1
        stored = from_bytes(packed)
        booked = await fold.book_state(kind, tenant, STATES[kind].model_validate_json(unpack_state(state)))
        if booked != stored:
            result.note(Difference("postings and state", fact=id_, found=_listed(stored), expected=_listed(booked)))
        _sum_up(expected, stored)
    found = {
        measure << DAY_BITS | day_number(day): (int(count), int(amount), int(checksum))
        for measure, day, count, amount, checksum in await grain.fetched(
            connection, LEDGER_DAYS.format(schema=schema), tenant
        )
    }
    for key in sorted(expected.keys() | found.keys()):
        was, should = found.get(key, _EMPTY), expected.get(key, _EMPTY)
        if was != should:
            day = day_of(key & DAY_MASK)
            result.note(Difference("ledger and facts", key >> DAY_BITS, day=day, found=str(was), expected=str(should)))


def _sum_up(balances: dict[int, Balance], booked: Booked) -> None:
    for key, (count, amount) in booked.items():
        where = key & (1 << SLICE_SHIFT) - 1
        was = balances.get(where, _EMPTY)
        weight = (key >> SLICE_SHIFT) * 2654435761 % 1000003
        balances[where] = (was[0] + count, was[1] + amount, was[2] + (count * 31 + amount) * weight)


def _listed(booked: Booked) -> str:
    return "; ".join(f"{unpack_key(key)}: {value}" for key, value in sorted(booked.items()))[:1_000]


_NOTHING: Final = [0, 0]
_EMPTY: Final = (0, 0, 0)
