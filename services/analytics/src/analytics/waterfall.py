"""Why the open pipeline changed: from one day to another, or from what was known at one time to what was at another.

Each deal's change within a step (a day, or an event) belongs to exactly one term, so the terms add up to the difference
of the two stocks. Amounts are in base currency at pinned rates, so there is no term for rates.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, get_args
from uuid import UUID

from analytics.ledger.posting import DIMENSIONS, Slice
from analytics.ledger.projection import active_schema
from analytics.measures.deals import DEALS_LOST, DEALS_OPENED, DEALS_WON, OPEN_PIPELINE
from analytics.periods import ALWAYS, Days
from analytics.query.balances import NOTHING, Balance, Wanted
from analytics.query.cells import CellBalances, Parameters, between
from analytics.query.question import Only

Term = Literal["new", "reopened", "raised", "lowered", "won", "lost", "moved", "reassigned"]
TERMS: Final[tuple[Term, ...]] = get_args(Term)

STEPS: Final = """
SELECT l.fact_id, l.{step}, l.measure, sum(l.count)::bigint, sum(l.amount)::bigint, {dimensions}
FROM {schema}.ledger l JOIN slice s ON s.id = l.slice
WHERE l.tenant_id = $1 AND l.measure = ANY($2::smallint[]) {limits}
GROUP BY l.fact_id, l.{step}, l.measure, {dimensions} HAVING sum(l.count) <> 0 OR sum(l.amount) <> 0
"""

_SEEN: Final = (OPEN_PIPELINE, DEALS_OPENED, DEALS_WON, DEALS_LOST)


@dataclass(frozen=True)
class Waterfall:
    """Start plus the terms is the end, in count and in amount."""

    start: Balance
    terms: Mapping[Term, Balance]
    end: Balance


@dataclass(slots=True)
class _Step:
    """What happened to one deal in one step."""

    count: int = 0
    inside: int = 0
    amount: int = 0
    opened: int = 0
    won: int = 0
    owners: frozenset[Any] = frozenset()
    touched: bool = False

    def add(self, measure: int, where: Slice, change: Balance, only: Only) -> None:
        if measure == DEALS_OPENED.number:
            self.opened += change.number
        elif measure == DEALS_WON.number:
            self.won += change.number
        elif measure == OPEN_PIPELINE.number:
            self.count += change.number
            self.owners |= {(where.rep, where.team, where.region)}
            if only.allows(where):
                self.touched = True
                self.inside += change.number
                self.amount += change.amount

    @property
    def term(self) -> Term:
        if self.count > 0:
            return "new" if self.opened > 0 else "reopened"
        if self.count < 0:
            return "won" if self.won > 0 else "lost"
        if self.inside:
            return "reassigned" if len(self.owners) > 1 else "moved"
        return "raised" if self.amount > 0 else "lowered"


async def between_days(connection: Any, tenant: UUID, days: Days, only: Only) -> Waterfall:
    """From the stock before ``days`` to that at their end, one step a day."""
    assert days.start is not None  # noqa: S101 - the caller names both ends
    schema = await active_schema(connection)
    query = Parameters(tenant, [measure.number for measure in _SEEN])
    terms = await _terms(connection, _statement(schema, "day", between("l.day", days, query)), query, only)
    cells = CellBalances(connection, schema, tenant)
    return Waterfall(
        await _stock(cells, Days(None, days.start), only), terms, await _stock(cells, Days(None, days.end), only)
    )


async def between_times(
    connection: Any, tenant: UUID, known: tuple[datetime, datetime], day: date, only: Only
) -> Waterfall:
    """From the stock of a day as known at one time to the same as known at another, one step an event."""
    schema = await active_schema(connection)
    query = Parameters(tenant, [measure.number for measure in _SEEN])
    days = ALWAYS.until(day)
    first, last = known
    limits = between("l.day", days, query)
    limits += f" AND l.recorded_at > {query.add(first)} AND l.recorded_at <= {query.add(last)}"
    terms = await _terms(connection, _statement(schema, "event_id", limits), query, only)
    before, after = (CellBalances(connection, schema, tenant, at) for at in known)
    return Waterfall(await _stock(before, days, only), terms, await _stock(after, days, only))


def _statement(schema: str, step: str, limits: str) -> str:
    dimensions = ", ".join(f"s.{name}" for name in DIMENSIONS)
    return STEPS.format(step=step, schema=schema, dimensions=dimensions, limits=limits)


async def _terms(connection: Any, sql: str, query: Parameters, only: Only) -> dict[Term, Balance]:
    steps: dict[tuple[UUID, Any], _Step] = defaultdict(_Step)
    for fact, at, measure, count, amount, *values in await connection.fetch(sql, *query):
        steps[fact, at].add(measure, Slice(*values), Balance(count, amount), only)
    return _summed(steps.values())


def _summed(steps: Iterable[_Step]) -> dict[Term, Balance]:
    found = dict.fromkeys(TERMS, NOTHING)
    for step in steps:
        if step.touched and (step.inside or step.amount):
            before = found[step.term]
            found[step.term] = Balance(before.number + step.inside, before.amount + step.amount)
    return found


async def _stock(cells: CellBalances, days: Days, only: Only) -> Balance:
    sums = await cells.sums(Wanted(measures=(OPEN_PIPELINE,), days=days, only=only))
    return next(iter(sums.get(OPEN_PIPELINE, {}).values()), NOTHING)
