"""Sends records and says when the broker has them all.

``publish`` returns when every record is confirmed by all in-sync replicas, in order for each key, or raises. After it
has raised, the producer is broken for good (its sequence numbers may have a hole): ``discard`` it and build another.

Records are packed into batches here and not one by one by the client, which would make a future for each.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from struct import unpack_from
from types import TracebackType
from typing import Any, NamedTuple, Self

from aiokafka import AIOKafkaProducer
from aiokafka import errors as kafka_errors

from events import metrics
from events.codec import Headers
from events.errors import PublishFailed, RecordRefused
from events.kafka.closing import bounded
from events.kafka.settings import MAX_MESSAGE_BYTES, KafkaSettings

MAX_BATCH_BYTES = 256 * 1024

_MIX = 0x5BD1E995
_WORD = 0xFFFFFFFF

REFUSALS = (
    kafka_errors.MessageSizeTooLargeError,
    kafka_errors.RecordListTooLargeError,
    kafka_errors.RecordTooLargeError,
    kafka_errors.TopicAuthorizationFailedError,
    kafka_errors.InvalidTopicError,
    kafka_errors.InvalidTimestampError,
    kafka_errors.PolicyViolationError,
)
"""Sending the same record again meets the same answer."""


class Outgoing(NamedTuple):
    """A record and where it goes; the topic without prefix."""

    topic: str
    key: bytes
    value: bytes | None
    headers: Headers
    timestamp_ms: int


class KafkaProducer:
    """An idempotent producer that waits for all in-sync replicas."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._client: Any = None
        self._partitions: dict[str, int] = {}

    async def start(self, timeout_seconds: float = 10.0) -> None:
        """Connects; raises ``PublishFailed`` when no broker answers in time."""
        self._client = AIOKafkaProducer(
            **self._settings.client("relay"),
            acks="all",
            enable_idempotence=True,
            linger_ms=5,
            max_batch_size=MAX_BATCH_BYTES,
            max_request_size=MAX_MESSAGE_BYTES,
            compression_type=None if self._settings.compression == "none" else self._settings.compression,
        )
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._client.start()
        except (kafka_errors.KafkaError, TimeoutError, OSError) as error:
            await self.discard()
            raise PublishFailed(f"no broker at {self._settings.bootstrap_servers}: {error!r}") from error

    async def publish(self, records: Sequence[Outgoing], timeout_seconds: float = 10.0) -> None:
        """All records confirmed when it returns; ``RecordRefused`` if one never will be, else ``PublishFailed``."""
        with metrics.OPERATION_DURATION.labels("send").time():
            try:
                async with asyncio.timeout(timeout_seconds):
                    await self._send(records)
            except REFUSALS as error:
                raise RecordRefused(f"{type(error).__name__}: {error}") from error
            except TimeoutError as error:
                raise PublishFailed(f"not confirmed within {timeout_seconds} s") from error
            except (kafka_errors.KafkaError, OSError) as error:
                raise PublishFailed(f"{type(error).__name__}: {error}") from error

    async def stop(self) -> None:
        """Ends after a last confirmed page."""
        client, self._client = self._client, None
        if client is not None and not await bounded("producer", client.stop()):
            await bounded("producer", _abandon(client), 5.0)

    async def discard(self) -> None:
        """Throws the producer away with all that it has not sent: a relay without lease must not send it later."""
        client, self._client = self._client, None
        if client is None or client._closed:  # noqa: SLF001
            return
        client._closed = True  # noqa: SLF001  (stop() would first flush, for ever if the broker is gone)
        await bounded("producer", _abandon(client), 5.0)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await (self.stop() if error is None else self.discard())

    async def _send(self, records: Sequence[Outgoing]) -> None:
        lanes = await self._lanes(records)
        confirmed = await asyncio.gather(*(self._send_lane(*lane) for lane in lanes.items()), return_exceptions=True)
        failures = [answer for answer in confirmed if isinstance(answer, BaseException)]
        for failure in failures:
            if isinstance(failure, REFUSALS):
                raise failure
        for failure in failures:
            raise failure

    async def _lanes(self, records: Iterable[Outgoing]) -> Mapping[tuple[str, int], list[Outgoing]]:
        """The records of each partition, in their order."""
        lanes: dict[tuple[str, int], list[Outgoing]] = {}
        for record in records:
            count = self._partitions.get(record.topic) or await self._count(record.topic)
            lanes.setdefault((record.topic, partition_of(record.key, count)), []).append(record)
        return lanes

    async def _count(self, topic: str) -> int:
        partitions = await self._client.partitions_for(self._settings.topic(topic))
        self._partitions[topic] = len(partitions)
        return len(partitions)

    async def _send_lane(self, place: tuple[str, int], records: Sequence[Outgoing]) -> None:
        topic, partition = place
        sent = []
        for batch in self._batches(records):
            future = await self._client.send_batch(batch, self._settings.topic(topic), partition=partition)
            future.add_done_callback(_observed)
            sent.append(future)
        await asyncio.gather(*sent)
        metrics.SENT.labels(topic).inc(len(records))

    def _batches(self, records: Sequence[Outgoing]) -> Iterable[Any]:
        """Full batches, closed so that the client does not let them linger."""
        batch = self._client.create_batch()
        for record in records:
            added = _add(batch, record)
            if not added:
                yield batch
                batch = self._client.create_batch()
                _add(batch, record)
        batch.close()
        yield batch


def _add(batch: Any, record: Outgoing) -> bool:
    added = batch.append(key=record.key, value=record.value, timestamp=record.timestamp_ms, headers=record.headers)
    return added is not None


def _observed(future: asyncio.Future[object]) -> None:
    """A batch may fail after another has failed the page already; nobody asks for it then."""
    if not future.cancelled():
        future.exception()


@lru_cache(maxsize=65_536)
def partition_of(key: bytes, count: int) -> int:
    """The partition of a key, as every Kafka client chooses it; remembered because the hash is slow in Python."""
    return (_murmur2(key) & 0x7FFFFFFF) % count


def _murmur2(key: bytes) -> int:
    """The hash of Kafka's default partitioner, over whole words; the client's own goes byte by byte."""
    words, rest = divmod(len(key), 4)
    hashed = 0x9747B28C ^ len(key)
    for word in unpack_from(f"<{words}I", key):
        mixed = word * _MIX & _WORD
        hashed = (hashed * _MIX & _WORD) ^ ((mixed ^ mixed >> 24) * _MIX & _WORD)
    if rest:
        hashed = (hashed ^ int.from_bytes(key[-rest:], "little")) * _MIX & _WORD
    hashed = (hashed ^ hashed >> 13) * _MIX & _WORD
    return hashed ^ hashed >> 15


async def _abandon(client: Any) -> None:
    sender = client._sender.sender_task  # noqa: SLF001
    if sender is not None:
        sender.cancel()
    await client.client.close()
    if sender is not None:
        await asyncio.wait([sender], timeout=3)
    client._message_accumulator.fail_all(kafka_errors.ProducerClosed())  # noqa: SLF001
