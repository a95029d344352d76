"""Reading single values: what is missing, what is a number, what is a day. Pure."""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime

MISSING = frozenset({"", "nan", "na", "n/a", "null", "nat"})
"""Spellings of nothing in files, in small letters. A placeholder such as "Select" is a text: it may tell."""

ISO = ""
DATE_FORMATS = (ISO, "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y")
"""How files write days, most likely first; a time may follow in ISO 8601 only."""

_GLANCE = 40
"""So many texts are tried before all of them are: most columns hold no days."""
_DAY_SECONDS = 86_400
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - times of day count as they are written


def text_of(value: object) -> str | None:
    """A value as one line of text, None where it is missing."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).strftime("%Y-%m-%d %H:%M:%S")
    text = " ".join(str(value).split())
    return None if text.casefold() in MISSING else text


def number_of(text: str) -> float | None:
    """The number that a text is; a share may be written with a percent sign."""
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def moment_of(text: str, reads: str | None) -> datetime | None:
    """The time that a text is, without zone."""
    try:
        if not reads:
            return datetime.fromisoformat(text[:19]) if text[4:5] == "-" else None
        return datetime.strptime(text[:10], reads)  # noqa: DTZ007 - days have no zone
    except ValueError:
        return None


def days_of(moment: datetime) -> float:
    """Days since 1970, so that later is more."""
    return (moment.replace(tzinfo=None) - _EPOCH).total_seconds() / _DAY_SECONDS


def date_format(texts: Sequence[str], share: float) -> str | None:
    """The first format that reads this share of the texts; None where none does."""
    for reads in DATE_FORMATS:
        if _reads(texts[:_GLANCE], reads, share) and _reads(texts, reads, share):
            return reads
    return None


def _reads(texts: Sequence[str], reads: str, share: float) -> bool:
    return sum(moment_of(text, reads) is not None for text in texts) >= share * len(texts)


def place_in_order(value: object) -> tuple[int, float, str]:
    """Where a value stands when rows are put in order: what is missing first, then numbers and days, then texts."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = value.isoformat()
    text = text_of(value)
    if text is None:
        return (0, 0.0, "")
    moment = moment_of(text, ISO)
    number = number_of(text) if moment is None else days_of(moment)
    return (2, 0.0, text) if number is None else (1, number, "")
