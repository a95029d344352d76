"""Numbers leave exactly: every digit of an amount, and ratios to twelve places."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.kpi import Unit
from analytics.numbers import exact_json, shown


@given(st.integers(-(10**30), 10**30), st.sampled_from([0, 2, 3]))
def test_an_amount_keeps_every_digit(minor: int, digits: int) -> None:
    text = exact_json(shown(Fraction(minor), Unit.MONEY, digits)).decode()
    assert int(text.replace(".", "")) == minor
    assert len(text.partition(".")[2]) == digits


@given(st.fractions())
def test_a_ratio_is_within_half_of_the_last_place(value: Fraction) -> None:
    parsed = json.loads(exact_json(shown(value, Unit.RATIO, 2)), parse_float=Decimal)
    assert abs(Fraction(parsed) - value) <= Fraction(1, 2 * 10**12)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (Fraction(1000553455), Unit.MONEY, "10005534.55"),
        (Fraction(100), Unit.MONEY, "1.00"),
        (Fraction(1, 3), Unit.MONEY, "0.003333333333"),
        (Fraction(129_600), Unit.DAYS, "1.5"),
        (Fraction(86_400), Unit.DAYS, "1"),
        (Fraction(5_400), Unit.HOURS, "1.5"),
        (Fraction(2, 3), Unit.RATIO, "0.666666666667"),
        (Fraction(-7), Unit.COUNT, "-7"),
    ],
)
def test_a_value_is_shown_in_its_unit(value: Fraction, unit: Unit, text: str) -> None:
    assert exact_json(shown(value, unit, 2)).decode() == text


def test_json_holds_days_instants_and_any_script() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    document = {
        "day": at.date(),
        "at": at,
        "name": 'Đội "A"',
        "none": [None, True],
    }
    assert json.loads(exact_json(document)) == {
        "day": "2026-01-02", "at": "2026-01-02T00:00:00Z", "name": 'Đội "A"', "none": [None, True],
    }  # fmt: skip
