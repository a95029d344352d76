"""How many first responses run and how many are overdue, as Prometheus gauges."""

import asyncio
from typing import Final

import structlog
from prometheus_client import Gauge

from chassis.database import FAILURES, acquired
from chassis.refusals import Refusal
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

_log = structlog.get_logger(__name__)


async def keep_response_gauges(resources: Resources, stop: asyncio.Event) -> None:
    """Count again and again; a fault leaves the old counts for a while."""
    while not stop.is_set():
        try:
            await count(resources)
        except (*FAILURES, Refusal) as failure:
            _log.warning("first responses not counted, will be tried again", reason=str(failure))
        await pause(stop, EVERY_SECONDS)


async def count(resources: Resources) -> None:
    """Count what waits at every tenant."""
    async with acquired(resources.pool) as connection:
        for tenant in await tenants(connection):
            state = await resources.directory.tenant(tenant)
            found = await store.waiting(connection, tenant)
            for how in ("running", "overdue"):
                WAITING.labels(state.slug, how).set(found.get(how, 0))
