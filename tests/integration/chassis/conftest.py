"""The notes service on a fresh database, and who calls it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from chassis.principal import Principal
from chassis.testing import Running, running
from events.catalogue.identity import Role, TenantState
from integration.chassis.notes import NOTES, tenant_state


@pytest.fixture
def tenant() -> TenantState:
    return tenant_state()


@pytest.fixture
def admin(tenant: TenantState) -> Principal:
    return caller(tenant.id, Role.ADMIN)


@pytest.fixture
def rep(tenant: TenantState) -> Principal:
    return caller(tenant.id, Role.REP)


@pytest_asyncio.fixture
async def notes(new_database: Callable[[], Awaitable[str]], tenant: TenantState) -> AsyncIterator[Running]:
    async with running(NOTES, await new_database(), tenants=[tenant]) as service:
        yield service


def caller(tenant: UUID, *roles: Role) -> Principal:
    person = uuid4()
    return Principal(tenant=tenant, subject=f"person:{person}", person=person, roles=frozenset(roles))
