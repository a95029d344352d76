"""All SQL of leads: lists by keyset within the caller's scope, and the few look-ups that commands need.

Writes of aggregates go through the unit of work; nothing here changes a row but for the keys of contacts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from chassis.principal import Scope
from leads.duplicates.match_keys import MatchKeys, company_blocks, searchable

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
        return await self.fetch(connection, table, "id, version, state", f"ORDER BY {order} LIMIT {limit + 1}")

    async def fetch(self, connection: "Connection[Row]", table: str, columns: str, end: str = "") -> list[Row]:
        """These columns of all rows that meet the conditions."""
        return await connection.fetch(
            f"SELECT {columns} FROM {table} WHERE {' AND '.join(self.conditions)} {end}", *self.values
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


def not_merged(query: Query, into: UUID | None) -> None:
    """Leads that stand for themselves, or those that the given one stands for."""
    if into is None:
        query.where("merged_into_id IS NULL")
    else:
        query.where("merged_into_id = {}", into)


def of_lead(query: Query, lead: UUID | None) -> None:
    """What is of the lead, and of those it stands for."""
    if lead is not None:
        merged = "SELECT id FROM lead WHERE lead.tenant_id = $1 AND merged_into_id = {}"
        query.where(f"lead_id = ANY(ARRAY({merged}) || {{}}::uuid)", lead, lead)


async def standing_for(connection: "Connection[Row]", tenant: UUID, leads: Iterable[UUID]) -> dict[UUID, Row]:
    """Of these leads the merged ones, each with id, account and contact of the lead that stands for it."""
    rows = await connection.fetch(
        """
        SELECT merged.id AS merged_id, lead.id, lead.account_id, lead.contact_id
          FROM lead AS merged JOIN lead ON lead.tenant_id = $1 AND lead.id = merged.merged_into_id
         WHERE merged.tenant_id = $1 AND merged.id = ANY($2::uuid[]) AND merged.merged_into_id IS NOT NULL""",
        tenant,
        list(leads),
    )
    return {row["merged_id"]: row for row in rows}


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


def contacts_of(query: Query, scope: Scope, table: str = "contact") -> None:
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
        also=f"""EXISTS (SELECT FROM lead WHERE lead.tenant_id = $1 AND lead.contact_id = {table}.id
                          AND ({lead} OR {offered}))
              OR EXISTS (SELECT FROM customer WHERE customer.tenant_id = $1 AND customer.id = {table}.account_id
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


async def resembling(
    connection: "Connection[Row]", tenant: UUID, scope: Scope, asked: Sequence[MatchKeys]
) -> list[Row]:
    """Leads that may be those of the prospects asked for, by place in ``asked``; ``seen`` says which the scope shows.

    One statement for all. Equal keys are found by their indexes; of the companies that share telling words those with
    the most trigrams in common. ``CASE`` stands where ``coalesce`` would do, because row-level security lets no index
    be searched by the latter.
    """
    values: list[Any] = [tenant, list(range(len(asked)))]
    values += [[getattr(keys, kind) for keys in asked] for kind in ("mail", "phone", "tax_code")]
    values += [[searchable(getattr(keys, kind)) for keys in asked] for kind in ("person", "company")]
    values.append([" ".join(company_blocks(keys.company)) or None for keys in asked])
    held, more = scope.sql("lead.owner_id", "lead.owner_team_id", len(values) + 1)
    values += more
    offered, more = scope.sql("lead.offered_to_id", "lead.offered_to_team_id", len(values) + 1)
    values += more
    equal = " UNION ".join(
        f"(SELECT id FROM contact WHERE tenant_id = $1 AND {kind}_key = asked.{kind} ORDER BY id LIMIT {_CANDIDATES})"
        for kind in ("mail", "phone", "tax_code", "person")
    )
    return await connection.fetch(
        f"""
        WITH asked AS (
            SELECT * FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
                AS asked (place, mail, phone, tax_code, person, company, blocks)
        ), alike AS (
            SELECT place, same.id FROM asked CROSS JOIN LATERAL ({equal}) AS same
            UNION
            SELECT place, id FROM asked CROSS JOIN LATERAL contact_resembling(company, blocks) AS id
             WHERE blocks IS NOT NULL
        )
        SELECT alike.place, lead.id, lead.status, lead.owner_id, lead.created_at, coalesce({held} OR {offered}, false)
               AS seen, contact.id AS contact_id, contact.name, contact.mail_key, contact.phone_key,
               contact.tax_code_key, contact.state ->> 'company' AS company
          FROM alike
          JOIN contact ON contact.tenant_id = $1 AND contact.id = alike.id
          JOIN lead AS found ON found.tenant_id = $1 AND found.contact_id = alike.id
          JOIN lead ON lead.tenant_id = $1
           AND lead.id = CASE WHEN found.merged_into_id IS NULL THEN found.id ELSE found.merged_into_id END
         ORDER BY alike.place, lead.created_at, lead.id""",
        *values,
    )


_CANDIDATES = 20
"""So many contacts of each kind are looked at: one of a mailbox that hundreds share."""


async def outdated_contacts(connection: "Connection[Row]", revision: int, limit: int) -> list[Row]:
    """Contacts of all tenants whose keys other rules made, locked; those that somebody changes now are passed by."""
    return await connection.fetch(
        f"SELECT tenant_id, id, state FROM contact WHERE keys_revision < $1"
        f" ORDER BY keys_revision, tenant_id, id LIMIT {limit} FOR UPDATE SKIP LOCKED",
        revision,
    )


async def keep_keys(connection: "Connection[Row]", rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the key columns alone: the contacts themselves did not change."""
    columns = [name for name in rows[0] if name not in {"tenant_id", "id"}]
    assigned = ", ".join(f"{name} = new.{name}" for name in columns)
    await connection.execute(
        f"UPDATE contact AS old SET {assigned} FROM json_populate_recordset(NULL::contact, $1::json) AS new"
        " WHERE old.tenant_id = new.tenant_id AND old.id = new.id",
        to_json(rows).decode(),
    )


async def ids_by_external_id(
    connection: "Connection[Row]", table: str, tenant: UUID, external_ids: Iterable[str]
) -> dict[str, UUID]:
    rows = await connection.fetch(
        f"SELECT external_id, id FROM {table} WHERE tenant_id = $1 AND external_id = ANY($2::text[])",
        tenant,
        list(external_ids),
    )
    return {row["external_id"]: row["id"] for row in rows}


async def visible_accounts(
    connection: "Connection[Row]", tenant: UUID, scope: Scope, column: str, values: Iterable[UUID | str]
) -> dict[UUID | str, UUID]:
    """Ids of the accounts that the caller sees, by id or external id."""
    query = Query(tenant)
    query.where(f"{column} = ANY({{}})", list(values))
    query.within(scope, *OWNERS, unowned=True)
    return {row[column]: row["id"] for row in await query.fetch(connection, "customer", "id, external_id")}


async def visible_contacts(connection: "Connection[Row]", tenant: UUID, scope: Scope, ids: Iterable[UUID]) -> set[UUID]:
    """Those of the contacts that the caller sees: whoever may name another's would read it by that."""
    query = Query(tenant)
    query.where("id = ANY({})", list(ids))
    contacts_of(query, scope)
    return {row["id"] for row in await query.fetch(connection, "contact", "id")}


async def sees_contact(connection: "Connection[Row]", tenant: UUID, scope: Scope, contact: UUID) -> bool:
    return bool(await visible_contacts(connection, tenant, scope, [contact]))
