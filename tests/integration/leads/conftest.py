"""Leads on a real PostgreSQL, called over ASGI, with a small cast in its directory.

Ana and Mai belong to the North, Mai leads it; Bao is an account executive of the South; Zoe is admin of another firm.
Ops looks after the data of the first firm, Dora directs it, Adam is its admin.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio

from chassis import directory_store
from chassis.api_keys import secret_sha256
from chassis.application import served
from chassis.health import Health
from chassis.migrate import migrate
from chassis.process import opened
from events.catalogue.identity import ApiKeyState, Assignment, PersonState, RegionState, Role, TeamState, TenantState
from leads.app import SERVICE
from leads.settings import LeadsSettings

FIRM, OTHER = UUID(int=0xF1), UUID(int=0xF2)
NORTH, SOUTH, HANOI = UUID(int=0x11), UUID(int=0x12), UUID(int=0x21)
ANA, BAO, MAI, ZOE = UUID(int=0xA1), UUID(int=0xB1), UUID(int=0xC1), UUID(int=0xD1)
SECRET = "s" * 43

PEOPLE = {
    ANA: PersonState(
        id=ANA,
        external_id="ana",
        name="Ana",
        roles=(Role.SDR,),
        assignments=(
            Assignment(from_on=datetime(2020, 1, 1, tzinfo=UTC).date(), team=SOUTH),
            Assignment(from_on=datetime(2025, 1, 1, tzinfo=UTC).date(), team=NORTH, region=HANOI),
        ),
    ),
    BAO: PersonState(
        id=BAO,
        external_id="bao",
        name="Bao",
        roles=(Role.REP,),
        assignments=(Assignment(from_on=datetime(2020, 1, 1, tzinfo=UTC).date(), team=SOUTH),),
    ),
    MAI: PersonState(
        id=MAI,
        external_id="mai",
        name="Mai",
        roles=(Role.MANAGER,),
        assignments=(Assignment(from_on=datetime(2020, 1, 1, tzinfo=UTC).date(), team=NORTH),),
    ),
}


@dataclass
class Caller:
    """Somebody who calls the service."""

    client: httpx2.AsyncClient
    headers: dict

    async def get(self, path, **query):
        return await self.client.get(path, params=query, headers=self.headers)

    async def post(self, path, body=None, **headers):
        return await self._sent("POST", path, body or {}, headers)

    async def patch(self, path, body, *, version="*"):
        tag = version if version == "*" else f'"{version}"'
        return await self._sent("PATCH", path, body, {"If-Match": tag})

    async def put(self, path, body, *, version="*"):
        tag = version if version == "*" else f'"{version}"'
        return await self._sent("PUT", path, body, {"If-Match": tag})

    async def raw(self, path, text, content_type="application/json"):
        headers = {**self.headers, "content-type": content_type}
        return await self.client.post(path, content=text, headers=headers)

    async def _sent(self, method, path, body, headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        content = json.dumps(body).encode()
        sent = {**self.headers, "content-type": "application/json", **headers}
        return await self.client.request(method, path, content=content, headers=sent)


@dataclass
class World:
    """The running service and its callers."""

    resources: object
    nobody: Caller
    ana: Caller
    bao: Caller
    mai: Caller
    importer: Caller
    zoe: Caller
    ops: Caller
    dora: Caller
    adam: Caller

    @property
    def pool(self):
        return self.resources.pool

    def connect(self):
        return self.pool.acquire()

    async def know(self, *states, version=2):
        """Identity published newer states of people, teams or regions of the firm, or of the firm itself."""
        records = [
            (FIRM, directory_store.KINDS[type(each)], each.id, version, None, each.model_dump_json()) for each in states
        ]
        async with self.connect() as connection:
            await directory_store.keep(connection, records)
        self.resources.directory.forget_everything()


@pytest_asyncio.fixture
async def world(new_database, topic_prefix):
    url = await new_database()
    await migrate(url, SERVICE.sources)
    settings = LeadsSettings(database_url=url, topic_prefix=topic_prefix)
    async with opened(SERVICE, settings) as resources:
        await fill_directory(resources.pool)
        app = served(SERVICE, resources, Health.of(resources, SERVICE.sources))
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://leads") as client:
            keys = {name: Caller(client, {"Authorization": f"Bearer {text}"}) for name, text in KEYS.items()}
            yield World(resources, Caller(client, {}), **keys)


KEYS = {
    name: f"dsk_{UUID(int=number).hex}_{SECRET}"
    for number, name in enumerate(("ana", "bao", "mai", "importer", "zoe", "ops", "dora", "adam"), start=1)
}
HELD = (
    (FIRM, "ana", (Role.SDR,), ANA),
    (FIRM, "bao", (Role.REP,), BAO),
    (FIRM, "mai", (Role.MANAGER,), MAI),
    (FIRM, "importer", (Role.INTEGRATION,), None),
    (OTHER, "zoe", (Role.ADMIN,), None),
    (FIRM, "ops", (Role.SALES_OPS,), None),
    (FIRM, "dora", (Role.DIRECTOR,), None),
    (FIRM, "adam", (Role.ADMIN,), None),
)


async def fill_directory(pool):
    """As the directory's consumer would."""
    records = []

    def keep(tenant, kind, state):
        records.append((tenant, kind, state.id, 1, getattr(state, "external_id", None), state.model_dump_json()))

    for tenant, slug in ((FIRM, "firm"), (OTHER, "other")):
        zone = "Asia/Ho_Chi_Minh"
        keep(tenant, "tenant", TenantState(id=tenant, slug=slug, name=slug, zone=zone, base_currency="VND"))
    for state in (TeamState(id=NORTH, name="North", lead=MAI), TeamState(id=SOUTH, name="South")):
        keep(FIRM, "team", state)
    keep(FIRM, "region", RegionState(id=HANOI, name="Hanoi"))
    for person in PEOPLE.values():
        keep(FIRM, "person", person)
    for tenant, name, roles, person in HELD:
        id_ = UUID(hex=KEYS[name].split("_")[1])
        digest = secret_sha256(SECRET)
        keep(tenant, "api_key", ApiKeyState(id=id_, name=name, secret_sha256=digest, roles=roles, person=person))
    async with pool.acquire() as connection:
        await directory_store.keep(connection, records)


@pytest.fixture
def assert_problem():
    """A problem document of this kind, one of whose errors names this field."""

    def check(response, status, code, pointer=None):
        found = response.json() if response.content else {}
        assert (response.status_code, found.get("code")) == (status, code), response.text
        assert response.headers["content-type"] == "application/problem+json"
        if pointer is not None:
            assert pointer in [error["pointer"] for error in found["errors"]], response.text
        return found

    return check


@pytest.fixture
def done():
    """The body of an answer that is no problem."""

    def check(response, *statuses):
        assert response.status_code in (statuses or (200, 201)), response.text
        return response.json()

    return check
