"""Leads that were let go until a day are open again on that day, in the firm's own zone.

What is due stands in the leads themselves: a process that dies leaves them due, and the next one goes on.
"""

import asyncio
from datetime import timedelta
from uuid import UUID

from chassis.background_steps import one_by_one
from chassis.resources import Resources
from chassis.ticking import pause
from chassis.unit_of_work import unit_of_work
from leads.lead import LEAD
from leads.qualification import store
from leads.qualification.deciding import RecallLead

AT_ONCE = 100
TICK_SECONDS = 30.0
EASTERNMOST = timedelta(hours=14)
"""So far ahead of UTC it may be in a firm's zone."""


async def recall_leads(resources: Resources, stop: asyncio.Event) -> None:
    """Until told to stop; several processes may run this, a lead is taken by one."""
    while not stop.is_set():
        if not await recall_some(resources):
            await pause(stop, TICK_SECONDS)


async def recall_some(resources: Resources) -> int:
    """Reopen up to a hundred leads of each firm; answers how many there were."""
    tomorrow = (resources.clock.now() + EASTERNMOST).date()
    return await one_by_one(
        resources,
        "recalling",
        lambda connection: store.tenants_with_recalls(connection, tomorrow),
        lambda tenant: _recalled(resources, tenant),
    )


async def _recalled(resources: Resources, tenant: UUID) -> int:
    async with unit_of_work(resources, tenant=tenant) as work:
        moment = await work.moment()
        due = await store.due_recalls(work.connection, tenant, moment.on, AT_ONCE)
        await work.execute_many(LEAD, [(id_, RecallLead(moment=moment)) for id_ in due])
        return len(due)
