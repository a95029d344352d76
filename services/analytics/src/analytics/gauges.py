"""The figures as Prometheus gauges, drawn from the KPIs' entries.

One series a tenant and KPI, and stage where a KPI is always by stage. Stocks are of now, what is expected is all that
is to come, everything else is over the last 30 days. A figure without a value has no series.
"""

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from prometheus_client import Gauge

from analytics.asking import calendar_of
from analytics.kpi import Freshness, Kpi, Window
from analytics.kpis import KPIS
from analytics.ledger import audit_store, caught_up
from analytics.ledger.projection import active_schema, tenants
from analytics.numbers import shown
from analytics.periods import ALWAYS, Days
from analytics.query.answer import answer
from analytics.query.question import Question
from chassis.currencies import decimals
from chassis.database import FAILURES, acquired
from chassis.refusals import Refusal
from chassis.resources import Resources
from chassis.ticking import pause

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 30.0
FRESHNESS_EVERY_SECONDS: Final = 5.0
WINDOW: Final = timedelta(days=30)

LABELS: Final = ("tenant", "kpi", "unit", "stage")
Series = dict[tuple[str, ...], float]

VALUE = Gauge(
    "kpi_value",
    "A figure of a tenant: stocks now, all others over the last 30 days. Money in whole units of the base currency.",
    LABELS,
)
BEHIND = Gauge(
    "kpi_freshness_seconds", "Time since every published event was in the figures; near 0 while they are complete."
)

DIFFERENCES = Gauge(
    "ledger_audit_differences", "Differences between cells, ledger and facts in the newest audits; any is an alarm."
)


async def keep_gauges(resources: Resources, stop: asyncio.Event) -> None:
    """Draw all figures again and again; a fault leaves the old ones for a while."""
    due, complete_to = 0.0, resources.clock.now()
    clock = asyncio.get_running_loop().time
    while not stop.is_set():
        complete_to = await measured(resources, complete_to)
        if clock() >= due:
            due = clock() + EVERY_SECONDS
            try:
                await draw(resources)
            except (*FAILURES, Refusal) as error:
                log.warning("gauges wait", error=repr(error))
        await pause(stop, FRESHNESS_EVERY_SECONDS)


async def measured(resources: Resources, complete_to: datetime) -> datetime:
    """Show how old the figures are: by what was known before, where the database is away or knows nothing yet."""
    with contextlib.suppress(*FAILURES, Refusal):
        async with acquired(resources.pool) as connection:
            complete_to = await connection.fetchval(caught_up.READ) or complete_to
    BEHIND.set(max(0.0, (resources.clock.now() - complete_to).total_seconds()))
    return complete_to


async def draw(resources: Resources) -> None:
    """Every figure of every tenant, once, and what the newest audits found."""
    async with (
        resources.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        DIFFERENCES.set(await connection.fetchval(audit_store.DIFFERENCES))
        drawn: Series = {}
        for tenant in await tenants(connection, await active_schema(connection)):
            drawn |= await _drawn_of(resources, connection, tenant)
    _show(drawn)


async def _drawn_of(resources: Resources, connection: Any, tenant: UUID) -> Series:
    drawn: Series = {}
    state = await resources.directory.tenant(tenant)
    calendar, digits, now = calendar_of(state), decimals(state.base_currency), resources.clock.now()
    today = calendar.day_of(now)
    lately = Days(today - WINDOW, today + timedelta(days=1))
    for kpi in KPIS:
        if isinstance(kpi.figure, Freshness):
            continue
        days = ALWAYS if _looks_ahead(kpi) else lately
        found = await answer(connection, tenant, Question(kpi=kpi, days=days, now=now, calendar=calendar))
        for row in found.rows:
            stage = next(iter(row.key.values), "") or ""
            if (value := shown(row.value, kpi.unit, digits)) is not None:
                drawn[state.slug, kpi.slug, kpi.unit.value, stage] = float(value)
    return drawn


def _looks_ahead(kpi: Kpi) -> bool:
    return any(term.window is Window.FROM_AS_OF for of in kpi.sums for term in of.terms)


def _show(drawn: Series) -> None:
    """Set what was drawn; what has no value or no row any more goes."""
    known = [tuple(sample.labels[name] for name in LABELS) for metric in VALUE.collect() for sample in metric.samples]
    for labels in known:
        if labels not in drawn:
            VALUE.remove(*labels)
    for labels, value in drawn.items():
        VALUE.labels(*labels).set(value)
