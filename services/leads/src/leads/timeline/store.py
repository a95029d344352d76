"""SQL of timelines: how events are kept, and how a timeline is read.

What changes a tenant's timelines holds the tenant's lock until its transaction ends, so that an entry stands in the
account of its subject however many workers share the topics.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from chassis.principal import Scope
from leads.store import Connection, Query, Row

ALONE = """
SELECT pg_advisory_xact_lock(hashtextextended('timeline:' || tenant, 0))
FROM (SELECT DISTINCT unnest($1::uuid[])::text AS tenant ORDER BY 1) AS tenants
"""
BEFORE = """
SELECT tenant_id, subject_kind, subject_id
FROM json_populate_recordset(NULL::timeline_subject, $1::json) AS new
LEFT JOIN timeline_subject AS old USING (tenant_id, subject_kind, subject_id)
WHERE old.own_account_id IS DISTINCT FROM new.own_account_id OR old.follows_id IS DISTINCT FROM new.follows_id
"""
"""Which of them moved. One that is new may be what others wait for: a merged lead is read before its survivor."""
COLUMNS = (
    *("own_account_id", "follows_id", "title", "title_key", "owner_id", "owner_team_id"),
    *("offered_to_id", "offered_to_team_id", "open"),
)
ADD_SUBJECTS = f"""
INSERT INTO timeline_subject (tenant_id, subject_kind, subject_id, {", ".join(COLUMNS)})
SELECT tenant_id, subject_kind, subject_id, {", ".join(COLUMNS)}
FROM json_populate_recordset(NULL::timeline_subject, $1::json)
ORDER BY tenant_id, subject_kind, subject_id
ON CONFLICT (tenant_id, subject_kind, subject_id)
"""
KEEP_SUBJECTS = f"{ADD_SUBJECTS} DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in COLUMNS)}"
NAME_SUBJECTS = f"{ADD_SUBJECTS} DO NOTHING"
"""What is only named may be told of later, or was before."""
ACCOUNT_OF = "CASE WHEN subject.follows_id IS NULL THEN subject.own_account_id ELSE followed.own_account_id END"
FOLLOWED = """
LEFT JOIN timeline_subject AS followed ON followed.tenant_id = subject.tenant_id
      AND followed.subject_kind = subject.subject_kind AND followed.subject_id = subject.follows_id
"""
ADD_ENTRIES = f"""
INSERT INTO timeline_entry (tenant_id, event_id, account_id, subject_kind, subject_id, at, kind, actor, facts)
SELECT new.tenant_id, new.event_id, {ACCOUNT_OF}, new.subject_kind, new.subject_id, new.at, new.kind, new.actor,
       new.facts
FROM json_populate_recordset(NULL::timeline_entry, $1::json) AS new
JOIN timeline_subject AS subject ON subject.tenant_id = new.tenant_id
     AND subject.subject_kind = new.subject_kind AND subject.subject_id = new.subject_id {FOLLOWED}
ON CONFLICT (tenant_id, event_id) DO NOTHING
"""
MOVE_ENTRIES = f"""
UPDATE timeline_entry AS entry SET account_id = {ACCOUNT_OF}
FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS moved (tenant_id, subject_kind, subject_id)
JOIN timeline_subject AS subject ON subject.tenant_id = moved.tenant_id AND subject.subject_kind = moved.subject_kind
     AND moved.subject_id IN (subject.subject_id, subject.follows_id) {FOLLOWED}
WHERE entry.tenant_id = subject.tenant_id AND entry.subject_kind = subject.subject_kind
  AND entry.subject_id = subject.subject_id AND entry.account_id IS DISTINCT FROM {ACCOUNT_OF}
"""


async def keep(
    connection: "Connection[Row]",
    subjects: Sequence[dict[str, Any]],
    named: Sequence[dict[str, Any]],
    entries: Sequence[dict[str, Any]],
) -> None:
    """The subjects as they are now, each once, and the new entries; those of a subject that moved move with it.

    Of those that are ``named`` nothing is known but their id.
    """
    await connection.execute(ALONE, [row["tenant_id"] for row in entries])
    rows = to_json(subjects).decode()
    moved = await connection.fetch(BEFORE, rows)
    await connection.execute(KEEP_SUBJECTS, rows)
    await connection.execute(NAME_SUBJECTS, to_json(named).decode())
    await connection.execute(ADD_ENTRIES, to_json(entries).decode())
    if moved:
        keys = [(row["tenant_id"], row["subject_kind"], row["subject_id"]) for row in moved]
        await connection.execute(MOVE_ENTRIES, *map(list, zip(*keys, strict=True)))


async def begin_again(connection: "Connection[Row]", group: str) -> None:
    """Forget all timelines and how far the group has read: it reads the topics from their beginning.

    In the order in which a batch locks them, offsets first: one under way is waited for.
    """
    await connection.execute("DELETE FROM consumer_offset WHERE grp = $1", group)
    await connection.execute("DELETE FROM consumer_watermark WHERE grp = $1", group)
    await connection.execute("TRUNCATE timeline_entry, timeline_subject")


class Timeline:
    """The entries of one account that a scope shows, narrowed down step by step."""

    def __init__(self, tenant: UUID, scope: Scope, account: UUID) -> None:
        self._query = Query(tenant)
        self._query.where("account_id = {}", account)
        owners = (("owner_id", "owner_team_id"), ("offered_to_id", "offered_to_team_id"))
        self._query.within(scope, *owners, also="subject_kind = 'account'")

    def of(self, about: str | None, kinds: Sequence[str]) -> None:
        self._query.equal({"subject_kind": about})
        if kinds:
            self._query.where("kind = ANY({})", list(kinds))

    def between(self, at_from: datetime | None, at_to: datetime | None) -> None:
        if at_from is not None:
            self._query.where("at >= {}", at_from)
        if at_to is not None:
            self._query.where("at < {}", at_to)

    def titled(self, words: Sequence[str]) -> None:
        """Words are folded, and so hold no wildcard; what holds no word is no title's."""
        if not words:
            self._query.where("false")
        for word in words:
            self._query.where("title_key LIKE {}", f"%{word}%")

    async def page(self, connection: "Connection[Row]", after: Sequence[str | None] | None, limit: int) -> "list[Row]":
        """The latest first; one more than the limit, to see whether more follow."""
        if after is not None:
            at, id_ = after
            self._query.where("(at, event_id) < ({}, {})", datetime.fromisoformat(str(at)), UUID(id_))
        return await self._query.fetch(
            connection,
            "timeline_entry JOIN timeline_subject USING (tenant_id, subject_kind, subject_id)",
            "event_id, subject_kind, subject_id, at, kind, actor, facts, title",
            f"ORDER BY at DESC, event_id DESC LIMIT {limit + 1}",
        )
