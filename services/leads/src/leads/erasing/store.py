"""SQL of erasures: who is the same person, all places where something about a person stands, and what stays.

What is added to the service and holds personal data gets its statement in ``forget``.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from chassis.principal import Scope
from events.topics import LEADS_CONTACT
from leads.erasing.objections import ErasedKey, Objection
from leads.store import Connection, Query, Row, contacts_of

RELATED = """
WITH person AS (SELECT id, mail_key, phone_key FROM contact WHERE tenant_id = $1 AND id = ANY($2::uuid[])),
standing AS (
    SELECT DISTINCT coalesce(merged_into_id, id) AS id FROM lead WHERE tenant_id = $1 AND contact_id = ANY($2::uuid[])
), related AS (
    SELECT other.id FROM person JOIN contact AS other ON other.tenant_id = $1 AND other.mail_key = person.mail_key
    UNION
    SELECT other.id FROM person JOIN contact AS other ON other.tenant_id = $1 AND other.phone_key = person.phone_key
    UNION
    SELECT lead.contact_id FROM standing JOIN lead ON lead.tenant_id = $1
       AND (lead.id = standing.id OR lead.merged_into_id = standing.id)
)
SELECT contact.id, coalesce(contact.person_key = $3, false) AS same FROM related
  JOIN contact ON contact.tenant_id = $1 AND contact.id = related.id
 WHERE contact.id <> ALL($2::uuid[]) ORDER BY same DESC, contact.id LIMIT 1000
"""
KEEP_ERASED = """
INSERT INTO erased_contact (tenant_id, id, erasure_id, account_id, owner_id, owner_team_id)
SELECT tenant_id, id, $3, account_id, owner_id, owner_team_id FROM contact WHERE tenant_id = $1 AND id = ANY($2::uuid[])
"""
KEEP_KEYS = """
INSERT INTO erased_key (tenant_id, kind, digest, objection)
SELECT $1, * FROM unnest($2::text[], $3::bytea[], $4::jsonb[])
ON CONFLICT (tenant_id, kind, digest) DO UPDATE SET objection = erased_key.objection || excluded.objection
"""
KNOWN_KEYS = """
SELECT kind, digest, objection FROM erased_key JOIN unnest($2::text[], $3::bytea[]) AS asked (kind, digest)
 USING (kind, digest) WHERE tenant_id = $1
"""
OF_PERSON = """
SELECT id FROM activity WHERE tenant_id = $1
   AND (contact_id = ANY($2::uuid[])
        OR (contact_id IS NULL
            AND lead_id IN (SELECT id FROM lead WHERE tenant_id = $1 AND contact_id = ANY($2::uuid[]))))
"""
ROWS_OF = {
    "contacts": "DELETE FROM contact WHERE tenant_id = $1 AND id = ANY($2::uuid[]) RETURNING id",
    "changes": "DELETE FROM contact_change WHERE tenant_id = $1 AND id = ANY($2::uuid[]) RETURNING id",
    "profile": "DELETE FROM profile_entry WHERE tenant_id = $1 AND contact_id = ANY($2::uuid[]) RETURNING id",
    "opt-out-links": "DELETE FROM opt_out_link WHERE tenant_id = $1 AND contact_id = ANY($2::uuid[]) RETURNING id",
    "activity-texts": (
        f"DELETE FROM activity_text WHERE tenant_id = $1 AND activity_id IN ({OF_PERSON}) RETURNING activity_id AS id"
    ),
    "needs": (
        "UPDATE need SET text = '' WHERE tenant_id = $1 AND text <> ''"
        f" AND (contact_id = ANY($2::uuid[]) OR activity_id IN ({OF_PERSON})) RETURNING id"
    ),
}
"""What stands about a person, by kind; of a need its code stays. The ids are those that stored replies name."""

REPLIES = """
UPDATE idempotency_key SET status = $3, headers = '{"content-type": "application/problem+json"}', body = $4
 WHERE tenant_id = $1 AND status <> $3 AND convert_from(body, 'UTF8') ~ $2
