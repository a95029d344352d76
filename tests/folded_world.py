"""A random firm folded into a real ledger, one event a version of each state, in an order that time gives."""

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid5

import asyncpg

from analytics.ledger import facts
from analytics.ledger.fold import Fold
from analytics.measures import MEASURES, POSTINGS
from chassis.migrate import migrate, sources
from events.catalogue.activities import ActivityNoted
from events.catalogue.campaigns import SpendBooked
from events.catalogue.deals import DealNextStepPlanned
from events.catalogue.leads import HandoffOffered, LeadReopened
from events.catalogue.scoring import ScoreEstimated
from events.codec import Message
from events.envelope import Envelope
from events.watermark import AggregateKey
from sales_world import World

TENANT = UUID("0193a000-0000-7000-8000-00000000000a")
BEGAN = datetime(2026, 6, 1, tzinfo=UTC)
MIGRATIONS = Path(__file__).parents[1] / "services" / "analytics" / "migrations"
EVENTS = {
    "lead": (LeadReopened(), "leads.lead"),
    "handoff": (HandoffOffered(), "leads.handoff"),
    "deal": (DealNextStepPlanned(next_step=None), "deals.deal"),
    "spend": (SpendBooked(), "leads.spend"),
    "activity": (ActivityNoted(), "leads.activity"),
    "score": (ScoreEstimated(probability=None), "leads.score"),
}


class Known(NamedTuple):
    """A version of a state and the instant at which it became known."""

    at: datetime
    kind: str
    version: int
    state: Any


def history(world: World) -> list[Known]:
    """Every version of everything, mixed, a minute apart; each aggregate's own in order."""
    found = sorted(_versions(world), key=lambda known: (known[2], str(known[3].id)))
    return [Known(BEGAN + timedelta(minutes=place), *known[1:]) for place, known in enumerate(found)]


def _versions(world: World) -> Iterator[Known]:
    for kind in EVENTS:
        for versions in getattr(world, f"{kind}s"):
            for version, state in enumerate(versions, 1):
                yield Known(BEGAN, kind, version, state)


def as_known_at(world: World, at: datetime) -> World:
    """The firm as the events up to an instant tell it."""
    found = World()
    latest = {(known.kind, known.state.id): known.state for known in history(world) if known.at <= at}
    for (kind, _), state in latest.items():
        getattr(found, f"{kind}s").append([state])
    return found


def event_id(known: Known) -> UUID:
    """Unlike any other's: a score has the id of its lead."""
    return uuid5(known.state.id, f"{known.kind} {known.version}")


def message(known: Known, tenant: UUID = TENANT) -> Message:
    event, topic = EVENTS[known.kind]
    stamped = event.stamped(known.at, known.state)
    envelope = Envelope(
        id=event_id(known), type=event.type, source="/dealstream/test",
        subject=str(known.state.id), time=known.at, tenant=tenant, aggregate_version=known.version,
        partition_key=f"{tenant}:{known.state.id}",
    )  # fmt: skip
    return Message(envelope, stamped, topic, 0, 0, known.state.id)


async def fold_all(url: str, world: World, tenant: UUID = TENANT, batch: int = 40) -> str:
    """Fold the firm's whole history; answers the schema of the ledger in use."""
    pool = await asyncpg.create_pool(url, min_size=1, max_size=2)
    try:
        return await _fold_all(pool, world, tenant, batch)
    finally:
        await pool.close()


async def _fold_all(pool: Any, world: World, tenant: UUID, batch: int) -> str:
    fold = Fold(POSTINGS, MEASURES, pool.acquire)
    events = [message(known, tenant) for known in history(world)]
    async with pool.acquire() as connection:
        schema: str = await connection.fetchval("SELECT schema_name FROM projection_active")
        for start in range(0, len(events), batch):
            async with connection.transaction():
                for topic in {one.topic for one in events}:
                    mine = [one for one in events[start : start + batch] if one.topic == topic]
                    keys = {AggregateKey(topic, tenant, one.aggregate_id) for one in mine}
                    await fold.fold(connection, schema, mine, await facts.load(connection, schema, keys))
    return schema


@asynccontextmanager
async def a_database(postgres_url: str) -> AsyncIterator[str]:
    """A fresh database for all the tests of a module that only read."""
    server = await asyncpg.connect(postgres_url)
    chosen = f"test_{secrets.token_hex(6)}"
    try:
        await server.execute(f'CREATE DATABASE "{chosen}"')
        yield urlunsplit(urlsplit(postgres_url)._replace(path=f"/{chosen}"))
        await server.execute(f'DROP DATABASE IF EXISTS "{chosen}" WITH (FORCE)')
    finally:
        await server.close()


@asynccontextmanager
async def ledger_of(url: str, world: World) -> AsyncIterator[tuple[Any, str]]:
    """A connection in one read-only transaction on a fresh ledger with the firm in it, and the ledger's schema."""
    await migrate(url, sources("analytics", MIGRATIONS))
    schema = await fold_all(url, world)
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection, schema
    finally:
        await connection.close()
