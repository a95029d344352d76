"""SQL of transfers: which is due, what is left to move, what was refused, what a preview counts."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from events.catalogue.transfers import Refused
from leads.store import Connection, Query, Row
from leads.transfers.transfer import ACCOUNTS, DEALS, HANDOFFS, LEADS

OPEN_RECORDS = {
    LEADS: ("lead", "owner_id", "owner_team_id", "AND status IN ('open', 'qualified')"),
    ACCOUNTS: ("customer", "owner_id", "owner_team_id", ""),
    HANDOFFS: ("handoff", "offered_to_id", "offered_to_team_id", "AND status = 'offered'"),
}
"""Table, the columns of who holds a record, and what makes it open; a merged lead is open again when it is parted."""

DUE = """
SELECT tenant_id, id FROM transfer WHERE due_at <= $1 ORDER BY due_at, tenant_id, id
"""
REFUSE = """
INSERT INTO transfer_refusal (tenant_id, transfer_id, part, record_id, code)
SELECT $1, $2, $3, * FROM unnest($4::uuid[], $5::text[]) ON CONFLICT DO NOTHING
"""
OPEN_TRANSFER = "SELECT id FROM transfer WHERE tenant_id = $1 AND person_id = $2 AND status IN ('scheduled', 'running')"
OPEN_DEALS = """
SELECT owner_team_id AS team, count(*) AS count FROM timeline_subject
WHERE tenant_id = $1 AND owner_id = $2 AND subject_kind = 'deal' AND open GROUP BY 1
"""


async def due(connection: "Connection[Row]", now: datetime) -> list[tuple[UUID, UUID]]:
    """Tenant and id of the transfers that are due, the one that is due longest first."""
    return [(row["tenant_id"], row["id"]) for row in await connection.fetch(DUE, now)]


async def open_transfer(connection: "Connection[Row]", tenant: UUID, person: UUID) -> UUID | None:
    found: UUID | None = await connection.fetchval(OPEN_TRANSFER, tenant, person)
    return found


async def left(
    connection: "Connection[Row]", tenant: UUID, transfer: UUID, part: str, *, person: UUID, limit: int
) -> list[UUID]:
    """Open records that the person still holds, without those refused before."""
    table, person_column, _, is_open = OPEN_RECORDS[part]
    rows = await connection.fetch(
        f"""
        SELECT id FROM {table} WHERE tenant_id = $1 AND {person_column} = $2 {is_open}
           AND NOT EXISTS (SELECT FROM transfer_refusal AS refusal WHERE refusal.tenant_id = $1
                           AND refusal.transfer_id = $3 AND refusal.part = $4 AND refusal.record_id = {table}.id)
         ORDER BY id LIMIT {limit}""",
        tenant,
        person,
        transfer,
        part,
    )
    return [row["id"] for row in rows]


async def refuse(
    connection: "Connection[Row]", tenant: UUID, transfer: UUID, part: str, refused: Sequence[Refused]
) -> None:
    if refused:
        ids, codes = [each.id for each in refused], [each.code for each in refused]
        await connection.execute(REFUSE, tenant, transfer, part, ids, codes)


async def refusals(
    connection: "Connection[Row]", tenant: UUID, transfer: UUID, after: Sequence[str | None] | None, limit: int
) -> list[Row]:
    """What a transfer could not move, by part and record."""
    query = Query(tenant)
    query.where("transfer_id = {}", transfer)
    if after is not None:
        part, record = after
        query.where("(part, record_id) > ({}, {})", part, UUID(record))
    return await query.fetch(
        connection, "transfer_refusal", "part, record_id, code", f"ORDER BY part, record_id LIMIT {limit + 1}"
    )


async def counts(
    connection: "Connection[Row]",
    tenant: UUID,
    person: UUID,
    parts: Iterable[str],
    within_teams: Collection[UUID] | None,
) -> dict[str, dict[UUID | None, int]]:
    """How many open records of each part the person holds for these teams, or for any, by team.

    Deals are counted as the timelines know them.
    """
    found = {}
    for part in parts:
        statement = OPEN_DEALS
        if part != DEALS:
            table, person_column, team_column, is_open = OPEN_RECORDS[part]
            statement = (
                f"SELECT {team_column} AS team, count(*) AS count FROM {table}"
                f" WHERE tenant_id = $1 AND {person_column} = $2 {is_open} GROUP BY 1"
            )
        rows = await connection.fetch(statement, tenant, person)
        found[part] = {row["team"]: row["count"] for row in rows if within_teams is None or row["team"] in within_teams}
    return found
