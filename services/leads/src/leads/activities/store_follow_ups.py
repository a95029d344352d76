"""SQL of following up: open leads and cared-for accounts that nobody active holds, or that have no due next step."""

from datetime import date
from typing import Any, Literal, NamedTuple
from uuid import UUID

from leads.store import LEAD_OWNERS, OWNERS, Connection, Query, Row

Subject = Literal["lead", "account"]
Violation = Literal["missing", "overdue", "unowned"]

NOBODY = """
(owner_id IS NULL OR owner_id IN (
    SELECT person.id FROM directory_record AS person
    WHERE person.tenant_id = $1 AND person.kind = 'person' AND person.state ->> 'active' = 'false'))
"""
"""The record has no owner, or one who left."""


class Kept(NamedTuple):
    """Where records of a kind are, which of them must be followed up, and whose they are."""

    table: str
    followed: str
    owners: tuple[tuple[str, str], ...]
    unowned: bool


KEPT: dict[Subject, Kept] = {
    "lead": Kept("lead", "status IN ('open', 'qualified') AND merged_into_id IS NULL", LEAD_OWNERS, unowned=False),
    "account": Kept("customer", "customer_class IS NOT NULL", OWNERS, unowned=True),
}

TENANTS = "SELECT id FROM directory_record WHERE kind = 'tenant' ORDER BY id"


def violated(query: Query, subject: Subject, state: Violation | None, today: date) -> None:
    """Records of this kind that violate the rule, in this way or in any; paused ones do not, unless nobody holds them.

    A pause says why nothing is to be done; it does not say that nobody looks after the record.
    """
    query.where(KEPT[subject].followed)
    if state == "unowned":
        query.where(NOBODY)
        return
    unpaused = "(paused_until IS NULL OR paused_until <= {})"
    if state == "missing":
        query.where(f"{unpaused} AND next_due_on IS NULL", today)
    elif state == "overdue":
        query.where(f"{unpaused} AND next_due_on < {{}}", today, today)
    else:
        late = f"{unpaused} AND (next_due_on IS NULL OR next_due_on < {{}})"
        query.where(f"({NOBODY} OR ({late}))", today, today)


async def page(
    connection: "Connection[Row]", query: Query, subject: Subject, *, after: list[str | None] | None, limit: int
) -> list[Row]:
    """In the order of ids, with whether anybody active holds each."""
    if after is not None and after[0] is not None:
        query.where("id > {}", UUID(after[0]))
    columns = f"id, owner_id, state, {NOBODY} AS unowned"
    return await query.fetch(connection, KEPT[subject].table, columns, f"ORDER BY id LIMIT {limit + 1}")


async def violations(connection: "Connection[Row]", tenant: UUID, today: date) -> dict[tuple[Subject, Violation], int]:
    """How many records of a tenant violate the rule, by kind and how; one may violate it in two ways."""
    found: dict[tuple[Subject, Violation], int] = {}
    for subject, kept in KEPT.items():
        late = "(paused_until IS NULL OR paused_until <= $2)"
        row: Any = await connection.fetchrow(
            f"""
            SELECT count(*) FILTER (WHERE {late} AND next_due_on IS NULL) AS missing,
                   count(*) FILTER (WHERE {late} AND next_due_on < $2) AS overdue,
                   count(*) FILTER (WHERE {NOBODY}) AS unowned
            FROM {kept.table} WHERE tenant_id = $1 AND {kept.followed}""",
            tenant,
            today,
        )
        found |= {(subject, state): row[state] for state in ("missing", "overdue", "unowned")}
    return found


async def tenants(connection: "Connection[Row]") -> list[UUID]:
    return [row["id"] for row in await connection.fetch(TENANTS)]
