"""Receives records: no deserializer, no committed offset that anybody relies on, no position that was not set by us.

A partition that is newly assigned stays paused until ``seek`` has said where to go on: the offset in PostgreSQL
decides, never the one in Kafka. ``commit`` is for lag tools alone. ``poll`` raises ``PositionLost`` when a position is
outside the log; it never resets by itself.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka import errors as kafka_errors
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

from events.codec import Received
from events.errors import EventsError
from events.kafka.closing import close_consumer
from events.kafka.settings import MAX_MESSAGE_BYTES, KafkaSettings
from events.partition import Partition

SESSION_TIMEOUT_SECONDS = 45
REBALANCE_TIMEOUT_SECONDS = 60
"""A batch must be done within it once partitions are revoked; longer than any drain, shorter than a pod's grace."""


class PositionLost(EventsError):
    """The position is outside the log: records were deleted, or the topic was made anew."""

    def __init__(self, partitions: Mapping[Partition, int]) -> None:
        super().__init__(f"outside the log: {dict(partitions)}")
        self.partitions = partitions


Listener = Callable[[frozenset[Partition]], Awaitable[None]]


async def _nothing(_partitions: frozenset[Partition]) -> None:
    return None


class KafkaConsumer:
    """One member of a group, or (``group=None``) a reader of the partitions it is told to ``assign``."""

    def __init__(
        self,
        settings: KafkaSettings,
        topics: Iterable[str] = (),
        *,
        group: str | None = None,
        on_assigned: Listener = _nothing,
        on_revoked: Listener = _nothing,
        session_timeout_seconds: float = SESSION_TIMEOUT_SECONDS,
        rebalance_timeout_seconds: float = REBALANCE_TIMEOUT_SECONDS,
    ) -> None:
        self._settings = settings
        self._topics = tuple(topics)
        self._listener = _Listener(self, on_assigned, on_revoked)
        self._client: Any = None
        self._group = group
        self._session_timeout_ms = int(session_timeout_seconds * 1000)
        self._rebalance_timeout_ms = int(rebalance_timeout_seconds * 1000)

    async def start(self) -> None:
        """Connects and joins the group."""
        self._client = AIOKafkaConsumer(
            **self._settings.client(self._group or "reader"),
            group_id=None if self._group is None else self._settings.topic(self._group),
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            session_timeout_ms=self._session_timeout_ms,
            heartbeat_interval_ms=min(3_000, self._session_timeout_ms // 3),
            rebalance_timeout_ms=self._rebalance_timeout_ms,
            max_poll_interval_ms=300_000,
            partition_assignment_strategy=(StickyPartitionAssignor,),
            max_partition_fetch_bytes=2 * MAX_MESSAGE_BYTES,
            fetch_max_wait_ms=100,
            max_poll_records=500,
        )
        if self._topics:
            self._client.subscribe([self._settings.topic(topic) for topic in self._topics], listener=self._listener)
        await self._client.start()

    async def stop(self) -> bool:
        """Leaves the group within 10 s; False if it hung."""
        client, self._client = self._client, None
        return client is None or await close_consumer(client)

    def assign(self, partitions: Iterable[Partition]) -> None:
        """Reads just these partitions, without a group; each needs a ``seek``."""
        wanted = frozenset(partitions)
        self._client.assign([self._outer(partition) for partition in wanted])
        self.hold(wanted)

    def assignment(self) -> frozenset[Partition]:
        return frozenset(self._inner(partition) for partition in self._client.assignment())

    def hold(self, partitions: Iterable[Partition]) -> None:
        """Paused, with a position that nobody reads from.

        Without any it would be looked up in the group's offsets, and the error of finding none would come before the
        records of all other partitions, at every poll.
        """
        for partition in partitions:
            self._client.pause(self._outer(partition))
            self._client.seek(self._outer(partition), 0)

    def seek(self, partition: Partition, offset: int) -> None:
        """Goes on from here, and lets records of the partition flow."""
        self._client.seek(self._outer(partition), offset)
        self._client.resume(self._outer(partition))

    def pause(self, *partitions: Partition) -> None:
        self._client.pause(*map(self._outer, partitions))

    def resume(self, *partitions: Partition) -> None:
        self._client.resume(*map(self._outer, partitions))

    async def poll(self, timeout_seconds: float = 1.0, max_records: int = 500) -> dict[Partition, list[Received]]:
        """The next records of each partition that is not paused, in order; empty when none came in time."""
        try:
            fetched = await self._client.getmany(timeout_ms=int(timeout_seconds * 1000), max_records=max_records)
        except kafka_errors.NoOffsetForPartitionError:
            return {}  # a partition still waits for its seek
        except kafka_errors.OffsetOutOfRangeError as error:
            raise PositionLost({self._inner(place): offset for place, offset in error.args[0].items()}) from error
        return {self._inner(place): self._received(place, records) for place, records in fetched.items() if records}

    async def position(self, partition: Partition) -> int:
        """The offset that the next poll reads: past control records, and past whatever compaction removed."""
        return int(await self._client.position(self._outer(partition)))

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Tells Kafka the next offsets, for tools that show lag; a failure is no harm. Without a group nobody looks."""
        if self._group is None:
            return
        await self._client.commit({self._outer(partition): offset for partition, offset in offsets.items()})

    async def beginning_offsets(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The first offset still in the log."""
        offsets = await self._client.beginning_offsets([self._outer(partition) for partition in partitions])
        return {self._inner(place): offset for place, offset in offsets.items()}

    async def end_offsets(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The offset that the next record will have."""
        offsets = await self._client.end_offsets([self._outer(partition) for partition in partitions])
        return {self._inner(place): offset for place, offset in offsets.items()}

    def _outer(self, partition: Partition) -> Any:
        return TopicPartition(self._settings.topic(partition.topic), partition.number)

    def _inner(self, place: Any) -> Partition:
        return Partition(self._settings.bare(place.topic), place.partition)

    def _received(self, place: Any, records: Sequence[Any]) -> list[Received]:
        topic, number = self._inner(place)
        return [Received(topic, number, r.offset, r.timestamp, r.key, r.value, r.headers) for r in records]


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Hands rebalances on, with new partitions paused before anybody can read from the group's own offset."""

    def __init__(self, consumer: KafkaConsumer, on_assigned: Listener, on_revoked: Listener) -> None:
        self._consumer = consumer
        self._on_assigned = on_assigned
        self._on_revoked = on_revoked

    async def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        if self._consumer._client is None:  # noqa: SLF001
            return  # it is stopping: what it is still given goes to others in a moment
        partitions = frozenset(self._consumer._inner(place) for place in assigned)  # noqa: SLF001
        self._consumer.hold(partitions)
        await self._on_assigned(partitions)

    async def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        await self._on_revoked(frozenset(self._consumer._inner(place) for place in revoked))  # noqa: SLF001
