"""``schema.sql`` shows the tables that the migrations make, those of the first ledger included."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg

from analytics.app import SERVICE
from chassis.migrate import migrate

SCHEMA = Path(__file__).parents[3] / "services" / "analytics" / "schema.sql"
OURS = "('public', 'ledger_v1')"
QUERIES = (
    (
        "SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default"
        f" FROM information_schema.columns WHERE table_schema IN {OURS} ORDER BY 1, 2, ordinal_position"
    ),
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1, 2",
    f"SELECT schemaname, indexname, indexdef FROM pg_indexes WHERE schemaname IN {OURS} ORDER BY 1, 2",
    "SELECT schemaname, tablename, policyname, roles::text, qual FROM pg_policies ORDER BY 1, 2, 3",
    "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f' ORDER BY 1, 2",
    (
        "SELECT oid::regclass::text, relrowsecurity, relforcerowsecurity, relacl::text FROM pg_class"
        " WHERE relkind IN ('r', 'p') ORDER BY 1"
    ),
)


async def _described(url: str) -> list[list[tuple[Any, ...]]]:
    connection = await asyncpg.connect(url)
    try:
        return [[tuple(row) for row in await connection.fetch(query)] for query in QUERIES]
    finally:
        await connection.close()


async def test_the_schema_file_is_what_the_migrations_make(new_database: Callable[[], Awaitable[str]]) -> None:
    migrated, written = await new_database(), await new_database()
    await migrate(migrated, SERVICE.sources)
    await migrate(written, [source for source in SERVICE.sources if source[0] != "analytics"])
    connection = await asyncpg.connect(written)
    try:
        await connection.execute(SCHEMA.read_text("utf-8"))
    finally:
        await connection.close()
    assert await _described(migrated) == await _described(written)
