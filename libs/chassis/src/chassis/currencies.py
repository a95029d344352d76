"""Currencies of ISO 4217 and their decimals. Pure.

From the Unicode CLDR data that babel carries, which follows common use; where ISO 4217 differs for money that is
booked, ISO wins.
"""

from functools import lru_cache

from babel import Locale
from babel.core import get_global

_ISO_DECIMALS = {"AFN": 2, "ALL": 2, "IRR": 2, "KPW": 2, "LAK": 2, "LBP": 2, "MGA": 2, "MMK": 2, "MRU": 2, "PKR": 2,
                 "RSD": 2, "SLE": 2, "SOS": 2, "SYP": 2, "YER": 2, "COP": 2, "CRC": 2, "CZK": 2, "HUF": 2, "IDR": 2,
                 "NOK": 2, "SEK": 2, "TWD": 2, "TZS": 2, "UZS": 2, "AMD": 2, "GYD": 2, "MNT": 2, "MUR": 2, "BHD": 3,
                 "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3}  # fmt: skip


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(Locale("en").currencies)


def is_currency(code: str) -> bool:
    return code in _known()


@lru_cache(maxsize=400)
def decimals(currency: str) -> int:
    """Places of the minor unit: USD 2, VND 0, KWD 3."""
    if currency in _ISO_DECIMALS:
        return _ISO_DECIMALS[currency]
    fractions = get_global("currency_fractions")
    digits: int = fractions.get(currency, fractions["DEFAULT"])[0]
    return digits
