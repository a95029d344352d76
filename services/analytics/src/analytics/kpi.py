"""What a KPI is: data. A title, a definition with a version, and a formula over sums of measures. Pure.

``Sum`` is what can be added up from the ledger; a *figure* says how the value follows from sums: a total, one sum over
another, a percentile of a measure's values, or a formula of several sums. Everything that is shown of a KPI, its API,
page, gauge and tests, follows from the one entry.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from fractions import Fraction
from typing import Literal, Self

from analytics.ledger.posting import Dimension, Measure


class Unit(Enum):
    """What a value is counted in; the value is its name in answers."""

    COUNT = "count"
    RATIO = "ratio"
    MONEY = "money"
    MONEY_A_DAY = "money/day"
    DAYS = "days"
    HOURS = "hours"
    SECONDS = "seconds"


class Window(Enum):
    """Which days a sum runs over."""

    PERIOD = "the period"
    STOCK = "all days up to as_of"
    BEFORE_AS_OF = "all days before as_of"
    FROM_AS_OF = "the days of the period from as_of on"
    ALWAYS = "all days"
    TRAILING_YEAR = "the 365 days up to as_of"


By = Literal["plain", "probability", "age"]


@dataclass(frozen=True, slots=True)
class Term:
    """The count or the amount of one measure over a window, of all labels or some.

    ``by`` turns the amount into another: ``probability`` weighs it with the label, basis points; ``age`` takes the
    amount for an instant and gives the time from there to as_of.
    """

    measure: Measure
    of: Literal["count", "amount"]
    labels: frozenset[str] | None = None
    window: Window = Window.PERIOD
    sign: int = 1
    by: By = "plain"

    @property
    def unit(self) -> Unit:
        if self.of == "count":
            return Unit.COUNT
        counted_in = self.measure.amount_unit or ""
        if counted_in.startswith("basis points"):
            return Unit.COUNT
        return Unit.SECONDS if counted_in.startswith("seconds") else Unit.MONEY


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms added up; all of one unit."""

    terms: tuple[Term, ...]

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.terms + other.terms)

    def __sub__(self, other: "Sum") -> "Sum":
        return Sum(self.terms + tuple(replace(term, sign=-term.sign) for term in other.terms))

    def over(self, window: Window) -> "Sum":
        return Sum(tuple(replace(term, window=window) for term in self.terms))

    @property
    def unit(self) -> Unit:
        return self.terms[0].unit

    @property
    def counted(self) -> "Sum":
        """How many postings stand behind it."""
        return Sum(tuple(replace(term, of="count", by="plain", sign=1) for term in self.terms))


def _term(measure: Measure, of: Literal["count", "amount"], labels: tuple[str, ...] = (), by: By = "plain") -> Sum:
    window = Window.STOCK if measure.kind == "stock" else Window.PERIOD
    return Sum((Term(measure, of, frozenset(labels) or None, window, by=by),))


def count(measure: Measure, *labels: str) -> Sum:
    """How many; of these labels, if any are named."""
    return _term(measure, "count", labels)


def amount(measure: Measure, *labels: str) -> Sum:
    """How much; of these labels, if any are named."""
    return _term(measure, "amount", labels)


def weighted(measure: Measure) -> Sum:
    """How much, each deal's amount times its probability."""
    return _term(measure, "amount", by="probability")


def age(measure: Measure) -> Sum:
    """How long all that is in the stock has been there, added up."""
    return _term(measure, "amount", by="age")


@dataclass(frozen=True, slots=True)
class Total:
    """The value is a sum."""

    of: Sum


@dataclass(frozen=True, slots=True)
class Share:
    """The value is one sum over another: a ratio or a mean. Without a denominator there is no value."""

    part: Sum
    whole: Sum
    empty: str
    """Why there is no value, when there is none."""


@dataclass(frozen=True, slots=True)
class Percentile:
    """The value is a percentile of the single values posted on the measures, taken together."""

    measures: tuple[Measure, ...]
    rank: Fraction
    empty: str


Values = Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class Formula:
    """The value follows from several sums; ``compute`` answers it, or the reason why there is none."""

    sums: Mapping[str, Sum]
    compute: Callable[[Values], "Fraction | str"]
    part: str
    whole: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """The value is the age of the time up to which every event is folded."""


Figure = Total | Share | Percentile | Formula | Freshness

WHO: tuple[Dimension, ...] = ("rep", "team", "region")


@dataclass(frozen=True, kw_only=True, slots=True)
class Kpi:
    """One figure: what it is called, what it means, and how it is reckoned."""

    slug: str
    title: str
    unit: Unit
    booked_on: str
    definition: str
    figure: Figure
    dimensions: tuple[Dimension, ...]
    credited_to: str
    version: int = 1
    source: str = "kpis.md"
    better: Literal["higher", "lower"] | None = "higher"
    compare: Literal["relative", "points", "none"] = "relative"
    always_by: tuple[Dimension, ...] = ()
    apart: Mapping[str, Sum] = field(default_factory=dict)
    """What belongs beside the value and is not in it."""
    n: Sum | None = None
    """What ``count`` shows, where it is not simply the postings behind the value."""
    n_by_product: Sum | None = None
    retroactive: bool = False
    """A later event can change what an earlier day shows, so that "as of a day" needs the states as of that day."""
    calendar: bool = True
    """Whether it may be asked for by day, month and so on."""

    @property
    def sums(self) -> tuple[Sum, ...]:
        """Every sum that the figure is made of."""
        match self.figure:
            case Total(of):
                return (of,)
            case Share(part, whole):
                return (part, whole)
            case Formula(sums):
                return tuple(sums.values())
        return ()

    @property
    def of_a_period(self) -> bool:
        """Whether the days asked for decide the value, and not the day as of which it is asked."""
        windows = {term.window for of in self.sums for term in of.terms}
        return windows <= {Window.PERIOD} and not isinstance(self.figure, Freshness)

    @property
    def is_of_the_firm(self) -> bool:
        """Whether part of it belongs to no person, so that nobody has a share of it to see."""
        return bool(self.measures) and "rep" not in self.dimensions

    @property
    def shown_parts(self) -> tuple[Sum, ...]:
        """What is shown as numerator and, if there is one, as denominator."""
        if isinstance(self.figure, Formula):
            return self.figure.sums[self.figure.part], self.figure.sums[self.figure.whole]
        return self.sums

    @property
    def measures(self) -> tuple[Measure, ...]:
        named = [term.measure for total in (*self.sums, *self.apart.values()) for term in total.terms]
        if isinstance(self.figure, Percentile):
            named += self.figure.measures
        return tuple(dict.fromkeys(named))

    def counted(self, dimensions: set[Dimension]) -> Sum:
        """What ``count`` shows when these dimensions are kept apart or filtered by."""
        if "product" in dimensions and self.n_by_product is not None:
            return self.n_by_product
        if self.n is not None:
            return self.n
        match self.figure:
            case Percentile(measures):
                return Sum(tuple(term for measure in measures for term in count(measure).terms))
            case Formula(sums, _, _, whole):
                return sums[whole].counted
        return self.sums[-1].counted

    def versioned(self, **changes: object) -> Self:
        """A new version beside this one."""
        return replace(self, version=self.version + 1, **changes)  # type: ignore[arg-type]
