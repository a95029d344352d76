"""What can be learnt from each column: found by looking at its values, never by its name. Pure.

Left out by rule: what is the same everywhere, what names the row, and what could be known only after the outcome.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from events.catalogue.scoring import Coding
from leads.scoring.learning.coding import encoder
from leads.scoring.learning.quality import area_under_curve
from leads.scoring.learning.values import date_format, days_of, moment_of, number_of, text_of

MOSTLY = 0.8
"""This share of the values given must be numbers, or days, for the column to be one of them."""
IDENTIFIES = 0.5
"""Texts of which more than this share are different from one another name the row and say nothing about others."""
FEW_TEXTS = 30
"""So few different texts are levels, however few rows there are."""
TELLS_TOO_MUCH = 0.995
"""A column that ranks the outcomes almost without error was filled in after them."""
ONE_SIDED_ROWS = 30
"""A column given in so many rows, all of one outcome, was filled in for that outcome."""

FINE_BINS, COARSE_BINS, PAIR_BINS = 20, 5, 6
PAIR_LEVELS = 12

CONSTANT = "the same in every row"
NAMES_THE_ROW = "names the row"
AFTER_THE_OUTCOME = "known only after the outcome"


@dataclass(frozen=True)
class Column:
    """A column and how its values become levels: each of ``codings`` is a term, ``for_pairs`` joins with others'."""

    name: str
    kind: str
    codings: tuple[Coding, ...] = ()
    for_pairs: Coding | None = None
    left_out: str | None = None


@dataclass
class _Values:
    """The values of one column in all rows of training."""

    name: str
    texts: Sequence[str | None]
    outcomes: Sequence[int]
    given: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.given = [text for text in self.texts if text is not None]

    def counts(self) -> Counter[str]:
        return Counter(text.casefold() for text in self.given)


def survey(rows: Sequence[Mapping[str, object]], outcomes: Sequence[int], least: int) -> list[Column]:
    """Every column that a row has; levels with fewer than ``least`` rows are pooled."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [_column(_Values(name, [text_of(row.get(name)) for row in rows], outcomes), least) for name in names]


def _column(values: _Values, least: int) -> Column:
    if _given_for_one_outcome(values):
        return Column(values.name, "text", left_out=AFTER_THE_OUTCOME)
    found = _by_kind(values, least)
    if found.left_out is None and _tells_too_much(values, found):
        return Column(values.name, found.kind, left_out=AFTER_THE_OUTCOME)
    return found


def _by_kind(values: _Values, least: int) -> Column:
    distinct = len(set(values.given))
    if distinct == 0 or (distinct == 1 and len(values.given) == len(values.texts)):
        return Column(values.name, "text", left_out=CONSTANT)
    reads = date_format(values.given, MOSTLY)
    if reads is not None:
        return _days(values, reads)
    numbers = [number for text in values.given if (number := number_of(text)) is not None]
    if len(numbers) >= MOSTLY * len(values.given) and len(set(numbers)) > 2:  # noqa: PLR2004 - two are yes and no
        return _numbers(values, sorted(numbers), least)
    return _texts(values, distinct, least)


def _days(values: _Values, reads: str) -> Column:
    moments = [moment for text in values.given if (moment := moment_of(text, reads)) is not None]
    days = sorted(days_of(moment) for moment in moments)
    if len(set(days)) == 1:
        return _given(values, "day")
    codings = [
        Coding(column=values.name, part="day", reads=reads, cuts=cuts(days, bins)) for bins in (FINE_BINS, COARSE_BINS)
    ]
    codings.append(Coding(column=values.name, part="weekday", reads=reads))
    if len({moment.hour for moment in moments}) > 1:
        codings.append(Coding(column=values.name, part="hour", reads=reads, cuts=(5, 8, 11, 14, 17, 20)))
    pairs = Coding(column=values.name, part="day", reads=reads, cuts=cuts(days, PAIR_BINS))
    return Column(values.name, "day", tuple(codings), pairs)


def _numbers(values: _Values, numbers: Sequence[float], least: int) -> Column:
    whole = all(number == int(number) for number in numbers)
    if whole and len(set(numbers)) == len(values.texts):
        return Column(values.name, "number", left_out=NAMES_THE_ROW)
    placeholders = {text: rows for text, rows in values.counts().items() if number_of(text) is None}
    levels = tuple(f"={text}" for text, rows in placeholders.items() if rows >= least)
    fine, coarse, for_pairs = (
        Coding(column=values.name, part="number", cuts=cuts(numbers, bins), levels=levels)
        for bins in (FINE_BINS, COARSE_BINS, PAIR_BINS)
    )
    codings = (fine,) if fine.cuts == coarse.cuts else (fine, coarse)
    return Column(values.name, "number", codings, for_pairs)


def _texts(values: _Values, distinct: int, least: int) -> Column:
    if distinct > FEW_TEXTS and distinct > IDENTIFIES * len(values.given):
        return _given(values, "text")
    frequent = [(f"={text}", rows) for text, rows in values.counts().most_common() if rows >= least]
    levels = tuple(level for level, _ in frequent)
    coding = Coding(column=values.name, levels=levels)
    return Column(values.name, "text", (coding,), Coding(column=values.name, levels=levels[:PAIR_LEVELS]))


def _given(values: _Values, kind: str) -> Column:
    """A column whose values say nothing; that there is one may."""
    if len(values.given) == len(values.texts):
        return Column(values.name, kind, left_out=NAMES_THE_ROW)
    coding = Coding(column=values.name, part="given")
    return Column(values.name, kind, (coding,), coding)


def cuts(ordered: Sequence[float], bins: int) -> tuple[float, ...]:
    """Upper bounds of bins with about as many values each; a value that fills several bins has one for itself."""
    places = (len(ordered) * part // bins for part in range(1, bins))
    return tuple(sorted({ordered[max(place - 1, 0)] for place in places} - {ordered[-1]}))


def _given_for_one_outcome(values: _Values) -> bool:
    of_given = [outcome for text, outcome in zip(values.texts, values.outcomes, strict=True) if text is not None]
    missing = len(values.texts) - len(of_given)
    return missing > 0 and len(of_given) >= ONE_SIDED_ROWS and sum(of_given) in {0, len(of_given)}


def _tells_too_much(values: _Values, column: Column) -> bool:
    levels = list(map(encoder(column.codings[0]), values.texts))
    rows, hits = Counter(levels), Counter[str]()
    for level, outcome in zip(levels, values.outcomes, strict=True):
        hits[level] += outcome
    rates = [hits[level] / rows[level] for level in levels]
    area = area_under_curve(rates, values.outcomes)
    return area is not None and area > TELLS_TOO_MUCH
