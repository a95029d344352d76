"""What a consumer needs of a broker: Kafka through its seam, or the broker of the test kit."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from events.codec import Received
from events.kafka import KafkaAdmin, KafkaConsumer, KafkaSettings
from events.partition import Partition

Listener = Callable[[frozenset[Partition]], Awaitable[None]]


class Reader(Protocol):
    """A member of a group, or a reader of given partitions. New partitions wait for ``seek``."""

    async def start(self) -> None: ...
    async def stop(self) -> bool: ...
    def assign(self, partitions: Iterable[Partition]) -> None: ...
    def seek(self, partition: Partition, offset: int) -> None: ...
    def pause(self, *partitions: Partition) -> None: ...
    def resume(self, *partitions: Partition) -> None: ...
    async def poll(self, timeout_seconds: float = 1.0, max_records: int = 500) -> dict[Partition, list[Received]]: ...
    async def position(self, partition: Partition) -> int: ...
    async def commit(self, offsets: Mapping[Partition, int]) -> None: ...
    async def beginning_offsets(self, partitions: Iterable[Partition]) -> dict[Partition, int]: ...
    async def end_offsets(self, partitions: Iterable[Partition]) -> dict[Partition, int]: ...


class Admin(Protocol):
    """Looks at logs from outside of the reading loop."""

    async def partitions(self, topics: Iterable[str]) -> frozenset[Partition]: ...
    async def beginning_offsets(self, partitions: Iterable[Partition]) -> dict[Partition, int]: ...
    async def end_offsets(self, partitions: Iterable[Partition]) -> dict[Partition, int]: ...


class Broker(Protocol):
    """Makes readers and admins."""

    def reader(
        self, topics: Iterable[str], group: str | None, on_assigned: Listener, on_revoked: Listener
    ) -> Reader: ...

    def admin(self) -> AbstractAsyncContextManager[Admin]: ...


class KafkaBroker:
    """Kafka."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    def reader(self, topics: Iterable[str], group: str | None, on_assigned: Listener, on_revoked: Listener) -> Reader:
        return KafkaConsumer(self._settings, topics, group=group, on_assigned=on_assigned, on_revoked=on_revoked)

    def admin(self) -> AbstractAsyncContextManager[Admin]:
        return KafkaAdmin(self._settings)
