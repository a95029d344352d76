"""Identity on a real PostgreSQL, called over HTTP, with two firms founded as the command line does."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace

import httpx2
import pytest
import pytest_asyncio
import uvicorn

from chassis.application import served
from chassis.health import Health
from chassis.migrate import migrate
from chassis.process import opened
from identity.app import SERVICE
from identity.founding import Wanted, founded
from identity.settings import IdentitySettings

PASSWORD = "correct horse battery"


@dataclass
class Caller:
    """Somebody who calls the service."""

    client: httpx2.AsyncClient
    headers: dict

    async def get(self, path, **query):
        return await self.client.get(path, params=query, headers=self.headers)

    async def post(self, path, body=None, **headers):
        return await self.send("POST", path, body or {}, **headers)

    async def patch(self, path, body, *, version="*"):
        return await self.send("PATCH", path, body, If_Match=version if version == "*" else f'"{version}"')

    async def send(self, method, path, body, **headers):
        sent = {**self.headers, "content-type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, path, content=json.dumps(body).encode(), headers=sent)

    def bearing(self, text):
        return replace(self, headers={"Authorization": f"Bearer {text}"})

    async def signed_in(self, email, password=PASSWORD, tenant="firm"):
        answer = await self.post("/v1/sessions", {"tenant": tenant, "email": email, "password": password})
        assert answer.status_code == 201, answer.text
        return self.bearing(answer.json()["access_token"])


@dataclass
class World:
    """The running service and its callers; ``admin`` and ``stranger`` are the founding keys of two firms."""

    resources: object
    nobody: Caller
    admin: Caller
    stranger: Caller
    wanted: Wanted

    def connect(self):
        return self.resources.pool.acquire()


@pytest_asyncio.fixture
async def world(new_database, topic_prefix, tmp_path):
    url = await new_database()
    await migrate(url, SERVICE.sources)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    settings = IdentitySettings(database_url=url, topic_prefix=topic_prefix, identity_url=address)
    async with opened(SERVICE, settings) as resources:
        wanted = Wanted("firm", "Firm", "Asia/Ho_Chi_Minh", "VND", 1, "root@firm.test", PASSWORD, tmp_path / "firm.key")
        other = replace(wanted, slug="other", admin_email="root@other.test", api_key_file=tmp_path / "other.key")
        await founded(resources, wanted)
        await founded(resources, other)
        app = served(SERVICE, resources, Health.of(resources, SERVICE.sources))
        async with serving(app, port), httpx2.AsyncClient(base_url=address) as client:
            nobody = Caller(client, {})
            admin, stranger = (nobody.bearing(each.api_key_file.read_text().strip()) for each in (wanted, other))
            yield World(resources, nobody, admin, stranger, wanted)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def serving(app, port):
    config = uvicorn.Config(app, host="127.0.0.1", port=port, lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task


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
        assert response.status_code in (statuses or (200, 201, 204)), response.text
        return response.json() if response.content else None

    return check
