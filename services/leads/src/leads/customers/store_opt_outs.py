"""SQL of the links to opt out."""

from datetime import datetime
from typing import Any

from leads.store import Connection, Row


async def keep(connection: "Connection[Row]", link: Any, token_sha256: bytes, now: datetime) -> None:
    await connection.execute(
        "INSERT INTO opt_out_link (tenant_id, id, token_sha256, contact_id, channel, purpose, made_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        link.tenant,
        link.id,
        token_sha256,
        link.contact,
        link.channel.value,
        link.purpose.value,
        now,
    )


async def find(pool: Any, token_sha256: bytes) -> Row | None:
    """Of whichever tenant: outside of a tenant's transaction."""
    found: Row | None = await pool.fetchrow(
        "SELECT tenant_id, id, contact_id, channel, purpose FROM opt_out_link WHERE token_sha256 = $1", token_sha256
    )
    return found