"""
"""A repeated request is told that the person was erased, and so does not bring anything back."""

FORGET_SENT = "SELECT dealstream_outbox_forget($1, $2::uuid[])"
ALL_PUBLISHED = "SELECT dealstream_outbox_published($1, $2::uuid[])"
RUNNING = "SELECT tenant_id, id FROM erasure WHERE running ORDER BY tenant_id, id"
UNDER_WAY_SINCE = """
SELECT min(xact_start) AS earliest, clock_timestamp() AS now FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


async def related(
    connection: "Connection[Row]", tenant: UUID, contacts: Sequence[UUID], person_key: str | None
) -> list[Row]:
    """Contacts with a mail, a phone or a lead in common; ``same`` where the name is the same, too."""
    return await connection.fetch(RELATED, tenant, contacts, person_key)


async def forget(connection: "Connection[Row]", tenant: UUID, contacts: Sequence[UUID], gone: bytes) -> dict[str, int]:
    """Everything about these contacts, by kind; ``gone`` is what is answered to requests whose replies named them."""
    counts: dict[str, int] = {}
    ids = set(contacts)
    for part, statement in ROWS_OF.items():
        rows = await connection.fetch(statement, tenant, contacts)
        ids |= {row["id"] for row in rows}
        counts[part] = len(rows)
    named = "|".join(map(str, sorted(ids)))
    done = await connection.execute(REPLIES, tenant, named, 410, gone)
    counts["replies"] = int(done.rpartition(" ")[2])
    counts["outbox"] = await connection.fetchval(FORGET_SENT, LEADS_CONTACT.name, contacts)
    return counts


async def keep_erased(connection: "Connection[Row]", tenant: UUID, contacts: Sequence[UUID], erasure: UUID) -> None:
    """That they were, and who saw them: before they are forgotten."""
    await connection.execute(KEEP_ERASED, tenant, contacts, erasure)


async def keep_keys(connection: "Connection[Row]", tenant: UUID, kept: Mapping[ErasedKey, Objection]) -> None:
    if kept:
        kinds, digests = zip(*kept, strict=True)
        objections = [said.model_dump_json(exclude_defaults=True) for said in kept.values()]
        await connection.execute(KEEP_KEYS, tenant, list(kinds), list(digests), objections)


async def known_keys(
    connection: "Connection[Row]", tenant: UUID, asked: Collection[ErasedKey]
) -> dict[ErasedKey, Objection]:
    """Those of the keys that erased persons had."""
    if not asked:
        return {}
    kinds, digests = zip(*asked, strict=True)
    rows = await connection.fetch(KNOWN_KEYS, tenant, list(kinds), list(digests))
    return {
        ErasedKey(row["kind"], bytes(row["digest"])): Objection.model_validate_json(row["objection"]) for row in rows
    }


async def erasure_of(connection: "Connection[Row]", tenant: UUID, contact: UUID) -> UUID | None:
    """The erasure that reached this contact."""
    query = Query(tenant)
    query.equal({"id": contact})
    rows = await query.fetch(connection, "erased_contact", "erasure_id")
    return rows[0]["erasure_id"] if rows else None


async def was_seen(connection: "Connection[Row]", tenant: UUID, scope: Scope, contact: UUID) -> bool:
    """Whether the contact was erased, and the caller would see it if it were still there."""
    query = Query(tenant)
    query.equal({"id": contact})
    contacts_of(query, scope, table="erased_contact")
    return bool(await query.fetch(connection, "erased_contact", "id"))


async def running(connection: "Connection[Row]") -> list[tuple[UUID, UUID]]:
    """Tenant and id of each erasure that is not completed."""
    return [(row["tenant_id"], row["id"]) for row in await connection.fetch(RUNNING)]


async def under_way_since(connection: "Connection[Row]") -> tuple[datetime | None, datetime]:
    """When the oldest transaction of others in this database began, and the database's time. Not as a tenant."""
    rows = await connection.fetch(UNDER_WAY_SINCE)
    return rows[0]["earliest"], rows[0]["now"]


async def published(connection: "Connection[Row]", contacts: Sequence[UUID]) -> bool:
    """Whether the null records of these contacts are on their topic."""
    return bool(await connection.fetchval(ALL_PUBLISHED, LEADS_CONTACT.name, contacts))
