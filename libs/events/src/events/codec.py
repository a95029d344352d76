"""Bytes and headers <-> events: CloudEvents 1.0 over Kafka, JSON data.

Written in binary mode (headers carry the envelope, the value is the data alone), read in binary and structured mode.
A message that does not say exactly what it should is an ``InvalidMessage``: wrong content type, missing or malformed
headers, a key that names another tenant or aggregate than the headers, an event on a topic that is not its own, data
that does not fit the event. Fields that a newer writer added are ignored.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

import events.catalogue  # noqa: F401  (completes the registry)
from events.envelope import SPEC_VERSION, Envelope, Marks, rfc3339
from events.errors import EventNotStamped, ForeignTenant, InvalidMessage, UnknownEventType, UnknownEventVersion
from events.event import REGISTRY, Event
from events.topics import Topic

BINARY = b"application/json"
STRUCTURED = b"application/cloudevents+json"

Headers = list[tuple[str, bytes]]


class Record(NamedTuple):
    """What is sent to Kafka."""

    key: bytes
    value: bytes | None
    headers: Headers


class Received(NamedTuple):
    """What came from Kafka; the topic is named without the prefix of the installation."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Message:
    """An event as a handler sees it: typed, with its envelope and its place in the log."""

    envelope: Envelope
    event: Event | None
    """Absent when the aggregate was erased (a tombstone on a compacted topic)."""
    topic: str
    partition: int
    offset: int
    aggregate_id: UUID

    @property
    def version(self) -> int:
        """Place of the event in its aggregate's history, from 1."""
        return self.envelope.aggregate_version


def tombstone_type(topic: Topic) -> str:
    """The type that the headers of a tombstone carry; its value is null."""
    return f"dealstream.{topic.aggregate}.erased.v1"


def encode(event: Event, envelope: Envelope) -> Record:
    """The event in binary mode."""
    marks = Marks(envelope.correlation_id, envelope.causation_id, envelope.actor, envelope.traceparent)
    return Record(
        key=envelope.partition_key.encode(),
        value=encode_data(event),
        headers=encode_headers(
            type=envelope.type,
            source=envelope.source,
            id=str(envelope.id),
            subject=envelope.subject,
            time=rfc3339(envelope.time),
            tenant=str(envelope.tenant),
            aggregate_version=envelope.aggregate_version,
            marks=marks.headers(),
        ),
    )


def encode_data(event: Event) -> bytes:
    """The value of the event's record; only a stamped event has one."""
    if not event.is_stamped:
        raise EventNotStamped(f"{event.type} has no time or no state yet")
    return event.__pydantic_serializer__.to_json(event)


_fixed: dict[tuple[str, str], Headers] = {}
"""The headers that are the same for all events of a type, encoded once."""


def encode_headers(  # noqa: PLR0917
    type: str,  # noqa: A002
    source: str,
    id: str,  # noqa: A002
    subject: str,
    time: str,
    tenant: str,
    aggregate_version: int,
    marks: Mapping[str, str],
) -> Headers:
    """The headers of binary mode."""
    fixed = _fixed.get((type, source))
    if fixed is None:
        fixed = _fixed[type, source] = [
            ("content-type", BINARY),
            ("ce_specversion", SPEC_VERSION.encode()),
            ("ce_type", type.encode()),
            ("ce_source", source.encode()),
        ]
    return [
        *fixed,
        ("ce_id", id.encode()),
        ("ce_subject", subject.encode()),
        ("ce_time", time.encode()),
        ("ce_tenantid", tenant.encode()),
        ("ce_aggregateversion", b"%d" % aggregate_version),
        ("ce_partitionkey", f"{tenant}:{subject}".encode()),
        *[(name, mark.encode()) for name, mark in marks.items()],
    ]


def decode(received: Received) -> Message:
    """The message as a typed event; raises ``InvalidMessage`` with the reason."""
    headers: Mapping[str, Any] = dict(received.headers)
    content_type = headers.get("content-type", b"").partition(b";")[0].strip()
    if content_type == BINARY or received.value is None:
        return _message(received, headers, received.value)
    if content_type == STRUCTURED:
        attributes, data = _unwrapped(received.value)
        return _message(received, {"traceparent": headers.get("traceparent"), **attributes}, data)
    raise InvalidMessage(f"content type {content_type.decode('utf-8', 'replace')!r} is none that is read here")


