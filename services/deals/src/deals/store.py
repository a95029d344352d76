"""All SQL of deals beside what the chassis writes for every aggregate: lists, lookups, the read copy of accounts.

Every statement names its tenant, although row-level security would hide the others too: the indexes begin with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.locking import one_at_a_time
from chassis.principal import Scope
from events.catalogue.leads import CustomerState

Connection = asyncpg.Connection
Row = asyncpg.Record

_PIPELINES = "SELECT state FROM pipeline WHERE tenant_id = $1"
_DEFAULT_PIPELINE = "SELECT id FROM pipeline WHERE tenant_id = $1 AND is_default"
_LOCK_DEFAULT_PIPELINE = "SELECT pg_advisory_xact_lock(hashtextextended('default pipeline ' || $1, 0))"
_OCCUPIED_STAGES = "SELECT DISTINCT stage FROM deal WHERE tenant_id = $1 AND pipeline_id = $2 AND status = 'open'"
_PRODUCTS = """
    SELECT state FROM product
    WHERE tenant_id = $1 AND (id = ANY($2::uuid[]) OR external_id = ANY($3::text[]))
"""
_ACCOUNTS = """
    SELECT id, external_id, name FROM account
    WHERE tenant_id = $1 AND (id = ANY($2::uuid[]) OR external_id = ANY($3::text[]))
"""
_KEEP_ACCOUNTS = """
    INSERT INTO account (tenant_id, id, version, external_id, name)
    SELECT $1, * FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[]) AS new (id, version, external_id, name)
    ORDER BY id
    ON CONFLICT (tenant_id, id) DO UPDATE
    SET version = excluded.version, external_id = excluded.external_id, name = excluded.name
    WHERE account.version < excluded.version
"""
_KEEP_ORIGINS = """
    INSERT INTO lead_origin (tenant_id, deal_id, lead_created_on, lead_owner, from_source, to_source)
    SELECT $1, * FROM unnest($2::uuid[], $3::date[], $4::jsonb[], $5::text[], $6::text[])
    ON CONFLICT (tenant_id, deal_id) DO UPDATE
    SET lead_created_on = excluded.lead_created_on, lead_owner = excluded.lead_owner, to_source = excluded.to_source
"""
_TAKE_ORIGINS = """
    DELETE FROM lead_origin AS origin USING deal
    WHERE origin.tenant_id = $1 AND origin.deal_id = ANY($2::uuid[])
      AND deal.tenant_id = $1 AND deal.id = origin.deal_id
    RETURNING origin.deal_id, lead_created_on, lead_owner, from_source, to_source
"""
_VISIBLE_DEALS = "SELECT id FROM deal WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND {scope}"
_DEAL_IDS = "SELECT external_id, id FROM deal WHERE tenant_id = $1 AND external_id = ANY($2::text[])"
_LIST = """
    SELECT id, version, state, created_at FROM {table}
    WHERE {conditions} ORDER BY created_at {order}, id {order} LIMIT {limit}
