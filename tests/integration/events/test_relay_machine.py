"""A state machine lives through writers, rollbacks, prepared transactions, relays and their deaths, on real servers.

Whatever happens, what Kafka has in the end is what was committed, and a consumer that skips by version applies each
aggregate's events in their order.
"""

import asyncio
import os
import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from events.crash_points import RELAY, installed
from events.outbox import append
from relay_world import QUICK, World, a_world, applied, different, opened

OPTIONS = replace(QUICK, lease=timedelta(milliseconds=600), page_size=4)


class Death(BaseException):
    """Ends a relay where it stands: it gives nothing back and notes nothing."""


class Writer:
    """A transaction in progress."""

    def __init__(self, connection: asyncpg.Connection, name: str) -> None:
        self.connection = connection
        self.name = name
        self.entries: list[UUID] = []
        self.deals: set[UUID] = set()


class RelayMachine(RuleBasedStateMachine):
    """Rules are what writers, relays and fate may do; servers are given by the test that runs the machine."""

    database_url = ""
    kafka_servers = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.committed: set[UUID] = set()
        self.writers: list[Writer] = []
        self.prepared: list[Writer] = []
        self.relays: list[asyncio.Task[None]] = []
        self.deaths: list[str] = []
        self.hook = installed(self.fate)
        self.hook.__enter__()

    def fate(self, point: str) -> None:
        if point in self.deaths:
            self.deaths.remove(point)
            raise Death(point)

    def do(self, action: Any) -> Any:
        return self.runner.run(action)

    @initialize()
    def begin(self) -> None:
        self.do(self._begin())

    async def _begin(self) -> None:
        self.database = f"test_{secrets.token_hex(6)}"
        await _execute(self.database_url, f"CREATE DATABASE {self.database}")
        url = urlunsplit(urlsplit(self.database_url)._replace(path=f"/{self.database}"))
        self.context = a_world(url, self.kafka_servers, f"t{secrets.token_hex(4)}.")
        self.world: World = await self.context.__aenter__()
        self.deals = [uuid4() for _ in range(3)]
        await self.world.pool.execute("CREATE TABLE deal (id uuid PRIMARY KEY, version int)")
        await self.world.pool.executemany("INSERT INTO deal VALUES ($1, 0)", [(deal,) for deal in self.deals])

    @precondition(lambda self: len(self.writers) < 3)
    @rule(early=st.booleans())
    def a_writer_begins(self, early: bool) -> None:
        self.do(self._start_writer(early))

    async def _start_writer(self, early: bool) -> None:
        connection = await asyncpg.connect(self.world.url)
        await connection.execute("BEGIN")
        if early:
            await connection.fetchval("SELECT pg_current_xact_id()")
        self.writers.append(Writer(connection, secrets.token_hex(6)))

    @precondition(lambda self: self.writers)
    @rule(which=st.integers(0, 2), deal=st.integers(0, 2), count=st.integers(1, 4), undone=st.booleans())
    def a_writer_changes_a_deal(self, which: int, deal: int, count: int, undone: bool) -> None:
        writer, chosen = self.writers[which % len(self.writers)], self.deals[deal]
        if any(chosen in other.deals for other in [*self.writers, *self.prepared] if other is not writer):
            return  # it would wait for the other's row lock, and with it this rule
        self.do(self._change(writer, chosen, count, undone))

    async def _change(self, writer: Writer, deal: UUID, count: int, undone: bool) -> None:
        await writer.connection.execute("SAVEPOINT before")
        ids = []
        for _ in range(count):
            version = await writer.connection.fetchval(
                "UPDATE deal SET version = version + 1 WHERE id = $1 RETURNING version", deal
            )
            entry = opened(deal, version)
            await append(writer.connection, [entry])
            ids.append(entry.id)
        if undone:
            await writer.connection.execute("ROLLBACK TO before")
            return
        writer.entries += ids
        writer.deals.add(deal)

    @precondition(lambda self: self.writers)
    @rule(which=st.integers(0, 2), end=st.sampled_from(["COMMIT", "COMMIT", "ROLLBACK", "PREPARE"]))
    def a_writer_ends(self, which: int, end: str) -> None:
        self.do(self._end(self.writers.pop(which % len(self.writers)), end))

    async def _end(self, writer: Writer, end: str) -> None:
        if end == "PREPARE":
            await writer.connection.execute(f"PREPARE TRANSACTION '{writer.name}'")
            self.prepared.append(writer)
            return
        await writer.connection.execute(end)
        await writer.connection.close()
        if end == "COMMIT":
            self.committed |= set(writer.entries)

    @precondition(lambda self: self.prepared)
    @rule(end=st.sampled_from(["COMMIT", "ROLLBACK"]))
    def a_prepared_transaction_ends(self, end: str) -> None:
        self.do(self._end_prepared(self.prepared.pop(0), end))

    async def _end_prepared(self, writer: Writer, end: str) -> None:
        await writer.connection.execute(f"{end} PREPARED '{writer.name}'")
        await writer.connection.close()
        if end == "COMMIT":
            self.committed |= set(writer.entries)

    @precondition(lambda self: len(self.relays) < 2)
    @rule()
    def a_relay_starts(self) -> None:
        self.do(self._start_relay())

    async def _start_relay(self) -> None:
        relay = self.world.relay(OPTIONS)
        self.relays.append(asyncio.create_task(relay.run(asyncio.Event())))

    @rule(point=st.sampled_from(RELAY))
    def a_relay_will_die(self, point: str) -> None:
        self.deaths.append(point)

    @precondition(lambda self: self.relays)
    @rule(which=st.integers(0, 1))
    def a_relay_is_killed(self, which: int) -> None:
        self.do(_kill(self.relays.pop(which % len(self.relays))))

    @rule(hundredths=st.integers(1, 80))
    def time_passes(self, hundredths: int) -> None:
        self.do(asyncio.sleep(hundredths / 100))

    @invariant()
    def the_dead_are_gone(self) -> None:
        self.relays = [relay for relay in self.relays if not _is_dead(relay)]

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self.do(self._settle())
        finally:
            self.hook.__exit__(None, None, None)
            self.runner.close()

    async def _settle(self) -> None:
        self.deaths.clear()
        try:
            for writer in self.writers:
                await self._end(writer, "COMMIT")
            for writer in self.prepared:
                await self._end_prepared(writer, "COMMIT")
            for relay in self.relays:
                await _kill(relay)
            await self._check()
        finally:
            await self.context.__aexit__(None, None, None)
            await _execute(self.database_url, f"DROP DATABASE {self.database} WITH (FORCE)")

    async def _check(self) -> None:
        async with self.world.relaying(OPTIONS):
            messages = await self.world.receives(len(self.committed))
        assert different(messages) == self.committed
        versions = await self.world.pool.fetch("SELECT id, version FROM deal WHERE version > 0")
        assert applied(messages) == {row["id"]: list(range(1, row["version"] + 1)) for row in versions}


async def _kill(relay: asyncio.Task[None]) -> None:
    relay.cancel()
    with suppress(asyncio.CancelledError, Death):
        await relay


def _is_dead(relay: asyncio.Task[None]) -> bool:
    return relay.done() and isinstance(relay.exception(), Death)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
def machine(postgres_url: str, kafka_servers: str) -> type[RelayMachine]:
    RelayMachine.database_url, RelayMachine.kafka_servers = postgres_url, kafka_servers
    return RelayMachine


@pytest.mark.fault
@pytest.mark.timeout(600)
def test_what_kafka_has_is_what_was_committed_in_order(machine: type[RelayMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(os.environ.get("DEALSTREAM_TEST_EXAMPLES", "12")),
            stateful_step_count=25,
            deadline=None,
            phases=(Phase.explicit, Phase.reuse, Phase.generate),  # each example costs seconds: no shrinking
            suppress_health_check=list(HealthCheck),
        ),
    )
