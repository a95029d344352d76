"""Completes erasures: what was under way while a person was erased is looked for again, until nothing can be left.

A request that had read the contact before the erasure may write a note about it after. So all places are swept again
once each transaction that was open then has ended; and an erasure is complete once the null records are published.
Each sweep is a transaction that may be repeated: a process that dies leaves one undone, and the next goes on.
"""

from datetime import datetime
from uuid import UUID

from chassis.background_steps import step_by_step
from chassis.database import acquired
from chassis.resources import Resources
from chassis.unit_of_work import UnitOfWork, unit_of_work
from leads.erasing import store
from leads.erasing.erasure import ERASURE, NoteSweep
from leads.erasing.forgetting import GONE

BEAT_SECONDS = 2.0


async def sweep_once(resources: Resources) -> bool:
    """Looks after each erasure that is not complete; answers False, because the next look is worth a pause."""
    async with acquired(resources.pool) as connection:
        waiting = await store.running(connection)
        earliest, now = await store.under_way_since(connection) if waiting else (None, resources.clock.now())
    for tenant, erasure in waiting:
        async with unit_of_work(resources, tenant=tenant) as work:
            await _sweep(work, erasure, earliest, now)
    return False


complete_erasures = step_by_step("erasures", sweep_once, beat_seconds=BEAT_SECONDS)


async def _sweep(work: UnitOfWork, id_: UUID, earliest: datetime | None, now: datetime) -> None:
    """The first sweep notes its time; the one that finds all that was open then ended is the last."""
    erasure = (await work.load(ERASURE, id_)).state
    contacts, settled = list(erasure.contacts), False
    if erasure.swept_at is not None:
        settled = earliest is None or earliest > erasure.swept_at
        if not settled or not await store.published(work.connection, contacts):
            return
    erased = await store.forget(work.connection, work.tenant, contacts, GONE)
    await work.execute(
        ERASURE, id_, NoteSweep(moment=await work.moment(), erased=erased, swept_at=now, settled=settled)
    )
