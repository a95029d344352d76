"""SQL of the public pool: who holds a lead since when, how many one has claimed, which leads are quiet."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from leads.store import Connection, Query, Row

CUSTODIES = """
SELECT version, at, lead(at) OVER (ORDER BY version) AS until, how, person_id, team_id, region_id, rule, reason, actor
  FROM custody WHERE tenant_id = $1 AND id = $2
"""


async def custodies(connection: "Connection[Row]", tenant: UUID, lead: UUID, after: int, limit: int) -> list[Row]:
    """Oldest first, and one more than the limit; each with when the next one began."""
    statement = f"SELECT * FROM ({CUSTODIES}) AS held WHERE version > $3 ORDER BY version LIMIT {limit + 1}"
    return await connection.fetch(statement, tenant, lead, after)


async def one_claim_at_a_time(connection: "Connection[Row]", tenant: UUID, person: UUID) -> None:
    """Until the transaction ends this person claims nothing else: two at once would both be below the limit."""
    name = f"claims:{tenant}:{person}"
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)


async def claims_since(connection: "Connection[Row]", tenant: UUID, person: UUID, since: datetime) -> int:
    """How many leads the person has claimed from this instant on."""
    found: int = await connection.fetchval(
        "SELECT count(*) FROM custody WHERE tenant_id = $1 AND person_id = $2 AND at >= $3 AND how = 'claim'",
        tenant,
        person,
        since,
    )
    return found


async def waiting(
    connection: "Connection[Row]", query: Query, *, after: Sequence[str | None] | None, limit: int
) -> list[Row]:
    """Leads in the pool, the longest there first."""
    query.where("pooled_at IS NOT NULL")
    if after is not None:
        at, id_ = after
        query.where("(pooled_at, id) > ({}, {})", datetime.fromisoformat(str(at)), UUID(id_))
    return await query.page(connection, "lead", "pooled_at, id", limit)


async def tenants_that_recycle(connection: "Connection[Row]") -> list[UUID]:
    """Of all tenants those whose rules bring quiet leads back."""
    rows = await connection.fetch(
        "SELECT tenant_id FROM assignment_policy WHERE state -> 'pool' ->> 'recycle_after_days' IS NOT NULL"
    )
    return [row["tenant_id"] for row in rows]


_LAST_ACTIVITIES = """
SELECT asked.id, max(activity.at) AS at FROM unnest($2::uuid[]) AS asked (id)
  JOIN lead ON lead.tenant_id = $1 AND (lead.id = asked.id OR lead.merged_into_id = asked.id)
  JOIN activity ON activity.tenant_id = $1 AND activity.lead_id = lead.id AND activity.status = 'done'
 GROUP BY asked.id
"""
_NOT_CONTACTED = """NOT EXISTS (SELECT FROM activity WHERE activity.tenant_id = $1 AND activity.lead_id = lead.id
    AND activity.at >= {} AND activity.status = 'done')"""
"""The lead itself knows only of its first contact."""


async def quiet_leads(
    connection: "Connection[Row]",
    tenant: UUID,
    before: datetime,
    today: date,
    *,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Row]:
    """Leads whose owners may have done nothing since before an instant, the longest quiet first, from a place on.

    Those are left out that pause today, or have a next step to come.
    """
    query = Query(tenant)
    query.where("quiet_since < {}", before)
    query.where("(paused_until IS NULL OR paused_until <= {})", today)
    query.where("(next_due_on IS NULL OR next_due_on < {})", today)
    query.where(_NOT_CONTACTED, before)
    if after is not None:
        query.where("(quiet_since, id) > ({}, {})", *after)
    return await query.fetch(connection, "lead", "id, quiet_since", f"ORDER BY quiet_since, id LIMIT {limit}")


async def last_activities(connection: "Connection[Row]", tenant: UUID, leads: Iterable[UUID]) -> dict[UUID, datetime]:
    """When something was done last with each lead, or with one that was merged into it."""
    rows = await connection.fetch(_LAST_ACTIVITIES, tenant, list(leads))
    return {row["id"]: row["at"] for row in rows}
