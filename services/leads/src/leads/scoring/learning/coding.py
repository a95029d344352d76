"""From a value to its level, as a scorecard's coding says. Pure; serving and learning share it."""

from bisect import bisect_left
from collections.abc import Callable

from events.catalogue.scoring import Coding
from leads.scoring.learning.values import days_of, moment_of, number_of, text_of

MISSING, OTHER, GIVEN = "", "*", "=given"
JOINT = "\n"
"""Between the levels of two columns; no text has one, because values are read as one line."""

Encoder = Callable[[object], str]


def encoder(coding: Coding) -> Encoder:
    """What tells the level of a value."""
    known = frozenset(coding.levels)
    of_text = _PARTS[coding.part]

    def level(value: object) -> str:
        text = text_of(value)
        return MISSING if text is None else of_text(coding, known, text)

    return level


def _given(_coding: Coding, _known: frozenset[str], _text: str) -> str:
    return GIVEN


def _text(_coding: Coding, known: frozenset[str], text: str) -> str:
    level = f"={text.casefold()}"
    return level if level in known else OTHER


def _number(coding: Coding, known: frozenset[str], text: str) -> str:
    number = number_of(text)
    return _text(coding, known, text) if number is None else _bin(coding, number)


def _day(coding: Coding, _known: frozenset[str], text: str) -> str:
    moment = moment_of(text, coding.reads)
    return OTHER if moment is None else _bin(coding, days_of(moment))


def _weekday(coding: Coding, _known: frozenset[str], text: str) -> str:
    moment = moment_of(text, coding.reads)
    return OTHER if moment is None else f"={moment.isoweekday()}"


def _hour(coding: Coding, _known: frozenset[str], text: str) -> str:
    moment = moment_of(text, coding.reads)
    return OTHER if moment is None else _bin(coding, float(moment.hour))


def _bin(coding: Coding, number: float) -> str:
    return f"#{bisect_left(coding.cuts, number)}"


_PARTS: dict[str, Callable[[Coding, frozenset[str], str], str]] = {
    "given": _given,
    "text": _text,
    "number": _number,
    "day": _day,
    "weekday": _weekday,
    "hour": _hour,
}
