"""Rolling up: each grouping of a measure is kept by day and by month, and each sums to the same."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from analytics.ledger.cells import Totals, cell_of, roll_up, unpack_cell, unprojected
from analytics.ledger.packing import day_number, key_of
from analytics.ledger.posting import DIMENSIONS, Measure, Slice, lattice
from analytics.ledger.slices import TenantSlices, mask_of, masks_of, project

MEASURE = Measure("won", 7, "Won", groupings=lattice("rep", "stage", pairs=(("rep", "stage"),)))
MASKS = {7: masks_of(MEASURE)}
SLICES = [Slice(rep=rep, stage=stage, source=source) for rep in "ab" for stage in "xy" for source in ("web", None)]

grains = st.dictionaries(
    st.builds(
        key_of,
        st.integers(1, len(SLICES)),
        st.just(7),
        st.dates(date(2025, 11, 1), date(2026, 3, 31)).map(day_number),
    ),
    st.lists(st.integers(-1000, 1000), min_size=2, max_size=2),
    max_size=40,
)


def all_numbered() -> TenantSlices:
    known = TenantSlices()
    for number, where in enumerate(SLICES, 1):
        known.remember(number, where)
    while missing := known.try_projecting(range(1, len(SLICES) + 1), MASKS[7]):
        for where in missing:
            known.remember(len(known.ids) + 1, where)
    return known


@given(grains)
def test_every_grouping_and_period_sums_to_the_full_grain(grain: Totals) -> None:
    known = all_numbered()
    assert not unprojected(grain, MASKS, known)
    whole = [sum(total[place] for total in grain.values()) for place in (0, 1)]
    by_kind: dict[tuple[int, bool], list[int]] = {}
    for key, (count, amount) in roll_up(grain, MASKS, known).items():
        _, grouping, is_month, _, _ = unpack_cell(key)
        total = by_kind.setdefault((grouping, is_month), [0, 0])
        total[0] += count
        total[1] += amount
    if grain:
        assert by_kind == {(mask, is_month): whole for mask in MASKS[7] for is_month in (False, True)}


@given(grains)
def test_a_cell_holds_what_its_slice_and_period_select(grain: Totals) -> None:
    known = all_numbered()
    names = {number: where for where, number in known.ids.items()}
    for key, total in roll_up(grain, MASKS, known).items():
        _, mask, is_month, first, slice_id = unpack_cell(key)
        chosen = [
            value
            for posting, value in grain.items()
            if project(names[posting >> 29], mask) == names[slice_id]
            and (posting & 0x1FFFF == day_number(first) if not is_month else _month_of(posting) == first)
        ]
        assert total == [sum(value[0] for value in chosen), sum(value[1] for value in chosen)]


def _month_of(posting: int) -> date:
    return date.fromordinal((posting & 0x1FFFF) + date(1900, 1, 1).toordinal()).replace(day=1)


def test_groupings_are_numbered_by_their_dimensions_alone() -> None:
    assert mask_of(()) == 0
    assert mask_of(("rep", "stage")) == mask_of(("stage", "rep")) == 0b100001
    assert mask_of(DIMENSIONS) == 255
    cell = cell_of(7, 255, True, date(2026, 2, 1), 2**31 - 1)
    assert unpack_cell(cell) == (7, 255, True, date(2026, 2, 1), 2**31 - 1)
