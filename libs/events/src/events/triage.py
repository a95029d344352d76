"""Sorting the records of a batch: what is handled, what is parked, what is skipped.

Pure: given the watermarks and the blocked sequences, the same records give the same answer. A sequence is the events of
one key. After the first event of a sequence that cannot be handled, the later ones wait behind it in order; other
sequences go on.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from events.codec import Message, Received, decode
from events.envelope import Envelope
from events.errors import ForeignTenant, InvalidMessage, UnknownEventType, UnknownEventVersion
from events.partition import Partition
from events.topics import Topic
from events.watermark import AggregateKey, Verdict, Watermark, judge


class SequenceKey(NamedTuple):
    """The events of one key; parking and redriving happen by sequence."""

    topic: str
    key: str


class Reason(StrEnum):
    """Why a record is parked."""

    FAILED = "failed"
    INVALID = "invalid"
    FOREIGN_TENANT = "foreign-tenant"
    DIVERGED = "diverged"
    GAP = "gap"
    BEHIND = "behind"


FAILURES = frozenset({Reason.FAILED, Reason.INVALID, Reason.FOREIGN_TENANT})
"""Reasons that count towards the limit at which a partition stops."""


class Diverged(InvalidMessage):
    """The version was applied with another event: the producer's history has forked."""


class Gap(InvalidMessage):
    """An earlier version of the aggregate is missing."""


class Behind(InvalidMessage):
    """An earlier event of the sequence waits."""


class Arrival(NamedTuple):
    """A record as it was read: a message, or the error that says why it is none."""

    received: Received
    sequence: SequenceKey
    message: Message | None = None
    aggregate: AggregateKey | None = None
    """Absent where the headers could not be read, or lie."""
    error: Exception | None = None
    ignored: bool = False
    """Nobody here knows its type: it counts in its aggregate's versions and nothing else."""

    @property
    def envelope(self) -> Envelope | None:
        return self.message.envelope if self.message else getattr(self.error, "envelope", None)


@dataclass(frozen=True, slots=True)
class Letter:
    """A record to be parked."""

    arrival: Arrival
    reason: Reason
    error: BaseException


@dataclass(frozen=True, slots=True)
class Interest:
    """What a consumer subscribes to."""

    topics: Mapping[str, Topic]
    types: frozenset[str] | None = None
    """Event types; all of the topics where absent."""

    def wants(self, message: Message) -> bool:
        """An erasure concerns everybody who reads the topic."""
        return self.types is None or message.event is None or message.envelope.type in self.types

    def wants_some_version_of(self, event_type: str) -> bool:
        return self.types is None or _name(event_type) in map(_name, self.types)