def type_of(received: Received) -> str | None:
    """The event type by the headers alone, for a reader that picks types before it decodes; None if not there."""
    for name, value in received.headers:
        if name == "ce_type":
            return value.decode("utf-8", "replace")
    return None


def _message(received: Received, attributes: Mapping[str, Any], data: bytes | None) -> Message:
    if attributes.get("ce_specversion") not in _SPEC_VERSIONS:
        raise InvalidMessage(f"ce_specversion is {attributes.get('ce_specversion')!r}, not {SPEC_VERSION}")
    try:
        envelope = _envelopes.validate_python(attributes)
        aggregate_id: UUID = _ids.validate_python(envelope.subject)
    except ValidationError as error:
        raise InvalidMessage(f"the envelope is malformed: {_places(error)}") from error
    try:
        _check_key(received, envelope)
        event = None if data is None else _event(received.topic, envelope.type, data)
        _check_aggregate(event, aggregate_id)
    except InvalidMessage as error:
        error.envelope = envelope
        raise
    return Message(envelope, event, received.topic, received.partition, received.offset, aggregate_id)


def _check_key(received: Received, envelope: Envelope) -> None:
    """Key and headers must name the same tenant and aggregate: nothing crosses tenants by a forged or mixed record."""
    due = f"{envelope.tenant}:{envelope.subject}"
    for name, key in (("record's key", received.key), ("partition key", envelope.partition_key.encode())):
        if key == due.encode():
            continue
        if key is not None and key.partition(b":")[0] != str(envelope.tenant).encode():
            raise ForeignTenant(f"the {name} names another tenant than {envelope.tenant}")
        raise InvalidMessage(f"the {name} is not {due}")


def _check_aggregate(event: Event | None, aggregate_id: UUID) -> None:
    if event is not None and getattr(event.state, "id", aggregate_id) != aggregate_id:
        raise InvalidMessage(f"the data is of another aggregate than {aggregate_id}")


def _event(topic: str, type: str, data: bytes) -> Event:  # noqa: A002
    known = REGISTRY.get(type)
    if known is None:
        raise _unknown(type)
    if known.topic.name != topic:
        raise InvalidMessage(f"{type} belongs on {known.topic.name}, not on {topic}")
    try:
        event: Event = known.__pydantic_validator__.validate_json(data)
    except ValidationError as error:
        raise InvalidMessage(f"the data does not fit {type}: {_places(error)}") from error
    if not event.is_stamped:
        raise InvalidMessage(f"the data of {type} lacks occurred_at or {known.topic.aggregate}")
    return event


def _unknown(type: str) -> InvalidMessage:  # noqa: A002
    name = type.rpartition(".v")[0]
    if any(known.rpartition(".v")[0] == name for known in REGISTRY):
        return UnknownEventVersion(f"{type} is a version of {name} that is not known here")
    return UnknownEventType(f"{type} is not known here")


def _unwrapped(value: bytes) -> tuple[Mapping[str, Any], bytes | None]:
    """Attributes (named as headers) and data of a structured message."""
    try:
        document = from_json(value)
    except ValueError as error:
        raise InvalidMessage("the structured message is not JSON") from error
    if not isinstance(document, dict):
        raise InvalidMessage("the structured message is not a JSON object")
    attributes = {
        f"ce_{name}": attribute for name, attribute in document.items() if name not in {"data", "data_base64"}
    }
    if "traceparent" in document:
        attributes["traceparent"] = document["traceparent"]
    return attributes, _structured_data(document)


def _structured_data(document: Mapping[str, Any]) -> bytes | None:
    if "data_base64" in document:
        try:
            return base64.b64decode(document["data_base64"], validate=True)
        except (binascii.Error, TypeError, ValueError) as error:
            raise InvalidMessage("data_base64 is not base64") from error
    return to_json(document["data"]) if document.get("data") is not None else None


def _places(error: ValidationError) -> str:
    """Where and why, without the values: they may be personal data."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'value'}: {fault['msg']}" for fault in faults[:5])


_SPEC_VERSIONS = (SPEC_VERSION, SPEC_VERSION.encode())
_envelopes = TypeAdapter(Envelope).validator
_ids = TypeAdapter(UUID).validator
