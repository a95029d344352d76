"""Exact numbers, and JSON that keeps them: a decimal is written digit by digit, never through a float. Pure."""

from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from analytics.kpi import Unit

exact_json: Final = msgspec.json.Encoder(decimal_format="number").encode
"""JSON of plain data; decimals as number literals, all digits."""

SECONDS: Final = {Unit.DAYS: 86_400, Unit.HOURS: 3_600, Unit.SECONDS: 1}

PLACES: Final = 12
"""Decimal places of what does not come out even: ratios, means, interpolated values."""


Exact = int | Fraction
"""A number without error."""


def shown(value: Exact | None, unit: Unit, digits: int) -> Decimal | int | None:
    """A value in its unit: money has exactly the digits of its currency, or more where it does not come out even."""
    if value is None:
        return None
    if unit in {Unit.MONEY, Unit.MONEY_A_DAY}:
        return _money(value, digits)
    seconds = SECONDS.get(unit)
    return _plain(value if seconds is None else Fraction(value, seconds))


def _money(value: Exact, digits: int) -> Decimal:
    if value.denominator == 1:
        return Decimal(f"{value.numerator}e-{digits}")
    return _rounded(Fraction(value, 10**digits), PLACES)


def _plain(value: Exact) -> Decimal | int:
    if value.denominator == 1:
        return value.numerator
    digits = format(_rounded(value, PLACES), "f").rstrip("0").removesuffix(".")
    return Decimal(digits)


def _rounded(value: Exact, places: int) -> Decimal:
    """Halves go to the even neighbour, as ``round`` of a fraction does; no context of decimals cuts anything off."""
    whole, rest = divmod(value.numerator * 10**places, value.denominator)
    if 2 * rest > value.denominator or (2 * rest == value.denominator and whole % 2):
        whole += 1
    return Decimal(f"{whole}e-{places}")
