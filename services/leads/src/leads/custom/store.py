"""SQL of custom fields beyond loading, saving and listing: all definitions of a firm."""

from uuid import UUID

from events.catalogue.custom_fields import CustomFieldState
from leads.store import Connection, Row


async def definitions(connection: "Connection[Row]", tenant: UUID) -> list[CustomFieldState]:
    """Also those that are retired, in the order in which they were defined."""
    rows = await connection.fetch("SELECT state FROM custom_field WHERE tenant_id = $1 ORDER BY id", tenant)
    return [CustomFieldState.model_validate_json(row["state"]) for row in rows]
