"""Who changed what about an aggregate, when, from what to what: kept beside it, in the transaction of the change.

An aggregate that names a table for it (``Aggregate.history``) gets a row for each command that changed it; how it came
into being is its first state. The table has the columns ``tenant_id, id, version, at, recorded_at, actor, changes``.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from pydantic import BaseModel
from pydantic_core import to_json

from chassis.aggregate_store import Change
from chassis.aggregates import Aggregate, Command, Loaded, State

Differences = dict[str, dict[str, Any]]
"""By field: ``from`` and ``to``; of a field that is a mapping, one for each of its keys, ``custom/size``."""


class Changed(NamedTuple):
    """What one command changed: ``version`` is that of the state it left, ``at`` when it happened in the business."""

    id: UUID
    version: int
    at: datetime
    differences: Differences


class Author(NamedTuple):
    """Who changed it, for which tenant, at which time of the clock."""

    tenant: UUID
    actor: str
    now: datetime


def changes(
    kind: Aggregate[State], command: Command, found: Loaded[State] | None, change: Change[State]
) -> list[Changed]:
    """What the command changed about an aggregate that was there: nothing, or one entry."""
    after = change.loaded
    if kind.history is None or found is None or found.version == after.version:
        return []
    return [Changed(change.id, after.version, command.moment.at, differences(found.state, after.state))]


def differences(before: BaseModel, after: BaseModel) -> Differences:
    """The fields that differ, as their JSON has them."""
    fields = {name for name in type(after).model_fields if getattr(before, name) != getattr(after, name)}
    old, new = (state.model_dump(mode="json", include=fields) for state in (before, after))
    pairs = (pair for name in sorted(fields) for pair in _pairs(type(after), name, old[name], new[name]))
    return {name: {"from": was, "to": now} for name, was, now in pairs}


def _pairs(kind: type[BaseModel], name: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """A mapping is compared key by key; a part with fields of its own, as an owner, is one value."""
    if not isinstance(kind.model_fields[name].default, Mapping):
        yield name, old, new
        return
    for key in sorted(old.keys() | new.keys()):
        if key not in old or key not in new or old[key] != new[key] or type(old[key]) is not type(new[key]):
            yield f"{name}/{key}", old.get(key), new.get(key)


async def keep(
    connection: "asyncpg.Connection[asyncpg.Record]", table: str, author: Author, changed: Sequence[Changed]
) -> None:
    """One statement, however many there are."""
    ids, versions, times, found = zip(*changed, strict=True)
    texts = [to_json(each).decode() for each in found]
    await connection.execute(_insert(table), *author, list(ids), list(versions), list(times), texts)


@lru_cache(maxsize=100)
def _insert(table: str) -> str:
    return (
        f"INSERT INTO {table} (tenant_id, actor, recorded_at, id, version, at, changes)"
        " SELECT $1, $2, $3, changed.* FROM unnest($4::uuid[], $5::bigint[], $6::timestamptz[], $7::jsonb[]) AS changed"
    )
