"""A broker in memory, with the interface of the Kafka seam: for tests of consumers without a server.

It keeps what a consumer can rely on: partitions by key, offsets that only grow, pause, seek, groups that hand
partitions out anew when members come and go, logs that lose their beginning or are compacted, topics made anew. The
same contract tests run against it and against Kafka.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from events.codec import Received
from events.kafka import PositionLost
from events.kafka.producer import Outgoing, partition_of
from events.partition import Partition
from events.topics import Topic

Listener = Callable[[frozenset[Partition]], Awaitable[None]]


async def _nothing(_partitions: frozenset[Partition]) -> None:
    return None


@dataclass
class _Log:
    """The records of a partition that are still there; offsets of removed ones are holes."""

    records: list[Received] = field(default_factory=list)
    begin: int = 0
    end: int = 0


@dataclass
class _Group:
    members: list["InMemoryConsumer"] = field(default_factory=list)
    committed: dict[Partition, int] = field(default_factory=dict)
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)


class InMemoryBroker:
    """All topics and groups; also the factory of readers and admins that a consumer asks for."""

    def __init__(self, partitions: int = 3) -> None:
        self._partitions = partitions
        self._logs: dict[Partition, _Log] = {}
        self._groups: dict[str, _Group] = {}
        self._grown = asyncio.Event()

    def reader(
        self, topics: Iterable[str], group: str | None, on_assigned: Listener, on_revoked: Listener
    ) -> "InMemoryConsumer":
        return InMemoryConsumer(self, topics, group=group, on_assigned=on_assigned, on_revoked=on_revoked)

    def admin(self) -> "InMemoryAdmin":
        return InMemoryAdmin(self)

    def producer(self) -> "InMemoryProducer":
        return InMemoryProducer(self)

    def ensure_topics(self, topics: Iterable[Topic]) -> None:
        for topic in topics:
            if not self.partitions_of(topic.name):
                self.add_partitions(topic.name, self._partitions)

    def add_partitions(self, topic: str, count: int) -> None:
        """Groups learn of them when they next hand partitions out."""
        first = len(self.partitions_of(topic))
        self._logs.update({Partition(topic, number): _Log() for number in range(first, first + count)})

    def partitions_of(self, topic: str) -> list[Partition]:
        return sorted(partition for partition in self._logs if partition.topic == topic)

    def append(self, record: Outgoing) -> tuple[Partition, int]:
        """Answers where it went."""
        partition = Partition(record.topic, partition_of(record.key, len(self.partitions_of(record.topic))))
        log = self._logs[partition]
        headers = tuple(record.headers)
        log.records.append(Received(*partition, log.end, record.timestamp_ms, record.key, record.value, headers))
        log.end += 1
        self.wake()
        return partition, log.end - 1

    def wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()

    async def grown(self, timeout_seconds: float) -> None:
        """Returns when something was appended or changed, or after the time."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._grown.wait()
        except TimeoutError:
            return

    def delete_before(self, partition: Partition, offset: int) -> None:
        """What retention does."""
        log = self._logs[partition]
        log.begin = offset
        log.records = [record for record in log.records if record.offset >= offset]

    def compact(self, topic: str) -> None:
        """Keeps the newest record of each key; offsets stay as they are."""
        for partition in self.partitions_of(topic):
            log = self._logs[partition]
            newest = {record.key: record.offset for record in log.records}
            log.records = [record for record in log.records if newest[record.key] == record.offset]

    def recreate(self, topic: str) -> None:
        """Deletes the topic and makes it anew, empty."""
        for partition in self.partitions_of(topic):
            self._logs[partition] = _Log()

    def forget_group(self, group: str) -> None:
        """What the broker does to a group that was idle for a week."""
        self._groups[group].committed.clear()

    def committed(self, group: str) -> dict[Partition, int]:
        return self._group(group).committed

    def read(self, partition: Partition, offset: int, count: int) -> list[Received]:
        log = self._logs[partition]
        if not log.begin <= offset <= log.end:
            raise PositionLost({partition: offset})
        return [record for record in log.records if record.offset >= offset][:count]

    def begin(self, partition: Partition) -> int:
        return self._logs[partition].begin

    def end(self, partition: Partition) -> int:
        return self._logs[partition].end

    async def join(self, group: str, member: "InMemoryConsumer") -> None:
        await self._change(self._group(group), lambda members: members.append(member))

    async def leave(self, group: str, member: "InMemoryConsumer") -> None:
        await self._change(self._group(group), lambda members: members.remove(member))

    async def rebalance(self, group: str) -> None:
        """Hands the partitions out anew, as after new metadata."""
        await self._change(self._group(group), lambda _members: None)

    def _group(self, name: str) -> _Group:
        return self._groups.setdefault(name, _Group())

    async def _change(self, group: _Group, change: Callable[[list["InMemoryConsumer"]], None]) -> None:
        """Eager, as the client's assignors are: all let go, then all get theirs."""
        async with group.changing:
            for member in list(group.members):
                await member.revoke()
            change(group.members)
            for place, member in enumerate(group.members):
                wanted = [partition for topic in member.topics for partition in self.partitions_of(topic)]
                await member.hand(frozenset(wanted[place :: len(group.members)]))


