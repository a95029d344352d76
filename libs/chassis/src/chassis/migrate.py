"""Migrations: numbered SQL files, each applied once, in order, never changed afterwards.

A source is a name and a folder of ``NNNN_what.sql`` files. Every file runs in a transaction of its own together with
its entry in ``schema_migration``; one that begins with ``-- no transaction`` runs without (CREATE INDEX CONCURRENTLY).
A file whose text differs from what was applied is refused. Any number of processes may start at once: one migrates, the
others poll for the lock, because waiting inside ``pg_advisory_lock`` would deadlock with an index built concurrently.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import asyncpg
import structlog

Source = tuple[str, Path]

_LOCK = 0x6465616C  # "deal"
_POLL_SECONDS = 0.1
_OUTSIDE = "-- no transaction"
_SERVER_WIDE_ATTEMPTS = 20
_TABLE = """
    CREATE TABLE IF NOT EXISTS schema_migration (
        source text NOT NULL,
        name text NOT NULL,
        sha256 text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (source, name)
    )
"""
_RIGHTS = (
    "{migration}: {error}. The user of DATABASE_URL needs CREATEROLE on a fresh server; where the roles exist, an"
    " administrator runs: GRANT dealstream_tenant TO <user> WITH INHERIT FALSE, SET TRUE;"
    " GRANT dealstream_worker TO <user> WITH INHERIT TRUE, SET TRUE"
)
_APPLIED = "SELECT source, name, sha256 FROM schema_migration"
_RECORD = "INSERT INTO schema_migration (source, name, sha256) VALUES ($1, $2, $3)"

log = structlog.get_logger(__name__)


class MigrationRefused(Exception):
    """The migrations at hand do not continue those of the database."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file."""

    source: str
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def sources(service: str, migrations: Path) -> list[Source]:
    """What the database of a service consists of, in order."""
    chassis = Path(str(files("chassis"))) / "sql"
    events = Path(str(files("events"))) / "sql"
    return [("chassis", chassis / "chassis"), ("events", events), ("grants", chassis / "grants"), (service, migrations)]


def folder_of(app_file: str) -> Path:
    """The migrations of a service: in its installed package, or in a checkout beside ``src``."""
    package = Path(app_file).parent
    return next(path for path in (package / "migrations", package.parents[1] / "migrations") if path.is_dir())


async def migrate(url: str, of: Sequence[Source], *, wait_seconds: float = 120) -> list[Migration]:
    """Apply what is outstanding; answers what was applied by this call."""
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(url)
    try:
        await _locked(connection, wait_seconds)
        await connection.execute(_TABLE)
        outstanding = _outstanding(_read(of), await _applied(connection))
        for migration in outstanding:
            log.info("migrating", source=migration.source, migration=migration.name)
            try:
                await _apply(connection, migration)
            except asyncpg.InsufficientPrivilegeError as error:
                raise MigrationRefused(_RIGHTS.format(migration=migration.name, error=error)) from error
    finally:
        await connection.close()
    return outstanding


async def is_migrated(connection: "asyncpg.Connection[asyncpg.Record]", of: Sequence[Source]) -> bool:
    """Whether the database has every migration of these sources, unchanged."""
    try:
        return not _outstanding(_read(of), await _applied(connection))
    except (asyncpg.UndefinedTableError, MigrationRefused):
        return False


def _read(of: Sequence[Source]) -> list[Migration]:
    found = [
        Migration(source, path.name, path.read_text("utf-8"))
        for source, folder in of
        for path in sorted(folder.glob("*.sql"))
    ]
    if not found:
        raise MigrationRefused(f"no migrations in {', '.join(str(folder) for _, folder in of)}")
    return found


async def _applied(connection: "asyncpg.Connection[asyncpg.Record]") -> dict[tuple[str, str], str]:
    return {(row["source"], row["name"]): row["sha256"] for row in await connection.fetch(_APPLIED)}


def _outstanding(known: Sequence[Migration], applied: dict[tuple[str, str], str]) -> list[Migration]:
    """What is to be done; refuses a changed file and one that was slipped in before applied ones."""
    newest: dict[str, str] = {}
    for source, name in applied:
        newest[source] = max(name, newest.get(source, ""))
    outstanding = []
    for migration in known:
        sha256 = applied.get((migration.source, migration.name))
        if sha256 is None:
            if migration.name < newest.get(migration.source, ""):
                raise MigrationRefused(f"{migration.source}/{migration.name} comes before one that is applied already")
            outstanding.append(migration)
        elif sha256 != migration.sha256:
            raise MigrationRefused(f"{migration.source}/{migration.name} was changed after it had been applied")
    return outstanding


async def _locked(connection: "asyncpg.Connection[asyncpg.Record]", wait_seconds: float) -> None:
    deadline = asyncio.get_running_loop().time() + wait_seconds
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
        if asyncio.get_running_loop().time() > deadline:
            raise MigrationRefused(f"another process has been migrating for {wait_seconds:.0f} s")
        await asyncio.sleep(_POLL_SECONDS)


async def _apply(connection: "asyncpg.Connection[asyncpg.Record]", migration: Migration) -> None:
    if migration.sql.startswith(_OUTSIDE):
        await connection.execute(migration.sql)
        await _record(connection, migration)
        return
    for attempt in range(_SERVER_WIDE_ATTEMPTS):
        try:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await _record(connection, migration)
        except asyncpg.InternalServerError:
            # "tuple concurrently updated": another database's migration grants the same server-wide role just now.
            if attempt == _SERVER_WIDE_ATTEMPTS - 1:
                raise
            await asyncio.sleep(_POLL_SECONDS * (attempt + 1))
        else:
            return


async def _record(connection: "asyncpg.Connection[asyncpg.Record]", migration: Migration) -> None:
    await connection.execute(_RECORD, migration.source, migration.name, migration.sha256)
