"""SQL of visits: plans by class, rules, sites, readings of positions, and which accounts are due."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import from_json, to_json

from leads.calendars.store import OPEN
from leads.store import Connection, Query, Row
from leads.visits.plan import VisitPlan, VisitStep
from leads.visits.proof import USUAL, Position, Rules

PLAN = "SELECT customer_class, every_days, steps, active FROM visit_plan WHERE tenant_id = $1 AND customer_class = $2"
KEEP_PLAN = """
INSERT INTO visit_plan (tenant_id, customer_class, every_days, steps, active) VALUES ($1, $2, $3, $4::jsonb, $5)
ON CONFLICT (tenant_id, customer_class)
DO UPDATE SET every_days = excluded.every_days, steps = excluded.steps, active = excluded.active
"""
CLASS_OF = "SELECT customer_class FROM customer WHERE tenant_id = $1 AND id = $2"

RULES = """
SELECT radius_metres, stay_minutes, plan_minutes, speed_max, photo_required FROM visit_rules WHERE tenant_id = $1
"""
KEEP_RULES = """
INSERT INTO visit_rules (tenant_id, radius_metres, stay_minutes, plan_minutes, speed_max, photo_required)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id) DO UPDATE SET radius_metres = excluded.radius_metres, stay_minutes = excluded.stay_minutes,
    plan_minutes = excluded.plan_minutes, speed_max = excluded.speed_max, photo_required = excluded.photo_required
"""

SITES = """
SELECT customer_id, latitude, longitude FROM visit_site WHERE tenant_id = $1 AND customer_id = ANY($2::uuid[])
"""
KEEP_SITE = """
INSERT INTO visit_site (tenant_id, customer_id, latitude, longitude) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, customer_id) DO UPDATE SET latitude = excluded.latitude, longitude = excluded.longitude
"""

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
NEIGHBOURS = """
(SELECT at, latitude, longitude FROM visit_reading
  WHERE tenant_id = $1 AND performer_id = $2 AND at <= $3 ORDER BY at DESC LIMIT 1)
UNION ALL
(SELECT at, latitude, longitude FROM visit_reading
  WHERE tenant_id = $1 AND performer_id = $2 AND at > $3 ORDER BY at LIMIT 1)
"""
KEEP_READING = """
INSERT INTO visit_reading (tenant_id, activity_id, step, performer_id, at, latitude, longitude, accuracy_metres, mock,
                           photo)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant_id, activity_id, step) DO NOTHING
"""
READINGS = """
SELECT step, at, latitude, longitude, accuracy_metres, mock, photo FROM visit_reading
WHERE tenant_id = $1 AND activity_id = $2 ORDER BY at, step
"""

DUE = """
customer JOIN visit_plan USING (tenant_id, customer_class)
LEFT JOIN LATERAL (
    SELECT done_on AS last_on FROM activity
     WHERE activity.tenant_id = $1 AND activity.account_id = customer.id AND kind = 'visit' AND status = 'done'
     ORDER BY done_on DESC LIMIT 1
) AS visited ON true
CROSS JOIN LATERAL (
    SELECT coalesce(last_on + every_days, (customer.state ->> 'opened_on')::date) AS due_on
) AS due
LEFT JOIN LATERAL (
    SELECT id AS planned_id, planned_from FROM activity
     WHERE activity.tenant_id = $1 AND activity.account_id = customer.id AND kind = 'visit'
       AND status IN ('planned', 'asked', 'agreed') AND planned_from >= {}
     ORDER BY planned_from, id LIMIT 1
) AS planned ON true
"""
DUE_COLUMNS = "id, name, customer_class, owner_id, every_days, last_on, due_on, planned_id, planned_from"


class KeptReading(NamedTuple):
    """Where somebody was at a check-in (``in``) or check-out (``out``)."""

    step: str
    performer: UUID
    at: datetime
    latitude: float
    longitude: float
    accuracy_metres: int | None
    mock: bool
    photo: str | None


async def plan(connection: "Connection[Row]", tenant: UUID, customer_class: str) -> VisitPlan | None:
    row = await connection.fetchrow(PLAN, tenant, customer_class)
    return None if row is None else plan_of(row)


def plan_of(row: Any) -> VisitPlan:
    steps = tuple(VisitStep(**step) for step in from_json(row["steps"]))
    return VisitPlan(row["customer_class"], row["every_days"], steps, row["active"])


async def plan_for(connection: "Connection[Row]", tenant: UUID, account: UUID | None) -> VisitPlan | None:
    """The plan in force for an account, by its class."""
    customer_class = await connection.fetchval(CLASS_OF, tenant, account)
    found = None if customer_class is None else await plan(connection, tenant, customer_class)
    return found if found is not None and found.active else None


async def keep_plan(connection: "Connection[Row]", tenant: UUID, given: VisitPlan) -> None:
    steps = to_json([step._asdict() for step in given.steps]).decode()
    await connection.execute(KEEP_PLAN, tenant, given.customer_class, given.every_days, steps, given.active)


async def plans(
    connection: "Connection[Row]", query: Query, *, after: Sequence[str | None] | None, limit: int
) -> list[Row]:
    """In the order of their classes."""
    if after is not None:
        query.where("customer_class > {}", after[0])
    columns = "customer_class, every_days, steps, active"
    return await query.fetch(connection, "visit_plan", columns, f"ORDER BY customer_class LIMIT {limit + 1}")


async def rules(connection: "Connection[Row]", tenant: UUID) -> Rules:
    """The firm's, or the usual ones."""
    row = await connection.fetchrow(RULES, tenant)
    return USUAL if row is None else Rules(*row)


