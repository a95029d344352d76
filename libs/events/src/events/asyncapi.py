"""The AsyncAPI 3 document: every topic, every event on it, who sends and who receives, drawn from the registry.

Format: https://www.asyncapi.com/docs/reference/specification/v3.1.0, Kafka bindings 0.5.0.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from events.event import REGISTRY, Event
from events.schema import schema_of
from events.topics import TOPICS, Topic

JsonObject = dict[str, Any]

_HEADERS: JsonObject = {
    "type": "object",
    "required": [
        "content-type",
        "ce_specversion",
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_subject",
        "ce_time",
        "ce_tenantid",
    ],
    "properties": {
        "content-type": {"type": "string", "const": "application/json"},
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {"type": "string", "format": "uuid", "description": "Unique for each event; deduplicate by it."},
        "ce_source": {"type": "string", "format": "uri-reference"},
        "ce_type": {"type": "string"},
        "ce_subject": {"type": "string", "format": "uuid", "description": "Id of the aggregate."},
        "ce_time": {
            "type": "string",
            "format": "date-time",
            "description": "When it was committed, by the producer's database.",
        },
        "ce_dataschema": {"type": "string", "format": "uri"},
        "ce_tenantid": {"type": "string", "format": "uuid"},
        "ce_aggregateversion": {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "1, 2, 3, ... for each aggregate.",
        },
        "ce_partitionkey": {"type": "string"},
        "ce_correlationid": {"type": "string"},
        "ce_causationid": {"type": "string"},
        "ce_actor": {"type": "string"},
        "ce_traceparent": {"type": "string"},
        "traceparent": {"type": "string"},
    },
}


def document(
    version: str, topics: Iterable[Topic] = TOPICS, registry: Mapping[str, type[Event]] = REGISTRY
) -> JsonObject:
    """The whole document; ``version`` is the platform's."""
    topics = tuple(topics)
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Dealstream events",
            "version": version,
            "description": (
                "Domain events in CloudEvents 1.0 Kafka binary mode. Delivered at least once, in order for each key; "
                "`ce_id` identifies an event and `ce_aggregateversion` its place in the life of its aggregate."
            ),
        },
        "servers": {
            "kafka": {"host": "localhost:8711", "protocol": "kafka", "description": "The local platform's broker."}
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic, registry) for topic in topics},
        "operations": dict(operation for topic in topics for operation in _operations(topic)),
        "components": {
            "messages": {name: _message(event_type) for name, event_type in sorted(registry.items())},
            "schemas": _schemas(registry),
        },
    }


def _channel(topic: Topic, registry: Mapping[str, type[Event]]) -> JsonObject:
    on_topic = [name for name, event_type in sorted(registry.items()) if event_type.topic == topic]
    retention = (
        {"cleanup.policy": ["compact"]} if topic.compacted else {"cleanup.policy": ["delete"], "retention.ms": -1}
    )
    return {
        "address": topic.name,
        "description": "Only the newest state of each aggregate is kept." if topic.compacted else "Kept for ever.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in on_topic},
        "bindings": {
            "kafka": {"partitions": topic.partitions, "topicConfiguration": retention, "bindingVersion": "0.5.0"}
        },
    }


def _operations(topic: Topic) -> Iterable[tuple[str, JsonObject]]:
    channel = {"$ref": f"#/channels/{topic.name}"}
    yield f"{topic.owner}.send.{topic.name}", {"action": "send", "channel": channel}
    for consumer in topic.consumers:
        yield f"{consumer}.receive.{topic.name}", {"action": "receive", "channel": channel}


def _message(event_type: type[Event]) -> JsonObject:
    return {
        "name": event_type.type,
        "title": event_type.__name__,
        "summary": (event_type.__doc__ or "").strip().partition("\n")[0],
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/Headers"},
        "payload": {"$ref": f"#/components/schemas/{event_type.type}"},
        "bindings": {
            "kafka": {"key": {"type": "string", "description": "tenant:aggregate id"}, "bindingVersion": "0.5.0"}
        },
    }


def _schemas(registry: Mapping[str, type[Event]]) -> JsonObject:
    schemas: JsonObject = {"Headers": _HEADERS}
    for name, event_type in sorted(registry.items()):
        schema = schema_of(event_type)
        shared = {**schema.pop("$defs", {}), name: {key: schema[key] for key in schema.keys() - {"$schema", "$id"}}}
        for shared_name, definition in shared.items():
            placed = _pointing_to_components(definition)
            if schemas.setdefault(shared_name, placed) != placed:
                raise ValueError(f"two different schemas are called {shared_name}")
    return dict(sorted(schemas.items()))


def _pointing_to_components(node: Any) -> Any:
    if isinstance(node, list):
        return [_pointing_to_components(item) for item in node]
    if isinstance(node, dict):
        return {key: _pointing_to_components(value) for key, value in sorted(node.items())}
    if isinstance(node, str) and node.startswith("#/$defs/"):
        return node.replace("#/$defs/", "#/components/schemas/")
    return node
