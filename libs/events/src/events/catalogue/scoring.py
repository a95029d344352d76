"""Lead scoring: the scorecards learnt from outcomes.

A scorecard is data: whoever has it can score with it, without the service that learnt it.
"""

from collections.abc import Mapping
from typing import Literal

from events.event import Value

Part = Literal["text", "number", "given", "weekday", "hour", "day"]


class Coding(Value):
    """How a value of a column becomes one of a few levels.

    A level is written ``=text``, ``#2`` (the third bin of the cuts), ``*`` (rare or never seen) or nothing (missing).
    """

    column: str
    part: Part = "text"
    """What of the value counts; ``given`` asks only whether there is one."""
    reads: str | None = None
    """The format of a date; absent: ISO 8601."""
    cuts: tuple[float, ...] = ()
    """The upper bounds of all bins but the last."""
    levels: tuple[str, ...] = ()
    """Texts frequent enough to count for themselves."""


class Term(Value):
    """What the levels of a column, or of two together, add to the log odds; together they average to nothing."""

    of: tuple[Coding, ...]
    weights: Mapping[str, float]
    """By level; of two columns, the levels joined by a line feed. A level that is absent adds nothing."""


class Scorecard(Value):
    """A logistic scorecard: log odds are the base and what each term adds."""

    base: float
    """The log odds of an average lead."""
    terms: tuple[Term, ...]