"""


@dataclass(slots=True)
class Condition:
    """The WHERE clause of a list as it grows; each value becomes a numbered parameter."""

    parts: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)

    def add(self, text: str, value: object) -> None:
        """``text`` has one ``{}`` where the parameter stands; nothing is added for None."""
        if value is not None:
            self.values.append(value)
            self.parts.append(text.format(f"${len(self.values)}"))

    def within(self, scope: Scope) -> None:
        text, values = scope.sql("owner_person", "owner_team", len(self.values) + 1)
        self.values += values
        self.parts.append(text)

    def after(self, created_at: datetime, id_: UUID, *, descending: bool) -> None:
        self.values += [created_at, id_]
        compare = "<" if descending else ">"
        self.parts.append(f"(created_at, id) {compare} (${len(self.values) - 1}, ${len(self.values)})")


@dataclass(frozen=True, slots=True, kw_only=True)
class DealFilter:
    """What a list of deals is narrowed to; what is None does not narrow it."""

    status: str | None = None
    owner: UUID | None = None
    team: UUID | None = None
    pipeline: UUID | None = None
    stage: str | None = None
    account: UUID | None = None
    external_id: str | None = None
    source: str | None = None
    opened_from: date | None = None
    opened_to: date | None = None
    expected_close_from: date | None = None
    expected_close_to: date | None = None
    updated_after: datetime | None = None


_FILTERS = {
    "status": "status = {}",
    "owner": "owner_person = {}",
    "team": "owner_team = {}",
    "pipeline": "pipeline_id = {}",
    "stage": "stage = {}",
    "account": "account_id = {}",
    "external_id": "external_id = {}",
    "source": "source = {}",
    "opened_from": "opened_on >= {}",
    "opened_to": "opened_on < {}",
    "expected_close_from": "expected_close_on >= {}",
    "expected_close_to": "expected_close_on < {}",
    "updated_after": "updated_at > {}",
}

Position = tuple[datetime, UUID]


async def list_deals(
    connection: "Connection[Row]",
    tenant: UUID,
    scope: Scope,
    narrowed: DealFilter,
    *,
    after: Position | None,
    descending: bool,
    limit: int,
) -> list[Row]:
    """Deals in the order in which they were recorded, from a position on."""
    condition = Condition()
    condition.add("tenant_id = {}", tenant)
    condition.within(scope)
    for name, text in _FILTERS.items():
        condition.add(text, getattr(narrowed, name))
    return await _listed(connection, "deal", condition, after, descending=descending, limit=limit)


async def list_records(
    connection: "Connection[Row]",
    table: str,
    tenant: UUID,
    *,
    external_id: str | None,
    active: bool | None,
    after: Position | None,
    limit: int,
) -> list[Row]:
    """Pipelines or products in the order in which they were recorded."""
    condition = Condition()
    condition.add("tenant_id = {}", tenant)
    condition.add("external_id = {}", external_id)
    condition.add("active = {}", active)
    return await _listed(connection, table, condition, after, descending=False, limit=limit)


async def _listed(
    connection: "Connection[Row]",
    table: str,
    condition: Condition,
    after: Position | None,
    *,
    descending: bool,
    limit: int,
) -> list[Row]:
    if after is not None:
        condition.after(*after, descending=descending)
    statement = _LIST.format(
        table=table, conditions=" AND ".join(condition.parts), order="DESC" if descending else "ASC", limit=limit
    )
    return await connection.fetch(statement, *condition.values)


async def pipelines(connection: "Connection[Row]", tenant: UUID) -> list[str]:
    """The states of all pipelines of the tenant."""
    return [row["state"] for row in await connection.fetch(_PIPELINES, tenant)]


async def default_pipeline(connection: "Connection[Row]", tenant: UUID) -> UUID | None:
    found: UUID | None = await connection.fetchval(_DEFAULT_PIPELINE, tenant)
    return found


async def lock_default_pipeline(connection: "Connection[Row]", tenant: UUID) -> None:
    """Until the end of the transaction nobody else makes or changes the tenant's default."""
    await connection.execute(_LOCK_DEFAULT_PIPELINE, str(tenant))


async def occupied_stages(connection: "Connection[Row]", tenant: UUID, pipeline: UUID) -> frozenset[str]:
    """Stages in which open deals stand."""
    return frozenset(row["stage"] for row in await connection.fetch(_OCCUPIED_STAGES, tenant, pipeline))


async def products(
    connection: "Connection[Row]", tenant: UUID, ids: Iterable[UUID], external_ids: Iterable[str]
) -> list[str]:
    """The states of products, by id or external id."""
    return [row["state"] for row in await connection.fetch(_PRODUCTS, tenant, list(ids), list(external_ids))]


async def accounts(
    connection: "Connection[Row]", tenant: UUID, ids: Iterable[UUID], external_ids: Iterable[str]
) -> list[Row]:
    """Id, external id and name of accounts."""
    return await connection.fetch(_ACCOUNTS, tenant, list(ids), list(external_ids))


async def keep_accounts(
    connection: "Connection[Row]", tenant: UUID, accounts: Iterable[tuple[CustomerState, int]]
) -> None:
    """Remember the newest state of each account, given with its version; an older one changes nothing."""
    rows = [(account.id, version, account.external_id, account.name) for account, version in accounts]
    await connection.execute(_KEEP_ACCOUNTS, tenant, *map(list, zip(*rows, strict=True)))


async def keep_origins(connection: "Connection[Row]", tenant: UUID, origins: Sequence[tuple[Any, ...]]) -> None:
    """How the leads of deals came in, until the deals are there: each deal once."""
    await connection.execute(_KEEP_ORIGINS, tenant, *map(list, zip(*origins, strict=True)))


async def origins_alone(connection: "Connection[Row]", tenant: UUID, deals: Iterable[UUID]) -> None:
    """Until the transaction ends nobody else opens these deals or keeps what was told of their leads: of two who do so
    at once, neither would see what the other wrote.
    """
    await one_at_a_time(connection, "deal", tenant, map(str, deals))


async def take_origins(connection: "Connection[Row]", tenant: UUID, deals: Sequence[UUID]) -> list[Row]:
    """Those of deals that are there; they are told once."""
    return await connection.fetch(_TAKE_ORIGINS, tenant, list(deals))


async def deal_ids(connection: "Connection[Row]", tenant: UUID, external_ids: Iterable[str]) -> dict[str, UUID]:
    """Ids of deals by external id; unknown ones are absent."""
    rows = await connection.fetch(_DEAL_IDS, tenant, list(external_ids))
    return {row["external_id"]: row["id"] for row in rows}


async def visible_deals(connection: "Connection[Row]", tenant: UUID, scope: Scope, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these deals the scope shows."""
    condition, values = scope.sql("owner_person", "owner_team", 3)
    statement = _VISIBLE_DEALS.format(scope=condition)
    parameters: list[Any] = [tenant, list(ids), *values]
    return {row["id"] for row in await connection.fetch(statement, *parameters)}
