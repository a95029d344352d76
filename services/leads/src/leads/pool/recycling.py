"""Leads that nobody follows up come back into the public pool.

A lead is due when its owner has let so many working days of theirs pass, leave and holidays not counted, as the firm's
rules say. Each is decided anew under its lock, so the job may be killed, run twice or beside itself: what it has done
is in the leads, what it has not it finds again.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chassis import aggregate_store
from chassis.background_steps import one_by_one
from chassis.resources import Resources
from chassis.ticking import pause
from chassis.unit_of_work import UnitOfWork, unit_of_work
from events.catalogue.leads import LeadState
from leads.assignment import store as store_assignment
from leads.lead import LEAD
from leads.pool import store
from leads.pool.pooling import RecycleLead, nothing_due_until, quiet_since

AT_ONCE = 100
TICK_SECONDS = 60.0

Place = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Round:
    """What one transaction did: how many leads came back, and where the next one goes on, if there is more."""

    recycled: int = 0
    place: Place | None = None


async def recycle_leads(resources: Resources, stop: asyncio.Event) -> None:
    """Until told to stop; several processes may run this."""
    while not stop.is_set():
        await recycle_all(resources, stop)
        await pause(stop, TICK_SECONDS)


async def recycle_all(resources: Resources, stop: asyncio.Event | None = None) -> int:
    """The leads of all firms that are due; answers how many came back into the pool."""
    return await one_by_one(
        resources, "recycling", store.tenants_that_recycle, lambda tenant: recycle(resources, tenant, stop)
    )


async def recycle(resources: Resources, tenant: UUID, stop: asyncio.Event | None = None) -> int:
    """All leads of a tenant that are due; answers how many came back into the pool."""
    recycled, place = 0, None
    while stop is None or not stop.is_set():
        async with unit_of_work(resources, tenant=tenant) as work:
            done = await _round(work, place)
        recycled, place = recycled + done.recycled, done.place
        if place is None:
            break
    return recycled


async def _round(work: UnitOfWork, after: Place | None) -> Round:
    """Candidates are found, locked, and only then held against what was done with them: whoever calls meanwhile waits
    for the lock, or has the lead.
    """
    policy = await store_assignment.policy(work.connection, work.tenant)
    days = None if policy is None else policy.pool.recycle_after_days
    if days is None:
        return Round()
    before, today = work.now - timedelta(days=days), (await work.moment()).on
    rows = await store.quiet_leads(work.connection, work.tenant, before, today, after=after, limit=AT_ONCE)
    ids = {row["id"] for row in rows}
    locked = await aggregate_store.load_many_for_update(work.connection, LEAD, work.tenant, ids)
    worked_on = await store.last_activities(work.connection, work.tenant, ids)
    due = [await _due(work, lead.state, worked_on.get(id_), days) for id_, lead in locked.items()]
    await work.execute_many(LEAD, [command for command in due if command is not None])
    more = len(rows) == AT_ONCE
    return Round(work.published, (rows[-1]["quiet_since"], rows[-1]["id"]) if more else None)


async def _due(
    work: UnitOfWork, lead: LeadState, worked_on: datetime | None, days: int
) -> tuple[UUID, RecycleLead] | None:
    """The command for a lead of whose owner's working days enough have passed whole since something was due."""
    since = quiet_since(lead)
    if lead.owner is None or since is None:
        return None
    works = await work.directory.working_time(work.tenant, lead.owner.person)
    moment = await work.moment()
    on = (await work.directory.moment(work.tenant, max(since, worked_on or since))).on
    if works.days_after(max(on, nothing_due_until(lead) or on), days) >= moment.on:
        return None
    return lead.id, RecycleLead(moment=moment, owner=lead.owner.person, quiet_since=since)
