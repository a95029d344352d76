"""First responses whose deadline has passed are told as breaches, each once.

What is due stands in the leads themselves: a process that dies leaves them due, and the next one goes on. Each is
decided anew under its lock, so somebody who turned to the prospect meanwhile is not wronged.
"""

import asyncio
from uuid import UUID

import structlog

from chassis.database import FAILURES, acquired
from chassis.refusals import Refusal
from chassis.resources import Resources
from chassis.ticking import pause
from chassis.unit_of_work import unit_of_work
from leads.lead import LEAD
from leads.responses import store
from leads.responses.deciding import BreachResponse

AT_ONCE = 100
TICK_SECONDS = 5.0

_log = structlog.get_logger(__name__)


async def breach_responses(resources: Resources, stop: asyncio.Event) -> None:
    """Until told to stop; several processes may run this, a breach is told once."""
    while not stop.is_set():
        if not await breach_some(resources):
            await pause(stop, TICK_SECONDS)


async def breach_some(resources: Resources) -> int:
    """Tell up to a hundred breaches of each firm; answers how many there were."""
    try:
        async with acquired(resources.pool) as connection:
            tenants = await store.tenants_with_late_responses(connection, resources.clock.now())
        return sum([await _breached(resources, tenant) for tenant in tenants])
    except (*FAILURES, Refusal) as failure:
        _log.warning("late responses not told, will be tried again", reason=str(failure))
        return 0


async def _breached(resources: Resources, tenant: UUID) -> int:
    """A lead that was merged meanwhile refuses, and is not due any more."""
    async with unit_of_work(resources, tenant=tenant) as work:
        moment = await work.moment()
        late = await store.late_responses(work.connection, tenant, moment.at, AT_ONCE)
        await work.execute_many(LEAD, [(id_, BreachResponse(moment=moment)) for id_ in late])
        return work.published
