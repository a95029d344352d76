"""What is written is what is read; what does not say exactly what it should is refused with the reason."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from hypothesis import HealthCheck, given, settings

from events.catalogue.deals import DealOpened
from events.codec import Message, Received, Record, decode, encode, type_of
from events.envelope import Envelope, Marks, partition_key_of
from events.errors import EventNotStamped, InvalidMessage, UnknownEventType, UnknownEventVersion
from events.event import REGISTRY, Event
from events.schema import schema_of
from relay_world import NOON, TENANT, won
from schema_values import values_of

TRACE = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01"


def an_envelope(event: Event, **changes: Any) -> Envelope:
    envelope = Envelope(
        id=UUID("01999999-0000-7000-8000-000000000001"),
        type=event.type,
        source=f"/dealstream/{event.topic.owner}",
        subject=str(event.state.id),
        time=datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC),
        tenant=TENANT,
        aggregate_version=7,
        partition_key=partition_key_of(TENANT, event.state.id),
        correlation_id=UUID("01999999-0000-7000-8000-000000000002"),
        causation_id=UUID("01999999-0000-7000-8000-000000000003"),
        actor="person:Lan",
        traceparent=TRACE,
    )
    return replace(envelope, **changes)


def received(record: Record, topic: str = "deals.deal") -> Received:
    return Received(topic, 3, 41, 0, record.key, record.value, tuple(record.headers))


def a_message(**changes: Any) -> Received:
    event = won(uuid4())
    return received(encode(event, an_envelope(event)))._replace(**changes)


def with_header(message: Received, name: str, value: bytes | None) -> Received:
    others = tuple(header for header in message.headers if header[0] != name)
    return message._replace(headers=others if value is None else (*others, (name, value)))


def test_an_event_comes_back_as_it_went() -> None:
    event = won(uuid4())
    message = decode(received(encode(event, an_envelope(event))))
    assert message == Message(an_envelope(event), event, "deals.deal", 3, 41, event.deal.id)
    assert message.version == 7


def test_optional_marks_may_be_absent() -> None:
    event = won(uuid4())
    bare = an_envelope(event, correlation_id=None, causation_id=None, actor=None, traceparent=None)
    record = encode(event, bare)
    assert decode(received(record)).envelope == bare
    assert not {"ce_actor", "traceparent", "ce_correlationid"} & dict(record.headers).keys()
    assert Marks().headers() == {}


@pytest.mark.parametrize("type_", sorted(REGISTRY))
def test_every_event_of_the_catalogue_survives_the_wire(type_: str) -> None:
    kind = REGISTRY[type_]

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(values_of(schema_of(kind)))
    def survives(data: dict[str, Any]) -> None:
        event = kind.model_validate_json(json.dumps(data))
        envelope = an_envelope_for(event)
        assert decode(received(encode(event, envelope), kind.topic.name)).event == event

    survives()


def an_envelope_for(event: Event) -> Envelope:
    subject = str(getattr(event.state, "id", UUID(int=7)))
    return Envelope(
        id=uuid4(),
        type=event.type,
        source="/dealstream/x",
        subject=subject,
        time=NOON,
        tenant=TENANT,
        aggregate_version=1,
        partition_key=partition_key_of(TENANT, subject),
    )


def test_a_tombstone_has_an_envelope_and_no_event() -> None:
    message = decode(with_header(a_message(value=None), "ce_type", b"dealstream.contact.erased.v1"))
    assert message.event is None
    assert message.envelope.type == "dealstream.contact.erased.v1"


def test_an_unstamped_event_is_not_written() -> None:
    with pytest.raises(EventNotStamped):
        encode(DealOpened(), an_envelope(won(uuid4())))


def test_fields_of_a_newer_writer_are_ignored() -> None:
    message = a_message()
    assert message.value
    data = json.loads(message.value)
    data["mood"] = data["deal"]["mood"] = "good"
    assert decode(message._replace(value=json.dumps(data).encode())) == decode(message)


def test_the_official_library_reads_what_we_write() -> None:
    message = a_message()
    assert message.value
    event = from_binary(KafkaMessage(dict(message.headers), message.key, message.value), JSONFormat())
    assert event.get_type() == "dealstream.deal.won.v1"
    assert event.get_time() == datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
    assert event.get_extension("tenantid") == str(TENANT)
    assert event.get_extension("aggregateversion") == "7"
    assert event.get_data() == json.loads(message.value)


def test_structured_mode_as_the_official_library_writes_it_is_read() -> None:
    message = a_message()
    assert message.value
    event = from_binary(KafkaMessage(dict(message.headers), message.key, message.value), JSONFormat())
    structured = to_structured(event, JSONFormat())
    as_one = message._replace(
        headers=(*structured.headers.items(), ("traceparent", TRACE.encode())), value=structured.value
    )
    again = decode(as_one)
    assert (again.event, again.envelope) == (decode(message).event, decode(message).envelope)


def test_the_type_is_read_without_decoding() -> None:
    assert type_of(a_message()) == "dealstream.deal.won.v1"
    assert type_of(with_header(a_message(), "ce_type", None)) is None


REQUIRED = ["content-type", "ce_specversion", "ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "ce_tenantid"]


@pytest.mark.parametrize("name", [*REQUIRED, "ce_aggregateversion", "ce_partitionkey"])
def test_a_missing_header_is_refused(name: str) -> None:
    with pytest.raises(InvalidMessage):
        decode(with_header(a_message(), name, None))


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("content-type", b"application/avro", "application/avro"),
        ("content-type", b"\xff\xfe", "content type"),
        ("ce_specversion", b"0.3", "ce_specversion"),
        ("ce_id", b"17", "ce_id"),
        ("ce_id", b"\xff\xfe\x00", "ce_id"),
        ("ce_source", b"\xff\xfe", "ce_source"),
        ("ce_time", b"yesterday", "ce_time"),
        ("ce_time", b"2026-03-02T12:00:00", "ce_time"),
        ("ce_tenantid", b"acme", "ce_tenantid"),
        ("ce_aggregateversion", b"-1", "ce_aggregateversion"),
        ("ce_aggregateversion", b"1.5", "ce_aggregateversion"),
        ("ce_correlationid", b"x", "ce_correlationid"),
        ("ce_subject", b"deal-1", "malformed"),
    ],
)
def test_a_malformed_header_is_refused_with_its_name(name: str, value: bytes, reason: str) -> None:
    with pytest.raises(InvalidMessage, match=reason):
        decode(with_header(a_message(), name, value))


@pytest.mark.parametrize(
    "value",
    [b"", b"{", b"null", b"[]", b'"text"', b"\xff\xfe{}", b'{"seconds_open": 1}', b'{"seconds_open": "many"}'],
)
def test_data_that_does_not_fit_is_refused(value: bytes) -> None:
    with pytest.raises(InvalidMessage):
        decode(a_message(value=value))


def test_the_reason_does_not_repeat_the_data() -> None:
    message = a_message()
    assert message.value
    data = {**json.loads(message.value), "seconds_open": "lan@example.vn"}
    with pytest.raises(InvalidMessage) as refusal:
        decode(message._replace(value=json.dumps(data).encode()))
    assert "lan@example.vn" not in str(refusal.value)
    assert "seconds_open" in str(refusal.value)


def test_another_tenant_in_the_key_than_in_the_headers_is_refused() -> None:
    message = a_message()
    assert message.key
    foreign = message.key.replace(b"00000000000a", b"00000000000b")
    with pytest.raises(InvalidMessage):
        decode(message._replace(key=foreign))
    with pytest.raises(InvalidMessage):
        decode(with_header(message, "ce_tenantid", b"01999999-0000-7000-8000-00000000000b"))
    with pytest.raises(InvalidMessage):
        decode(with_header(message._replace(key=foreign), "ce_partitionkey", foreign))
    with pytest.raises(InvalidMessage):
        decode(message._replace(key=None))


def test_data_of_another_aggregate_is_refused() -> None:
    mine, other = won(uuid4()), won(uuid4())
    with pytest.raises(InvalidMessage, match="another aggregate"):
        decode(received(encode(other, an_envelope(mine))))


def test_an_event_on_a_topic_that_is_not_its_own_is_refused() -> None:
    with pytest.raises(InvalidMessage, match=r"belongs on deals\.deal"):
        decode(a_message(topic="leads.lead"))


def test_unknown_types_and_unknown_versions_are_told_apart() -> None:
    with pytest.raises(UnknownEventType):
        decode(with_header(a_message(), "ce_type", b"dealstream.deal.eaten.v1"))
    with pytest.raises(UnknownEventVersion):
        decode(with_header(a_message(), "ce_type", b"dealstream.deal.won.v2"))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"specversion": "1.0"}', "malformed"),
        (b'{"specversion": "1.0", "data_base64": "?"}', "base64"),
        (b'{"specversion": "1.0", "data_base64": 5}', "base64"),
    ],
)
def test_a_broken_structured_message_is_refused(value: bytes, reason: str) -> None:
    with pytest.raises(InvalidMessage, match=reason):
        decode(with_header(a_message(value=value), "content-type", b"application/cloudevents+json"))
