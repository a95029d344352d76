"""Cells: the running balance of the ledger by measure, grouping, day or month, and slice. Pure but for ``add``.

A packed cell is ``measure | grouping | period | day | slice`` in one integer, in the order of the table's key: sorted
integers are rows in key order, so that two folds that meet on the same rows never wait for each other in a circle.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from analytics.ledger.packing import DAY_BITS, DAY_MASK, MEASURE_MASK, SLICE_SHIFT, day_number, day_of
from analytics.ledger.slices import GROUPING_SHIFT, Masks, TenantSlices

Totals = dict[int, list[int]]
"""[count, amount] by packed cell or posting key."""

MEASURE_SHIFT: Final = 60
DAY_SHIFT: Final = 34
PLACE_SHIFT: Final = 51
MONTH_BIT: Final = 1 << PLACE_SHIFT
SLICE_MASK: Final = (1 << DAY_SHIFT) - 1

ADD: Final = """
INSERT INTO {schema}.cell AS c (tenant_id, measure, grouping, period, day, slice, shard, count, amount)
SELECT $1, w.place >> 9, w.place >> 1 & 255, CASE w.place & 1 WHEN 1 THEN 'm' ELSE 'd' END::"char",
  date '1900-01-01' + w.day, w.slice, $2, w.count, w.amount
FROM unnest($3::text::int[], $4::text::int[], $5::text::int[], $6::text::bigint[], $7::text::numeric[])
  AS w(place, day, slice, count, amount)
ON CONFLICT (tenant_id, measure, grouping, period, day, slice, shard)
DO UPDATE SET count = c.count + excluded.count, amount = c.amount + excluded.amount
"""


def cell_of(measure: int, grouping: int, is_month: bool, day: date, slice_id: int) -> int:
    place = measure << MEASURE_SHIFT | grouping << GROUPING_SHIFT | day_number(day) << DAY_SHIFT | slice_id
    return place | MONTH_BIT if is_month else place


def unpack_cell(key: int) -> tuple[int, int, bool, date, int]:
    """Measure, grouping, whether it is a month, (first) day, slice id."""
    day = day_of(key >> DAY_SHIFT & DAY_MASK)
    return key >> MEASURE_SHIFT, key >> GROUPING_SHIFT & 0xFF, bool(key & MONTH_BIT), day, key & SLICE_MASK


def unprojected(grain: Iterable[int], masks: Mapping[int, Masks], slices: TenantSlices) -> dict[Masks, set[int]]:
    """Which slices of these posting keys are not yet projected, by the groupings they are needed for."""
    wanted: dict[Masks, set[int]] = {}
    for pair in {key >> DAY_BITS for key in grain}:
        groupings = masks[pair & MEASURE_MASK]
        number = pair >> (SLICE_SHIFT - DAY_BITS)
        if number not in slices.projected.get(groupings, ()):
            wanted.setdefault(groupings, set()).add(number)
    return wanted


def roll_up(grain: Totals, masks: Mapping[int, Masks], slices: TenantSlices) -> Totals:
    """From changes at full grain to the changes of all cells, by day and by month."""
    days: Totals = {}
    for key, (count, amount) in grain.items():
        measure = key >> DAY_BITS & MEASURE_MASK
        place = measure << MEASURE_SHIFT | (key & DAY_MASK) << DAY_SHIFT
        for projected in slices.projected[masks[measure]][key >> SLICE_SHIFT]:
            cell = days.get(place | projected)
            if cell is None:
                days[place | projected] = [count, amount]
            else:
                cell[0] += count
                cell[1] += amount
    return _with_months(days)


def _with_months(days: Totals) -> Totals:
    months: Totals = {}
    first_days: dict[int, int] = {}
    for key, (count, amount) in days.items():
        day = key >> DAY_SHIFT & DAY_MASK
        if day not in first_days:
            first_days[day] = day - day_number(day_of(day).replace(day=1))
        month = (key - (first_days[day] << DAY_SHIFT)) | MONTH_BIT
        cell = months.get(month)
        if cell is None:
            months[month] = [count, amount]
        else:
            cell[0] += count
            cell[1] += amount
    days.update(months)
    return days


async def add(connection: Any, schema: str, tenant: UUID, shard: int, totals: Totals) -> None:
    """Add the changes to the balances, in key order."""
    rows = [(key, *totals[key]) for key in sorted(totals) if totals[key] != [0, 0]]
    if rows:
        await connection.execute(
            ADD.format(schema=schema),
            tenant,
            shard,
            _array(key >> PLACE_SHIFT for key, _, _ in rows),
            _array(key >> DAY_SHIFT & DAY_MASK for key, _, _ in rows),
            _array(key & SLICE_MASK for key, _, _ in rows),
            _array(count for _, count, _ in rows),
            _array(amount for _, _, amount in rows),
        )


def _array(numbers: Iterable[int]) -> str:
    """An array as text, which costs a quarter of what the driver takes to encode one element by element."""
    return f"{{{','.join(map(str, numbers))}}}"
