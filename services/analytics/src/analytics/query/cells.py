"""Sums from the cells and, where no grouping of a measure keeps enough apart, from the ledger itself.

Whole months come from the cells by month, the days at both ends from the cells by day. The ledger is the full grain;
it also gives the single values behind percentiles, and what must be taken off for "as known at". All SQL of reading
figures is here.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from analytics.ledger.posting import DIMENSIONS, FULL_GRAIN, Dimension, Grouping, Measure
from analytics.ledger.slices import mask_of
from analytics.periods import Days, Unit
from analytics.query.balances import Balance, RowKey, Singles, Sums, Values, Wanted
from analytics.query.question import Only

ACTIVE: Final = "SELECT schema_name FROM projection_active"

FROM_CELLS: Final = """
SELECT c.measure, c.day, c.slice, c.count, c.amount FROM {schema}.cell c
WHERE c.tenant_id = {tenant} AND c.measure = ANY({measures}::smallint[])
  AND c.grouping = {grouping} AND c.period = '{period}'
"""
FROM_LEDGER: Final = """
SELECT l.measure, l.day, l.slice, {sign} l.count, {sign} l.amount FROM {schema}.ledger l
WHERE l.tenant_id = {tenant} AND l.measure = ANY({measures}::smallint[])
"""
# Amounts come as text: their sum may be longer than a bigint, and the driver makes a Decimal of a numeric.
SUMS: Final = """
SELECT b.measure, b.day, sum(b.count)::bigint, sum(b.amount)::text{keep}
FROM (
  SELECT a.measure, {on} AS day, a.slice, sum(a.count) AS count, sum(a.amount) AS amount
  FROM ({booked}) AS a(measure, day, slice, count, amount) GROUP BY a.measure, {on}, a.slice
) AS b{join}
{where} GROUP BY b.measure, b.day{keep} HAVING sum(b.count) <> 0 OR sum(b.amount) <> 0
"""
SINGLES: Final = """
SELECT {on}, array_agg(v.amount){keep} FROM (
  SELECT b.fact_id, b.day, sum(b.amount)::bigint AS amount, {dimensions}
  FROM {schema}.ledger b JOIN slice s ON s.id = b.slice
  WHERE b.tenant_id = {tenant} AND b.measure = ANY({measures}::smallint[]) {days} {where}
  GROUP BY b.fact_id, b.day, {dimensions} HAVING sum(b.count) > 0) AS v
