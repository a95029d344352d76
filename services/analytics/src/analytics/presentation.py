"""What an answer looks like to a caller: names for ids, units for minor units and seconds, periods by name. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from analytics.explain import Entry, contributions, explained_sums
from analytics.kpi import Kpi, Sum, Unit
from analytics.ledger.posting import DIMENSIONS, Slice
from analytics.names import NAMED, NONE, Names
from analytics.numbers import Exact, shown
from analytics.query.answer import Answer
from analytics.query.evaluate import Row
from analytics.query.question import Question


@dataclass(frozen=True, slots=True)
class _Columns:
    """The units of a table, found once for all its rows."""

    value: Unit
    numerator: Unit | None
    denominator: Unit | None
    apart: Mapping[str, Unit]


class Presentation:
    """Turns rows into plain data for one tenant."""

    def __init__(self, names: Names, currency: str, digits: int) -> None:
        self._names = names
        self._currency = currency
        self._digits = digits

    def of(self, answer: Answer, complete_to: datetime | None, limit: int) -> dict[str, Any]:
        """The whole answer."""
        question, kpi = answer.question, answer.question.kpi
        rows = sorted(((self.dimensions(question, row), row) for row in answer.rows), key=lambda named: _order(*named))
        found = self.head(question, complete_to)
        columns = self._columns(kpi)
        found["rows"] = [self._row(answer, columns, *named) for named in rows[:limit]]
        found["truncated"] = len(rows) > limit
        if answer.compared_days is not None:
            found["compared"] = {"from": answer.compared_days.start, "to": answer.compared_days.end}
        if not answer.rows and kpi.slug == "kpi-freshness":
            found["rows"] = [_fresh(question.now, complete_to)]
        return found

    def head(self, question: Question, complete_to: datetime | None) -> dict[str, Any]:
        kpi = question.kpi
        return {
            "kpi": kpi.slug,
            "version": kpi.version,
            "title": kpi.title,
            "unit": kpi.unit.value,
            "currency": self._currency if has_money(kpi) else None,
            "booked_on": kpi.booked_on,
            "as_of": question.stock_day,
            "known_at": question.known_at,
            "freshness_seconds": seconds_since(complete_to, question.now),
            "from": question.days.start,
            "to": question.days.end,
        }

    def totals(self, question: Question, rows: Sequence[Row]) -> dict[str, Any]:
        """The figure of the one row that is explained, and its parts."""
        if len(rows) != 1:
            return {"value": None, "reason": f"these are {len(rows)} rows: filter one", "totals": {}}
        row, kpi = rows[0], question.kpi
        shown_parts = zip(("numerator", "denominator"), (row.part, row.whole), kpi.shown_parts, strict=False)
        totals = {name: self.amount(value, of, kpi) for name, value, of in shown_parts}
        apart = {name: self.amount(row.apart[name], of, kpi) for name, of in kpi.apart.items()}
        value = shown(row.value, kpi.unit, self._digits)
        return {"value": value, "reason": row.reason, "totals": {**totals, "count": row.count, **apart}}

    def entry(self, question: Question, entry: Entry) -> dict[str, Any]:
        """One entry behind a figure."""
        sums, posting = explained_sums(question), entry.posting
        return {
            "entry": entry.place, "recorded_at": entry.recorded_at, "event_id": _text(entry.event),
            "event_type": entry.event_type, "kind": entry.kind, "id": str(entry.fact),
            "measure": posting.measure.key, "day": posting.on, "dimensions": self._held(posting.slice),
            "count": posting.count, "amount": posting.amount,
            "adds": {
                name: self.amount(value, sums[name], question.kpi)
                for name, value in contributions(question, entry).items()
            },
        }  # fmt: skip

    def _held(self, where: Slice) -> dict[str, str]:
        pairs = zip(DIMENSIONS, where, strict=True)
        return {name: self._names.shown(name, value) for name, value in pairs if value is not None}

    def dimensions(self, question: Question, row: Row) -> dict[str, str]:
        found: dict[str, str] = {
            name: self._names.shown(name, value)
            for name, value in zip(question.dimensions, row.key.values, strict=True)
        }
        if question.unit is not None:
            start = row.key.start
            found[question.unit] = NONE if start is None else question.calendar.name(question.unit, start)
        return found

    def amount(self, value: Exact | None, of: Sum, kpi: Kpi) -> Any:
        """A sum in the unit in which its KPI is shown."""
        return shown(value, self._unit_of(of, kpi), self._digits)

    def _unit_of(self, of: Sum, kpi: Kpi) -> Unit:
        if of.unit is not Unit.SECONDS:
            return of.unit
        return kpi.unit if kpi.unit in {Unit.DAYS, Unit.HOURS} else Unit.SECONDS

    def _columns(self, kpi: Kpi) -> "_Columns":
        part, whole = parts(kpi)
        return _Columns(
            value=kpi.unit,
            numerator=None if part is None else self._unit_of(part, kpi),
            denominator=None if whole is None else self._unit_of(whole, kpi),
            apart={name: self._unit_of(of, kpi) for name, of in kpi.apart.items()},
        )

    def _row(self, answer: Answer, columns: "_Columns", dimensions: dict[str, str], row: Row) -> dict[str, Any]:
        question, kpi = answer.question, answer.question.kpi
        found: dict[str, Any] = {"dimensions": dimensions}
        if ids := {
            name: value for name, value in zip(question.dimensions, row.key.values, strict=True) if name in NAMED
        }:
            found["ids"] = ids
        digits, numerator, denominator = self._digits, columns.numerator, columns.denominator
        found["value"] = shown(row.value, columns.value, digits)
        found["numerator"] = None if numerator is None else shown(row.part, numerator, digits)
        found["denominator"] = None if denominator is None else shown(row.whole, denominator, digits)
        found["count"] = row.count
        if row.reason is not None:
            found["reason"] = row.reason
        if columns.apart:
            found["apart"] = {name: shown(row.apart[name], unit, digits) for name, unit in columns.apart.items()}
        if answer.compared_rows is not None:
            found |= self._compared(kpi, row, answer.compared_rows.get(row.key))
        return found

    def _compared(self, kpi: Kpi, row: Row, before: Row | None) -> dict[str, Any]:
        then = None if before is None else before.value
        change: Exact | None = None
        if row.value is not None and then is not None:
            if kpi.compare == "points":
                change = row.value - then
            elif then:
                change = (Fraction(row.value) - then) / abs(Fraction(then))
        return {
            "compared_value": shown(then, kpi.unit, self._digits),
            "change": shown(change, Unit.RATIO, self._digits),
        }


def _order(named: dict[str, str], row: Row) -> tuple[Any, ...]:
    start = "" if row.key.start is None else row.key.start.isoformat()
    return (start, *named.values(), *(value or "" for value in row.key.values))


def parts(kpi: Kpi) -> tuple[Sum | None, Sum | None]:
    """The sums that are shown as numerator and denominator."""
    found: Iterator[Sum] = iter(kpi.shown_parts)
    return next(found, None), next(found, None)


def has_money(kpi: Kpi) -> bool:
    sums = (*kpi.sums, *kpi.apart.values())
    return kpi.unit in {Unit.MONEY, Unit.MONEY_A_DAY} or any(of.unit is Unit.MONEY for of in sums)


def seconds_since(complete_to: datetime | None, now: datetime) -> float | None:
    return None if complete_to is None else max(0.0, round((now - complete_to).total_seconds(), 3))


def _fresh(now: datetime, complete_to: datetime | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "dimensions": {},
        "value": seconds_since(complete_to, now),
        "numerator": None,
        "denominator": None,
        "count": 0,
    }
    return row if complete_to is not None else {**row, "reason": "the ledger has not caught up with the events yet"}


def _text(identity: UUID | None) -> str | None:
    return None if identity is None else str(identity)
