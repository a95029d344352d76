"""From sums to figures: the one place where formulas are computed. Exact: integers and fractions until the very end.

A sum is an integer wherever it can be: a figure of many rows takes a third of the time that fractions would.

Rows are those of which anything is booked; without a dimension there is one row, whatever is booked.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction

from analytics.kpi import Figure, Formula, Percentile, Share, Sum, Term, Total, Window
from analytics.ledger.posting import Dimension
from analytics.measures.stage_flow import EPOCH
from analytics.numbers import Exact
from analytics.percentiles import buckets_at, percentile
from analytics.query.balances import NOTHING, Balance, Balances, RowKey, Values, Wanted
from analytics.query.question import Question

TAKEN_BACK = "more was taken back than booked in this period"
CERTAIN = 10_000
"""A probability of one, in basis points."""


@dataclass(slots=True)
class Row:
    """A figure with what it is made of; ``reason`` says why there is no value."""

    key: RowKey
    value: Exact | None = None
    part: Exact | None = None
    whole: Exact | None = None
    count: int = 0
    apart: dict[str, Exact] = field(default_factory=dict)
    reason: str | None = None


Column = Mapping[RowKey, Exact]
Booked = Mapping[RowKey, Balance]
Reckon = Callable[[Row], None]
"""Puts the value of a row into it, or the reason why there is none."""


async def evaluate(question: Question, balances: Balances) -> list[Row]:
    """The rows of the answer, in no particular order."""
    table = _Table(question, balances)
    await table.load()
    figure = question.kpi.figure
    if isinstance(figure, Percentile):
        reckon = _percentile(figure, await _Ranks(question, balances).compute())
    else:
        reckon = _reckoning(figure, table)
    counts = table.column(table.counted)
    apart = {name: table.column(total) for name, total in question.kpi.apart.items()}
    rows = []
    for key in table.keys():  # noqa: SIM118 - not a mapping
        row = Row(key, count=int(counts.get(key, 0)))
        if apart:
            row.apart = {name: column.get(key, 0) for name, column in apart.items()}
        reckon(row)
        rows.append(row)
    return rows


def _reckoning(figure: Figure, table: "_Table") -> Reckon:
    match figure:
        case Total(of):
            return _total(table.column(of))
        case Share(part, whole, empty):
            return _share(table.column(part), table.column(whole), table.columns(whole), empty)
        case Formula(sums):
            return _formula(figure, {name: table.column(total) for name, total in sums.items()})
    raise TypeError(figure)


def _total(of: Column) -> Reckon:
    def reckon(row: Row) -> None:
        row.value = row.part = of.get(row.key, 0)

    return reckon


def _share(parts: Column, wholes: Column, terms: Sequence[Column], empty: str) -> Reckon:
    def reckon(row: Row) -> None:
        row.part, row.whole = part, whole = parts.get(row.key, 0), wholes.get(row.key, 0)
        # Were only the sum positive, two of one close could be won, or less than none.
        taken_back = whole < 0 or any(term.get(row.key, 0) < 0 for term in terms)
        if taken_back:
            row.reason = TAKEN_BACK
        elif whole == 0:
            row.reason = empty
        else:
            row.value = Fraction(part, whole)

    return reckon


def _percentile(figure: Percentile, ranks: Column) -> Reckon:
    def reckon(row: Row) -> None:
        row.value = ranks.get(row.key)
        row.reason = figure.empty if row.value is None else None

    return reckon


def _formula(figure: Formula, columns: Mapping[str, Column]) -> Reckon:
    def reckon(row: Row) -> None:
        values = {name: Fraction(column.get(row.key, 0)) for name, column in columns.items()}
        row.part, row.whole = values[figure.part], values[figure.whole]
        computed = figure.compute(values)
        row.value, row.reason = (None, computed) if isinstance(computed, str) else (computed, None)

    return reckon


class _Table:
    """Every sum of a KPI, by row."""

    def __init__(self, question: Question, balances: Balances) -> None:
        self._question = question
        self._balances = balances
        self.counted = question.kpi.counted(set(question.dimensions) | question.only.dimensions)
        sums = (*question.kpi.sums, *question.kpi.apart.values(), self.counted)
        self._terms = tuple(dict.fromkeys(term for total in sums for term in total.terms))
        self._columns: dict[Term, Column] = {}

    def keys(self) -> Sequence[RowKey]:
        if not self._question.dimensions and self._question.unit is None:
            return [RowKey((), None)]
        booked = (key for column in self._columns.values() for key, value in column.items() if value)
        return list(dict.fromkeys(booked))

    def columns(self, total: Sum) -> Sequence[Column]:
        """Its terms, one by one, without their signs."""
        return [self._columns[term] for term in total.terms]

    def column(self, total: Sum) -> Column:
        """Its terms, added up."""
        added: dict[RowKey, Exact] = {}
        for term in total.terms:
            for key, value in self._columns[term].items():
                added[key] = added.get(key, 0) + term.sign * value
        return added

    async def load(self) -> None:
        """One request for all terms that run over the same window and keep the same apart."""
        alike: dict[tuple[Window, bool], list[Term]] = defaultdict(list)
        for term in self._terms:
            alike[term.window, _by_label(term)].append(term)
        for (window, by_label), terms in alike.items():
            await self._load(window, by_label, terms)

    async def _load(self, window: Window, by_label: bool, terms: Sequence[Term]) -> None:
        question = self._question
        keep = _keep(question.dimensions, by_label)
        unit = None if window in {Window.ALWAYS, Window.TRAILING_YEAR} else question.unit
        measures = tuple(dict.fromkeys(term.measure for term in terms))
        days = question.over(window)
        wanted = Wanted(measures=measures, keep=keep, days=days, unit=unit, only=question.only)
        sums = {} if days.empty else await self._balances.sums(wanted)
        for term in terms:
            booked = self._booked(term, sums.get(term.measure, {}), keep)
            if unit is not None and window is Window.STOCK:
                booked = _running(booked, question)
            self._columns[term] = _amounts(term, booked, question)

    def _booked(self, term: Term, booked: Booked, keep: tuple[Dimension, ...]) -> Booked:
        """The balances that count for a term, by the rows of the question."""
        if "label" not in keep and self._question.unit is None:
            return booked
        question, found = self._question, dict[RowKey, Balance]()
        label = keep.index("label") if "label" in keep else None
        width = len(question.dimensions)
        for (values, on), balance in booked.items():
            named = None if label is None else values[label]
            if term.labels is not None and named not in term.labels:
                continue
            key = RowKey(values[:width], _start(question, on))
            before = found.get(key, NOTHING)
            found[key] = Balance(before.number + balance.number, before.amount + balance.amount * weight(term, named))
        return found


def _by_label(term: Term) -> bool:
    return term.labels is not None or term.by == "probability"


def _keep(dimensions: tuple[Dimension, ...], by_label: bool) -> tuple[Dimension, ...]:
    return (*dimensions, "label") if by_label and "label" not in dimensions else dimensions


def _start(question: Question, on: date | None) -> date | None:
    return None if on is None or question.unit is None else question.calendar.start(question.unit, on)


def _amounts(term: Term, booked: Booked, question: Question) -> Column:
    if term.of == "amount" and term.by == "age":
        return {key: amount_of(term, balance, _instant(question, key.start)) for key, balance in booked.items()}
    return {key: amount_of(term, balance, question.now) for key, balance in booked.items()}


def amount_of(term: Term, balance: Balance, instant: datetime) -> Exact:
    """What a balance is in the eyes of a term; probabilities are in it already, as basis points."""
    if term.of == "count":
        return balance.number
    if term.by == "probability":
        return Fraction(balance.amount, CERTAIN)
    if term.by == "age":
        return balance.number * int((instant - EPOCH).total_seconds()) - balance.amount
    return balance.amount


def weight(term: Term, label: str | None) -> int:
    """What the label makes of the amount."""
    return int(label or 0) if term.by == "probability" else 1


def _instant(question: Question, start: date | None) -> datetime:
    """Up to when time is counted that still runs: the end of the unit, but not after as_of."""
    if start is None or question.unit is None:
        return question.instant
    last = question.calendar.following(question.unit, start) - timedelta(days=1)
    return min(question.instant, question.calendar.end_of(last))


def _running(booked: Booked, question: Question) -> Booked:
    """A stock at the end of each unit of the period, from what was booked in each unit up to there."""
    unit, calendar = question.unit, question.calendar
    starts = sorted({key.start for key in booked if key.start is not None})
    if unit is None or not starts:
        return {}
    last, running = calendar.start(unit, question.stock_day), dict[RowKey, Balance]()
    for values in {key.values for key in booked}:
        total, start = NOTHING, starts[0]
        while start <= last:
            change = booked.get(RowKey(values, start), NOTHING)
            total = Balance(total.number + change.number, total.amount + change.amount)
            if _touches(question, start):
                running[RowKey(values, start)] = total
            start = calendar.following(unit, start)
    return running


def _touches(question: Question, start: date) -> bool:
    """Whether the unit has days in the period."""
    assert question.unit is not None  # noqa: S101 - for the checker
    end = question.calendar.following(question.unit, start)
    days = question.days
    return (days.end is None or start < days.end) and (days.start is None or end > days.start)


class _Ranks:
    """Percentiles by row: first the buckets, then the single values of the few that matter."""

    def __init__(self, question: Question, balances: Balances) -> None:
        if not isinstance(question.kpi.figure, Percentile):
            raise TypeError(question.kpi.slug)
        self._question, self._balances, self._figure = question, balances, question.kpi.figure
        self._wanted = Wanted(
            measures=self._figure.measures,
            keep=(*(name for name in question.dimensions if name != "label"), "label"),
            days=question.over(Window.PERIOD),
            unit=question.unit,
            only=question.only,
        )

    async def compute(self) -> Mapping[RowKey, Fraction]:
        counts = await self._counts()
        rank = self._figure.rank
        needed = {label for buckets in counts.values() for label in buckets_at(buckets, rank)}
        values = await self._values(needed) if needed else {}
        return {key: percentile(buckets, values[key], rank) for key, buckets in counts.items()}

    async def _counts(self) -> dict[RowKey, dict[str, int]]:
        counts: dict[RowKey, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        if self._wanted.days.empty:
            return {}
        for booked in (await self._balances.sums(self._wanted)).values():
            for (values, on), balance in booked.items():
                counts[self._key(values, on)][values[-1] or ""] += balance.number
        return {key: buckets for key, buckets in counts.items() if sum(buckets.values()) > 0}

    async def _values(self, labels: set[str]) -> dict[RowKey, dict[str, list[int]]]:
        only = self._question.only
        narrowed = type(only)({**only.filters, "label": frozenset(labels)}, only.scope)
        wanted = Wanted(
            measures=self._wanted.measures,
            keep=self._wanted.keep,
            days=self._wanted.days,
            unit=self._wanted.unit,
            only=narrowed,
        )
        found: dict[RowKey, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for (values, on), singles in (await self._balances.singles(wanted)).items():
            found[self._key(values, on)][values[-1] or ""].extend(singles)
        return found

    def _key(self, values: Values, on: date | None) -> RowKey:
        return RowKey(values[:-1], _start(self._question, on))
