"""The ledger summed at full grain, one measure and month at a time: enough to know every cell of that month, and small.

The audit compares cells with it; a rebuild writes its cells from it.
"""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from analytics.ledger.cells import Totals
from analytics.ledger.packing import day_number, key_of

MONTHS: Final = """
SELECT DISTINCT measure, date_trunc('month', day)::date AS month FROM {schema}.ledger WHERE tenant_id = $1
ORDER BY measure, month
"""
SUMS: Final = """
SELECT day, slice, sum(count)::bigint, sum(amount)::text FROM {schema}.ledger
WHERE tenant_id = $1 AND measure = $2 AND day >= $3 AND day < $3 + interval '1 month'
GROUP BY day, slice HAVING sum(count) <> 0 OR sum(amount) <> 0
"""


WHOLE_LEDGER_SECONDS: Final = 86_400.0
"""For statements that grow with the ledger, which the pool's limit on statements is not meant for."""


class Portion(NamedTuple):
    """One measure in one month of business days."""

    measure: int
    month: date


async def portions(connection: Any, schema: str, tenant: UUID) -> list[Portion]:
    return [Portion(*row) for row in await fetched(connection, MONTHS.format(schema=schema), tenant)]


async def sums(connection: Any, schema: str, tenant: UUID, portion: Portion) -> Totals:
    """Balances at full grain by posting key."""
    rows = await fetched(connection, SUMS.format(schema=schema), tenant, *portion)
    return {
        key_of(slice_id, portion.measure, day_number(day)): [count, int(amount)]
        for day, slice_id, count, amount in rows
    }


async def fetched(connection: Any, statement: str, *values: object) -> list[Any]:
    """Rows of a statement that may take as long as the ledger is large."""
    return list(await connection.fetch(statement, *values, timeout=WHOLE_LEDGER_SECONDS))


async def all_sums(connection: Any, schema: str, tenant: UUID) -> AsyncIterator[tuple[Portion, Totals]]:
    for portion in await portions(connection, schema, tenant):
        yield portion, await sums(connection, schema, tenant, portion)