class InMemoryConsumer:
    """A member of a group, or (``group=None``) a reader of the partitions it is told to ``assign``."""

    def __init__(
        self,
        broker: InMemoryBroker,
        topics: Iterable[str] = (),
        *,
        group: str | None = None,
        on_assigned: Listener = _nothing,
        on_revoked: Listener = _nothing,
    ) -> None:
        self.topics = tuple(topics)
        self._broker = broker
        self._group = group
        self._on_assigned = on_assigned
        self._on_revoked = on_revoked
        self._positions: dict[Partition, int | None] = {}
        self._paused: set[Partition] = set()
        self._running = False
        self.is_deaf = False
        """A fetch task that has died: nothing comes any more, and nobody says so."""

    async def start(self) -> None:
        self._running = True
        if self._group is not None:
            await self._broker.join(self._group, self)

    async def stop(self) -> bool:
        if self._running and self._group is not None:
            await self._broker.leave(self._group, self)
        self._running = False
        return True

    async def hand(self, partitions: frozenset[Partition]) -> None:
        self.assign(partitions)
        await self._on_assigned(partitions)

    async def revoke(self) -> None:
        revoked = self.assignment()
        self._positions.clear()
        await self._on_revoked(revoked)

    def assign(self, partitions: Iterable[Partition]) -> None:
        self._positions = dict.fromkeys(partitions)
        self._paused.clear()

    def assignment(self) -> frozenset[Partition]:
        return frozenset(self._positions)

    def seek(self, partition: Partition, offset: int) -> None:
        if partition in self._positions:
            self._positions[partition] = offset
            self.resume(partition)

    def pause(self, *partitions: Partition) -> None:
        self._paused.update(partitions)

    def resume(self, *partitions: Partition) -> None:
        self._paused.difference_update(partitions)
        self._broker.wake()

    async def poll(self, timeout_seconds: float = 1.0, max_records: int = 500) -> dict[Partition, list[Received]]:
        deadline = time.monotonic() + timeout_seconds
        while not (polled := self._fetch(max_records)) and (left := deadline - time.monotonic()) > 0:
            await self._broker.grown(left)
        return polled

    async def position(self, partition: Partition) -> int:
        return self._positions[partition] or 0

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        if self._group is not None:
            self._broker.committed(self._group).update(offsets)

    async def beginning_offsets(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        return {partition: self._broker.begin(partition) for partition in partitions}

    async def end_offsets(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        return {partition: self._broker.end(partition) for partition in partitions}

    def _fetch(self, count: int) -> dict[Partition, list[Received]]:
        polled: dict[Partition, list[Received]] = {}
        for partition, position in self._positions.items():
            if position is None or partition in self._paused or self.is_deaf or count <= 0:
                continue
            records = self._broker.read(partition, position, count)
            if records:
                polled[partition] = records
                count -= len(records)
                self._positions[partition] = records[-1].offset + 1
            else:
                self._positions[partition] = self._broker.end(partition)
        return polled


class InMemoryProducer:
    """Confirms at once."""

    def __init__(self, broker: InMemoryBroker) -> None:
        self._broker = broker

    async def publish(self, records: Sequence[Outgoing], timeout_seconds: float = 10.0) -> None:  # noqa: ARG002
        for record in records:
            self._broker.append(record)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class InMemoryAdmin:
    """Looks at the logs."""

    def __init__(self, broker: InMemoryBroker) -> None:
        self._broker = broker

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def ensure_topics(self, topics: Iterable[Topic]) -> None:
        self._broker.ensure_topics(topics)

    async def partitions(self, topics: Iterable[str]) -> frozenset[Partition]:
        return frozenset(partition for topic in topics for partition in self._broker.partitions_of(topic))

    async def beginning_offsets(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        return {partition: self._broker.begin(partition) for partition in partitions}

    async def end_offsets(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        return {partition: self._broker.end(partition) for partition in partitions}

    async def delete_topics(self, topics: Iterable[str]) -> None:
        for topic in topics:
            self._broker.recreate(topic)
