"""How many first responses run and how many are overdue, as Prometheus gauges."""

import asyncio
from typing import Final
from uuid import UUID

from prometheus_client import Gauge

from chassis.background_steps import one_by_one
from chassis.database import acquired
from chassis.resources import Resources
from chassis.ticking import pause
from leads.activities.store_follow_ups import tenants
from leads.responses import store

EVERY_SECONDS: Final = 60.0

WAITING = Gauge(
    "leads_first_responses_waiting",
    "Leads that nobody has turned to yet: before their deadline (running), or after it (overdue).",
    ("tenant", "state"),
)


async def keep_response_gauges(resources: Resources, stop: asyncio.Event) -> None:
    """Count again and again; a fault leaves the old counts of a firm for a while."""
    while not stop.is_set():
        await count(resources)
        await pause(stop, EVERY_SECONDS)


async def count(resources: Resources) -> int:
    """Count what waits at every tenant; answers how much that is."""
    return await one_by_one(resources, "counting responses", tenants, lambda tenant: _counted(resources, tenant))


async def _counted(resources: Resources, tenant: UUID) -> int:
    state = await resources.directory.tenant(tenant)
    async with acquired(resources.pool) as connection:
        found = await store.waiting(connection, tenant)
    for how in ("running", "overdue"):
        WAITING.labels(state.slug, how).set(found.get(how, 0))
    return sum(found.values())
