"""SQL of assignment: the rules in force, whose turn it is, and the revisions there were."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from uuid import UUID

from events.catalogue.assignment import AssignmentPolicyState
from leads.assignment.distribution import Turn
from leads.store import Connection, Row


async def policy(connection: "Connection[Row]", tenant: UUID) -> AssignmentPolicyState | None:
    """The rules that hold now."""
    row = await connection.fetchrow("SELECT state FROM assignment_policy WHERE tenant_id = $1 AND id = $1", tenant)
    return None if row is None else _parsed(row["state"])


@lru_cache(maxsize=1_000)
def _parsed(state: str) -> AssignmentPolicyState:
    return AssignmentPolicyState.model_validate_json(state)


async def make_turns(connection: "Connection[Row]", tenant: UUID, rules: Iterable[UUID]) -> None:
    """A row for each rule, so that whoever assigns finds one to lock; those of rules that are gone go."""
    ids = sorted(rules)
    await connection.execute(
        "DELETE FROM assignment_turn WHERE tenant_id = $1 AND NOT rule_id = ANY($2::uuid[])", tenant, ids
    )
    await connection.execute(
        "INSERT INTO assignment_turn (tenant_id, rule_id, turns) SELECT $1, rule_id, '{}'"
        " FROM unnest($2::uuid[]) AS rule_id ORDER BY rule_id ON CONFLICT DO NOTHING",
        tenant,
        ids,
    )


async def turns_for_update(
    connection: "Connection[Row]", tenant: UUID, rules: Iterable[UUID]
) -> dict[UUID, dict[UUID, Turn]]:
    """Whose turn it is, by rule; locked in the order of ids until the transaction ends: no two take one turn."""
    rows = await connection.fetch(
        "SELECT rule_id, turns FROM assignment_turn WHERE tenant_id = $1 AND rule_id = ANY($2::uuid[])"
        " ORDER BY rule_id FOR UPDATE",
        tenant,
        list(rules),
    )
    return {row["rule_id"]: _turns(row["turns"]) for row in rows}


async def keep_turns(connection: "Connection[Row]", tenant: UUID, turns: Mapping[UUID, Mapping[UUID, Turn]]) -> None:
    """Write the turns of rules that are locked."""
    texts = [
        json.dumps({str(person): [turn.credit, turn.period, turn.given] for person, turn in each.items()})
        for each in turns.values()
    ]
    await connection.execute(
        "UPDATE assignment_turn AS old SET turns = new.turns::jsonb"
        " FROM unnest($2::uuid[], $3::text[]) AS new (rule_id, turns)"
        " WHERE old.tenant_id = $1 AND old.rule_id = new.rule_id",
        tenant,
        list(turns),
        texts,
    )


def _turns(text: str) -> dict[UUID, Turn]:
    return {UUID(person): Turn(*turn) for person, turn in json.loads(text).items()}


async def revisions(connection: "Connection[Row]", tenant: UUID, before: int | None, limit: int) -> list[Row]:
    """The newest first, and one more than the limit."""
    return await connection.fetch(
        "SELECT version, at, actor, state FROM assignment_policy_revision"
        " WHERE tenant_id = $1 AND id = $1 AND ($2::bigint IS NULL OR version < $2)"
        f" ORDER BY version DESC LIMIT {limit + 1}",
        tenant,
        before,
    )
