"""From a request to a question: parameters are read, names become ids, and the caller's view is put on it."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from analytics.kpi import Kpi
from analytics.kpis import BY_SLUG
from analytics.ledger.posting import DIMENSIONS, Dimension
from analytics.names import Names
from analytics.periods import UNITS, Calendar, Comparison, Days, Unit
from analytics.query.freshness import Change
from analytics.query.question import Only, Question
from chassis.inputs import Day, OccurredAt
from chassis.principal import Scope
from chassis.refusals import Forbidden, Invalid, NotFound
from events.catalogue.identity import TenantState

AFTER: Final = re.compile(r"(lead|handoff|deal|spend|activity):([0-9a-fA-F-]{36})@([0-9]{1,9})")
FILTER: Final = re.compile(r"([a-z]+)\s*[:=]\s*(.+)", re.DOTALL)

TEXTS_MAX: Final = 20

Texts = Annotated[list[Annotated[str, Field(min_length=1, max_length=300)]], Field(max_length=TEXTS_MAX)]


Changes = Annotated[
    Texts,
    Field(description="Wait until this is in the figures: deal:<id>@<version>, or lead, handoff, spend, activity"),
]


class NoSuchKpi(NotFound):
    """There is no such KPI; the list is at /v1/kpis."""


class Limits(BaseModel):
    """What a figure is limited to and sliced by."""

    model_config = ConfigDict(extra="forbid")

    by: Texts = Field([], description=f"Dimensions ({', '.join(DIMENSIONS)}) and at most one of {', '.join(UNITS)}")
    from_: Day | None = Field(None, alias="from", description="First day, in the tenant's zone")
    to: Day | None = Field(None, description="The day after the last")
    as_of: Day | None = Field(None, description="What was the case at the end of this day; stocks are of this day")
    known_at: OccurredAt | None = Field(None, description="What was known at this time; later events are left out")
    filter: Texts = Field([], description="dimension:value; the value is an id, a name, an external id, or (none)")
    roll_up: bool = Field(False, description="A team or region in filter stands for all below it as well, as of today")
    compare: Comparison | None = Field(None, description="Also the value of the period before, or a year ago")
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1_000


class OneQuery(Limits):
    """A KPI with its limits, as one of several."""

    kpi: Annotated[str, Field(max_length=80)]


class KpiQuery(Limits):
    """A question that may have to wait for a change."""

    after: Changes = Field([])


class ExplainQuery(KpiQuery):
    """A question about one row, page by page."""

    cursor: Annotated[str | None, Field(max_length=2000)] = Field(None, description="next_cursor of the page before")


class WaterfallQuery(BaseModel):
    """Two days, or two instants of knowing."""

    model_config = ConfigDict(extra="forbid")

    from_: Day | None = Field(None, alias="from", description="Start: the stock before this day")
    to: Day | None = Field(None, description="End: the stock before this day")
    known_from: OccurredAt | None = Field(None, description="Start: today's stock as known at this time")
    known_to: OccurredAt | None = Field(None, description="End: today's stock as known at this time")
    filter: Texts = Field([], description="dimension:value, as for a KPI")


WaterfallParameters = Annotated[WaterfallQuery, Query()]
KpiParameters = Annotated[KpiQuery, Query()]
ExplainParameters = Annotated[ExplainQuery, Query()]


def kpi_of(slug: str) -> Kpi:
    if slug not in BY_SLUG:
        raise NoSuchKpi
    return BY_SLUG[slug]


def calendar_of(tenant: TenantState) -> Calendar:
    return Calendar(tenant.zone, tenant.fiscal_year_start_month)


def question_of(kpi: Kpi, limits: Limits, names: Names, *, scope: Scope, now: datetime, calendar: Calendar) -> Question:
    """The question, or Invalid where the KPI cannot be asked so."""
    if kpi.is_of_the_firm and not scope.everything:
        raise Forbidden(f"{kpi.slug} belongs to nobody in particular: only those who see all records may ask for it.")
    by, unit = split(limits.by)
    filters = filters_of(limits.filter, names)
    if limits.roll_up:
        filters = {name: names.rolled_up(name, values) for name, values in filters.items()}
    for name in (*by, *filters):
        if name not in kpi.dimensions:
            allowed = ", ".join(kpi.dimensions) or "none"
            raise Invalid(f"{kpi.slug} has no dimension {name}; it has: {allowed}.", pointer="/by")
    if unit is not None and not kpi.calendar:
        raise Invalid(f"{kpi.slug} is of a day and cannot be had by {unit}.", pointer="/by")
    days = days_of(limits.from_, limits.to)
    if limits.compare is not None and (days.start is None or days.end is None or unit is not None):
        raise Invalid("A comparison needs from and to, and no unit of time in by.", pointer="/compare")
    if limits.compare is not None and not kpi.of_a_period:
        raise Invalid(f"{kpi.slug} is of a day: ask for two days by as_of and compare them.", pointer="/compare")
    return Question(
        kpi=kpi, by=by, unit=unit, days=days, as_of=limits.as_of, known_at=limits.known_at,
        only=Only(filters, scope), now=now, calendar=calendar,
    )  # fmt: skip


def split(by: Sequence[str]) -> tuple[tuple[Dimension, ...], Unit | None]:
    """Dimensions and the unit of time."""
    units = tuple(unit for unit in UNITS if unit in by)
    unknown = set(by) - set(UNITS) - set(DIMENSIONS)
    if unknown:
        known = ", ".join((*DIMENSIONS, *UNITS))
        raise Invalid(f"There is no dimension {min(unknown)!r}; there are: {known}.", pointer="/by")
    if len(units) > 1:
        raise Invalid("At most one unit of time may be named.", pointer="/by")
    chosen: Any = tuple(name for name in dict.fromkeys(by) if name in DIMENSIONS)
    return chosen, units[0] if units else None


def filters_of(texts: Sequence[str], names: Names) -> dict[Dimension, frozenset[str | None]]:
    """Values by dimension; several for one dimension mean any of them."""
    found: dict[Any, frozenset[str | None]] = {}
    for text in texts:
        match = FILTER.fullmatch(text)
        if match is None or match[1] not in DIMENSIONS:
            raise Invalid(f"{text!r} is not a filter such as team:North.", pointer="/filter")
        name: Any = match[1]
        found[name] = found.get(name, frozenset()) | names.values(name, match[2].strip())
    return found


def days_of(start: date | None, end: date | None) -> Days:
    if start is not None and end is not None and start > end:
        raise Invalid("from is after to.", pointer="/from")
    return Days(start, end)


def changes_of(after: Sequence[str]) -> list[Change]:
    """What must be in the figures first: ``deal:<id>@<version>``."""
    found = []
    for text in after:
        match = AFTER.fullmatch(text)
        try:
            kind, id_, version = match.groups() if match else ("", "", "")
            found.append(Change(kind, UUID(id_), int(version)))
        except ValueError as error:
            raise Invalid(f"{text!r} is not a change such as deal:<id>@3.", pointer="/after") from error
    return found
