"""Random lives of a consumer against a model: duplicates, gaps, poison, zombies, redrives, in any order.

Whatever happens, an aggregate's events are applied in the order of their versions and once each; what is not applied is
parked. In the end, when everything is healed and everything missing has come, everything has been applied.
"""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid5

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from consumer_world import GROUP, SQL, a_record
from events import offsets
from events.audit import By
from events.batch import Slice, Subscription, commit
from events.codec import Message, Received
from events.letters import Filter
from events.offsets import Fenced
from events.partition import Partition
from events.redrive import Redriver, Terms
from events.release import fillable_gaps, release
from events.topics import ANALYTICS_SEAL

PLACE = Partition(ANALYTICS_SEAL.name, 0)
AGGREGATES = [uuid5(UUID(int=0), str(number)) for number in range(3)]
aggregates = st.sampled_from(AGGREGATES)


class Broken(Exception):
    """A bug in the handler."""


class Life(RuleBasedStateMachine):
    """One partition, three aggregates, one consumer and its zombies."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.runner.run(self._prepare())
        self.log: list[Received] = []
        self.written: dict[UUID, int] = defaultdict(int)
        self.held_back: dict[UUID, list[int]] = defaultdict(list)
        self.poisoned: set[tuple[UUID, int]] = set()
        self.subscription = Subscription.to(GROUP, [ANALYTICS_SEAL], self.handle)

    async def _prepare(self) -> None:
        self.pool = await asyncpg.create_pool(self.url, min_size=2, max_size=2)
        await self.pool.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        for migration in sorted(SQL.glob("001*.sql")):
            await self.pool.execute(migration.read_text())
        await self.pool.execute(
            "CREATE TABLE applied (seq bigint GENERATED ALWAYS AS IDENTITY, aggregate_id uuid, version bigint)"
        )
        async with self.pool.acquire() as connection:
            await offsets.claim(connection, GROUP, "the model", {PLACE: 0})

    async def handle(self, connection: Any, messages: Sequence[Message]) -> None:
        for message in messages:
            if (message.aggregate_id, message.version) in self.poisoned:
                raise Broken
            await connection.execute(
                "INSERT INTO applied VALUES (DEFAULT, $1, $2)", message.aggregate_id, message.version
            )

    def append(self, aggregate: UUID, version: int) -> None:
        record = a_record(aggregate, version)
        # Every third offset is missing, as after compaction.
        offset = self.log[-1].offset + 1 + len(self.log) % 3 // 2 if self.log else 0
        self.log.append(Received(*PLACE, offset, 0, record.key, record.value, tuple(record.headers)))

    @rule(aggregate=aggregates)
    def write_the_next_version(self, aggregate: UUID) -> None:
        self.written[aggregate] += 1
        self.append(aggregate, self.written[aggregate])

    @rule(aggregate=aggregates)
    def hold_a_version_back(self, aggregate: UUID) -> None:
        self.written[aggregate] += 1
        self.held_back[aggregate].append(self.written[aggregate])

    @rule(aggregate=aggregates)
    def deliver_what_was_held_back(self, aggregate: UUID) -> None:
        for version in self.held_back.pop(aggregate, []):
            self.append(aggregate, version)

    @precondition(lambda self: self.log)
    @rule(data=st.data())
    def repeat_a_record(self, data: st.DataObject) -> None:
        record = data.draw(st.sampled_from(self.log))
        self.log.append(record._replace(offset=self.log[-1].offset + 1))

    @rule(aggregate=aggregates, ahead=st.integers(0, 3))
    def poison_a_version(self, aggregate: UUID, ahead: int) -> None:
        self.poisoned.add((aggregate, max(1, self.written[aggregate] - 1 + ahead)))

    @rule()
    def heal(self) -> None:
        self.poisoned.clear()

    @rule(count=st.integers(1, 8))
    def consume(self, count: int) -> None:
        self.runner.run(self._consume(count))

    @precondition(lambda self: self.log)
    @rule(data=st.data())
    def a_zombie_commits_late(self, data: st.DataObject) -> None:
        expected = data.draw(st.integers(0, self.log[-1].offset + 2))
        records = [record for record in self.log if record.offset >= expected]
        if not records:
            return
        stored = self.runner.run(self._stored())
        try:
            self.runner.run(commit(self.pool, self.subscription, [Slice(PLACE, expected, records)]))
        except Fenced:
            assert expected != stored
        except Broken:
            assert expected == stored
        else:
            assert expected == stored

    @rule(maximum=st.none() | st.integers(1, 3))
    def redrive(self, maximum: int | None) -> None:
        wanted, by = Filter(consumer=GROUP), By("ana", "to see")
        self.runner.run(
            Redriver(self.pool, [self.subscription]).redrive(wanted, by, Terms(maximum=maximum, force=True))
        )

    async def _stored(self) -> int:
        return (await offsets.positions(self.pool, GROUP))[PLACE]

    async def _consume(self, count: int) -> None:
        stored = await self._stored()
        records = [record for record in self.log if record.offset >= stored][:count]
        while records:
            piece = Slice(PLACE, await self._stored(), records)
            try:
                triage = await commit(self.pool, self.subscription, [piece])
            except Broken as error:
                if len(records) > 1:
                    records = records[: len(records) // 2]
                    continue
                triage = await commit(self.pool, self.subscription, [piece], poison=error)
            for sequence in sorted(triage.filled):
                await release(self.pool, self.subscription, sequence)
            return

    @invariant()
    def each_aggregate_is_applied_in_order_and_once(self) -> None:
        for aggregate, versions in self.runner.run(self._applied()).items():
            assert versions == list(range(1, len(versions) + 1)), aggregate

    @invariant()
    def nothing_is_lost(self) -> None:
        """Each record before the offset is applied or waits."""
        stored, applied = self.runner.run(self._stored()), self.runner.run(self._applied())
        waiting = self.runner.run(self._waiting())
        for record in self.log:
            if record.offset < stored:
                headers = dict(record.headers)
                place = UUID(headers["ce_subject"].decode()), int(headers["ce_aggregateversion"])
                assert place[1] <= len(applied.get(place[0], ())) or place in waiting

    async def _applied(self) -> dict[UUID, list[int]]:
        found: dict[UUID, list[int]] = defaultdict(list)
        for row in await self.pool.fetch("SELECT aggregate_id, version FROM applied ORDER BY seq"):
            found[row["aggregate_id"]].append(row["version"])
        return found

    async def _waiting(self) -> set[tuple[UUID, int]]:
        rows = await self.pool.fetch("SELECT sequence_key, aggregate_version FROM dead_letter")
        return {(UUID(row["sequence_key"].partition(":")[2]), row["aggregate_version"]) for row in rows}

    def teardown(self) -> None:
        try:
            self.heal()
            for aggregate in AGGREGATES:
                self.deliver_what_was_held_back(aggregate)
            self.runner.run(self._finish())
            applied = self.runner.run(self._applied())
            assert {aggregate: len(versions) for aggregate, versions in applied.items()} == {
                aggregate: version for aggregate, version in self.written.items() if version
            }
            assert self.runner.run(self._waiting()) == set()
        finally:
            self.runner.run(self.pool.close())
            self.runner.close()

    async def _finish(self) -> None:
        while self.log and await self._stored() <= self.log[-1].offset:
            await self._consume(8)
        await Redriver(self.pool, [self.subscription]).redrive(
            Filter(consumer=GROUP), By("ana", "all"), Terms(force=True)
        )
        async with self.pool.acquire() as connection:
            closed = await fillable_gaps(connection, self.subscription)
        for sequence in closed:
            await release(self.pool, self.subscription, sequence)


def test_any_life_ends_with_everything_applied_once_in_order(postgres_url: str) -> None:
    name = f"test_{secrets.token_hex(6)}"
    asyncio.run(execute(postgres_url, f'CREATE DATABASE "{name}"'))
    try:
        machine = type("Life", (Life,), {"url": urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}"))})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
    finally:
        asyncio.run(execute(postgres_url, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
