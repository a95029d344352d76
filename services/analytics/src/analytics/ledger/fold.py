"""The fold: a batch of events of one kind of aggregate becomes changes of facts, ledger and cells, in one transaction.

Promise: the caller hands over each version of each aggregate once and in order, inside the transaction that advances
its offset. Then the ledger holds one entry for every change of a posting, naming the event that caused it; the sum of
a fact's entries is what is in force for it; and each cell is the sum of its entries. Nothing depends on the clock, on
how events were cut into batches, or on who else folds.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date
from typing import Any, Final
from uuid import UUID

from analytics.ledger import cells, facts
from analytics.ledger.cells import Totals
from analytics.ledger.entries import Entries
from analytics.ledger.facts import Fact
from analytics.ledger.packing import Booked, book, changes
from analytics.ledger.posting import Measure, Posting, PostingsByKind
from analytics.ledger.slices import Connect, Slices, masks_of
from events.codec import Message

NUMBER_EVENT_TYPES: Final = """
WITH added AS (INSERT INTO event_type (name) SELECT unnest($1::text[]) ON CONFLICT (name) DO NOTHING RETURNING id, name)
SELECT id, name FROM added UNION ALL SELECT id, name FROM event_type WHERE name = ANY($1::text[])
"""
MAKE_PARTITION: Final = "SELECT ledger_partition($1, $2)"


class Fold:
    """Folds batches into one version of the ledger at a time; remembers names, never balances."""

    def __init__(self, postings: PostingsByKind, measures: Iterable[Measure], connect: Connect) -> None:
        """``connect`` gives a connection of its own for what must be committed before it is used: numbers of names."""
        self._postings = postings
        self._masks = {measure.number: masks_of(measure) for measure in measures}
        self._connect = connect
        self._slices = Slices(connect)
        self._event_types: dict[str, int] = {}
        self._partitions: set[tuple[str, date]] = set()

    async def fold(self, connection: Any, schema: str, messages: Sequence[Message], shard: int = 0) -> None:
        """Fold events of one topic. Events of several tenants may be mixed."""
        self._slices.trim()
        await self._number_event_types({message.envelope.type for message in messages})
        entries = Entries()
        for tenant, own in _by_tenant(messages):
            await self._fold_tenant(connection, schema, tenant, own, entries, shard)
        for month in entries.months:
            await self._make_partition(schema, month)
        await entries.copy(connection, schema)

    async def _fold_tenant(
        self, connection: Any, schema: str, tenant: UUID, messages: Sequence[Message], entries: Entries, shard: int
    ) -> None:
        kind = kind_of(messages[0])
        known = await facts.load(connection, schema, tenant, kind, {message.aggregate_id for message in messages})
        grain = await self._book(tenant, kind, messages, known, entries)
        await facts.save(connection, schema, tenant, kind, list(known.values()))
        await self._add_to_cells(connection, schema, tenant, shard, grain)

    async def _book(
        self, tenant: UUID, kind: str, messages: Sequence[Message], known: Mapping[UUID, Fact], entries: Entries
    ) -> Totals:
        """Put each event's changes among the entries and into its fact; answer the sums of them at full grain."""
        grain: Totals = {}
        for message, after in zip(messages, await self._booked(tenant, kind, messages), strict=True):
            fact = known[message.aggregate_id]
            changed = list(changes(fact.booked or {}, after))
            fact.booked, fact.state = after, _state(message)
            fact.version, fact.last_event_id = message.envelope.aggregate_version, message.envelope.id
            if changed:
                self._enter(message, kind, changed, entries)
                _sum_up(grain, changed)
        return grain

    async def _booked(self, tenant: UUID, kind: str, messages: Sequence[Message]) -> list[Booked]:
        """What is in force after each event. Slices met for the first time are numbered all at once."""
        postings_of, ids = self._postings[kind], self._slices.of(tenant).ids
        booked: list[Booked] = []
        waiting: dict[int, list[Posting]] = {}
        for place, message in enumerate(messages):
            postings = list(postings_of(_state(message)))
            try:
                booked.append(book(postings, ids))
            except KeyError:
                waiting[place] = postings
                booked.append({})
        if waiting:
            await self._slices.number(
                tenant, {posting.slice for postings in waiting.values() for posting in postings}
            )
            for place, postings in waiting.items():
                booked[place] = book(postings, ids)
        return booked

    def _enter(self, message: Message, kind: str, changed: list[tuple[int, int, int]], entries: Entries) -> None:
        envelope = message.envelope
        entries.add(
            recorded_at=envelope.time.astimezone(UTC),
            tenant=envelope.tenant,
            event_id=envelope.id,
            event_type=self._event_types[envelope.type],
            kind=kind,
            fact_id=message.aggregate_id,
            changed=changed,
        )

    async def _add_to_cells(self, connection: Any, schema: str, tenant: UUID, shard: int, grain: Totals) -> None:
        slices = self._slices.of(tenant)
        wanted = cells.unprojected(grain, self._masks, slices)
        if wanted:
            await self._slices.project(tenant, wanted)
        await cells.add(connection, schema, tenant, shard, cells.roll_up(grain, self._masks, slices))

    async def _number_event_types(self, types: set[str]) -> None:
        missing = types - self._event_types.keys()
        if missing:
            async with self._connect() as connection:
                for number, name in await connection.fetch(NUMBER_EVENT_TYPES, sorted(missing)):
                    self._event_types[name] = number

    async def _make_partition(self, schema: str, month: date) -> None:
        if (schema, month) not in self._partitions:
            async with self._connect() as connection:
                await connection.execute(MAKE_PARTITION, schema, month)
            self._partitions.add((schema, month))


def kind_of(message: Message) -> str:
    """The kind of aggregate: the name of its topic after the service."""
    return message.topic.partition(".")[2]


def _by_tenant(messages: Sequence[Message]) -> list[tuple[UUID, list[Message]]]:
    by_tenant: dict[UUID, list[Message]] = {}
    for message in messages:
        by_tenant.setdefault(message.envelope.tenant, []).append(message)
    return sorted(by_tenant.items())


def _state(message: Message) -> Any:
    if message.event is None:
        raise TypeError(f"a tombstone on {message.topic}, which is not compacted")
    return message.event.state


def _sum_up(grain: Totals, changed: Iterable[tuple[int, int, int]]) -> None:
    for key, count, amount in changed:
        total = grain.get(key)
        if total is None:
            grain[key] = [count, amount]
        else:
            total[0] += count
            total[1] += amount
