"""What a fact means for the figures: postings to measures. Pure.

A *measure* is a number that can be added up: how many deals were won, and for how much. A *posting* books a count and
an amount to a measure on one day and one *slice* (the values of the dimensions that reports ask for). The postings of
an aggregate are a pure function of its state; the ledger keeps the differences from one state to the next.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, NamedTuple, Self


class Slice(NamedTuple):
    """Where a posting belongs: one value for each dimension, or none. Ids are given as text."""

    rep: str | None = None
    team: str | None = None
    region: str | None = None
    source: str | None = None
    pipeline: str | None = None
    stage: str | None = None
    product: str | None = None
    label: str | None = None
    """A measure's own dimension: the bucket of a histogram, a reason, a month of expected close."""

    def with_(self, **dimensions: str | None) -> Self:
        """The same slice with some dimensions replaced."""
        return self._replace(**dimensions)

    def labelled(self, label: str | None) -> "Slice":
        """The same slice under a label, in a third of the time that ``with_`` takes."""
        return Slice(*self[:-1], label)


Dimension = Literal["rep", "team", "region", "source", "pipeline", "stage", "product", "label"]
DIMENSIONS: Final[tuple[Dimension, ...]] = ("rep", "team", "region", "source", "pipeline", "stage", "product", "label")

Grouping = tuple[Dimension, ...]
"""The dimensions that a cell keeps apart; it sums over all the others. ``()`` is the total."""

FULL_GRAIN: Final[Grouping] = DIMENSIONS


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """A number that can be added up; there is one object of each, compared by identity.

    ``number`` is its name in the database: never changed, never used again. A *flow* is asked for over a period; a
    *stock* is asked for on a day, and is the sum of everything booked up to it. ``groupings`` are kept as cells by day
    and by month; the full grain is always there and not declared.
    """

    key: str
    number: int
    title: str
    kind: Literal["flow", "stock"] = "flow"
    amount_unit: str | None = None
    groupings: tuple[Grouping, ...] = ()


class Posting(NamedTuple):
    """A count and an amount booked to a measure on a day. Those of one fact on one measure, day and slice add up."""

    measure: Measure
    on: date
    slice: Slice
    count: int = 1  # type: ignore[assignment]  # hides tuple.count, which nobody wants here
    amount: int = 0


Postings = Callable[[Any], Iterable[Posting]]
"""From an aggregate's public state to what is booked for it: all of it, each time, in any order."""

PostingsByKind = Mapping[str, Postings]
"""Which aggregates are folded (the ``aggregate`` of their topic), and how."""


def lattice(*dimensions: Dimension, pairs: Iterable[Grouping] = ()) -> tuple[Grouping, ...]:
    """The total, each of the dimensions alone, and the pairs that people ask for."""
    return ((), *((dimension,) for dimension in dimensions), *pairs)
