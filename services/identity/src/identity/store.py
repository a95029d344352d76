"""All SQL of identity on people and where they belong. What proves who somebody is stands in ``store_credentials``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

import asyncpg

Connection = asyncpg.Connection
Row = asyncpg.Record

Tree = Literal["team", "region", "person"]
_ABOVE: Mapping[Tree, str] = {"team": "parent_id", "region": "parent_id", "person": "manager_id"}


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Conditions of a list, added where the caller gave a value; ``after`` is the id of the last row shown."""

    tenant: UUID
    limit: int
    after: str | None = None
    equal: Mapping[str, Any] | None = None
    role: str | None = None
    team: UUID | None = None
    today: date | None = None


async def page(connection: "Connection[Row]", table: str, wanted: Filter) -> list[Row]:
    """One row more than the limit, in order of entry (ids grow with time)."""
    conditions, values = ["tenant_id = $1"], [wanted.tenant]

    def where(condition: str, *more: Any) -> None:
        values.extend(more)
        conditions.append(condition.format(*range(len(values) - len(more) + 1, len(values) + 1)))

    for column, value in (wanted.equal or {}).items():
        if value is not None:
            where(column + " = ${}", value)
    if wanted.role is not None:
        where("${} = ANY(roles)", wanted.role)
    if wanted.team is not None:
        where(f"{_TEAM_ON} = ${{}}::text", wanted.today, str(wanted.team))
    if wanted.after is not None:
        where("id > ${}", UUID(wanted.after))
    return await connection.fetch(
        f"SELECT id, version, state FROM {table} WHERE {' AND '.join(conditions)} ORDER BY id LIMIT {wanted.limit + 1}",
        *values,
    )


_TEAM_ON = """coalesce(
    (SELECT place FROM jsonb_array_elements(state->'assignments') place
      WHERE (place->>'from_on')::date <= ${}::date ORDER BY place->>'from_on' DESC LIMIT 1),
    state->'assignments'->0)->>'team'"""


async def line_above(connection: "Connection[Row]", tree: Tree, tenant: UUID, start: UUID) -> tuple[UUID, ...]:
    """``start`` and all above it, nearest first; empty where ``start`` does not exist.

    Holds the tenant's lock on this tree until the transaction ends: two changes at once cannot make a loop together.
    """
    above = _ABOVE[tree]
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tree}-tree:{tenant}")
    rows = await connection.fetch(
        f"""
        WITH RECURSIVE line AS (
            SELECT id, {above} AS above, 1 AS height FROM {tree} WHERE tenant_id = $1 AND id = $2
            UNION ALL
            SELECT up.id, up.{above}, line.height + 1 FROM line
              JOIN {tree} up ON up.tenant_id = $1 AND up.id = line.above WHERE line.height < 1000
        )
        SELECT id FROM line ORDER BY height""",
        tenant,
        start,
    )
    return tuple(row["id"] for row in rows)


async def other_admins(connection: "Connection[Row]", tenant: UUID, person: UUID) -> int:
    """How many other active admins there are; they stay locked, so that two admins cannot both be the other."""
    rows = await connection.fetch(
        "SELECT id FROM person WHERE tenant_id = $1 AND active AND 'admin' = ANY(roles) ORDER BY id FOR UPDATE", tenant
    )
    return sum(row["id"] != person for row in rows)


async def known_ids(connection: "Connection[Row]", table: str, tenant: UUID, ids: Iterable[UUID]) -> set[UUID]:
    rows = await connection.fetch(
        f"SELECT id FROM {table} WHERE tenant_id = $1 AND id = ANY($2::uuid[])", tenant, list(ids)
    )
    return {row["id"] for row in rows}


async def ids_by_external_id(
    connection: "Connection[Row]", table: str, tenant: UUID, external_ids: Sequence[str]
) -> dict[str, UUID]:
    rows = await connection.fetch(
        f"SELECT external_id, id FROM {table} WHERE tenant_id = $1 AND external_id = ANY($2::text[])",
        tenant,
        list(external_ids),
    )
    return {row["external_id"]: row["id"] for row in rows}


async def led_teams(connection: "Connection[Row]", tenant: UUID, person: UUID) -> list[UUID]:
    """The teams that a person leads, and all teams below them."""
    rows = await connection.fetch(
        """
        WITH RECURSIVE led AS (
            SELECT id FROM team WHERE tenant_id = $1 AND lead_id = $2
            UNION
            SELECT team.id FROM led JOIN team ON team.tenant_id = $1 AND team.parent_id = led.id
        )
        SELECT id FROM led ORDER BY id""",
        tenant,
        person,
    )
    return [row["id"] for row in rows]


async def tenant_of_slug(connection: "Connection[Row]", slug: str) -> Row | None:
    return await connection.fetchrow("SELECT id, version, state FROM tenant WHERE slug = $1", slug)


async def person_of_email(connection: "Connection[Row]", tenant: UUID, email: str) -> Row | None:
    return await connection.fetchrow(
        """
        SELECT person.id, person.state, credential.password_hash FROM person
          LEFT JOIN credential ON credential.tenant_id = person.tenant_id AND credential.person_id = person.id
         WHERE person.tenant_id = $1 AND person.email = $2""",
        tenant,
        email.casefold(),
    )


async def person_with_tenant(connection: "Connection[Row]", tenant: UUID, person: UUID) -> Row | None:
    return await connection.fetchrow(
        """
        SELECT person.state, tenant.state AS tenant FROM person JOIN tenant ON tenant.id = person.tenant_id
         WHERE person.tenant_id = $1 AND person.id = $2""",
        tenant,
        person,
    )
