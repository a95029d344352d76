"""First responses whose deadline has passed are told as breaches, each once.

What is due stands in the leads themselves: a process that dies leaves them due, and the next one goes on. Each is
decided anew under its lock, so somebody who turned to the prospect meanwhile is not wronged.
"""

import asyncio
from uuid import UUID

from chassis.background_steps import one_by_one
from chassis.resources import Resources
from chassis.ticking import pause
from chassis.unit_of_work import unit_of_work
from leads.lead import LEAD
from leads.responses import store
from leads.responses.deciding import BreachResponse

AT_ONCE = 100
TICK_SECONDS = 5.0


async def breach_responses(resources: Resources, stop: asyncio.Event) -> None:
    """Until told to stop; several processes may run this, a breach is told once."""
    while not stop.is_set():
        if not await breach_some(resources):
            await pause(stop, TICK_SECONDS)


async def breach_some(resources: Resources) -> int:
    """Tell up to a hundred breaches of each firm; answers how many there were."""
    now = resources.clock.now()
    return await one_by_one(
        resources,
        "telling late responses",
        lambda connection: store.tenants_with_late_responses(connection, now),
        lambda tenant: _breached(resources, tenant),
    )


async def _breached(resources: Resources, tenant: UUID) -> int:
    """A lead that was merged meanwhile refuses, and is not due any more."""
    async with unit_of_work(resources, tenant=tenant) as work:
        moment = await work.moment()
        late = await store.late_responses(work.connection, tenant, moment.at, AT_ONCE)
        await work.execute_many(LEAD, [(id_, BreachResponse(moment=moment)) for id_ in late])
        return work.published
