"""Names of people, teams, regions, products and pipelines, both ways: what ids are called, which ids a name stands for.

Identity's records come with the directory; products and pipelines are kept beside them by the same handler, from the
topics of deals. What was read is remembered until the directory hears of a change.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID
from weakref import WeakKeyDictionary

from analytics.ledger.posting import Dimension
from chassis.directory import Directory
from chassis.directory_consumer import keep
from chassis.refusals import Invalid
from chassis.resources import Resources
from events.consumer import Consumer
from events.topics import DEALS_PIPELINE, DEALS_PRODUCT

NONE: Final = "(none)"
"""How a missing value is shown and asked for."""

KINDS: Final[Mapping[str, Dimension]] = {
    "person": "rep", "team": "team", "region": "region", "product": "product", "pipeline": "pipeline",
}  # fmt: skip
NAMED: Final = frozenset(KINDS.values())
TRUST_SECONDS: Final = 30.0

ALL: Final = """
SELECT kind, id::text, external_id, state ->> 'name', state ->> 'parent' FROM directory_record
WHERE tenant_id = $1 AND kind = ANY($2::text[])
"""


def names_consumer(resources: Resources) -> Consumer:
    """Keeps products and pipelines; both topics are compacted, so every record carries the whole state."""
    return Consumer("analytics.names", (DEALS_PRODUCT, DEALS_PIPELINE), keep, resources.pool, resources.kafka)


@dataclass(frozen=True)
class Names:
    """The names of one tenant at one moment."""

    by_id: Mapping[tuple[Dimension, str], str]
    ids: Mapping[tuple[Dimension, str], frozenset[str]]
    """By name in small letters and by external id; one name may stand for several."""
    children: Mapping[tuple[Dimension, str], frozenset[str]] = field(default_factory=dict)
    """Of teams and regions: those right below."""

    def shown(self, dimension: Dimension, value: str | None) -> str:
        if value is None:
            return NONE
        return self.by_id.get((dimension, value), value)

    def values(self, dimension: Dimension, asked: str) -> frozenset[str | None]:
        """The values that an id, a name or an external id stands for."""
        if asked == NONE:
            return frozenset({None})
        if dimension not in NAMED:
            return frozenset({asked})
        known = self.ids.get((dimension, asked.casefold())) or self.ids.get((dimension, asked))
        if known is not None:
            return frozenset(known)
        identity = _as_id(asked)
        if identity is None:
            raise Invalid(f"No {dimension} is called {asked!r}.", pointer="/filter")
        return frozenset({identity})

    def rolled_up(self, dimension: Dimension, values: frozenset[str | None]) -> frozenset[str | None]:
        """These values and all below them in today's tree; of what has no tree the values alone."""
        found, more = set(values), list(values)
        while more:
            value = more.pop()
            below = frozenset() if value is None else self.children.get((dimension, value), frozenset())
            more += below - found
            found |= below
        return frozenset(found)


_remembered: "WeakKeyDictionary[Directory, dict[UUID, tuple[int, float, Names]]]" = WeakKeyDictionary()


async def names_of(connection: Any, directory: Directory, tenant: UUID) -> Names:
    """The tenant's names as they are now."""
    tenants = _remembered.setdefault(directory, {})
    found = tenants.get(tenant)
    if found is not None and found[0] == directory.generation and found[1] > time.monotonic():
        return found[2]
    generation = directory.generation
    names = _named(await connection.fetch(ALL, tenant, list(KINDS)))
    tenants[tenant] = generation, time.monotonic() + TRUST_SECONDS, names
    return names


def _named(rows: list[Any]) -> Names:
    by_id: dict[tuple[Dimension, str], str] = {}
    ids: dict[tuple[Dimension, str], set[str]] = {}
    children: dict[tuple[Dimension, str], set[str]] = {}
    for kind, id_, external_id, name, parent in rows:
        dimension = KINDS[kind]
        by_id[dimension, id_] = name
        if parent is not None:
            children.setdefault((dimension, parent), set()).add(id_)
        for known in (name.casefold(), external_id, id_):
            if known is not None:
                ids.setdefault((dimension, known), set()).add(id_)
    return Names(by_id, _frozen(ids), _frozen(children))


def _frozen(found: dict[tuple[Dimension, str], set[str]]) -> dict[tuple[Dimension, str], frozenset[str]]:
    return {key: frozenset(values) for key, values in found.items()}


def _as_id(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None
