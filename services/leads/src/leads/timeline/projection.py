"""How timelines follow the events: the handler of a consumer, and how they are made anew.

Each event becomes one entry, once, because the consumer's offsets move in the same transaction. They may be made anew
at any time, from the topics alone, while the service runs: ``python -m leads rebuild-timelines``.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg

from chassis.resources import Resources
from events.codec import Message
from events.consumer import Consumer
from leads.settings import LeadsSettings
from leads.timeline import store
from leads.timeline.entry import ABOUT, Subject, facts_of, kind_of, subject_of

GROUP = "leads.timeline"
"""Renaming it reads every event again; the entries bear that, but it takes its time."""


def timeline_consumer(resources: Resources) -> Consumer:
    return Consumer(GROUP, tuple(ABOUT), keep, resources.pool, resources.kafka)


async def keep(connection: Any, messages: Sequence[Message]) -> None:
    """The consumer's handler: for all tenants at once."""
    subjects: dict[Any, dict[str, Any]] = {}
    named: dict[Any, dict[str, Any]] = {}
    entries = []
    for message in messages:
        subject = None if message.event is None else subject_of(message.event)
        if subject is None:
            continue
        known = subjects if subject.told else named
        known[message.envelope.tenant, subject.kind, subject.id] = _subject_row(message, subject)
        entries.append(_entry_row(message, subject))
    if entries:
        await store.keep(connection, list(subjects.values()), list(named.values()), entries)


def rebuild_timelines(_arguments: Sequence[str]) -> int:
    """``python -m leads rebuild-timelines``: forget them and read all events again."""
    asyncio.run(_begin_again(LeadsSettings().database_url.get_secret_value()))
    return 0


async def _begin_again(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await store.begin_again(connection, GROUP)
    finally:
        await connection.close()


def _subject_row(message: Message, subject: Subject) -> dict[str, Any]:
    owner, offered = subject.owner, subject.offered_to
    return {
        "tenant_id": message.envelope.tenant,
        "subject_kind": subject.kind,
        "subject_id": subject.id,
        "own_account_id": subject.account,
        "follows_id": subject.follows,
        "title": subject.title,
        "title_key": subject.title_key,
        "owner_id": owner and owner.person,
        "owner_team_id": owner and owner.team,
        "offered_to_id": offered and offered.person,
        "offered_to_team_id": offered and offered.team,
        "open": subject.open,
    }


def _entry_row(message: Message, subject: Subject) -> dict[str, Any]:
    event: Any = message.event
    return {
        "tenant_id": message.envelope.tenant,
        "event_id": message.envelope.id,
        "subject_kind": subject.kind,
        "subject_id": subject.id,
        "at": event.occurred_at,
        "kind": kind_of(event),
        "actor": message.envelope.actor,
        "facts": facts_of(event),
    }
