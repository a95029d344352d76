"""SQL of scoring beyond loading and saving aggregates: what is in use, what is to be scored, where leads stand."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from chassis.aggregates import Loaded
from chassis.principal import Scope
from events.catalogue.leads import CustomerState, LeadState
from events.catalogue.scoring import ScoreModelState, ScoreRulesState
from leads.store import Connection, Query, Row

WORKED_ON = ("open", "qualified")


async def rules_in_force(connection: "Connection[Row]", tenant: UUID) -> Loaded[ScoreRulesState]:
    """Version 0, without rules, before anybody set some."""
    row = await connection.fetchrow("SELECT version, state FROM score_rules WHERE tenant_id = $1", tenant)
    if row is None:
        return Loaded(ScoreRulesState(id=tenant), 0)
    return Loaded(ScoreRulesState.model_validate_json(row["state"]), row["version"])


async def keep_version(connection: "Connection[Row]", tenant: UUID, rules: Loaded[ScoreRulesState]) -> None:
    """Keep the rules as they are now, to be read when they are others."""
    await connection.execute(
        "INSERT INTO score_rules_version (tenant_id, version, state) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        tenant,
        rules.version,
        rules.state.model_dump_json(),
    )


async def versions(connection: "Connection[Row]", query: Query, *, before: int | None, limit: int) -> list[Row]:
    """The newest first."""
    if before is not None:
        query.where("version < {}", before)
    return await query.fetch(
        connection, "score_rules_version", "version, state", f"ORDER BY version DESC LIMIT {limit + 1}"
    )


async def model_in_use(connection: "Connection[Row]", tenant: UUID) -> ScoreModelState | None:
    """The newest scorecard that was trained."""
    state = await connection.fetchval(
        "SELECT state FROM score_model WHERE tenant_id = $1 AND status = 'trained'"
        " ORDER BY finished_at DESC, id DESC LIMIT 1",
        tenant,
    )
    return None if state is None else ScoreModelState.model_validate_json(state)


async def is_training(connection: "Connection[Row]", tenant: UUID) -> bool:
    """Whether a scorecard is asked for and not finished."""
    sql = "SELECT EXISTS (SELECT FROM score_model WHERE tenant_id = $1 AND status = 'requested')"
    return bool(await connection.fetchval(sql, tenant))


async def models_requested(connection: "Connection[Row]") -> list[Row]:
    """Of all tenants."""
    return await connection.fetch("SELECT tenant_id, id FROM score_model WHERE status = 'requested' ORDER BY id")


async def closed_leads(connection: "Connection[Row]", tenant: UUID, most: int) -> list[LeadState]:
    """Leads that were converted or disqualified, the newest ``most`` of them, oldest first; none that was merged."""
    rows = await connection.fetch(
        "SELECT state FROM lead WHERE tenant_id = $1 AND status = ANY($2::text[]) AND merged_into_id IS NULL"
        f" ORDER BY created_at DESC, id DESC LIMIT {most}",
        tenant,
        ["converted", "disqualified"],
    )
    return [LeadState.model_validate_json(row["state"]) for row in reversed(rows)]


async def outcomes(connection: "Connection[Row]", tenant: UUID) -> tuple[int, int]:
    """How many leads are closed, and how many of them converted; a merged one is counted with its survivor."""
    row = await connection.fetchrow(
        "SELECT count(*) AS closed, count(*) FILTER (WHERE status = 'converted') AS converted FROM lead"
        " WHERE tenant_id = $1 AND status = ANY($2::text[]) AND merged_into_id IS NULL",
        tenant,
        ["converted", "disqualified"],
    )
    return (row["closed"], row["converted"]) if row else (0, 0)


async def score_all_anew(connection: "Connection[Row]", tenant: UUID) -> None:
    """Every lead that somebody works on: rules or scorecard are others."""
    await connection.execute(
        "INSERT INTO lead_to_score (tenant_id, lead_id, anew) SELECT tenant_id, id, true FROM lead"
        " WHERE tenant_id = $1 AND status = ANY($2::text[])",
        tenant,
        WORKED_ON,
    )


async def tenant_to_score(connection: "Connection[Row]", after: UUID) -> UUID | None:
    """The tenant after this one, round and round, that has leads to be scored: none waits for all of another's."""
    found: UUID | None = await connection.fetchval(
        "(SELECT tenant_id FROM lead_to_score WHERE tenant_id > $1 ORDER BY tenant_id LIMIT 1)"
        " UNION ALL (SELECT tenant_id FROM lead_to_score ORDER BY tenant_id LIMIT 1) LIMIT 1",
        after,
    )
    return found


