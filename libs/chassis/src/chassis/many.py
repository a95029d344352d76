"""A batch of commands on one kind of aggregate, with one SELECT, one INSERT, one UPDATE and one outbox INSERT.

Commands are decided in their order on what the ones before them left, in memory; then all is written at once. When the
database refuses the set (a duplicate external id, say), the batch is done again one by one, each under a savepoint, so
that only the item at fault is refused.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic
from uuid import UUID

from chassis import aggregate_store as store
from chassis import history
from chassis.aggregate_store import Change
from chassis.aggregates import Aggregate, Command, Loaded, State
from chassis.database_errors import as_refusals
from chassis.decisions import decided
from chassis.refusals import NotApplied, Refusal
from events.event import Event

if TYPE_CHECKING:
    from chassis.unit_of_work import UnitOfWork


class _Batch(Generic[State]):
    """What the commands so far made of the aggregates they name."""

    def __init__(self, kind: Aggregate[State], found: dict[UUID, Loaded[State]]) -> None:
        self.kind = kind
        self.now = found
        self.before = {id_: loaded.version for id_, loaded in found.items()}
        self.events: list[tuple[UUID, Event, int]] = []
        self.changed: list[history.Changed] = []

    def run(self, id_: UUID, command: Command) -> Loaded[State] | Refusal:
        try:
            change, events = decided(self.kind, id_, command, self.now.get(id_))
        except Refusal as refusal:
            return refusal
        self.changed += history.changes(self.kind, command, self.now.get(id_), change)
        self.now[id_] = change.loaded
        self.events += [(id_, event, version) for event, version in events]
        return change.loaded

    def changes(self) -> list[Change[State]]:
        changed = sorted({id_ for id_, _, _ in self.events})
        return [Change(id_, self.before.get(id_, 0), self.now[id_]) for id_ in changed]


async def execute_many(
    work: "UnitOfWork", kind: Aggregate[State], items: Sequence[tuple[UUID, Command]], *, atomic: bool
) -> list[Loaded[State] | Refusal]:
    ids = {id_ for id_, _ in items}
    batch = _Batch(kind, await store.load_many_for_update(work.connection, kind, work.tenant, ids))
    results: list[Loaded[State] | Refusal] = [batch.run(id_, command) for id_, command in items]
    if atomic and any(isinstance(result, Refusal) for result in results):
        return [result if isinstance(result, Refusal) else NotApplied() for result in results]
    try:
        async with work.attempt():
            await _write(work, kind, batch)
    except Refusal:
        if atomic:
            raise
        return [await _one(work, kind, id_, command) for id_, command in items]
    return results


async def _write(work: "UnitOfWork", kind: Aggregate[State], batch: _Batch[State]) -> None:
    with as_refusals():
        await store.save_many(work.connection, kind, work.tenant, batch.changes())
    if batch.events:
        await work.publish_many(batch.events)
        await work.keep_journal(kind, batch.events)
    await work.remember(kind, batch.changed)


async def _one(work: "UnitOfWork", kind: Aggregate[State], id_: UUID, command: Command) -> Loaded[State] | Refusal:
    try:
        async with work.attempt():
            return await work.execute(kind, id_, command)
    except Refusal as refusal:
        return refusal
