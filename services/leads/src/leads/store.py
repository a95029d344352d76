"""All SQL of leads: lists by keyset within the caller's scope, and the few look-ups that commands need.

Writes of aggregates go through the unit of work; nothing here changes a row.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.principal import Scope

Connection = asyncpg.Connection
Row = asyncpg.Record


@dataclass
class Query:
    """A list's conditions with their values, each added under the next parameter number."""

    tenant: UUID
    conditions: list[str] = field(default_factory=lambda: ["tenant_id = $1"])
    values: list[Any] = field(init=False)

    def __post_init__(self) -> None:
        self.values = [self.tenant]

    def where(self, condition: str, *values: Any) -> None:
        """Add a condition whose ``{}`` stand for the parameters of the values."""
        first = len(self.values) + 1
        self.conditions.append(condition.format(*(f"${first + place}" for place in range(len(values)))))
        self.values += values

    def equal(self, columns: Mapping[str, Any]) -> None:
        for column, value in columns.items():
            if value is not None:
                self.where(f"{column} = {{}}", value)

    def within(self, scope: Scope, *owners: tuple[str, str], unowned: bool = False, also: str | None = None) -> None:
        """Rows that any of these (person, team) columns puts in the scope, or that ``also`` names."""
        parts = []
        for person_column, team_column in owners:
            condition, values = scope.sql(person_column, team_column, len(self.values) + 1, unowned=unowned)
            parts.append(condition)
            self.values += values
        if also is not None and not scope.everything:
            parts.append(also)
        self.conditions.append(f"({' OR '.join(parts)})")

    async def page(self, connection: "Connection[Row]", table: str, order: str, limit: int) -> list[Row]:
        """One row more than the limit, to see whether more follow."""
        return await connection.fetch(
            f"SELECT id, version, state FROM {table} WHERE {' AND '.join(self.conditions)}"
            f" ORDER BY {order} LIMIT {limit + 1}",
            *self.values,
        )


LEAD_OWNERS = (("owner_id", "owner_team_id"), ("offered_to_id", "offered_to_team_id"))
HANDOFF_OWNERS = (("offered_by_id", "offered_by_team_id"), ("offered_to_id", "offered_to_team_id"))
OWNERS = (("owner_id", "owner_team_id"),)


async def leads(
    connection: "Connection[Row]",
    query: Query,
    *,
    after: Sequence[str | None] | None,
    created: tuple[datetime | None, datetime | None],
    descending: bool,
    limit: int,
) -> list[Row]:
    """By time of creation; leads of the same instant in the order of their ids."""
    for bound, at in zip((">=", "<"), created, strict=True):
        if at is not None:
            query.where(f"created_at {bound} {{}}", at)
    return await _by_time(connection, query, "lead", "created_at", after=after, descending=descending, limit=limit)


async def handoffs(
    connection: "Connection[Row]", query: Query, *, after: Sequence[str | None] | None, descending: bool, limit: int
) -> list[Row]:
    """By time of the offer."""
    return await _by_time(connection, query, "handoff", "offered_at", after=after, descending=descending, limit=limit)


async def by_id(
    connection: "Connection[Row]", query: Query, table: str, *, after: Sequence[str | None] | None, limit: int
) -> list[Row]:
    """In order of entry: ids grow with time."""
    if after is not None and after[0] is not None:
        query.where("id > {}", UUID(after[0]))
    return await query.page(connection, table, "id", limit)


async def _by_time(
    connection: "Connection[Row]",
    query: Query,
    table: str,
    column: str,
    *,
    after: Sequence[str | None] | None,
    descending: bool,
    limit: int,
) -> list[Row]:
    direction, beyond = ("DESC", "<") if descending else ("ASC", ">")
    if after is not None:
        at, id_ = after
        query.where(f"({column}, id) {beyond} ({{}}, {{}})", datetime.fromisoformat(str(at)), UUID(id_))
    return await query.page(connection, table, f"{column} {direction}, id {direction}", limit)


def contacts_of(query: Query, scope: Scope) -> None:
    """A contact is seen by who entered it, and by who sees a lead or the account it belongs to."""
    if scope.everything:
        return
    lead, values = scope.sql("lead.owner_id", "lead.owner_team_id", len(query.values) + 1)
    query.values += values
    offered, values = scope.sql("lead.offered_to_id", "lead.offered_to_team_id", len(query.values) + 1)
    query.values += values
    account, values = scope.sql("customer.owner_id", "customer.owner_team_id", len(query.values) + 1)
    query.values += values
    query.within(
        scope,
        *OWNERS,
        also=f"""EXISTS (SELECT FROM lead WHERE lead.tenant_id = $1 AND lead.contact_id = contact.id
                          AND ({lead} OR {offered}))
              OR EXISTS (SELECT FROM customer WHERE customer.tenant_id = $1 AND customer.id = contact.account_id
                          AND {account})""",
    )


async def line_above(connection: "Connection[Row]", tenant: UUID, account: UUID) -> tuple[UUID, ...]:
    """The account and all above it, nearest first; empty where there is no such account.

    Holds the tenant's lock on the tree until the transaction ends: two changes at once cannot make a loop together.
    """
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"customer-tree:{tenant}")
    rows = await connection.fetch(
        """
        WITH RECURSIVE line AS (
            SELECT id, parent_id, 1 AS height FROM customer WHERE tenant_id = $1 AND id = $2
            UNION ALL
            SELECT up.id, up.parent_id, line.height + 1 FROM line
              JOIN customer up ON up.tenant_id = $1 AND up.id = line.parent_id WHERE line.height < 1000
        )
        SELECT id FROM line ORDER BY height""",
        tenant,
        account,
    )
    return tuple(row["id"] for row in rows)


async def known_ids(connection: "Connection[Row]", table: str, tenant: UUID, ids: Iterable[UUID]) -> set[UUID]:
    rows = await connection.fetch(
        f"SELECT id FROM {table} WHERE tenant_id = $1 AND id = ANY($2::uuid[])", tenant, list(ids)
    )
    return {row["id"] for row in rows}


async def ids_by_external_id(
    connection: "Connection[Row]", table: str, tenant: UUID, external_ids: Iterable[str]
) -> dict[str, UUID]:
    rows = await connection.fetch(
        f"SELECT external_id, id FROM {table} WHERE tenant_id = $1 AND external_id = ANY($2::text[])",
        tenant,
        list(external_ids),
    )
    return {row["external_id"]: row["id"] for row in rows}


async def sees_contact(connection: "Connection[Row]", tenant: UUID, scope: Scope, contact: UUID) -> bool:
    query = Query(tenant)
    query.equal({"id": contact})
    contacts_of(query, scope)
    return bool(await query.page(connection, "contact", "id", 1))
