"""SQL of captures that became touches of a lead, by what callers call them. A state keeps only the latest of them."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from leads.store import Connection, Row

KNOWN = "SELECT external_id, lead_id FROM linked_capture WHERE tenant_id = $1 AND external_id = ANY($2::text[])"
KEEP = """
INSERT INTO linked_capture (tenant_id, external_id, lead_id)
SELECT $1, * FROM unnest($2::text[], $3::uuid[]) ON CONFLICT DO NOTHING
"""


async def known(connection: "Connection[Row]", tenant: UUID, names: Iterable[str]) -> dict[str, UUID]:
    """The leads that the captures of these names belong to."""
    rows = await connection.fetch(KNOWN, tenant, list(names))
    return {row["external_id"]: row["lead_id"] for row in rows}


async def keep(connection: "Connection[Row]", tenant: UUID, linked: Mapping[str, UUID]) -> None:
    if linked:
        await connection.execute(KEEP, tenant, list(linked), list(linked.values()))
