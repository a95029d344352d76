"""SQL of accounts beyond loading, saving and listing: their trees, and the contacts that play a part."""

from collections.abc import Iterable
from uuid import UUID

from chassis.principal import Scope
from leads.store import OWNERS, Connection, Query, Row, contacts_of

HEIGHT_MOST = 100
"""No firm is nested so deep; it also ends a loop, which there cannot be."""


async def tree(connection: "Connection[Row]", tenant: UUID, scope: Scope, account: UUID, limit: int) -> list[Row]:
    """Those that the scope shows of the tree in which the account stands, from its top, each before those below it."""
    query = Query(tenant)
    query.values.append(account)
    query.within(scope, *OWNERS, unowned=True)
    return await connection.fetch(
        f"""
        WITH RECURSIVE line AS (
            SELECT id, parent_id, 1 AS height FROM customer WHERE tenant_id = $1 AND id = $2
            UNION ALL
            SELECT up.id, up.parent_id, line.height + 1 FROM line
              JOIN customer up ON up.tenant_id = $1 AND up.id = line.parent_id WHERE line.height < {HEIGHT_MOST}
        ), tree AS (
            SELECT id, 0 AS depth, ARRAY[name, id::text] AS path FROM customer
             WHERE tenant_id = $1 AND id = (SELECT id FROM line ORDER BY height DESC LIMIT 1)
            UNION ALL
            SELECT below.id, tree.depth + 1, tree.path || below.name || below.id::text FROM tree
              JOIN customer below ON below.tenant_id = $1 AND below.parent_id = tree.id WHERE tree.depth < {HEIGHT_MOST}
        )
        SELECT customer.id, name, parent_id, state, depth FROM tree JOIN customer USING (id)
         WHERE {" AND ".join(query.conditions)} ORDER BY path LIMIT {limit}""",
        *query.values,
    )


async def contacts_seen(
    connection: "Connection[Row]", tenant: UUID, scope: Scope, contacts: Iterable[UUID]
) -> dict[UUID, Row]:
    """Name and state of those of the contacts that the scope shows."""
    query = Query(tenant)
    query.where("id = ANY({})", list(contacts))
    contacts_of(query, scope)
    return {row["id"]: row for row in await query.fetch(connection, "contact", "id, name, state")}
