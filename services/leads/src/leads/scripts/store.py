"""SQL of scripts and needs. Answers are only ever added to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import from_json, to_json

from leads.scripts.script import Question, Script
from leads.store import Connection, Query, Row

SCRIPT_COLUMNS = "script, edition, title, questions, active"
NEED_COLUMNS = """
id, activity_id, lead_id, account_id, contact_id, script, edition, question, asked, need, text, at, recorded_at, actor
"""

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
NEWEST = f"""
SELECT {SCRIPT_COLUMNS} FROM question_script WHERE tenant_id = $1 AND script = $2 AND edition = coalesce($3, edition)
ORDER BY edition DESC LIMIT 1
"""
KEEP = """
INSERT INTO question_script (tenant_id, script, edition, title, questions, active, made_at, actor)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8)
ON CONFLICT (tenant_id, script, edition) DO UPDATE SET title = excluded.title, active = excluded.active
"""
WRITE = f"""
INSERT INTO need (tenant_id, {NEED_COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""


class Need(NamedTuple):
    """An answer."""

    id: UUID
    activity_id: UUID
    lead_id: UUID | None
    account_id: UUID | None
    contact_id: UUID | None
    script: str
    edition: int
    question: str
    asked: str
    need: str | None
    text: str
    at: datetime
    recorded_at: datetime
    actor: str


async def alone(connection: "Connection[Row]", tenant: UUID, script: str) -> None:
    """Until the transaction ends nobody else makes an edition of this script."""
    await connection.execute(ONE_AT_A_TIME, f"script:{tenant}:{script}")


async def script(connection: "Connection[Row]", tenant: UUID, name: str, edition: int | None = None) -> Script | None:
    """This edition, or the newest."""
    row = await connection.fetchrow(NEWEST, tenant, name, edition)
    return None if row is None else script_of(row)


def script_of(row: Any) -> Script:
    questions = tuple(Question(**question) for question in from_json(row["questions"]))
    return Script(row["script"], row["edition"], row["title"], questions, row["active"])


async def keep_script(connection: "Connection[Row]", tenant: UUID, given: Script, now: datetime, actor: str) -> None:
    questions = to_json([question._asdict() for question in given.questions]).decode()
    values = (given.script, given.edition, given.title, questions, given.active, now, actor)
    await connection.execute(KEEP, tenant, *values)


async def scripts(
    connection: "Connection[Row]", query: Query, *, after: Sequence[str | None] | None, limit: int
) -> list[Row]:
    """The newest edition of each, by name."""
    if after is not None:
        query.where("script > {}", after[0])
    columns, order = f"DISTINCT ON (script) {SCRIPT_COLUMNS}", "ORDER BY script, edition DESC"
    return await query.fetch(connection, "question_script", columns, f"{order} LIMIT {limit + 1}")


async def write(connection: "Connection[Row]", tenant: UUID, needs: Sequence[Need]) -> None:
    await connection.executemany(WRITE, [(tenant, *need) for need in needs])


async def standing(connection: "Connection[Row]", query: Query) -> list[Row]:
    """One for each question of each script: the answer given last."""
    columns, order = f"DISTINCT ON (script, question) {NEED_COLUMNS}", "ORDER BY script, question, at DESC, id DESC"
    return await query.fetch(connection, "need", columns, order)


async def needs(
    connection: "Connection[Row]", query: Query, *, after: Sequence[str | None] | None, limit: int
) -> list[Row]:
    """All of them, the newest first."""
    if after is not None:
        query.where("id < {}", UUID(after[0]))
    return await query.fetch(connection, "need", NEED_COLUMNS, f"ORDER BY id DESC LIMIT {limit + 1}")


def of_account(query: Query, account: UUID) -> None:
    """Said of the account, or of a lead that is the account's."""
    leads = "SELECT id FROM lead WHERE lead.tenant_id = $1 AND lead.account_id = {}"
    query.where(f"(account_id = {{}} OR lead_id IN ({leads}))", account, account)
