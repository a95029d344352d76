"""Where sums come from: one small interface, and its simplest form, postings held in memory. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, Protocol
from uuid import UUID

from analytics.ledger.posting import DIMENSIONS, Dimension, Measure, Posting
from analytics.periods import ALWAYS, Days, Unit
from analytics.query.question import Only

Values = tuple[str | None, ...]
"""The values of the dimensions kept apart, in their order."""


class Balance(NamedTuple):
    """A count and an amount."""

    number: int
    amount: int


NOTHING = Balance(0, 0)


class RowKey(NamedTuple):
    """What a row is about: the values of the dimensions kept apart, and a day of the unit of time asked for, if any."""

    values: Values
    start: date | None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Sums of measures over days, with some dimensions kept apart, and units of time if one is named."""

    measures: tuple[Measure, ...]
    keep: tuple[Dimension, ...] = ()
    days: Days = ALWAYS
    unit: Unit | None = None
    only: Only = field(default_factory=Only)

    @property
    def dimensions(self) -> frozenset[Dimension]:
        """What a source must be able to tell apart."""
        return frozenset(self.keep) | self.only.dimensions


Sums = Mapping[Measure, Mapping[RowKey, Balance]]
"""Of each measure, by row."""
Singles = Mapping[tuple[Values, date | None], Sequence[int]]


class Balances(Protocol):
    """A source of sums. Rows of nothing are left out."""

    async def sums(self, wanted: Wanted) -> Sums:
        """The balances of the measures; a measure of which nothing is booked may be left out."""

    async def singles(self, wanted: Wanted) -> Singles:
        """The single values that were posted on histogram measures, taken together; the last dimension is the label."""


class PostingsInMemory:
    """The balances of postings of which the facts are known."""

    def __init__(self, postings: Iterable[tuple[UUID, Posting]]) -> None:
        self.postings = tuple(postings)

    async def sums(self, wanted: Wanted) -> Sums:
        found: dict[Measure, dict[RowKey, Balance]] = defaultdict(dict)
        for _, posting in self._chosen(wanted):
            values = tuple(getattr(posting.slice, name) for name in wanted.keep)
            booked, key = found[posting.measure], RowKey(values, posting.on if wanted.unit else None)
            before = booked.get(key, NOTHING)
            booked[key] = Balance(before.number + posting.count, before.amount + posting.amount)
        return {
            measure: {key: balance for key, balance in booked.items() if balance != NOTHING}
            for measure, booked in found.items()
        }

    async def singles(self, wanted: Wanted) -> Singles:
        one: dict[tuple[UUID, date, tuple[str | None, ...]], list[int]] = defaultdict(lambda: [0, 0])
        for fact, posting in self._chosen(wanted):
            total = one[fact, posting.on, posting.slice]
            total[0] += posting.count
            total[1] += posting.amount
        found: dict[tuple[Values, date | None], list[int]] = defaultdict(list)
        places = [DIMENSIONS.index(name) for name in wanted.keep]
        for (_, on, where), (number, value) in one.items():
            if number > 0:
                found[tuple(where[place] for place in places), on if wanted.unit else None].append(value)
        return found

    def _chosen(self, wanted: Wanted) -> Iterable[tuple[UUID, Posting]]:
        measures = set(wanted.measures)
        for fact, posting in self.postings:
            if posting.measure in measures and posting.on in wanted.days and wanted.only.allows(posting.slice):
                yield fact, posting
