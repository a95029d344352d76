"""Notifications on a real PostgreSQL. Events are handed to the handler as the consumer hands them.

The cast: Ana is a rep in the team East, which Lan leads; Marco is Ana's manager; Zoe belongs to another firm.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest_asyncio

from chassis.principal import Principal
from chassis.testing import Running, running
from events.catalogue.deals import DealOpened, DealState, DealWon, Span
from events.catalogue.identity import PersonState, Role, TeamState, TenantState
from events.catalogue.leads import HandoffOffered, HandoffState, Owner
from events.codec import Message
from events.envelope import Envelope
from events.event import Event
from events.ids import uuid7
from events.money import Money, PinnedRate
from notifications.app import SERVICE
from notifications.reactions import Reactions

TENANT = UUID("019a0000-0000-7000-8000-00000000000a")
ELSEWHERE = UUID("019a0000-0000-7000-8000-00000000000b")
EAST = uuid5(TENANT, "east")
NOW = datetime.now(UTC).replace(microsecond=0)


def person(name: str) -> UUID:
    return uuid5(TENANT, name)


ANA = Owner(person=person("ana"), team=EAST)


@pytest_asyncio.fixture
async def notifications(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[Running]:
    async with service(await new_database()) as running_service:
        yield running_service


@asynccontextmanager
async def service(url: str, **settings: Any) -> AsyncIterator[Running]:
    tenants = [
        TenantState(id=id_, slug=slug, name=slug, zone="Asia/Ho_Chi_Minh", base_currency="VND")
        for id_, slug in ((TENANT, "acme"), (ELSEWHERE, "other"))
    ]
    async with running(SERVICE, url, tenants=tenants, **settings) as found:
        await found.know(
            TENANT,
            TeamState(id=EAST, name="East", lead=person("lan")),
            member("ana", "vi", manager=person("marco")),
            member("lan", "en"),
            member("marco", "zh"),
        )
        yield found


def member(name: str, locale: str, **more: Any) -> PersonState:
    email = f"{name}@acme.example"
    return PersonState(id=person(name), name=name, email=email, locale=locale, roles=(Role.REP,), **more)


def caller(name: str, tenant: UUID = TENANT) -> Principal:
    return Principal(tenant=tenant, subject=f"person:{name}", person=person(name), roles=frozenset({Role.REP}))


def a_deal(**changes: Any) -> DealState:
    opened = changes.pop("opened_at", NOW)
    span = Span(
        stage="proposal",
        stage_index=2,
        probability=5000,
        owner=ANA,
        base_minor=5,
        from_at=opened,
        from_on=opened.date(),
    )
    fields = {
        "id": uuid7(),
        "name": "Acme, 40 máy quét",
        "pipeline": uuid7(),
        "stage": "proposal",
        "owner": ANA,
        "amount": Money(minor=125_000_000, currency="VND"),
        "rate": PinnedRate(currency="VND", base="VND", rate="1", on=opened.date()),
        "base_minor": 125_000_000,
        "opened_at": opened,
        "opened_on": opened.date(),
        "changed_at": opened,
        "spans": (span,),
    }
    return DealState(**{**fields, **changes})


def won(deal: DealState, at: datetime = NOW) -> Message:
    return message(DealWon(seconds_open=5).stamped(at, deal), deal.id)


def opened(deal: DealState, version: int = 1, at: datetime = NOW) -> Message:
    return message(DealOpened().stamped(at, deal), deal.id, version)


def offered(to: str) -> Message:
    handoff = HandoffState(
        id=uuid7(),
        lead_id=uuid7(),
        source="zalo",
        offered_by=ANA,
        offered_to=Owner(person=person(to)),
        offered_at=NOW,
        offered_on=NOW.date(),
        lead_created_on=NOW.date(),
    )
    return message(HandoffOffered().stamped(NOW, handoff), handoff.id)


def message(event: Event, aggregate: UUID, version: int = 1, tenant: UUID = TENANT) -> Message:
    envelope = Envelope(
        id=uuid7(),
        type=event.type,
        source="/dealstream/test",
        subject=str(aggregate),
        time=NOW + timedelta(seconds=1),
        tenant=tenant,
        aggregate_version=version,
        partition_key=f"{tenant}:{aggregate}",
    )
    return Message(envelope, event, event.topic.name, partition=0, offset=0, aggregate_id=aggregate)


async def hand(to: Running, *messages: Message) -> None:
    await hand_in(to, messages)


async def hand_in(to: Running, messages: Sequence[Message]) -> None:
    """As the consumer does: one transaction for the batch."""
    handle = Reactions(to.resources).handle
    async with to.resources.pool.acquire() as connection, connection.transaction():
        await handle(connection, messages)


async def inbox(of: Running, name: str, **query: Any) -> list[dict[str, Any]]:
    answer = await of.client(caller(name)).get("/v1/inbox", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found
