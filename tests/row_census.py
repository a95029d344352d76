"""What stands in a database: a fingerprint of the rows of each table, to show that a refused request wrote nothing."""

from typing import Any

TABLES = """
SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
ROWS = "SELECT count(*), md5(string_agg(row::text, '|' ORDER BY row::text)) FROM {table} AS row {where}"


async def census(pool: Any, where: str = "") -> dict[str, tuple[int, str | None]]:
    """Count and hash of the rows of every table, or of those where a condition holds."""
    async with pool.acquire() as connection:
        found = {}
        for table in await connection.fetch(TABLES):
            name = table["name"]
            found[name] = tuple(await connection.fetchrow(ROWS.format(table=name, where=where)))
        return found
