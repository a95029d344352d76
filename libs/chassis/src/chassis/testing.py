"""For tests of services: a running service without a network, callers with rights, a directory with people in it.

    async with running(SERVICE, url, tenants=[TENANT]) as deals:
        reply = await deals.client(ANA).post("/v1/deals", json={...})

The application, the database and the transactions are the real ones; only Kafka is not needed, because what a command
publishes stands in the outbox, and the directory is filled as its consumer would fill it.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel

from chassis import directory_store
from chassis.api_keys import ApiKeys
from chassis.application import served
from chassis.authenticator import Authenticator
from chassis.health import Health
from chassis.migrate import migrate
from chassis.principal import Principal
from chassis.process import opened
from chassis.resources import Resources
from chassis.service import Service
from chassis.settings import Settings
from chassis.tokens import ALGORITHM, AUDIENCE, KeySet, Tokens


class Signer(KeySet):
    """Signs tokens as identity does, and knows its own public key."""

    def __init__(self, key_id: str = "test") -> None:
        super().__init__("unused")
        self.key_id = key_id
        self.private = Ed25519PrivateKey.generate()
        self._keys = {key_id: self.private.public_key()}

    def token(self, principal: Principal, *, lifetime_seconds: int = 900, **claims: object) -> str:
        now = int(time.time())
        return jwt.encode(
            {
                "iss": "test",
                "aud": AUDIENCE,
                "sub": str(principal.person),
                "tid": str(principal.tenant),
                "roles": sorted(principal.roles),
                "team": None if principal.team is None else str(principal.team),
                "region": None if principal.region is None else str(principal.region),
                "led": [str(team) for team in principal.led_teams],
                "iat": now,
                "exp": now + lifetime_seconds,
                **claims,
            },
            self.private,
            algorithm=ALGORITHM,
            headers={"kid": self.key_id},
        )


class Running:
    """A service under test."""

    def __init__(self, resources: Resources, app: Any, signer: Signer) -> None:
        self.resources = resources
        self.app = app
        self.signer = signer
        self._clients: list[httpx2.AsyncClient] = []

    def client(self, principal: Principal | None = None, **headers: str) -> httpx2.AsyncClient:
        """An HTTP client that is signed in; without a principal it is a stranger."""
        if principal is not None:
            headers["Authorization"] = f"Bearer {self.signer.token(principal)}"
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        client = httpx2.AsyncClient(transport=transport, base_url="http://test", headers=headers)
        self._clients.append(client)
        return client

    async def know(self, tenant: UUID, *states: BaseModel, version: int = 1) -> None:
        """Put states of identity into the directory: tenants, people, teams, regions, API keys."""
        records = [
            (tenant, directory_store.KINDS[type(state)], state.id, version, _external(state), state.model_dump_json())  # type: ignore[attr-defined]
            for state in states
        ]
        async with self.resources.pool.acquire() as connection:
            await directory_store.keep(connection, records)
        self.resources.directory.forget_everything()

    async def outbox(self) -> list[asyncpg.Record]:
        """All that was published, oldest first."""
        return list(await self.resources.pool.fetch("SELECT * FROM outbox_event ORDER BY seq"))

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


@asynccontextmanager
async def running(
    service: Service, url: str, *, tenants: Sequence[BaseModel] = (), **settings: Any
) -> AsyncIterator[Running]:
    """The service on the database at ``url``, migrated, with these tenants known."""
    await migrate(url, service.sources)
    made: Settings = service.settings(database_url=url, pool_size=16, **settings)
    signer = Signer()
    async with opened(service, made) as resources:
        resources.authenticator = Authenticator(Tokens(signer), ApiKeys(resources.directory))
        test = Running(resources, served(service, resources, Health.of(resources, service.sources)), signer)
        for tenant in tenants:
            await test.know(tenant.id, tenant)  # type: ignore[attr-defined]
        try:
            yield test
        finally:
            await test.close()


def _external(state: BaseModel) -> str | None:
    return getattr(state, "external_id", None)
