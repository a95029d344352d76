"""How many open leads and cared-for accounts nobody follows up, as Prometheus gauges."""

import asyncio
from typing import Final
from uuid import UUID

from prometheus_client import Gauge

from chassis.background_steps import one_by_one
from chassis.database import acquired
from chassis.resources import Resources
from chassis.ticking import pause
from leads.activities import store_follow_ups as store

EVERY_SECONDS: Final = 60.0

VIOLATIONS = Gauge(
    "leads_follow_up_violations",
    "Open leads and cared-for accounts without an active owner (unowned), without a next step (missing), or with one "
    "whose day is past (overdue).",
    ("tenant", "kind", "state"),
)


async def keep_gauges(resources: Resources, stop: asyncio.Event) -> None:
    """Count again and again; a fault leaves the old counts of a firm for a while."""
    while not stop.is_set():
        await count(resources)
        await pause(stop, EVERY_SECONDS)


async def count(resources: Resources) -> int:
    """Count what every tenant's people do not follow up; answers how much that is."""
    return await one_by_one(resources, "counting", store.tenants, lambda tenant: _counted(resources, tenant))


async def _counted(resources: Resources, tenant: UUID) -> int:
    state = await resources.directory.tenant(tenant)
    today = (await resources.directory.moment(tenant, resources.clock.now())).on
    async with acquired(resources.pool) as connection:
        violations = await store.violations(connection, tenant, today)
    for (kind, how), found in violations.items():
        VIOLATIONS.labels(state.slug, kind, how).set(found)
    return sum(violations.values())
