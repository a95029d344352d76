"""Money: an integer count of a currency's minor unit, so that sums are exact."""

from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Annotated, Final

from pydantic import Field

from events.event import Value

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""

MINOR_UNITS_MAX: Final = 10**17

MinorUnits = Annotated[int, Field(ge=-MINOR_UNITS_MAX, le=MINOR_UNITS_MAX)]
"""An amount in a currency's smallest unit: cents of a USD, whole VND."""

RateText = Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,12})?$")]
"""A positive decimal number as text, so that no reader turns it into a float."""


class Money(Value):
    """An amount in one currency."""

    minor: MinorUnits
    currency: Currency


class PinnedRate(Value):
    """The rate in force on a business date: one unit of ``currency`` is worth ``rate`` units of ``base``."""

    currency: Currency
    base: Currency
    rate: RateText
    on: date


def minor_in_base(minor: int, rate: PinnedRate, exponent: int, base_exponent: int) -> int:
    """Convert minor units at a pinned rate; the exponents are the currencies' decimal places (USD 2, VND 0).

    Halves go to the even neighbour (IEEE 754 and Python's own default), so that many small sums carry no bias.
    """
    units = _EXACT.multiply(Decimal(minor), Decimal(rate.rate))
    return int(_EXACT.scaleb(units, base_exponent - exponent).to_integral_value(ROUND_HALF_EVEN, _EXACT))


_EXACT: Final = Context(prec=80)
"""Room for all digits of the greatest amount at the greatest rate."""
