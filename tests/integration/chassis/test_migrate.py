"""Migrations: once, in order, whoever starts first, never changed."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from chassis.migrate import MigrationRefused, migrate
from chassis.schema_dump import assert_schema_is_current, schema_of
from integration.chassis.notes import NOTES

Database = Callable[[], Awaitable[str]]


def write(folder: Path, name: str, sql: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(sql, "utf-8")
    return folder


async def test_five_processes_that_start_at_once_migrate_once(new_database: Database, tmp_path: Path) -> None:
    url = await new_database()
    folder = write(
        tmp_path / "m", "0001_a.sql", "CREATE TABLE a (x int); INSERT INTO a SELECT generate_series(1, 1000)"
    )
    write(folder, "0002_b.sql", "-- no transaction\nCREATE INDEX CONCURRENTLY a_x ON a (x)")
    write(folder, "0003_c.sql", "CREATE TABLE c ()")
    applied = await asyncio.gather(*(migrate(url, [("s", folder)]) for _ in range(5)))
    assert sorted(len(each) for each in applied) == [0, 0, 0, 0, 3]


async def test_services_of_one_server_may_migrate_at_once(new_database: Database) -> None:
    urls = [await new_database() for _ in range(4)]
    applied = await asyncio.gather(*(migrate(url, NOTES.sources) for url in urls))
    assert len({len(each) for each in applied}) == 1


async def test_a_changed_or_belated_migration_is_refused(new_database: Database, tmp_path: Path) -> None:
    url = await new_database()
    folder = write(tmp_path / "m", "0002_a.sql", "CREATE TABLE a ()")
    await migrate(url, [("s", folder)])
    write(folder, "0001_early.sql", "CREATE TABLE b ()")
    with pytest.raises(MigrationRefused, match=r"s/0001_early\.sql comes before"):
        await migrate(url, [("s", folder)])
    (folder / "0001_early.sql").unlink()
    write(folder, "0002_a.sql", "CREATE TABLE a (x int)")
    with pytest.raises(MigrationRefused, match=r"s/0002_a\.sql was changed"):
        await migrate(url, [("s", folder)])


async def test_a_migration_that_fails_leaves_nothing(new_database: Database, tmp_path: Path) -> None:
    url = await new_database()
    folder = write(tmp_path / "m", "0001_a.sql", "CREATE TABLE a (); SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(url, [("s", folder)])
    write(folder, "0001_a.sql", "CREATE TABLE a ()")
    assert len(await migrate(url, [("s", folder)])) == 1


async def test_the_schema_is_shown_and_compared(new_database: Database, tmp_path: Path) -> None:
    committed = tmp_path / "schema.sql"
    with pytest.raises(AssertionError, match="is not what the migrations make"):
        await assert_schema_is_current(await new_database(), NOTES.sources, committed)
    (tmp_path / "schema.actual.sql").rename(committed)
    await assert_schema_is_current(await new_database(), NOTES.sources, committed)
    text = committed.read_text("utf-8")
    for part in (
        "CREATE TABLE note (",
        "CONSTRAINT note_tenant_id_external_id_key UNIQUE (tenant_id, external_id)",
        "CREATE POLICY of_tenant ON note TO dealstream_tenant",
        "CREATE OR REPLACE FUNCTION public.dealstream_protect",
    ):
        assert part in text


async def test_a_plain_owner_of_a_database_may_run_the_service(new_database: Database, postgres_url: str) -> None:
    """Not a superuser: the owner of the database, with CREATEROLE or with both roles granted."""
    url = await new_database()
    await migrate(url, NOTES.sources)  # the roles exist on the server then
    owned = await new_database()
    name = owned.rpartition("/")[2]
    admin = await asyncpg.connect(postgres_url)
    try:
        await admin.execute(f"CREATE ROLE {name} LOGIN")
        await admin.execute(f"GRANT dealstream_tenant TO {name} WITH INHERIT FALSE, SET TRUE")
        await admin.execute(f"GRANT dealstream_worker TO {name} WITH INHERIT TRUE, SET TRUE")
        await admin.execute(f'ALTER DATABASE "{name}" OWNER TO {name}')
        await migrate(owned.replace("postgres@", f"{name}@"), NOTES.sources)
        owner = await asyncpg.connect(owned.replace("postgres@", f"{name}@"))
        try:
            await owner.execute(
                "INSERT INTO directory_record (tenant_id, kind, id, version, state)"
                " VALUES (gen_random_uuid(), 'team', gen_random_uuid(), 1, '{}')"
            )
            assert await owner.fetchval("SELECT count(*) FROM directory_record") == 1
            async with owner.transaction():
                await owner.execute("SET LOCAL ROLE dealstream_tenant")
                assert await owner.fetchval("SELECT count(*) FROM directory_record") == 0
        finally:
            await owner.close()
    finally:
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await admin.execute(f"DROP ROLE {name}")
        await admin.close()
    assert "CREATE TABLE note" in await schema_of(url)