async def taken_to_score(connection: "Connection[Row]", tenant: UUID, most: int) -> list[UUID]:
    """Take leads from the queue, those that changed first; they are on it again when the transaction fails."""
    rows = await connection.fetch(
        "DELETE FROM lead_to_score WHERE seq IN (SELECT seq FROM lead_to_score WHERE tenant_id = $1"
        f" ORDER BY anew, seq LIMIT {most} FOR UPDATE SKIP LOCKED) RETURNING lead_id",
        tenant,
    )
    return sorted({row["lead_id"] for row in rows})


async def leads_as_they_are(
    connection: "Connection[Row]", tenant: UUID, ids: Sequence[UUID]
) -> list[tuple[Loaded[LeadState], CustomerState | None]]:
    """Leads with their accounts."""
    rows = await connection.fetch(
        "SELECT lead.version, lead.state, customer.state AS account FROM lead LEFT JOIN customer"
        " ON customer.tenant_id = lead.tenant_id AND customer.id = lead.account_id"
        " WHERE lead.tenant_id = $1 AND lead.id = ANY($2::uuid[]) ORDER BY lead.id",
        tenant,
        ids,
    )
    return [
        (
            Loaded(LeadState.model_validate_json(row["state"]), row["version"]),
            None if row["account"] is None else CustomerState.model_validate_json(row["account"]),
        )
        for row in rows
    ]


async def keep_scores(connection: "Connection[Row]", rows: Iterable[dict[str, Any]]) -> set[UUID]:
    """Write where leads stand; a score of an older version of the lead never hides that of a newer one.

    Answers the leads whose scores were written. Their rows stay locked, so that nobody scores them at the same time.
    """
    kept = await connection.fetch(
        """
        INSERT INTO lead_score SELECT * FROM json_populate_recordset(NULL::lead_score, $1::json)
        ON CONFLICT (tenant_id, lead_id) DO UPDATE SET
            lead_version = excluded.lead_version, rules_version = excluded.rules_version,
            model_id = excluded.model_id, owner_id = excluded.owner_id, owner_team_id = excluded.owner_team_id,
            waiting = excluded.waiting, rank = excluded.rank, class = excluded.class, points = excluded.points,
            probability = excluded.probability, reasons = excluded.reasons
         WHERE lead_score.lead_version <= excluded.lead_version
        RETURNING lead_id""",
        to_json(list(rows)).decode(),
    )
    return {row["lead_id"] for row in kept}


def held_by(query: Query, person: UUID, scope: Scope) -> None:
    """Leads as they are now, not as they were scored: whoever lost one does not see it for the while between."""
    scored = len(query.conditions)
    query.where("lead.owner_id = {} AND lead.status = ANY({}::text[])", person, WORKED_ON)
    query.within(scope, ("lead.owner_id", "lead.owner_team_id"))
    held = " AND ".join(query.conditions[scored:])
    query.conditions[scored:] = [
        f"""EXISTS (SELECT FROM lead WHERE lead.tenant_id = $1 AND lead.id = lead_score.lead_id
                     AND lead.merged_into_id IS NULL AND {held})"""
    ]


async def work_list(
    connection: "Connection[Row]", query: Query, *, after: Sequence[str | None] | None, limit: int
) -> list[Row]:
    """The highest rank first; leads of one rank in order of entry."""
    query.conditions.append("waiting")
    if after is not None:
        rank, lead = after
        query.where("(-rank, lead_id) > ({}, {})", -int(str(rank)), UUID(lead))
    return await query.fetch(connection, "lead_score", "*", f"ORDER BY rank DESC, lead_id LIMIT {limit + 1}")


async def states(connection: "Connection[Row]", tenant: UUID, table: str, ids: Sequence[UUID]) -> dict[UUID, Row]:
    """Version and state of aggregates by id."""
    rows = await connection.fetch(
        f"SELECT id, version, state FROM {table} WHERE tenant_id = $1 AND id = ANY($2::uuid[])", tenant, ids
    )
    return {row["id"]: row for row in rows}
