"""How many open leads and cared-for accounts nobody follows up, as Prometheus gauges."""

import asyncio
from typing import Final

import structlog
from prometheus_client import Gauge

from chassis.database import FAILURES, acquired
from chassis.refusals import Refusal
from chassis.resources import Resources
from chassis.ticking import pause
from leads.activities import store_follow_ups as store

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 60.0

VIOLATIONS = Gauge(
    "leads_follow_up_violations",
    "Open leads and cared-for accounts without an active owner (unowned), without a next step (missing), or with one "
    "whose day is past (overdue).",
    ("tenant", "kind", "state"),
)


async def keep_gauges(resources: Resources, stop: asyncio.Event) -> None:
    """Count again and again; a fault leaves the old counts for a while."""
    while not stop.is_set():
        try:
            await count(resources)
        except (*FAILURES, Refusal) as error:
            log.warning("follow-ups not counted, will be tried again", error=repr(error))
        await pause(stop, EVERY_SECONDS)


async def count(resources: Resources) -> None:
    """Count what every tenant's people do not follow up."""
    async with acquired(resources.pool) as connection:
        for tenant in await store.tenants(connection):
            state = await resources.directory.tenant(tenant)
            today = (await resources.directory.moment(tenant, resources.clock.now())).on
            for (kind, how), found in (await store.violations(connection, tenant, today)).items():
                VIOLATIONS.labels(state.slug, kind, how).set(found)
