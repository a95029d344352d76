"""Keeps this service's read copy of identity from identity's topics.

Group ``<service>.directory``: renaming it reads everything again, which is harmless here, a state only ever replaces
an older one. All topics are compacted: each record carries the whole state, a tombstone removes it.
"""

from collections.abc import Sequence
from typing import Any

from chassis import directory_store as store
from chassis.resources import Resources
from events.codec import Message
from events.consumer import Consumer
from events.topics import IDENTITY_API_KEY, IDENTITY_PERSON, IDENTITY_REGION, IDENTITY_TEAM, IDENTITY_TENANT

TOPICS = (IDENTITY_TENANT, IDENTITY_PERSON, IDENTITY_TEAM, IDENTITY_REGION, IDENTITY_API_KEY)


def group_of(service: str) -> str:
    return f"{service}.directory"


def directory_consumer(resources: Resources) -> Consumer:
    return Consumer(group_of(resources.service), TOPICS, keep, resources.pool, resources.kafka)


async def keep(connection: Any, messages: Sequence[Message]) -> None:
    """Write the newest state of each record of the batch."""
    newest = {(message.topic, message.envelope.tenant, message.aggregate_id): message for message in messages}
    gone = [message for message in newest.values() if message.event is None]
    kept = [_record(message) for message in newest.values() if message.event is not None]
    if kept:
        await store.keep(connection, kept)
    for message in gone:
        await store.drop(connection, message.envelope.tenant, _kind(message), message.aggregate_id)


def _record(message: Message) -> Any:
    state: Any = message.event.state if message.event else None
    external_id = getattr(state, "external_id", None)
    tenant = message.envelope.tenant
    return tenant, _kind(message), message.aggregate_id, message.version, external_id, state.model_dump_json()


def _kind(message: Message) -> str:
    return message.topic.partition(".")[2]
