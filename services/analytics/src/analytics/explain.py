"""What stands behind a figure: each ledger entry, with the event that made it and what it adds to which part.

Promise: over all pages, what the entries add is the numerator, the denominator, the count and what is shown apart, to
the last unit. A figure as of a past day that is reckoned from states has no entries; it lists postings instead.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from analytics.kpi import Kpi, Percentile, Sum, Term, Window, amount
from analytics.ledger.posting import DIMENSIONS, Measure, Posting, Slice
from analytics.ledger.projection import active_schema
from analytics.measures import MEASURES_OF
from analytics.numbers import Exact
from analytics.query.balances import Balance, PostingsInMemory
from analytics.query.cells import Parameters, between, filtered
from analytics.query.evaluate import amount_of, weight
from analytics.query.question import Question

ENTRIES: Final = """
SELECT l.seq, l.recorded_at, l.event_id, t.name, l.kind, l.fact_id, l.measure, l.day, l.count, l.amount, {dimensions}
FROM {schema}.ledger l JOIN slice s ON s.id = l.slice JOIN event_type t ON t.id = l.event_type
WHERE l.tenant_id = $1 AND ({terms}){where}{known} AND l.seq > {after}
ORDER BY l.seq LIMIT {limit}
"""

KIND_OF: Final[Mapping[Measure, str]] = {measure: kind for kind, booked in MEASURES_OF.items() for measure in booked}


@dataclass(frozen=True)
class Entry:
    """One posting of one fact; in the ledger with the event that made it."""

    place: int
    """Where it stands in the list."""
    kind: str
    fact: UUID
    posting: Posting
    event: UUID | None = None
    event_type: str | None = None
    recorded_at: datetime | None = None


def explained_sums(question: Question) -> dict[str, Sum]:
    """The parts of the figure that entries add to, by name."""
    kpi = question.kpi
    shown = dict(zip(("numerator", "denominator"), kpi.shown_parts, strict=False))
    if isinstance(kpi.figure, Percentile):
        shown["values"] = _values(kpi.figure)
    counted = kpi.counted(set(question.dimensions) | question.only.dimensions)
    return {**shown, **_rest(kpi), "count": counted, **kpi.apart}


def contributions(question: Question, entry: Entry) -> dict[str, Exact]:
    """What an entry adds to each part; parts to which it adds nothing are left out."""
    found = {name: _adds(question, total, entry.posting) for name, total in explained_sums(question).items()}
    return {name: value for name, value in found.items() if value}


async def entries(
    connection: Any, tenant: UUID, question: Question, balances: Any, *, after: int, limit: int
) -> list[Entry]:
    """The next entries behind the figure, in the order of the ledger."""
    if isinstance(balances, PostingsInMemory):
        return _of_postings(question, balances.postings, after, limit)
    schema = await active_schema(connection)
    sql, parameters = _query(schema, tenant, question, after, limit)
    by_number = {measure.number: measure for measure in _measures(question)}
    return [_entry(by_number, row) for row in await connection.fetch(sql, *parameters)]


def _values(figure: Percentile) -> Sum:
    return Sum(tuple(term for measure in figure.measures for term in amount(measure).terms))


def _rest(kpi: Kpi) -> Mapping[str, Sum]:
    """The other sums of a formula."""
    sums: Mapping[str, Sum] = getattr(kpi.figure, "sums", {})
    return sums


def _terms(question: Question) -> tuple[Term, ...]:
    return tuple(dict.fromkeys(term for total in explained_sums(question).values() for term in total.terms))


def _measures(question: Question) -> tuple[Measure, ...]:
    return tuple(dict.fromkeys(term.measure for term in _terms(question)))


def _adds(question: Question, total: Sum, posting: Posting) -> Exact:
    return sum((_adds_to_term(question, term, posting) for term in total.terms), 0)


def _adds_to_term(question: Question, term: Term, posting: Posting) -> Exact:
    label = posting.slice.label
    counts = term.labels is None or label in term.labels
    if term.measure is not posting.measure or not counts or posting.on not in question.over(term.window):
        return 0
    balance = Balance(posting.count, posting.amount * weight(term, label))
    return term.sign * amount_of(term, balance, question.instant)


def _query(schema: str, tenant: UUID, question: Question, after: int, limit: int) -> tuple[str, Sequence[Any]]:
    query = Parameters(tenant)
    windows: dict[tuple[Measure, Window], set[str] | None] = {}
    for term in _terms(question):
        key = (term.measure, term.window)
        before = windows.get(key, set())
        windows[key] = None if before is None or term.labels is None else before | term.labels
    terms = " OR ".join(
        _term(question, measure, window, labels, query) for (measure, window), labels in windows.items()
    )
    known = "" if question.known_at is None else f" AND l.recorded_at <= {query.add(question.known_at)}"
    sql = ENTRIES.format(
        dimensions=", ".join(f"s.{name}" for name in DIMENSIONS),
        schema=schema,
        terms=terms,
        where=filtered(" AND", question.only, query),
        known=known,
        after=query.add(after),
        limit=query.add(limit),
    )
    return sql, query


def _term(question: Question, measure: Measure, window: Window, labels: Iterable[str] | None, query: Parameters) -> str:
    condition = f"l.measure = {query.add(measure.number)}::smallint" + between("l.day", question.over(window), query)
    return condition if labels is None else f"{condition} AND s.label = ANY({query.add(sorted(labels))}::text[])"


def _entry(by_number: Mapping[int, Measure], row: Any) -> Entry:
    seq, recorded_at, event, event_type, kind, fact, number, day, count, booked, *values = row
    posting = Posting(by_number[number], day, Slice(*values), count, booked)
    return Entry(seq, kind, fact, posting, event, event_type, recorded_at)


def _of_postings(question: Question, postings: Sequence[tuple[UUID, Posting]], after: int, limit: int) -> list[Entry]:
    found: list[Entry] = []
    for entry in _numbered(question, postings):
        if entry.place > after and contributions(question, entry):
            found.append(entry)
            if len(found) == limit:
                break
    return found


def _numbered(question: Question, postings: Sequence[tuple[UUID, Posting]]) -> Iterator[Entry]:
    for place, (fact, posting) in enumerate(postings, 1):
        if question.only.allows(posting.slice):
            yield Entry(place, KIND_OF[posting.measure], fact, posting)
