"""SQL of activities beyond loading and saving: who sees which, lists by time, texts, first visits of a day."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import to_json

from chassis.principal import Scope
from leads.store import LEAD_OWNERS, Connection, Query, Row, standing_for

PERFORMER = (("performer_id", "performer_team_id"),)


class ActivityText(NamedTuple):
    """What people wrote: personal data, kept apart from the activity and in no event."""

    title: str | None = None
    note: str | None = None


NO_TEXT = ActivityText()

TEXTS = """
SELECT activity_id, title, note FROM activity_text WHERE tenant_id = $1 AND activity_id = ANY($2::uuid[])
"""

KEEP_TEXTS = """
INSERT INTO activity_text (tenant_id, activity_id, title, note)
SELECT tenant_id, activity_id, title, note FROM json_populate_recordset(NULL::activity_text, $1::json)
ON CONFLICT (tenant_id, activity_id) DO UPDATE SET title = excluded.title, note = excluded.note
"""

LOCK_DAYS = """
SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest($1::text[]) AS name
"""

DAYS_TAKEN = """
SELECT activity.performer_id, activity.customer_id, activity.done_on
FROM unnest($2::uuid[], $3::uuid[], $4::date[]) AS asked (performer_id, customer_id, done_on)
JOIN activity ON activity.tenant_id = $1 AND activity.performer_id = asked.performer_id
 AND activity.customer_id = asked.customer_id AND activity.done_on = asked.done_on
WHERE activity.first_of_day
"""


PRIOR_CONTACTS = """
SELECT asked.place
FROM unnest($2::int[], $3::uuid[], $4::uuid[], $5::uuid[], $6::timestamptz[])
  AS asked (place, lead, account, contact, at)