@dataclass
class Triage:
    """The answer, and what it does to the state that later records of the batch are judged by."""

    interest: Interest
    watermarks: dict[AggregateKey, Watermark]
    blocked: dict[SequenceKey, Reason]
    poison: BaseException | None = None
    """Set when the batch is a single event whose handler has failed for good: it is parked instead of handled."""
    apply: list[Message] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    moved: dict[AggregateKey, Watermark] = field(default_factory=dict)
    newly_blocked: dict[SequenceKey, Reason] = field(default_factory=dict)
    filled: set[SequenceKey] = field(default_factory=set)
    """Sequences whose missing version came: what waits there may be tried."""
    outcomes: dict[Partition, list[bool]] = field(default_factory=dict)
    duplicates: int = 0
    ignored: int = 0

    def sort(self, arrivals: Iterable[Arrival]) -> "Triage":
        for arrival in arrivals:
            if arrival.message is None or arrival.aggregate is None:
                self._unreadable(arrival)
            else:
                self._readable(arrival, arrival.message, arrival.aggregate)
        return self

    def _unreadable(self, arrival: Arrival) -> None:
        error = arrival.error or InvalidMessage()
        if arrival.sequence in self.blocked:
            self._park(arrival, Reason.BEHIND, error)
            return
        self._park(arrival, Reason.FOREIGN_TENANT if isinstance(error, ForeignTenant) else Reason.INVALID, error)

    def _readable(self, arrival: Arrival, message: Message, key: AggregateKey) -> None:
        topic = self.interest.topics[message.topic]
        verdict = judge(self.watermarks.get(key), message.version, message.envelope.id, compacted=topic.compacted)
        blocked = self.blocked.get(arrival.sequence)
        if verdict is Verdict.DUPLICATE:
            self.duplicates += 1
        elif blocked and not (blocked is Reason.GAP and verdict is Verdict.NEXT):
            self._park(arrival, Reason.BEHIND, Behind())
        elif verdict is Verdict.GAP:
            self._park(arrival, Reason.GAP, Gap(f"version {message.version} came before the ones that lead to it"))
        elif verdict is Verdict.DIVERGED:
            self._park(arrival, Reason.DIVERGED, Diverged())
        else:
            self._next(arrival, message, key)

    def _next(self, arrival: Arrival, message: Message, key: AggregateKey) -> None:
        wanted = not arrival.ignored and self.interest.wants(message)
        if self.poison is not None and wanted:
            self._park(arrival, Reason.FAILED, self.poison)
            return
        if arrival.sequence in self.blocked:
            self.filled.add(arrival.sequence)
        self.watermarks[key] = self.moved[key] = Watermark(message.version, message.envelope.id)
        if wanted:
            self.apply.append(message)
            self._note(arrival, succeeded=True)
        else:
            self.ignored += 1

    def _park(self, arrival: Arrival, reason: Reason, error: BaseException) -> None:
        self.letters.append(Letter(arrival, reason, error))
        if reason is not Reason.BEHIND:
            self.blocked[arrival.sequence] = self.newly_blocked[arrival.sequence] = reason
        if reason in FAILURES:
            self._note(arrival, succeeded=False)

    def _note(self, arrival: Arrival, *, succeeded: bool) -> None:
        received = arrival.received
        self.outcomes.setdefault(Partition(received.topic, received.partition), []).append(succeeded)


def arrivals_of(records: Iterable[Received], interest: Interest) -> Iterator[Arrival]:
    """The records, read; whatever cannot be read is an arrival with the reason."""
    for received in records:
        sequence = sequence_of(received)
        try:
            message = decode(received)
        except InvalidMessage as error:
            yield _unread(received, sequence, error, interest)
        except Exception as error:  # noqa: BLE001 - a record must never stop the reader, whatever is wrong with it
            yield Arrival(received, sequence, error=error)
        else:
            aggregate = AggregateKey(received.topic, message.envelope.tenant, message.aggregate_id)
            yield Arrival(received, sequence, message, aggregate)


def _unread(received: Received, sequence: SequenceKey, error: InvalidMessage, interest: Interest) -> Arrival:
    envelope = error.envelope
    if envelope is None or not isinstance(error, UnknownEventType | UnknownEventVersion):
        return Arrival(received, sequence, error=error)
    if isinstance(error, UnknownEventVersion) and interest.wants_some_version_of(envelope.type):
        return Arrival(received, sequence, error=error)
    aggregate = AggregateKey(received.topic, envelope.tenant, UUID(envelope.subject))
    place = received.topic, received.partition, received.offset
    message = Message(envelope, None, *place, aggregate.aggregate_id)
    return Arrival(received, sequence, message, aggregate, error, ignored=True)


def _name(event_type: str) -> str:
    return event_type.rpartition(".v")[0]


def sequence_of(received: Received) -> SequenceKey:
    """A record without a key is a sequence of its own."""
    if received.key is None:
        return SequenceKey(received.topic, f"no key: {received.partition}@{received.offset}")
    return SequenceKey(received.topic, storable(received.key.decode("utf-8", "backslashreplace")))


def storable(text: str) -> str:
    """PostgreSQL holds neither NUL nor lone surrogates in a text."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()
