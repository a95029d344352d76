"""Time in: timers that have come due raise their notices, each in the transaction that takes it."""

import asyncio
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from chassis.refusals import Refusal
from chassis.resources import Resources
from chassis.ticking import pause
from chassis.unit_of_work import UnitOfWork, unit_of_work
from notifications import store
from notifications.raising import raise_notices, those_above
from notifications.rules import TIMED_RULES
from notifications.store import DueTimer

TICK_SECONDS = 0.5
AT_ONCE = 100
POSTPONED_BY: Final = timedelta(minutes=5)

_RULES = {rule.slug: rule for rule in TIMED_RULES}
_log = structlog.get_logger(__name__)


async def run_timers(resources: Resources, stop: asyncio.Event) -> None:
    """Fire due timers until told to stop. Several processes may run this; a timer is taken by one."""
    while not stop.is_set():
        fired = 0
        for tenant in await store.tenants_with_due_timers(resources.pool, resources.clock.now()):
            fired += await fire_due(resources, tenant)
        if not fired:
            await pause(stop, TICK_SECONDS)


async def fire_due(resources: Resources, tenant: UUID) -> int:
    """Fire up to a hundred due timers of a tenant; returns how many were taken."""
    try:
        async with unit_of_work(resources, tenant=tenant) as work:
            due = await store.take_due_timers(work.connection, tenant, work.now, AT_ONCE)
            for timer in due:
                await _fire_or_postpone(work, timer)
            return len(due)
    except Refusal as refusal:
        _log.warning("timers not fired, will be tried again", tenant=str(tenant), reason=refusal.detail)
        return 0


async def _fire_or_postpone(work: UnitOfWork, timer: DueTimer) -> None:
    """A timer that cannot fire, say because its deal's owner is not known here, does not hold the others up."""
    try:
        async with work.attempt():
            await _fire(work, timer)
    except Refusal as refusal:
        _log.warning("timer postponed", tenant=str(work.tenant), deal=str(timer.deal.id), reason=refusal.detail)
        await store.postpone_timer(work.connection, work.tenant, timer, work.now + POSTPONED_BY)


async def _fire(work: UnitOfWork, timer: DueTimer) -> None:
    rule = _RULES.get(timer.rule)
    if rule is None:
        return
    above = await those_above(work.directory, work.tenant, timer.deal.owner)
    await raise_notices(
        work,
        rule.slug,
        rule.to(timer.deal, above),
        subject=("deal", timer.deal.id),
        cause=timer.cause,
        facts=rule.facts(timer.deal),
        at=work.now,
    )
