"""Where aggregates are kept: every statement on a table of the shape ``tenant_id, id, version, state, ...``.

The statements are made from the aggregate's own constants (table and column names) once and cached. Each names its
tenant although row-level security would also hide the others: the index begins with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from chassis.aggregates import Aggregate, Loaded, State
from events.outbox import AFTER_ENTRIES, OutboxEntry, append_with

Connection = asyncpg.Connection


@dataclass(slots=True)
class Change(Generic[State]):
    """An aggregate after its decisions: ``before`` is the version found, 0 for one that did not exist."""

    id: UUID
    before: int
    loaded: Loaded[State]


async def load(
    connection: "Connection[asyncpg.Record]", kind: Aggregate[State], tenant: UUID, id_: UUID
) -> Loaded[State] | None:
    row = await connection.fetchrow(_select(kind.table, "id = $2"), tenant, id_)
    return None if row is None else _loaded(kind, row)


async def load_for_update(
    connection: "Connection[asyncpg.Record]", kind: Aggregate[State], tenant: UUID, id_: UUID
) -> Loaded[State] | None:
    row = await connection.fetchrow(_select(kind.table, "id = $2 FOR UPDATE"), tenant, id_)
    return None if row is None else _loaded(kind, row)


async def load_many_for_update(
    connection: "Connection[asyncpg.Record]", kind: Aggregate[State], tenant: UUID, ids: Iterable[UUID]
) -> dict[UUID, Loaded[State]]:
    """Locks in the order of ids, so that two batches over the same records cannot deadlock."""
    rows = await connection.fetch(_select(kind.table, "id = ANY($2::uuid[]) ORDER BY id FOR UPDATE"), tenant, list(ids))
    return {row["id"]: _loaded(kind, row) for row in rows}


async def find_many(
    connection: "Connection[asyncpg.Record]",
    kind: Aggregate[State],
    tenant: UUID,
    column: str,
    values: Sequence[object],
) -> dict[Any, Loaded[State]]:
    rows = await connection.fetch(_select(kind.table, f"{column} = ANY($2)", f", {column} AS key"), tenant, values)
    return {row["key"]: _loaded(kind, row) for row in rows}


async def save(
    connection: "Connection[asyncpg.Record]",
    kind: Aggregate[State],
    tenant: UUID,
    change: Change[State],
    entries: Sequence[OutboxEntry],
) -> bool:
    """Write one change and its events in one statement; False when the row is not at the version that was read."""
    columns = kind.columns(change.loaded.state)
    state = change.loaded.state.model_dump_json()
    values = (tenant, change.id, change.loaded.version, state, *columns.values())
    if change.before == 0:
        return await append_with(connection, entries, _insert(kind.table, tuple(columns)), values)
    return await append_with(connection, entries, _update(kind.table, tuple(columns)), (*values, change.before))


async def save_many(
    connection: "Connection[asyncpg.Record]", kind: Aggregate[State], tenant: UUID, changes: Sequence[Change[State]]
) -> None:
    """Write changes whose rows are locked or new, with one INSERT and one UPDATE however many they are."""
    new = [change for change in changes if change.before == 0]
    known = [change for change in changes if change.before > 0]
    for statement, some in ((_insert_many, new), (_update_many, known)):
        if some:
            rows, columns = _as_json(kind, tenant, some)
            await connection.execute(statement(kind.table, columns), rows)


async def keep_journal(
    connection: "Connection[asyncpg.Record]", table: str, rows: Sequence[Mapping[str, object]]
) -> None:
    """Add rows to the journal of aggregates; a column that a row does not name is null."""
    await connection.execute(_append(table), to_json(rows).decode())


def _loaded(kind: Aggregate[State], row: Any) -> Loaded[State]:
    return Loaded(kind.state.model_validate_json(row["state"]), row["version"])


def _as_json(kind: Aggregate[State], tenant: UUID, changes: Sequence[Change[State]]) -> tuple[str, tuple[str, ...]]:
    """The rows as one JSON array, which PostgreSQL reads by the table's own column types."""
    rows = []
    columns: Mapping[str, object] = {}
    for change in changes:
        columns = kind.columns(change.loaded.state)
        head = to_json({**columns, "tenant_id": tenant, "id": change.id, "version": change.loaded.version}).decode()
        rows.append(f'{head[:-1]},"state":{change.loaded.state.model_dump_json()}}}')
    return f"[{','.join(rows)}]", tuple(columns)


@lru_cache(maxsize=1000)
def _select(table: str, condition: str, more: str = "") -> str:
    return f"SELECT id, version, state{more} FROM {table} WHERE tenant_id = $1 AND {condition}"


@lru_cache(maxsize=1000)
def _insert(table: str, columns: tuple[str, ...]) -> str:
    names = ("tenant_id", "id", "version", "state", *columns)
    places = ", ".join(f"${AFTER_ENTRIES + place}" for place in range(len(names)))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places}) RETURNING 1"


@lru_cache(maxsize=1000)
def _update(table: str, columns: tuple[str, ...]) -> str:
    names = ("version", "state", *columns)
    assigned = ", ".join(f"{name} = ${place}" for place, name in enumerate(names, start=AFTER_ENTRIES + 2))
    found = f"tenant_id = ${AFTER_ENTRIES} AND id = ${AFTER_ENTRIES + 1}"
    version = f"${AFTER_ENTRIES + 2 + len(names)}"
    return f"UPDATE {table} SET {assigned} WHERE {found} AND version = {version} RETURNING 1"


@lru_cache(maxsize=1000)
def _insert_many(table: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(("tenant_id", "id", "version", "state", *columns))
    return f"INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, $1::json)"


@lru_cache(maxsize=1000)
def _append(table: str) -> str:
    return f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, $1::json)"


@lru_cache(maxsize=1000)
def _update_many(table: str, columns: tuple[str, ...]) -> str:
    assigned = ", ".join(f"{name} = new.{name}" for name in ("version", "state", *columns))
    return (
        f"UPDATE {table} AS old SET {assigned} FROM json_populate_recordset(NULL::{table}, $1::json) AS new"
        " WHERE old.tenant_id = new.tenant_id AND old.id = new.id"
    )