WHERE EXISTS (
    SELECT FROM activity WHERE activity.tenant_id = $1 AND activity.contacted AND activity.at <= asked.at
       AND (activity.lead_id = asked.lead OR activity.account_id = asked.account OR activity.contact_id = asked.contact)
) OR EXISTS (
    SELECT FROM lead JOIN activity ON activity.tenant_id = $1 AND activity.lead_id = lead.id
     WHERE lead.tenant_id = $1 AND lead.account_id = asked.account AND activity.contacted AND activity.at <= asked.at
) OR EXISTS (
    SELECT FROM lead JOIN activity ON activity.tenant_id = $1 AND activity.lead_id = lead.id
     WHERE lead.tenant_id = $1 AND activity.contacted AND activity.at <= asked.at
       AND lead.merged_into_id = ANY(ARRAY(
           SELECT id FROM lead AS survivor WHERE survivor.tenant_id = $1 AND survivor.account_id = asked.account
       ) || asked.lead)
)
"""
"""With the customer, or with a lead of theirs, or with one that was merged into such a lead."""


OPEN_OF_SERIES = """
SELECT id FROM activity
WHERE tenant_id = $1 AND series_id = $2 AND at >= $3 AND status IN ('planned', 'asked', 'agreed')
ORDER BY at, id
"""


class Before(NamedTuple):
    """With one of these somebody may have had a contact by then."""

    lead: UUID | None
    account: UUID | None
    contact: UUID | None
    at: datetime


class VisitDay(NamedTuple):
    """A person, a customer and a day: however many visits, the customer was visited once."""

    performer: UUID
    customer: UUID
    on: date


def seen_by(query: Query, scope: Scope) -> None:
    """An activity is seen by who did it, and by who sees the lead, the account or the contact that it concerns.

    Whoever sees a lead sees what was done with those that it stands for.
    """
    if scope.everything:
        return
    lead, values = scope.sql("lead.owner_id", "lead.owner_team_id", len(query.values) + 1)
    query.values += values
    offered, values = scope.sql("lead.offered_to_id", "lead.offered_to_team_id", len(query.values) + 1)
    query.values += values
    account, values = scope.sql("customer.owner_id", "customer.owner_team_id", len(query.values) + 1)
    query.values += values
    leads = f"FROM lead WHERE lead.tenant_id = $1 AND ({lead} OR {offered})"
    accounts = f"FROM customer WHERE customer.tenant_id = $1 AND {account}"
    query.within(
        scope,
        *PERFORMER,
        also=f"""lead_id = ANY(ARRAY(SELECT lead.id {leads}))
              OR lead_id = ANY(ARRAY(SELECT merged.id FROM lead AS merged WHERE merged.tenant_id = $1
                                        AND merged.merged_into_id IS NOT NULL
                                        AND EXISTS (SELECT {leads} AND lead.id = merged.merged_into_id)))
              OR contact_id = ANY(ARRAY(SELECT lead.contact_id {leads}))
              OR account_id = ANY(ARRAY(SELECT customer.id {accounts}))""",
    )


async def sees(connection: "Connection[Row]", tenant: UUID, scope: Scope, ids: Iterable[UUID]) -> set[UUID]:
    """Those of the activities that the caller sees."""
    query = Query(tenant)
    query.where("id = ANY({})", list(ids))
    seen_by(query, scope)
    return {row["id"] for row in await query.fetch(connection, "activity", "id")}


async def by_time(
    connection: "Connection[Row]",
    query: Query,
    *,
    after: Sequence[str | None] | None,
    between: tuple[datetime | None, datetime | None],
    descending: bool,
    limit: int,
) -> list[Row]:
    """By when they were done, or else are planned."""
    for bound, at in zip((">=", "<"), between, strict=True):
        if at is not None:
            query.where(f"at {bound} {{}}", at)
    direction, beyond = ("DESC", "<") if descending else ("ASC", ">")
    if after is not None:
        at_text, id_ = after
        query.where(f"(at, id) {beyond} ({{}}, {{}})", datetime.fromisoformat(str(at_text)), UUID(id_))
    return await query.fetch(
        connection, "activity", "id, version, state, at", f"ORDER BY at {direction}, id {direction} LIMIT {limit + 1}"
    )


async def texts(connection: "Connection[Row]", tenant: UUID, ids: Iterable[UUID]) -> dict[UUID, ActivityText]:
    """By activity; one without any text is absent."""
    rows = await connection.fetch(TEXTS, tenant, list(ids))
    return {row["activity_id"]: ActivityText(row["title"], row["note"]) for row in rows}


async def keep_texts(connection: "Connection[Row]", tenant: UUID, written: Mapping[UUID, ActivityText]) -> None:
    rows = [{"tenant_id": tenant, "activity_id": id_, **text._asdict()} for id_, text in written.items()]
    if rows:
        await connection.execute(KEEP_TEXTS, to_json(rows).decode())


async def visible_leads(
    connection: "Connection[Row]", tenant: UUID, scope: Scope, column: str, values: Iterable[UUID | str]
) -> dict[Any, Row]:
    """Leads that the caller sees with their account and contact, by id or external id; for a merged one stands the
    one that it was merged into.
    """
    query = Query(tenant)
    query.where(f"{column} = ANY({{}})", list(values))
    query.within(scope, *LEAD_OWNERS)
    rows = await query.fetch(connection, "lead", "id, external_id, account_id, contact_id, merged_into_id")
    merged = [row["id"] for row in rows if row["merged_into_id"] is not None]
    standing = await standing_for(connection, tenant, merged) if merged else {}
    return {row[column]: standing.get(row["id"], row) for row in rows}


async def accounts_of(connection: "Connection[Row]", tenant: UUID, contacts: Iterable[UUID]) -> dict[UUID, UUID]:
    """The accounts that contacts belong to."""
    query = Query(tenant)
    query.where("id = ANY({})", list(contacts))
    query.where("account_id IS NOT NULL")
    return {row["id"]: row["account_id"] for row in await query.fetch(connection, "contact", "id, account_id")}


async def days_taken(connection: "Connection[Row]", tenant: UUID, days: Iterable[VisitDay]) -> set[VisitDay]:
    """Those days on which the customer was visited already; until the transaction ends nobody else adds to them.

    Locks are taken in the order of their names, before any row is locked.
    """
    asked = sorted(set(days))
    if not asked:
        return set()
    await connection.execute(LOCK_DAYS, [f"visits:{tenant}:{day.performer}:{day.customer}:{day.on}" for day in asked])
    columns = ([day.performer for day in asked], [day.customer for day in asked], [day.on for day in asked])
    return {VisitDay(*row) for row in await connection.fetch(DAYS_TAKEN, tenant, *columns)}


async def prior_contacts(connection: "Connection[Row]", tenant: UUID, asked: Sequence[Before]) -> set[int]:
    """The places of those with whom somebody of ours had a contact by then."""
    if not asked:
        return set()
    columns = [list(column) for column in zip(*asked, strict=True)]
    rows = await connection.fetch(PRIOR_CONTACTS, tenant, list(range(len(asked))), *columns)
    return {row["place"] for row in rows}


async def open_of_series(connection: "Connection[Row]", tenant: UUID, series: UUID, start: datetime) -> list[UUID]:
    """Those of a series that are still to be done, from an instant on, by time."""
    return [row["id"] for row in await connection.fetch(OPEN_OF_SERIES, tenant, series, start)]