async def keep_rules(connection: "Connection[Row]", tenant: UUID, given: Rules) -> None:
    await connection.execute(KEEP_RULES, tenant, *given)


async def visits_of(
    connection: "Connection[Row]", query: Query, between: tuple[datetime, datetime], limit: int
) -> list[Row]:
    """Visits that are planned to begin between two instants, by time."""
    query.where(f"kind = 'visit' AND {OPEN} AND planned_until IS NOT NULL")
    query.where("planned_until >= {} AND planned_from >= {} AND planned_from < {}", between[0], *between)
    return await query.fetch(
        connection, "activity", "id, account_id, lead_id, planned_from", f"ORDER BY planned_from, id LIMIT {limit}"
    )


async def sites(connection: "Connection[Row]", tenant: UUID, customers: Iterable[UUID]) -> dict[UUID, Position]:
    """Where these customers are, as far as it is known."""
    rows = await connection.fetch(SITES, tenant, list(customers))
    return {row["customer_id"]: Position(row["latitude"], row["longitude"]) for row in rows}


async def keep_site(connection: "Connection[Row]", tenant: UUID, customer: UUID, position: Position) -> None:
    await connection.execute(KEEP_SITE, tenant, customer, *position)


async def neighbours(
    connection: "Connection[Row]", tenant: UUID, performer: UUID, at: datetime
) -> list[tuple[datetime, Position]]:
    """Where the person was before and after, by what is known; until the transaction ends nobody else adds to it."""
    await connection.execute(ONE_AT_A_TIME, f"readings:{tenant}:{performer}")
    rows = await connection.fetch(NEIGHBOURS, tenant, performer, at)
    return [(row["at"], Position(row["latitude"], row["longitude"])) for row in rows]


async def keep_reading(connection: "Connection[Row]", tenant: UUID, activity: UUID, reading: KeptReading) -> None:
    await connection.execute(KEEP_READING, tenant, activity, *reading)


async def readings(connection: "Connection[Row]", tenant: UUID, activity: UUID) -> list[Row]:
    return await connection.fetch(READINGS, tenant, activity)


async def due(
    connection: "Connection[Row]",
    query: Query,
    *,
    by: date,
    now: datetime,
    today: date,
    unplanned: bool | None,
    after: Sequence[str | None] | None,
    limit: int,
) -> list[Row]:
    """Cared-for accounts whose next visit is due by a day, in order of entry; those that rest are out."""
    query.where("customer_class IS NOT NULL AND visit_plan.active AND due_on <= {}", by)
    query.where("(paused_until IS NULL OR paused_until <= {})", today)
    if unplanned is not None:
        query.where("(planned_id IS NULL) = {}", unplanned)
    if after is not None:
        query.where("id > {}", UUID(after[0]))
    query.values.append(now)
    table = DUE.format(f"${len(query.values)}")
    return await query.fetch(connection, table, DUE_COLUMNS, f"ORDER BY id LIMIT {limit + 1}")
