"""One request or message = one transaction: load, decide, save, publish, all or nothing.

The unit of work is the only place where a decision meets the database. It locks the aggregate, checks the version the
caller read, runs the pure decision, folds and stamps its events, writes the state under a version check and appends
the events to the outbox in the same transaction. Who opens it, commits: ``CommandRoute`` for HTTP, ``unit_of_work`` for
background tasks, the consumer for reactions (``UnitOfWork.within``).
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis import aggregate_store as store
from chassis import history
from chassis.aggregate_store import Change
from chassis.aggregates import Aggregate, Command, Loaded, State
from chassis.database import acquired, begin_as_tenant, rolled_back
from chassis.database_errors import as_refusals
from chassis.decisions import decided
from chassis.directory import Directory
from chassis.many import execute_many
from chassis.occurrence import occurrence
from chassis.preconditions import AnyVersion, IfMatch
from chassis.principal import Principal
from chassis.refusals import ConcurrentChange, NotFound, Refusal, StaleVersion, Unavailable
from chassis.resources import Resources
from chassis.tracing import Trace
from events.codec import Message
from events.ids import uuid7
from events.moment import Moment
from events.outbox import OutboxEntry, append


class UnitOfWork:
    """What an endpoint or reaction does, in one transaction of one tenant."""

    def __init__(
        self,
        resources: Resources,
        principal: Principal,
        trace: Trace,
        *,
        if_match: IfMatch | None = None,
        causation_id: UUID | None = None,
    ) -> None:
        self.resources = resources
        self.principal = principal
        self.trace = trace
        self.causation_id = causation_id
        self.now: datetime = resources.clock.now()
        self.version: int | None = None
        """Version of the first aggregate executed: the ETag of the reply."""
        self.published = 0
        self.closing = ""
        self._if_match = if_match
        self._pending_if_match = if_match
        self._fresh: set[UUID] = set()
        self._causes: dict[UUID, Message] = {}
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    @classmethod
    def within(
        cls,
        connection: "asyncpg.Connection[asyncpg.Record]",
        resources: Resources,
        message: Message,
        *,
        principal: Principal | None = None,
    ) -> "UnitOfWork":
        """Work in a consumer's handler: the transaction that advances the offset; events name the message as cause."""
        envelope = message.envelope
        trace = Trace.of_message(envelope.traceparent, envelope.correlation_id)
        trace.bind(event_id=str(envelope.id), event_type=envelope.type)
        actor = principal or Principal.of_service(envelope.tenant, resources.service)
        work = cls(resources, actor, trace, causation_id=envelope.id)
        work._connection = connection
        return work

    @property
    def tenant(self) -> UUID:
        return self.principal.tenant

    @property
    def directory(self) -> Directory:
        return self.resources.directory

    @property
    def connection(self) -> "asyncpg.Connection[asyncpg.Record]":
        """The open transaction. For a savepoint use ``attempt()``."""
        if self._connection is None:
            raise RuntimeError("no transaction is open: the route needs route_class=CommandRoute")
        return self._connection

    def new_id(self) -> UUID:
        """An id nobody has used, which saves looking for a record with it."""
        id_ = uuid7()
        self._fresh.add(id_)
        return id_

    def caused_by(self, id_: UUID, message: Message) -> None:
        """Events of this aggregate name this message as their cause: a handler that does several at once says which."""
        self._causes[id_] = message

    async def moment(self, occurred_at: datetime | None = None) -> Moment:
        """When it happened, with its day in the tenant's zone; ``occurrence`` says who may backdate."""
        at = occurrence(occurred_at, self.now, self.principal)
        return await self.directory.moment(self.tenant, at)

    async def execute(
        self,
        kind: Aggregate[State],
        id_: UUID,
        command: Command,
        *,
        visible: Callable[[State], bool] | None = None,
    ) -> Loaded[State]:
        """Run one command and write what it decided; a command that changes nothing publishes nothing."""
        found = None if id_ in self._fresh else await store.load_for_update(self.connection, kind, self.tenant, id_)
        if found is not None and visible is not None and not visible(found.state):
            raise NotFound
        if found is not None:
            self.match(found)
        elif command.creates and id_ not in self._fresh:
            self.refuse_unmatched()
        change, events = decided(kind, id_, command, found)
        if events:
            await self._save(kind, change, [self._entry(id_, event, version) for event, version in events])
            await self.remember(kind, history.changes(kind, command, found, change))
            await self.keep_journal(kind, [(id_, event, version) for event, version in events])
            self._fresh.discard(id_)
        self.version = change.loaded.version if self.version is None else self.version
        return change.loaded

    def match(self, found: Loaded[Any]) -> None:
        """If-Match speaks of the first aggregate that is executed, or of this one, whose version it must name."""
        if self._pending_if_match is not None:
            self._pending_if_match.check(found.version)
            self._pending_if_match = AnyVersion

    def refuse_unmatched(self) -> None:
        """A version that nothing was compared with was demanded in vain; ``*`` demands none."""
        if self._pending_if_match is not None and self._pending_if_match.tags is not None:
            raise StaleVersion("Nothing that has this version would be changed.")

    async def execute_many(
        self, kind: Aggregate[State], items: Sequence[tuple[UUID, Command]], *, atomic: bool = False
    ) -> list[Loaded[State] | Refusal]:
        """Run commands in order with a handful of statements; each answers its state or its refusal.

        ``atomic`` writes nothing once one is refused, and the others answer ``NotApplied``.
        """
        return await execute_many(self, kind, items, atomic=atomic)

    async def load(
        self, kind: Aggregate[State], id_: UUID, *, visible: Callable[[State], bool] | None = None
    ) -> Loaded[State]:
        """The aggregate as it is, not locked; NotFound when there is none to see."""
        found = await store.load(self.connection, kind, self.tenant, id_)
        if found is None or (visible is not None and not visible(found.state)):
            raise NotFound
        return found

    async def find(self, kind: Aggregate[State], column: str, value: object) -> Loaded[State] | None:
        """The aggregate whose column, unique in the tenant, has this value."""
        return (await self.find_many(kind, column, [value])).get(value)

    async def find_many(
        self, kind: Aggregate[State], column: str, values: Sequence[object]
    ) -> dict[Any, Loaded[State]]:
        """By value of a unique column; values without an aggregate are absent."""
        return await store.find_many(self.connection, kind, self.tenant, column, values) if values else {}

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """A savepoint: when the block raises, its writes and events are gone and the transaction goes on."""
        published = self.published
        await self.connection.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self.published = published
            await self.connection.execute("ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt")
            raise
        await self.connection.execute("RELEASE SAVEPOINT attempt")

    @asynccontextmanager
    async def transaction(self, opening: str = "") -> AsyncIterator[None]:
        """Open the tenant's transaction, commit at the end of the block, roll back when it raises.

        ``opening`` is one more statement to go with BEGIN, ``closing`` (set in the block) one to go with COMMIT.
        """
        async with acquired(self.resources.pool) as connection:
            with as_refusals():
                try:
                    await connection.execute(f"{begin_as_tenant(self.tenant)};{opening}")
                    self._begin(connection)
                    yield
                    await _commit(connection, self.closing)
                except BaseException:
                    await rolled_back(connection)
                    raise
                finally:
                    self._connection = None
        if self.published:
            self.resources.wake_relay()

    async def publish_many(self, events: Sequence[tuple[UUID, Any, int]]) -> None:
        """Append stamped events of several aggregates: (aggregate id, event, version)."""
        with as_refusals():
            await append(self.connection, [self._entry(id_, event, version) for id_, event, version in events])
        self.published += len(events)

    async def remember(self, kind: Aggregate[Any], changes: "Sequence[history.Changed]") -> None:
        """Keep what was changed, and by whom, where the aggregate has a history."""
        if kind.history is not None and changes:
            who = history.Author(self.tenant, self.principal.subject, self.now)
            await history.keep(self.connection, kind.history, who, changes)

    async def keep_journal(self, kind: Aggregate[Any], events: Sequence[tuple[UUID, Any, int]]) -> None:
        """Write what the kind keeps of these events: (aggregate id, event, version)."""
        if kind.journal is None:
            return
        rows = [
            {**row, "tenant_id": self.tenant, "id": id_, "version": version, "actor": self.principal.subject}
            for id_, event, version in events
            if (row := kind.journal.row(event)) is not None
        ]
        if rows:
            await store.keep_journal(self.connection, kind.journal.table, rows)

    def _begin(self, connection: Any) -> None:
        self._connection = connection
        self._pending_if_match = self._if_match
        self._fresh.clear()
        self.version = None
        self.published = 0
        self.closing = ""

    async def _save(self, kind: Aggregate[State], change: Change[State], entries: Sequence[OutboxEntry]) -> None:
        with as_refusals():
            if not await store.save(self.connection, kind, self.tenant, change, entries):
                raise ConcurrentChange(f"The {kind.noun} changed at the same time; try again.")
        self.published += len(entries)

    def _entry(self, id_: UUID, event: Any, version: int) -> OutboxEntry:
        trace, causation_id = self.trace, self.causation_id
        if cause := self._causes.get(id_):
            trace = Trace.of_message(cause.envelope.traceparent, cause.envelope.correlation_id)
            causation_id = cause.envelope.id
        return OutboxEntry(
            event=event,
            tenant=self.tenant,
            aggregate_id=id_,
            aggregate_version=version,
            correlation_id=trace.correlation_id,
            causation_id=causation_id,
            actor=self.principal.subject,
            traceparent=trace.traceparent,
        )


@asynccontextmanager
async def unit_of_work(
    resources: Resources, *, tenant: UUID, principal: Principal | None = None, causation: Message | None = None
) -> AsyncIterator[UnitOfWork]:
    """A transaction of its own outside HTTP, committed at the end of the block."""
    envelope = None if causation is None else causation.envelope
    trace = (
        Trace.of_message(envelope.traceparent, envelope.correlation_id) if envelope else Trace.of_request(None, None)
    )
    work = UnitOfWork(
        resources,
        principal or Principal.of_service(tenant, resources.service),
        trace,
        causation_id=None if envelope is None else envelope.id,
    )
    async with work.transaction():
        yield work


async def _commit(connection: Any, closing: str) -> None:
    """COMMIT of a transaction that PostgreSQL has given up answers ROLLBACK, without an error."""
    if await connection.execute(f"{closing};COMMIT" if closing else "COMMIT") != "COMMIT":
        raise Unavailable("The transaction could not be committed.")
