"""Conversions that wait too long are counted, for an operator to see.

Nothing is undone for it: deals may still open the deal, and only deals knows. ``GET /v1/conversions`` lists them.
"""

import asyncio

import structlog

from chassis.database import FAILURES, acquired
from chassis.refusals import Refusal
from chassis.resources import Resources
from chassis.ticking import pause
from leads import metrics
from leads.conversions import store

TICK_SECONDS = 10.0

_log = structlog.get_logger(__name__)


async def watch_conversions(resources: Resources, stop: asyncio.Event) -> None:
    """Until told to stop."""
    while not stop.is_set():
        try:
            await count_overdue(resources)
        except (*FAILURES, Refusal) as failure:
            _log.warning("conversions not counted, will be tried again", reason=str(failure))
        await pause(stop, TICK_SECONDS)


async def count_overdue(resources: Resources) -> None:
    async with acquired(resources.pool) as connection:
        metrics.CONVERSIONS_OVERDUE.set(await store.count_overdue(connection, resources.clock.now()))
