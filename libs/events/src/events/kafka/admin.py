"""Makes the topics of an installation, checks those that exist, and answers where their logs begin and end."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka import errors as kafka_errors
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from events.errors import BrokerAway, TopicMisconfigured
from events.kafka.closing import bounded, close_consumer
from events.kafka.settings import MAX_MESSAGE_BYTES, KafkaSettings
from events.partition import Partition
from events.topics import Topic

_KNOWN_EVERYWHERE_SECONDS = 15.0

log = structlog.get_logger(__name__)


COMPACTION_LAG = "max.compaction.lag.ms"
FORGOTTEN_AFTER_MILLISECONDS = 24 * 3600 * 1000
"""After so long what was replaced on a topic with personal data must be compacted away, as far as Kafka can."""

VISIBLE_ATTEMPTS = 100
VISIBLE_PAUSE_SECONDS = 0.1


@contextmanager
def answered() -> Iterator[None]:
    """Raises ``BrokerAway`` for what passes by itself, so that nobody else needs to know the client's errors."""
    try:
        yield
    except kafka_errors.KafkaError as error:
        if error.retriable or isinstance(error, kafka_errors.KafkaTimeoutError):
            raise BrokerAway(repr(error)) from error
        raise


class KafkaAdmin:
    """An administrator's connection; use it as a context manager. Everything raises ``BrokerAway`` without a broker."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._admin: Any = None
        self._reader: Any = None

    async def __aenter__(self) -> Self:
        self._admin = AIOKafkaAdminClient(**self._settings.client("admin"))
        self._reader = AIOKafkaConsumer(**self._settings.client("admin"), enable_auto_commit=False)
        try:
            with answered():
                await self._admin.start()
                await self._reader.start()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def ensure_topics(self, topics: Iterable[Topic]) -> None:
        """Every topic exists and keeps its promise; ``TopicMisconfigured`` names each one that does not."""
        wanted = tuple(topics)
        with answered():
            await self._create(wanted)
            await self._verify(wanted)

    async def _create(self, wanted: tuple[Topic, ...]) -> None:
        answer = await self._admin.create_topics([self._new(topic) for topic in wanted])
        for name, code, message in ((entry[0], entry[1], entry[2]) for entry in answer.topic_errors):
            if code not in {kafka_errors.NoError.errno, kafka_errors.TopicAlreadyExistsError.errno}:
                raise TopicMisconfigured(
                    f"{name} cannot be made: {kafka_errors.for_code(code).__name__} {message or ''}"
                )

    async def partitions(self, topics: Iterable[str]) -> frozenset[Partition]:
        """The partitions of those topics that exist."""
        with answered():
            described = await self._admin.describe_topics([self._settings.topic(topic) for topic in topics])
        return frozenset(
            Partition(self._settings.bare(topic["topic"]), partition["partition"])
            for topic in described
            for partition in topic["partitions"]
        )

    async def beginning_offsets(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The first offset still in the log."""
        with answered():
            return self._offsets(await self._reader.beginning_offsets(self._places(partitions)))

    async def end_offsets(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The offset that the next record will have."""
        with answered():
            return self._offsets(await self._reader.end_offsets(self._places(partitions)))

    async def delete_topics(self, topics: Iterable[str]) -> None:
        """Deletes topics with all their records."""
        await self._admin.delete_topics([self._settings.topic(topic) for topic in topics])

    async def _close(self) -> None:
        await bounded("admin", self._admin.close())
        await close_consumer(self._reader)

    def _new(self, topic: Topic) -> NewTopic:
        return NewTopic(
            self._settings.topic(topic.name),
            self._settings.partitions,
            self._settings.replication_factor,
            topic_configs=configuration(topic),
        )

    async def _verify(self, topics: tuple[Topic, ...]) -> None:
        found = await self._visible_configurations(topics)
        complaints = [
            f"{self._settings.topic(topic.name)}: {name} is {found[topic.name].get(name)}, not {wanted}"
            for topic in topics
            for name, wanted in configuration(topic).items()
            if name != COMPACTION_LAG and not _keeps(name, found[topic.name].get(name), wanted)
        ]
        self._compare_lags(topics, found)
        if complaints:
            raise TopicMisconfigured("; ".join(complaints))
        await self._compare_partitions(topics)

    def _compare_lags(self, topics: tuple[Topic, ...], found: Mapping[str, Mapping[str, str]]) -> None:
        """A topic that was made without the limit is no reason to stand still; somebody should set it."""
        for topic in topics:
            lag = found[topic.name].get(COMPACTION_LAG)
            if topic.personal and (lag is None or int(lag) > FORGOTTEN_AFTER_MILLISECONDS):
                wanted = FORGOTTEN_AFTER_MILLISECONDS
                log.warning(
                    "topic keeps personal data too long", topic=topic.name, setting=COMPACTION_LAG, wanted=wanted
                )

    async def _visible_configurations(self, topics: tuple[Topic, ...]) -> Mapping[str, Mapping[str, str]]:
        """A topic that was just made has no configuration on this broker until its metadata has arrived there."""
        for _ in range(VISIBLE_ATTEMPTS):
            found = await self._configurations(topics)
            if all(found.values()):
                break
            await asyncio.sleep(VISIBLE_PAUSE_SECONDS)
        return found

    async def _configurations(self, topics: Iterable[Topic]) -> Mapping[str, Mapping[str, str]]:
        """The settings of each topic; one that was made just now may take a moment to be known everywhere."""
        resources = [
            ConfigResource(
                ConfigResourceType.TOPIC, self._settings.topic(topic.name), dict.fromkeys(configuration(topic))
            )
            for topic in topics
        ]
        async with asyncio.timeout(_KNOWN_EVERYWHERE_SECONDS):
            while True:
                answers = await self._admin.describe_configs(resources)
                described = [resource for answer in answers for resource in answer.resources]
                if all(resource[0] == kafka_errors.NoError.errno for resource in described):
                    break
                await asyncio.sleep(0.1)
        return {
            self._settings.bare(resource[3]): {entry[0]: entry[1] for entry in resource[4]} for resource in described
        }

    async def _compare_partitions(self, topics: Iterable[Topic]) -> None:
        """Another number is no fault of the topic: the setting only shapes new ones, and keys must not move."""
        counts: dict[str, int] = {}
        for partition in await self.partitions(topic.name for topic in topics):
            counts[partition.topic] = counts.get(partition.topic, 0) + 1
        for name, count in counts.items():
            if count != self._settings.partitions:
                log.warning("topic keeps its number of partitions", topic=name, partitions=count)

    def _places(self, partitions: Iterable[Partition]) -> list[Any]:
        return [TopicPartition(self._settings.topic(partition.topic), partition.number) for partition in partitions]

    def _offsets(self, offsets: Mapping[Any, int]) -> dict[Partition, int]:
        return {Partition(self._settings.bare(place.topic), place.partition): at for place, at in offsets.items()}


def configuration(topic: Topic) -> dict[str, str]:
    """What the topic must be set to: history for ever, or the newest state of each aggregate for ever."""
    kept = {"cleanup.policy": "compact"} if topic.compacted else {"cleanup.policy": "delete", "retention.ms": "-1"}
    if topic.personal:
        kept |= {COMPACTION_LAG: str(FORGOTTEN_AFTER_MILLISECONDS)}
    return {**kept, "max.message.bytes": str(MAX_MESSAGE_BYTES)}


def _keeps(name: str, found: str | None, wanted: str) -> bool:
    if name == "max.message.bytes":
        return found is not None and int(found) >= int(wanted)
    return found == wanted
