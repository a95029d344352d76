"""Deals over HTTP on a real PostgreSQL, without Kafka: the directory is filled as its consumer would fill it.

The cast: Ana and Binh are reps in the teams North and South, Minh leads North, Oanh is sales operations, Sam an SDR,
``import`` an integration that is nobody, ``stranger`` an administrator of another tenant.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

import httpx2
import pytest_asyncio
from pydantic import SecretStr

from chassis import directory_store
from chassis.application import served
from chassis.authenticator import Authenticator
from chassis.database import open_pool
from chassis.directory import Directory
from chassis.health import Health
from chassis.migrate import migrate
from chassis.resources import Resources
from deals.app import SERVICE
from deals.reactions import react
from deals.settings import Settings
from events.catalogue.identity import (
    ApiKeyState,
    Assignment,
    ExchangeRate,
    PersonState,
    Role,
    TeamState,
    TenantState,
)
from events.codec import Message
from events.envelope import Envelope
from events.event import Event
from events.ids import uuid7
from events.testing import FixedClock

TENANT = UUID("019a0000-0000-7000-8000-000000000001")
ELSEWHERE = UUID("019a0000-0000-7000-8000-000000000002")
NORTH, SOUTH = uuid5(TENANT, "north"), uuid5(TENANT, "south")
SECRET = "s" * 43
ROLES = {
    "ana": (Role.REP, NORTH),
    "binh": (Role.REP, SOUTH),
    "minh": (Role.MANAGER, NORTH),
    "oanh": (Role.SALES_OPS, None),
    "sam": (Role.SDR, NORTH),
}
NOW = datetime(2026, 3, 15, 9, 0, tzinfo=UTC)


class World:
    """The service, and those who call it."""

    tenant = TENANT
    elsewhere = ELSEWHERE
    north = NORTH
    south = SOUTH

    def __init__(self, resources: Resources, http: httpx2.AsyncClient, clock: FixedClock) -> None:
        self.resources = resources
        self.clock = clock
        self._http = http
        self._versions: dict[UUID, int] = {}

    def id(self, name: str) -> UUID:
        return uuid5(TENANT, name)

    async def call(
        self, method: str, path: str, body: object = None, *, by: str = "oanh", **options: Any
    ) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {_api_key(by)}", **options.pop("headers", {})}
        content: dict[str, Any] = {} if body is None else {"json": body}
        return await self._http.request(method, path, headers=headers, **content, **options)

    async def post(self, path: str, body: object, *, by: str = "oanh", status: int = 200, **options: Any) -> Any:
        response = await self.call("POST", path, body, by=by, **options)
        assert response.status_code == status, response.text
        return response.json()

    async def get(self, path: str, *, by: str = "oanh", status: int = 200, **params: Any) -> Any:
        response = await self.call("GET", path, by=by, params=params)
        assert response.status_code == status, response.text
        return response.json()

    async def open(self, *, by: str = "ana", status: int = 201, **body: Any) -> Any:
        return await self.post("/v1/deals", {"name": "Acme laptops", **body}, by=by, status=status)

    async def hear(self, tenant: UUID, *events: Event, at: datetime | None = None) -> None:
        """Deliver events as the consumer does: one batch, one transaction."""
        messages = [self._message(tenant, event, at or self.clock.now()) for event in events]
        await self.deliver(messages)

    async def deliver(self, messages: Sequence[Message]) -> None:
        async with self.resources.pool.acquire() as connection, connection.transaction():
            await react(self.resources, connection, messages)

    async def message(self, tenant: UUID, event: Event) -> Message:
        return self._message(tenant, event, self.clock.now())

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Any]:
        async with self.resources.pool.acquire() as connection:
            yield connection

    def _message(self, tenant: UUID, event: Event, at: datetime) -> Message:
        aggregate = event.state.id
        version = self._versions[aggregate] = self._versions.get(aggregate, 0) + 1
        envelope = Envelope(
            id=uuid7(),
            type=event.type,
            source=f"/dealstream/{event.topic.owner}",
            subject=str(aggregate),
            time=at,
            tenant=tenant,
            aggregate_version=version,
            partition_key=f"{tenant}:{aggregate}",
            correlation_id=None,
            causation_id=None,
            actor=None,
            traceparent=None,
        )
        return Message(envelope, event, event.topic.name, 0, 0, aggregate)


@pytest_asyncio.fixture
async def world(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(_world(await new_database()))


@asynccontextmanager
async def _world(url: str) -> AsyncIterator[World]:
    await migrate(url, SERVICE.sources)
    settings = Settings(database_url=SecretStr(url))
    pool = await open_pool(url, size=8, name="deals")
    try:
        async with pool.acquire() as connection:
            await directory_store.keep(connection, _directory())
        directory = Directory(pool)
        authenticator = Authenticator.of(settings.identity_url, directory)
        clock = FixedClock(NOW)
        resources = Resources("deals", settings, pool, settings.kafka, directory, authenticator, clock)
        app = served(SERVICE, resources, Health.of(resources, SERVICE.sources))
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://deals") as http:
            yield World(resources, http, clock)
    finally:
        await pool.close()


def _directory() -> list[Any]:
    rate = ExchangeRate(currency="VND", on=date(2026, 1, 1), rate="0.00004")
    later = ExchangeRate(currency="VND", on=date(2026, 3, 10), rate="0.000041")
    tenants = [
        TenantState(
            id=TENANT, slug="acme", name="Acme", zone="Asia/Ho_Chi_Minh", base_currency="USD", rates=(rate, later)
        ),
        TenantState(id=ELSEWHERE, slug="other", name="Other", zone="UTC", base_currency="EUR"),
    ]
    records = [_record(state.id, "tenant", state) for state in tenants]
    teams = [
        TeamState(id=NORTH, name="North", lead=uuid5(TENANT, "minh")),
        TeamState(id=SOUTH, name="South", parent=None),
    ]
    records += [_record(TENANT, "team", team) for team in teams]
    for name, (role, team) in ROLES.items():
        records += _person(TENANT, name, role, team)
    records.append(_record(TENANT, "api_key", _key("import", (Role.INTEGRATION,), None)))
    records += _person(ELSEWHERE, "stranger", Role.ADMIN, None)
    return records


def _person(tenant: UUID, name: str, role: Role, team: UUID | None) -> list[Any]:
    id_ = uuid5(tenant, name)
    places = [Assignment(from_on=date(2020, 1, 1), team=NORTH if name == "binh" else team)]
    if name == "binh":
        places.append(Assignment(from_on=date(2026, 2, 1), team=team))
    person = PersonState(id=id_, external_id=f"e-{name}", name=name.title(), roles=(role,), assignments=tuple(places))
    key = _key(name, (role,), id_)
    return [_record(tenant, "person", person), _record(tenant, "api_key", key)]


def _key(name: str, roles: tuple[Role, ...], person: UUID | None) -> ApiKeyState:
    return ApiKeyState(
        id=uuid5(TENANT, f"key {name}"),
        name=name,
        secret_sha256=hashlib.sha256(SECRET.encode()).hexdigest(),
        roles=roles,
        person=person,
    )


def _api_key(name: str) -> str:
    return f"dsk_{uuid5(TENANT, f'key {name}').hex}_{SECRET}"


def _record(tenant: UUID, kind: str, state: Any) -> Any:
    return tenant, kind, state.id, 1, getattr(state, "external_id", None), state.model_dump_json()
