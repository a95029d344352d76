"""SQL of campaigns and spends beyond loading, saving and listing: what campaigns have cost."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from uuid import UUID

from leads.store import Connection, Query, Row


class Totals(NamedTuple):
    """Spends of a campaign that stand, those reversed, and what the standing ones add up to in base currency."""

    standing: int = 0
    reversed: int = 0
    spent: int = 0


NOTHING = Totals()

SPENT = """
SELECT campaign_id, count(*) FILTER (WHERE NOT reversed) AS standing, count(*) FILTER (WHERE reversed) AS reversed,
       coalesce(sum(base_minor) FILTER (WHERE NOT reversed), 0) AS spent
FROM spend WHERE tenant_id = $1 AND campaign_id = ANY($2::uuid[]) GROUP BY campaign_id
"""


async def totals(connection: "Connection[Row]", tenant: UUID, campaigns: Iterable[UUID]) -> dict[UUID, Totals]:
    """By campaign; one on which nothing was booked is absent."""
    rows = await connection.fetch(SPENT, tenant, list(campaigns))
    return {row["campaign_id"]: Totals(row["standing"], row["reversed"], int(row["spent"])) for row in rows}


def on_days(query: Query, from_on: date | None, to_on: date | None) -> None:
    """Spends with a day in [from_on, to_on)."""
    if from_on is not None:
        query.where("to_on >= {}", from_on)
    if to_on is not None:
        query.where("from_on < {}", to_on)
