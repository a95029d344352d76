"""The directory: what identity published, dated, awaited when on its way, right again when it changes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from chassis import directory as module
from chassis import directory_store
from chassis.directory_consumer import keep
from chassis.directory_listener import listen
from chassis.refusals import Invalid, RateMissing, Unavailable
from chassis.testing import Running
from events.catalogue.identity import (
    Assignment,
    ExchangeRate,
    PersonChanged,
    PersonJoined,
    PersonState,
    RegionState,
    Role,
    TenantState,
)
from events.catalogue.leads import Owner
from events.codec import Message
from events.envelope import Envelope, partition_key_of
from events.event import Event
from events.ids import uuid7
from events.moment import Moment

NORTH, SOUTH, HANOI = (uuid4() for _ in range(3))
ANA = PersonState(
    id=uuid4(),
    external_id="ana",
    name="Ana",
    roles=(Role.REP,),
    assignments=(
        Assignment(from_on=date(2026, 1, 10), team=NORTH),
        Assignment(from_on=date(2026, 6, 1), team=SOUTH, region=HANOI),
    ),
)


@asynccontextmanager
async def listening(notes: Running) -> AsyncIterator[None]:
    stop = asyncio.Event()
    url = notes.resources.settings.database_url.get_secret_value()
    before = notes.resources.directory.generation
    task = asyncio.create_task(listen(notes.resources.directory, url, stop))
    while notes.resources.directory.generation == before:
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        stop.set()
        await task


async def test_a_person_belongs_where_it_did_on_the_day(notes: Running, tenant: TenantState) -> None:
    await notes.know(tenant.id, ANA)
    directory = notes.resources.directory
    for day, place in (
        (date(2025, 1, 1), Owner(person=ANA.id, team=NORTH)),
        (date(2026, 5, 31), Owner(person=ANA.id, team=NORTH)),
        (date(2026, 6, 1), Owner(person=ANA.id, team=SOUTH, region=HANOI)),
    ):
        assert await directory.owner(tenant.id, ANA.id, day) == place


async def test_rates_are_dated(notes: Running) -> None:
    rates = (ExchangeRate(currency="VND", on=date(2026, 3, 1), rate="0.00004"), ExchangeRate(
        currency="VND", on=date(2026, 1, 1), rate="0.000041"))  # fmt: skip
    firm = TenantState(id=uuid4(), slug="f", name="F", zone="Asia/Shanghai", base_currency="USD", rates=rates)
    await notes.know(firm.id, firm)
    directory = notes.resources.directory
    assert (await directory.rate(firm.id, "VND", date(2026, 2, 28))).rate == "0.000041"
    assert (await directory.rate(firm.id, "VND", date(2026, 3, 1))).rate == "0.00004"
    assert (await directory.rate(firm.id, "USD", date(1999, 1, 1))).rate == "1"
    with pytest.raises(RateMissing):
        await directory.rate(firm.id, "VND", date(2025, 12, 31))
    at = datetime(2026, 3, 1, 17, tzinfo=UTC)
    assert await directory.moment(firm.id, at) == Moment(at=at, on=date(2026, 3, 2))


async def test_what_is_on_its_way_is_awaited(notes: Running, tenant: TenantState) -> None:
    directory = notes.resources.directory
    async with listening(notes):
        asked = asyncio.create_task(directory.find_person(tenant.id, "ana"))
        await asyncio.sleep(0.1)
        async with notes.resources.pool.acquire() as connection:
            await keep(connection, [message(tenant, PersonJoined, ANA, 1)])
        assert (await asked).id == ANA.id


async def test_what_does_not_come_is_refused_and_remembered(
    notes: Running, tenant: TenantState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AWAIT_SECONDS", 0.3)
    directory = notes.resources.directory
    unknown = uuid4()
    with pytest.raises(Invalid, match="No such person"):
        await directory.person(tenant.id, unknown, pointer="/owner")
    monkeypatch.setattr(module, "AWAIT_SECONDS", 3600)
    with pytest.raises(Invalid):
        await directory.person(tenant.id, unknown)
    monkeypatch.setattr(module, "AWAIT_SECONDS", 0.3)
    with pytest.raises(Unavailable):
        await directory.tenant(uuid4())


async def test_a_change_is_seen_by_other_processes(notes: Running, tenant: TenantState) -> None:
    directory = notes.resources.directory
    await notes.know(tenant.id, ANA)
    async with listening(notes):
        assert (await directory.person(tenant.id, ANA.id)).name == "Ana"
        renamed = ANA.model_copy(update={"name": "Anna", "external_id": "anna"})
        async with notes.resources.pool.acquire() as connection:
            await keep(connection, [message(tenant, PersonChanged, renamed, 3)])
            await keep(connection, [message(tenant, PersonChanged, ANA, 2)])
        while (await directory.person(tenant.id, ANA.id)).name != "Anna":
            await asyncio.sleep(0.01)
        assert (await directory.find_person(tenant.id, "anna")).name == "Anna"


async def test_a_tombstone_removes(notes: Running, tenant: TenantState) -> None:
    region = RegionState(id=uuid4(), name="R")
    await notes.know(tenant.id, region, ANA)
    async with notes.resources.pool.acquire() as connection:
        await keep(connection, [message(tenant, None, ANA, 2)])
    assert await directory_store.record(notes.resources.pool, PersonState, tenant.id, ANA.id) is None
    assert await directory_store.record(notes.resources.pool, RegionState, tenant.id, region.id) == region


def message(tenant: TenantState, kind: type[Event] | None, person: PersonState, version: int) -> Message:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Message(
        envelope=Envelope(
            id=uuid7(),
            type="x",
            source="/dealstream/identity",
            subject=str(person.id),
            time=at,
            tenant=tenant.id,
            aggregate_version=version,
            partition_key=partition_key_of(tenant.id, person.id),
        ),
        event=None if kind is None else kind.model_construct().stamped(at, person),
        topic="identity.person",
        partition=0,
        offset=version,
        aggregate_id=person.id,
    )
