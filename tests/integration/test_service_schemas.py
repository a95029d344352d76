"""``schema.sql`` of each service shows the tables that its migrations make, those of the first ledger included."""

from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from chassis.migrate import migrate

SERVICES = Path(__file__).parents[2] / "services"
NAMES = sorted(folder.name for folder in SERVICES.iterdir() if (folder / "schema.sql").exists())
OURS = "('public', 'ledger_v1')"
QUERIES = (
    (
        "SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default"
        f" FROM information_schema.columns WHERE table_schema IN {OURS} ORDER BY 1, 2, ordinal_position"
    ),
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1, 2",
    f"SELECT schemaname, indexname, indexdef FROM pg_indexes WHERE schemaname IN {OURS} ORDER BY 1, 2",
    "SELECT schemaname, tablename, policyname, roles::text, qual FROM pg_policies ORDER BY 1, 2, 3",
    "SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
    "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f' ORDER BY 1, 2",
    (
        "SELECT oid::regclass::text, relrowsecurity, relforcerowsecurity, relacl::text FROM pg_class"
        " WHERE relkind IN ('r', 'p') ORDER BY 1"
    ),
)


async def described(url: str) -> list[list[tuple[Any, ...]]]:
    connection = await asyncpg.connect(url)
    try:
        return [[tuple(row) for row in await connection.fetch(query)] for query in QUERIES]
    finally:
        await connection.close()


def test_every_service_has_a_schema_file() -> None:
    assert sorted(folder.name for folder in SERVICES.iterdir() if (folder / "migrations").exists()) == NAMES


@pytest.mark.parametrize("name", NAMES)
async def test_the_schema_file_is_what_the_migrations_make(
    name: str, new_database: Callable[[], Awaitable[str]]
) -> None:
    sources = import_module(f"{name}.app").SERVICE.sources
    migrated, written = await new_database(), await new_database()
    await migrate(migrated, sources)
    await migrate(written, [source for source in sources if source[0] != name])
    connection = await asyncpg.connect(written)
    try:
        await connection.execute((SERVICES / name / "schema.sql").read_text("utf-8"))
    finally:
        await connection.close()
    assert await described(migrated) == await described(written)
