"""Audits, seals and rebuilds over HTTP: what they answer, who may, and what is refused."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from analytics import api_operations, gauges
from analytics.settings import Settings
from chassis.principal import Principal
from chassis.service import Service
from chassis.testing import Running, running
from events.catalogue.analytics import PeriodSealed
from events.catalogue.identity import Role, TenantState
from events.testing import assert_published
from folded_world import MIGRATIONS, TENANT, a_database, fold_all
from sales_world import a_world, name

SERVICE = Service(
    name="analytics", title="Analytics", settings=Settings, routers=[api_operations.router], migrations=MIGRATIONS
)
HOME = TenantState(id=TENANT, slug="acme", name="Acme", zone="UTC", base_currency="USD")
OPS = Principal(TENANT, "person:o", name("ops"), frozenset({Role.SALES_OPS}))
DIRECTOR = Principal(TENANT, "person:d", name("director"), frozenset({Role.DIRECTOR}))
REP = Principal(TENANT, "person:r", name("rep 1"), frozenset({Role.REP}))
JANUARY = {"from_on": "2026-01-01", "to_on": "2026-02-01"}


@pytest_asyncio.fixture
async def analytics(postgres_url: str) -> AsyncIterator[Running]:
    async with a_database(postgres_url) as url, running(SERVICE, url, tenants=[HOME]) as service:
        await fold_all(url, a_world(51, size=6))
        yield service


async def ask(
    analytics: Running, method: str, path: str, body: object = None, *, by: Principal = OPS, status: int = 200
) -> Any:
    options: dict[str, Any] = {} if body is None else {"json": body}
    reply = await analytics.client(by).request(method, f"/v1{path}", **options)
    assert reply.status_code == status, reply.text
    return reply.json()


async def test_an_audit_is_kept_and_shows_what_does_not_agree(analytics: Running) -> None:
    assert (await ask(analytics, "GET", "/audits/last", status=404))["code"] == "not-found"
    first = await ask(analytics, "POST", "/audits", status=201)
    assert (first["agrees"], first["differences"], first["ledger"]) == (True, 0, "ledger_v1")
    await analytics.resources.pool.execute("UPDATE ledger_v1.cell SET count = count + 1 WHERE grouping = 0")
    second = await ask(analytics, "POST", "/audits", status=201)
    assert not second["agrees"]
    assert second["shown"][0]["between"] == "cells and ledger"
    assert second["shown"][0]["grouping"] == []
    assert await ask(analytics, "GET", "/audits/last", by=DIRECTOR) == second
    await gauges.draw(analytics.resources)
    assert gauges.DIFFERENCES.collect()[0].samples[0].value == second["differences"] > 0


async def test_a_period_is_sealed_once_published_and_verified(analytics: Running) -> None:
    sealed = await ask(analytics, "POST", "/seals", JANUARY, status=201)
    async with analytics.resources.pool.acquire() as connection:
        await assert_published(connection, PeriodSealed)
    assert (await ask(analytics, "GET", "/seals"))["items"] == [sealed]
    verified = await ask(analytics, "GET", f"/seals/{sealed['id']}/verification")
    assert (verified["holds"], verified["sha256"], verified["adjustments"]) == (True, sealed["sha256"], [])
    again = await ask(analytics, "POST", "/seals", {"from_on": "2026-01-31", "to_on": "2026-02-02"}, status=409)
    assert again["code"] == "period-already-sealed"
    await ask(analytics, "POST", "/seals", {"from_on": "2026-02-01", "to_on": "2026-02-02"}, status=201)


async def test_a_period_that_is_not_over_or_backwards_is_refused(analytics: Running) -> None:
    future = await ask(analytics, "POST", "/seals", {"from_on": "2026-01-01", "to_on": "2099-01-01"}, status=422)
    assert future["code"] == "period-not-over"
    backwards = await ask(analytics, "POST", "/seals", {"from_on": "2026-02-01", "to_on": "2026-01-01"}, status=422)
    assert backwards["code"] == "period-backwards"


async def test_one_rebuild_at_a_time_can_be_asked_for_seen_and_cancelled(analytics: Running) -> None:
    asked = await ask(analytics, "POST", "/rebuilds", status=202)
    assert (asked["ledger"], asked["state"]) == ("ledger_v2", "requested")
    assert (await ask(analytics, "POST", "/rebuilds", status=409))["code"] == "rebuild-under-way"
    assert await ask(analytics, "GET", f"/rebuilds/{asked['id']}", by=DIRECTOR) == asked
    cancelled = await ask(analytics, "POST", f"/rebuilds/{asked['id']}/cancellation", status=202)
    assert cancelled["state"] == "cancelling"
    assert (await ask(analytics, "GET", "/rebuilds"))["items"] == [cancelled]
    await ask(analytics, "GET", f"/rebuilds/{name('none')}", status=404)


async def test_those_who_do_not_look_after_the_whole_are_refused(analytics: Running) -> None:
    for method, path, body in (
        ("POST", "/audits", None), ("POST", "/seals", JANUARY), ("POST", "/rebuilds", None),
        ("GET", "/rebuilds", None), ("GET", "/seals", None), ("GET", "/audits/last", None),
    ):  # fmt: skip
        assert (await ask(analytics, method, path, body, by=REP, status=403))["code"] == "forbidden"
    for path in ("/audits", "/rebuilds"):
        await ask(analytics, "POST", path, by=DIRECTOR, status=403)
