"""The results of audits, as they are kept. All SQL of them; what an audit compares is in ``audit``."""

from typing import Final

KEEP: Final = """
INSERT INTO audit (tenant_id, id, schema_name, started_at, finished_at, agrees, result)
VALUES ($1, $2, $3, $4, clock_timestamp(), $5, $6) RETURNING finished_at
"""
LAST: Final = """
SELECT id, schema_name, started_at, finished_at, agrees, result FROM audit WHERE tenant_id = $1
ORDER BY started_at DESC LIMIT 1
"""
DIFFERENCES: Final = """
SELECT coalesce(sum((result->>'differences')::bigint), 0)::bigint FROM (
    SELECT DISTINCT ON (tenant_id) result FROM audit ORDER BY tenant_id, started_at DESC
) AS newest
"""
"""Of each tenant's newest audit, added up."""
