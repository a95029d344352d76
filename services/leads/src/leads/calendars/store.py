"""SQL of calendars: what is planned over a span, and feeds by the hash of their token."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.principal import Scope
from leads.activities import store as activities
from leads.calendars.planned import Span
from leads.store import Connection, Query, Row

OPEN = "status IN ('planned', 'asked', 'agreed')"
COLUMNS = "id, version, state, planned_from, planned_until"
MOST_CLASHES = 20
"""So many of what overlaps a time are named."""
MOST_TAKEN = 5_000
"""A person's plans that one answer about free time looks at; in 92 days nobody has as many."""
MOST_SHOWN = 1_000
"""Entries of a feed."""

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
TAKEN = f"""
SELECT performer_id, planned_from, planned_until FROM activity
WHERE tenant_id = $1 AND performer_id = ANY($2::uuid[]) AND planned_until > $3 AND planned_from < $4 AND {OPEN}
ORDER BY planned_from, id LIMIT {MOST_TAKEN}
"""
CLASHING = f"""
SELECT id, planned_from, planned_until FROM activity
WHERE tenant_id = $1 AND performer_id = $2 AND planned_until > $3 AND planned_from < $4 AND {OPEN} AND id <> $5
ORDER BY planned_from, id LIMIT {MOST_CLASHES}
"""
SHOWN = f"""
SELECT id, version, state, name FROM activity LEFT JOIN LATERAL (
    SELECT customer.state ->> 'name' AS name FROM customer
     WHERE customer.tenant_id = $1 AND customer.id = activity.account_id
       AND (customer.owner_id IS NULL OR customer.owner_id = $2)
) AS held ON true
WHERE tenant_id = $1 AND performer_id = $2 AND planned_until > $3 AND planned_from < $4
ORDER BY planned_from, id LIMIT {MOST_SHOWN}
"""

KEEP_FEED = """
INSERT INTO calendar_feed (tenant_id, person_id, token_sha256, made_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, person_id) DO UPDATE SET token_sha256 = excluded.token_sha256, made_at = excluded.made_at
"""
END_FEED = "DELETE FROM calendar_feed WHERE tenant_id = $1 AND person_id = $2"
FEED_MADE = "SELECT made_at FROM calendar_feed WHERE tenant_id = $1 AND person_id = $2"
FIND_FEED = "SELECT tenant_id, person_id FROM calendar_feed WHERE token_sha256 = $1"


class Feed(NamedTuple):
    """Whose calendar a feed shows."""

    tenant: UUID
    person: UUID


async def alone(connection: "Connection[Row]", tenant: UUID, person: UUID) -> None:
    """Until the transaction ends nobody else who asks for this plans for the person."""
    await connection.execute(ONE_AT_A_TIME, f"calendar:{tenant}:{person}")


async def clashing(
    connection: "Connection[Row]", tenant: UUID, person: UUID, span: Span, but: UUID
) -> list[tuple[UUID, Span]]:
    """What the person has planned for the same time, one activity apart."""
    rows = await connection.fetch(CLASHING, tenant, person, *span, but)
    return [(row["id"], Span(row["planned_from"], row["planned_until"])) for row in rows]


async def taken(
    connection: "Connection[Row]", tenant: UUID, people: Iterable[UUID], within: Span
) -> dict[UUID, list[Span]]:
    """When each of them is taken by what is planned."""
    found: dict[UUID, list[Span]] = {person: [] for person in people}
    for row in await connection.fetch(TAKEN, tenant, list(found), *within):
        found[row["performer_id"]].append(Span(row["planned_from"], row["planned_until"]))
    return found


async def page(
    connection: "Connection[Row]",
    query: Query,
    within: Span,
    *,
    after: Sequence[str | None] | None,
    limit: int,
) -> list[Row]:
    """What is planned over a span, by time."""
    query.where(f"planned_until > {{}} AND planned_from < {{}} AND {OPEN}", *within)
    if after is not None:
        at, id_ = after
        query.where("(planned_from, id) > ({}, {})", datetime.fromisoformat(str(at)), UUID(id_))
    return await query.fetch(connection, "activity", COLUMNS, f"ORDER BY planned_from, id LIMIT {limit + 1}")


def of_person(tenant: UUID, person: UUID, scope: Scope) -> Query:
    """The person's activities, as far as the caller sees them."""
    query = Query(tenant)
    query.equal({"performer_id": person})
    activities.seen_by(query, scope)
    return query


async def shown(connection: "Connection[Row]", feed: Feed, within: Span) -> list[Row]:
    """What a feed shows, with the names of accounts that the person holds or that nobody does."""
    return await connection.fetch(SHOWN, *feed, *within)


async def keep_feed(connection: "Connection[Row]", feed: Feed, token_sha256: bytes, now: datetime) -> None:
    """The feed has this token from now on, and no other."""
    await connection.execute(KEEP_FEED, *feed, token_sha256, now)


async def end_feed(connection: "Connection[Row]", feed: Feed) -> None:
    await connection.execute(END_FEED, *feed)


async def feed_made_at(connection: "Connection[Row]", feed: Feed) -> datetime | None:
    found: datetime | None = await connection.fetchval(FEED_MADE, *feed)
    return found


async def find_feed(pool: Any, token_sha256: bytes) -> Feed | None:
    """Of whichever tenant: outside of a tenant's transaction."""
    row = await pool.fetchrow(FIND_FEED, token_sha256)
    return None if row is None else Feed(*row)
