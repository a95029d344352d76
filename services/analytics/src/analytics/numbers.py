"""Exact numbers, and JSON that keeps them: a decimal is written digit by digit, never through a float. Pure."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from analytics.kpi import Unit

_encoded: Final = json.JSONEncoder(ensure_ascii=False).encode

SECONDS: Final = {Unit.DAYS: 86_400, Unit.HOURS: 3_600, Unit.SECONDS: 1}

PLACES: Final = 12
"""Decimal places of what does not come out even: ratios, means, interpolated values."""


def shown(value: Fraction | None, unit: Unit, digits: int) -> Decimal | int | None:
    """A value in its unit: money has exactly the digits of its currency, or more where it does not come out even."""
    if value is None:
        return None
    if unit in {Unit.MONEY, Unit.MONEY_A_DAY}:
        return _money(value, digits)
    return _plain(value / SECONDS.get(unit, 1))


def _money(value: Fraction, digits: int) -> Decimal:
    if value.denominator == 1:
        return Decimal(f"{value.numerator}e-{digits}")
    return _rounded(value / 10**digits, PLACES)


def _plain(value: Fraction) -> Decimal | int:
    if value.denominator == 1:
        return value.numerator
    digits = format(_rounded(value, PLACES), "f").rstrip("0").removesuffix(".")
    return Decimal(digits)


def _rounded(value: Fraction, places: int) -> Decimal:
    """Halves go to the even neighbour, as ``round`` of a fraction does; no context of decimals cuts anything off."""
    return Decimal(f"{round(value * 10**places)}e-{places}")


def exact_json(value: Any) -> str:
    """JSON of plain data; decimals as number literals."""
    if isinstance(value, str):
        return _encoded(value)
    if isinstance(value, Mapping):
        return "{" + ",".join([f"{_encoded(key)}:{exact_json(item)}" for key, item in value.items()]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(exact_json, value)) + "]"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return _encoded(value.isoformat().replace("+00:00", "Z"))
    return _encoded(value)
