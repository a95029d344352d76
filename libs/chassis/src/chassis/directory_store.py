"""All SQL on ``directory_record``: the newest consumed state of each tenant, person, team, region and API key."""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from chassis.database import acquired
from events.catalogue.identity import ApiKeyState, PersonState, RegionState, TeamState, TenantState

State = TypeVar("State", bound=BaseModel)
Pool = asyncpg.Pool

KINDS: dict[type[BaseModel], str] = {
    TenantState: "tenant",
    PersonState: "person",
    TeamState: "team",
    RegionState: "region",
    ApiKeyState: "api_key",
}

_BY_ID = "SELECT state FROM directory_record WHERE tenant_id = $1 AND kind = $2 AND id = $3"
_BY_EXTERNAL_ID = "SELECT state FROM directory_record WHERE tenant_id = $1 AND kind = $2 AND external_id = $3"
_API_KEY = "SELECT tenant_id, state FROM directory_record WHERE kind = 'api_key' AND id = $1"
_TENANTS = "SELECT id FROM directory_record WHERE kind = 'tenant' LIMIT 2"
_CALENDARS = """
    SELECT DISTINCT coalesce(state -> 'working_calendar' ->> 'holidays', 'zone') AS holidays, state ->> 'zone' AS zone
    FROM directory_record WHERE kind = 'tenant'
"""
_LED_TEAMS = """
    WITH RECURSIVE team AS (
        SELECT id, state ->> 'lead' AS lead, (state ->> 'parent')::uuid AS parent
        FROM directory_record WHERE tenant_id = $1 AND kind = 'team'
    ), led AS (
        SELECT id FROM team WHERE lead = $2
        UNION
        SELECT team.id FROM team JOIN led ON team.parent = led.id
    )
    SELECT id FROM led ORDER BY id
"""
"""The teams a person leads and all below them, as identity puts them into a token."""
_KEEP = """
    INSERT INTO directory_record (tenant_id, kind, id, version, external_id, state)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::jsonb[])
    ON CONFLICT (tenant_id, kind, id) DO UPDATE
    SET version = excluded.version, external_id = excluded.external_id, state = excluded.state
    WHERE directory_record.version < excluded.version
"""
_DROP = "DELETE FROM directory_record WHERE tenant_id = $1 AND kind = $2 AND id = $3"


async def record(pool: "Pool[asyncpg.Record]", kind: type[State], tenant: UUID, id_: UUID | str) -> State | None:
    """A record by its id, or by its external id where that is text."""
    statement = _BY_EXTERNAL_ID if isinstance(id_, str) else _BY_ID
    async with acquired(pool) as connection:
        state = await connection.fetchval(statement, tenant, KINDS[kind], id_)
    return None if state is None else kind.model_validate_json(state)


async def api_key(pool: "Pool[asyncpg.Record]", id_: UUID) -> tuple[UUID, ApiKeyState] | None:
    async with acquired(pool) as connection:
        row = await connection.fetchrow(_API_KEY, id_)
    return None if row is None else (row["tenant_id"], ApiKeyState.model_validate_json(row["state"]))


async def led_teams(pool: "Pool[asyncpg.Record]", tenant: UUID, person: UUID) -> tuple[UUID, ...]:
    async with acquired(pool) as connection:
        rows = await connection.fetch(_LED_TEAMS, tenant, str(person))
    return tuple(row["id"] for row in rows)


async def tenants(pool: "Pool[asyncpg.Record]") -> list[UUID]:
    """Two at most: enough to know whether there is more than one."""
    async with acquired(pool) as connection:
        return [row["id"] for row in await connection.fetch(_TENANTS)]


async def calendars(pool: "Pool[asyncpg.Record]") -> list[tuple[str, str]]:
    """Whose public holidays the tenants keep: the country as their calendar names it, and their zone."""
    async with acquired(pool) as connection:
        return [(row["holidays"], row["zone"]) for row in await connection.fetch(_CALENDARS)]


async def keep(connection: Any, records: Sequence[tuple[UUID, str, UUID, int, str | None, str]]) -> None:
    """Write newest states: (tenant, kind, id, version, external id, state as JSON); each id at most once."""
    await connection.execute(_KEEP, *(list(column) for column in zip(*records, strict=True)))


async def drop(connection: Any, tenant: UUID, kind: str, id_: UUID) -> None:
    await connection.execute(_DROP, tenant, kind, id_)
