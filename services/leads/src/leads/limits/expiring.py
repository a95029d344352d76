"""Offers that nobody has answered in time expire, and their leads are open for another one.

What is due stands in the handoffs themselves: a process that dies leaves them due, and the next one goes on.
"""

import asyncio
from uuid import UUID

from chassis.background_steps import one_by_one
from chassis.resources import Resources
from chassis.ticking import pause
from chassis.unit_of_work import unit_of_work
from leads.handoffs.handoff import HANDOFF, ExpireHandoff, is_late
from leads.lead import LEAD
from leads.limits import store
from leads.limits.deciding import ExpireOffer

AT_ONCE = 100
TICK_SECONDS = 5.0


async def expire_offers(resources: Resources, stop: asyncio.Event) -> None:
    """Until told to stop; several processes may run this, an offer expires once."""
    while not stop.is_set():
        if not await expire_some(resources):
            await pause(stop, TICK_SECONDS)


async def expire_some(resources: Resources) -> int:
    """Let up to a hundred offers of each firm expire; answers how many were late."""
    now = resources.clock.now()
    return await one_by_one(
        resources,
        "expiring offers",
        lambda connection: store.tenants_with_late_offers(connection, now),
        lambda tenant: _expired(resources, tenant),
    )


async def _expired(resources: Resources, tenant: UUID) -> int:
    """Leads are locked before handoffs; whoever answered meanwhile has changed both, and nothing is decided of them."""
    async with unit_of_work(resources, tenant=tenant) as work:
        moment = await work.moment()
        ids = await store.late_offers(work.connection, tenant, moment.at, AT_ONCE)
        found = [each.state for each in (await work.find_many(HANDOFF, "id", ids)).values()]
        late = sorted((each for each in found if is_late(each, moment.at)), key=lambda each: each.lead_id)
        await work.execute_many(LEAD, [(each.lead_id, ExpireOffer(moment=moment, handoff_id=each.id)) for each in late])
        await work.execute_many(HANDOFF, [(each.id, ExpireHandoff(moment=moment)) for each in late])
        return len(late)