GROUP BY {groups}
"""

_LEDGER: Final = mask_of(FULL_GRAIN)


class _Range(NamedTuple):
    period: str
    days: Days


class CellBalances:
    """The ledger of one tenant as it stands, or as it was known at an instant."""

    def __init__(self, connection: Any, schema: str, tenant: UUID, known_at: datetime | None = None) -> None:
        """``connection`` is in a read-only transaction, so that all sums of an answer are of one state."""
        self._connection = connection
        self._schema = schema
        self._tenant = tenant
        self._known_at = known_at

    async def sums(self, wanted: Wanted) -> Sums:
        found: dict[Measure, dict[RowKey, Balance]] = {measure: {} for measure in wanted.measures}
        by_number = {measure.number: measure for measure in wanted.measures}
        for mask, measures in _by_grouping(wanted).items():
            sql, parameters = self._sums_query(mask, measures, wanted)
            for number, on, count, amount, *values in await self._connection.fetch(sql, *parameters):
                found[by_number[number]][RowKey(tuple(values), on)] = Balance(count, int(amount))
        return found

    async def singles(self, wanted: Wanted) -> Singles:
        query = Parameters(self._tenant, [measure.number for measure in wanted.measures])
        days = between("b.day", wanted.days, query)
        if self._known_at is not None:
            days += f" AND b.recorded_at <= {query.add(self._known_at)}"
        on = _on(wanted.unit, "v.day")
        sql = SINGLES.format(
            on=on,
            keep=_listed("v", wanted.keep),
            dimensions=", ".join(f"s.{name}" for name in DIMENSIONS),
            schema=self._schema,
            tenant="$1",
            measures="$2",
            days=days,
            where=filtered("AND", wanted.only, query),
            groups=_listed("v", wanted.keep, on),
        )
        found: dict[tuple[Values, date | None], list[int]] = {}
        for day, amounts, *values in await self._connection.fetch(sql, *query):
            found[tuple(values), day] = amounts
        return found

    def _sums_query(self, mask: int, measures: Sequence[Measure], wanted: Wanted) -> tuple[str, Sequence[Any]]:
        query = Parameters(self._tenant, [measure.number for measure in measures])
        booked = " UNION ALL ".join(self._sources(mask, wanted, query))
        sql = SUMS.format(
            on=_on(wanted.unit, "a.day"),
            keep=_listed("s", wanted.keep),
            booked=booked,
            join=_slices(mask, wanted),
            where=filtered("WHERE", wanted.only, query),
        )
        return sql, query

    def _sources(self, mask: int, wanted: Wanted, query: "Parameters") -> Iterator[str]:
        named = {"schema": self._schema, "tenant": "$1", "measures": "$2"}
        if mask == _LEDGER:
            known = "" if self._known_at is None else f" AND l.recorded_at <= {query.add(self._known_at)}"
            yield FROM_LEDGER.format(sign="", **named) + between("l.day", wanted.days, query) + known
            return
        grouping = query.add(mask)
        for period, days in ranges(wanted.days, wanted.unit):
            cells = FROM_CELLS.format(grouping=f"{grouping}::smallint", period=period, **named)
            yield cells + between("c.day", days, query)
        if self._known_at is not None:
            later = f" AND l.recorded_at > {query.add(self._known_at)}"
            yield FROM_LEDGER.format(sign="-", **named) + between("l.day", wanted.days, query) + later


def _slices(mask: int, wanted: Wanted) -> str:
    """The dimensions of each slice that is left. Of cells these are few, and the planner, which cannot know how few,
    would read all slices there are (measured with 16,000: 8 of 11 ms).
    """
    if not wanted.dimensions:
        return ""
    if mask == _LEDGER:
        return " JOIN slice s ON s.id = b.slice"
    names = ", ".join(sorted(wanted.dimensions))
    return f" CROSS JOIN LATERAL (SELECT {names} FROM slice WHERE id = b.slice OFFSET 0) AS s"


class Parameters(list[Any]):
    """The parameters of a statement, in the order in which they were named."""

    def __init__(self, *first: Any) -> None:
        super().__init__(first)

    def add(self, value: Any) -> str:
        self.append(value)
        return f"${len(self)}"


def smallest_grouping(measure: Measure, dimensions: frozenset[Dimension]) -> Grouping:
    """The grouping with the fewest dimensions that keeps all of these apart; the full grain if none does."""
    covering = [grouping for grouping in measure.groupings if dimensions <= set(grouping)]
    return min(covering, key=len, default=FULL_GRAIN)


def ranges(days: Days, unit: Unit | None) -> Iterator[_Range]:
    """The months that lie wholly within the days, and what is left of the days at both ends."""
    if unit in {"day", "week"}:
        yield _Range("d", days)
        return
    first = None if days.start is None else _month_from(days.start)
    last = None if days.end is None else days.end.replace(day=1)
    if first is not None and last is not None and first > last:
        yield _Range("d", days)
        return
    if first != days.start:
        yield _Range("d", Days(days.start, first))
    if first is None or first != last:
        yield _Range("m", Days(first, last))
    if last != days.end:
        yield _Range("d", Days(last, days.end))


def _month_from(day: date) -> date:
    """The first month that begins on the day or after it."""
    return day if day.day == 1 else (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _by_grouping(wanted: Wanted) -> dict[int, list[Measure]]:
    chosen: dict[int, list[Measure]] = defaultdict(list)
    for measure in wanted.measures:
        chosen[mask_of(smallest_grouping(measure, wanted.dimensions))].append(measure)
    return chosen


def between(column: str, days: Days, query: Parameters) -> str:
    condition = ""
    if days.start is not None:
        condition += f" AND {column} >= {query.add(days.start)}"
    if days.end is not None:
        condition += f" AND {column} < {query.add(days.end)}"
    return condition


def filtered(word: str, only: Only, query: Parameters) -> str:
    conditions = [_one_of(f"s.{name}", values, query) for name, values in only.filters.items()]
    if not only.scope.everything:
        seen = []
        if only.scope.person is not None:
            seen.append(f"s.rep = {query.add(str(only.scope.person))}")
        if only.scope.teams:
            seen.append(f"s.team = ANY({query.add([str(team) for team in only.scope.teams])}::text[])")
        conditions.append(f"({' OR '.join(seen)})" if seen else "false")
    return f"{word} {' AND '.join(conditions)}" if conditions else ""


def _one_of(column: str, values: frozenset[str | None], query: Parameters) -> str:
    named = query.add(sorted(value for value in values if value is not None))
    condition = f"{column} = ANY({named}::text[])"
    return f"({condition} OR {column} IS NULL)" if None in values else condition


def _on(unit: Unit | None, day: str) -> str:
    if unit is None:
        return "NULL::date"
    return day if unit in {"day", "week"} else f"date_trunc('month', {day})::date"


def _listed(table: str, keep: Sequence[Dimension], first: str | None = None) -> str:
    names = [f"{table}.{name}" for name in keep]
    if first is None:
        return "".join(f", {name}" for name in names)
    return ", ".join([first, *names])
