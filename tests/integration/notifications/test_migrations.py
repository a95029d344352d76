"""``schema.sql`` shows the tables that the migrations make."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg

from chassis.migrate import migrate
from notifications.app import SERVICE

SCHEMA = Path(__file__).parents[3] / "services" / "notifications" / "schema.sql"
COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
    WHERE table_schema = 'public' ORDER BY table_name, ordinal_position
"""
CONSTRAINTS = "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1, 2"
INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
POLICIES = "SELECT tablename, policyname, roles::text, qual FROM pg_policies ORDER BY 1, 2"
TRIGGERS = "SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2"
FUNCTIONS = """
    SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f' ORDER BY 1, 2
"""
PROTECTION = (
    "SELECT relname, relrowsecurity, relforcerowsecurity, relacl::text FROM pg_class WHERE relkind = 'r' ORDER BY 1"
)


async def _described(url: str) -> list[list[tuple[Any, ...]]]:
    connection = await asyncpg.connect(url)
    try:
        queries = (COLUMNS, CONSTRAINTS, INDEXES, POLICIES, TRIGGERS, FUNCTIONS, PROTECTION)
        return [[tuple(row) for row in await connection.fetch(query)] for query in queries]
    finally:
        await connection.close()


async def test_the_schema_file_is_what_the_migrations_make(new_database: Callable[[], Awaitable[str]]) -> None:
    migrated, written = await new_database(), await new_database()
    await migrate(migrated, SERVICE.sources)
    await migrate(written, [source for source in SERVICE.sources if source[0] != "notifications"])
    connection = await asyncpg.connect(written)
    try:
        await connection.execute(SCHEMA.read_text("utf-8"))
    finally:
        await connection.close()
    assert await _described(migrated) == await _described(written)
