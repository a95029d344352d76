"""The fold: a batch of events becomes changes of facts, ledger and cells, in the transaction of the caller.

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
from analytics.ledger.facts import Fact, Facts, kind_of
from analytics.ledger.packing import Booked, Change, book, changes
from analytics.ledger.posting import Measure, Posting, PostingsByKind
from analytics.ledger.slices import Connect, Slices, masks_of
from events.codec import Message

NUMBER_EVENT_TYPES: Final = "INSERT INTO event_type (name) SELECT unnest($1::text[]) ON CONFLICT (name) DO NOTHING"
EVENT_TYPES: Final = "SELECT id, name FROM event_type"
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

    async def fold(
        self, connection: Any, schema: str, messages: Sequence[Message], known: Facts, *, shard: int | None = 0
    ) -> None:
        """Fold events, given their facts. Without a shard no cells are written: a rebuild sums them up at its end."""
        self._slices = slices = self._slices.within_bounds()
        await self._number_event_types({message.envelope.type for message in messages})
        entries = Entries()
        grains = []
        for (kind, tenant), own in _by_group(messages):
            touched = {message.aggregate_id: known[kind, tenant][message.aggregate_id] for message in own}
            grains.append((tenant, await self._book(slices, kind, tenant, own, touched, entries)))
            await facts.save(connection, schema, (kind, tenant), touched.values())
        await self._append(connection, schema, entries)
        if shard is not None:
            for tenant, grain in grains:
                totals = await self._rolled_up(slices, tenant, grain)
                await cells.add(connection, schema, tenant, shard, totals)

    async def _book(  # noqa: PLR0917
        self,
        slices: Slices,
        kind: str,
        tenant: UUID,
        messages: Sequence[Message],
        touched: Mapping[UUID, Fact],
        entries: Entries,
    ) -> Totals:
        """Put each event's changes among the entries and into its fact; answer the sums of them at full grain."""
        grain: Totals = {}
        for message, after in zip(messages, await self._booked(slices, kind, tenant, messages), strict=True):
            fact = touched[message.aggregate_id]
            changed = list(changes(fact.booked or {}, after))
            fact.booked, fact.state = after, state_of(message)
            fact.version, fact.last_event_id = message.envelope.aggregate_version, message.envelope.id
            if changed:
                self._enter(message, kind, changed, entries)
                sum_up(grain, changed)
        for fact in touched.values():
            fact.version, fact.last_event_id = fact.ahead or (fact.version, fact.last_event_id)
        return grain

    async def _booked(self, slices: Slices, kind: str, tenant: UUID, messages: Sequence[Message]) -> list[Booked]:
        """What is in force after each event. Slices met for the first time are numbered all at once."""
        postings_of, ids = self._postings[kind], slices.of(tenant).ids
        booked: list[Booked] = []
        waiting: dict[int, list[Posting]] = {}
        for place, message in enumerate(messages):
            postings = list(postings_of(state_of(message)))
            try:
                booked.append(book(postings, ids))
            except KeyError:
                waiting[place] = postings
                booked.append({})
        if waiting:
            await slices.number(tenant, {posting.slice for postings in waiting.values() for posting in postings})
            for place, postings in waiting.items():
                booked[place] = book(postings, ids)
        return booked

    def _enter(self, message: Message, kind: str, changed: Sequence[Change], entries: Entries) -> None:
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

    async def _append(self, connection: Any, schema: str, entries: Entries) -> None:
        for month in entries.months:
            await self._make_partition(schema, month)
        await entries.copy(connection, schema)

    async def book_state(self, kind: str, tenant: UUID, state: Any) -> Booked:
        """What should be in force for a state."""
        self._slices = slices = self._slices.within_bounds()
        postings = list(self._postings[kind](state))
        await slices.number(tenant, {posting.slice for posting in postings})
        return book(postings, slices.of(tenant).ids)

    async def roll_up(self, tenant: UUID, grain: Totals) -> Totals:
        """What changes at full grain add to the cells."""
        self._slices = self._slices.within_bounds()
        return await self._rolled_up(self._slices, tenant, grain)

    async def _rolled_up(self, slices: Slices, tenant: UUID, grain: Totals) -> Totals:
        known = slices.of(tenant)
        wanted = cells.unprojected(grain, self._masks, known)
        if wanted:
            await slices.project(tenant, wanted)
        return cells.roll_up(grain, self._masks, known)

    async def _number_event_types(self, types: set[str]) -> None:
        if types <= self._event_types.keys():
            return
        async with self._connect() as connection:
            await connection.execute(NUMBER_EVENT_TYPES, sorted(types - self._event_types.keys()))
            self._event_types = {name: number for number, name in await connection.fetch(EVENT_TYPES)}

    async def _make_partition(self, schema: str, month: date) -> None:
        if (schema, month) not in self._partitions:
            async with self._connect() as connection:
                await connection.execute(MAKE_PARTITION, schema, month)
            self._partitions.add((schema, month))


def state_of(message: Message) -> Any:
    if message.event is None:
        raise TypeError(f"a tombstone on {message.topic}, which is not compacted")
    return message.event.state


def _by_group(messages: Sequence[Message]) -> list[tuple[facts.Group, list[Message]]]:
    groups: dict[facts.Group, list[Message]] = {}
    for message in messages:
        groups.setdefault((kind_of(message.topic), message.envelope.tenant), []).append(message)
    return sorted(groups.items())


def sum_up(grain: Totals, changed: Iterable[Change]) -> None:
    """Add changes to sums at full grain."""
    for key, count, amount in changed:
        total = grain.get(key)
        if total is None:
            grain[key] = [count, amount]
        else:
            total[0] += count
            total[1] += amount
