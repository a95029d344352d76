"""SQL of transfers: which waits, which deals are left to move, which were refused."""

from collections.abc import Sequence
from uuid import UUID

from deals.store import Connection, Row
from events.catalogue.transfers import Refused

WAITING = "SELECT tenant_id, id FROM transfer WHERE NOT done ORDER BY tenant_id, id"
LEFT = """
SELECT id FROM deal WHERE tenant_id = $1 AND owner_person = $2 AND status = 'open'
   AND NOT EXISTS (SELECT FROM transfer_refusal AS refusal WHERE refusal.tenant_id = $1
                   AND refusal.transfer_id = $3 AND refusal.deal_id = deal.id)
 ORDER BY id LIMIT $4
"""
REFUSE = """
INSERT INTO transfer_refusal (tenant_id, transfer_id, deal_id)
SELECT $1, $2, unnest($3::uuid[]) ON CONFLICT DO NOTHING
"""


async def waiting(connection: "Connection[Row]") -> list[tuple[UUID, UUID]]:
    """Tenant and id of the transfers that are not done."""
    return [(row["tenant_id"], row["id"]) for row in await connection.fetch(WAITING)]


async def left(connection: "Connection[Row]", tenant: UUID, transfer: UUID, person: UUID, limit: int) -> list[UUID]:
    """Open deals that the person still holds, without those refused before."""
    return [row["id"] for row in await connection.fetch(LEFT, tenant, person, transfer, limit)]


async def refuse(connection: "Connection[Row]", tenant: UUID, transfer: UUID, refused: Sequence[Refused]) -> None:
    if refused:
        await connection.execute(REFUSE, tenant, transfer, [each.id for each in refused])
