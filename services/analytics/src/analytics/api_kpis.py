"""Figures over HTTP. Drawn from the KPIs' entries; never edited for a new KPI.

Every answer is of one state of the ledger, seen with the caller's eyes: a rep's totals are of the own records, a
manager's of the teams. Numbers are written digit by digit, so that no amount passes through a float.
"""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.responses import Response

from analytics.asking import (
    TEXTS_MAX,
    Changes,
    ExplainParameters,
    KpiParameters,
    NoSuchKpi,
    OneQuery,
    WaterfallParameters,
    calendar_of,
    changes_of,
    days_of,
    filters_of,
    kpi_of,
    question_of,
)
from analytics.explain import entries
from analytics.kpi import Kpi, Unit
from analytics.kpis import KPIS
from analytics.names import Names, names_of
from analytics.numbers import exact_json, shown
from analytics.presentation import Presentation
from analytics.query.answer import answer, balances_for
from analytics.query.balances import Balance
from analytics.query.evaluate import evaluate
from analytics.query.freshness import Freshness, NotFoldedYet, arrivals_in
from analytics.query.question import Only, Question
from analytics.views import AnswersView, AnswerView, ExplanationView, KpiList, KpiView, WaterfallView, plain
from analytics.waterfall import TERMS, Waterfall, between_days, between_times
from chassis.auth import authenticated
from chassis.currencies import decimals
from chassis.database import begin_as_tenant
from chassis.examples import example
from chassis.http_context import context_of
from chassis.inputs import Input
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Forbidden, Invalid
from chassis.routes import CommandRoute
from events.catalogue.identity import TenantState

router = APIRouter(prefix="/v1", tags=["kpis"], route_class=CommandRoute)

freshness: Final = Freshness()

DEFINITIONS: Final = sha256(repr([(kpi.slug, kpi.version, kpi.definition) for kpi in KPIS]).encode()).hexdigest()[:16]
"""Changes with any definition: the ETag of their list."""


class Queries(Input):
    """Several questions at once."""

    queries: Annotated[list[OneQuery], Field(min_length=1, max_length=20)]
    after: Changes = Field([])


async def all_arrived(request: Request, body: Queries) -> None:
    """As ``arrived``, for what a body names."""
    await _wait_for(request, body.after)


async def arrived(request: Request) -> None:
    """Wait until the changes named by ``after`` are in the figures, before the reader takes a connection.

    The endpoint's parameters say what ``after`` may be; what is more than that is refused there.
    """
    await _wait_for(request, request.query_params.getlist("after"))


async def _wait_for(request: Request, after: Sequence[str]) -> None:
    if 0 < len(after) <= TEXTS_MAX:
        principal = await authenticated(request)
        await arrivals_in(context_of(request.scope).resources).of(principal.tenant, changes_of(after))


Arrived = Annotated[None, Depends(arrived)]
AllArrived = Annotated[None, Depends(all_arrived)]


@router.get("/kpis", responses=problems(Forbidden))
async def list_kpis(reader: Reader) -> KpiList:
    """Every KPI with its definition."""
    reader.etag(DEFINITIONS)
    return KpiList(items=[KpiView.of(kpi) for kpi in KPIS])


@router.get("/kpis/{slug}", responses={**plain(AnswerView), **problems(NoSuchKpi, Invalid, NotFoldedYet)})
async def get_kpi(slug: str, limits: KpiParameters, _arrived: Arrived, reader: Reader) -> Response:
    """A KPI's value, sliced, limited, as of a day or as known at a time."""
    kpi = kpi_of(slug)
    complete_to = await _fresh(reader)
    asker = await _Asker.of(reader, complete_to)
    return _json(await asker.answered(kpi, limits))


@router.post(
    "/kpis:batch",
    responses={**plain(AnswersView), **problems(NoSuchKpi, Invalid, NotFoldedYet)},
    openapi_extra=example({"queries": [{"kpi": "win-rate", "by": ["team"], "from": "2026-01-01", "to": "2026-04-01"}]}),
)
async def get_kpis(body: Queries, _arrived: AllArrived, reader: Reader) -> Response:
    """Several KPIs in one request, all from one state of the ledger."""
    complete_to = await _fresh(reader)
    asker = await _Asker.of(reader, complete_to)
    return _json({"answers": [await asker.answered(kpi_of(query.kpi), query) for query in body.queries]})


@router.get("/kpis/{slug}/explain", responses={**plain(ExplanationView), **problems(NoSuchKpi, Invalid, NotFoldedYet)})
async def explain_kpi(slug: str, limits: ExplainParameters, _arrived: Arrived, reader: Reader) -> Response:
    """The entries and events behind one figure: filter it down to the row in question."""
    kpi = kpi_of(slug)
    if limits.by or limits.compare or not kpi.measures:
        raise Invalid("An explanation is of one row: use filter, not by or compare.", pointer="/by")
    complete_to = await _fresh(reader)
    asker = await _Asker.of(reader, complete_to)
    return _json(await asker.explained(kpi, limits, limits.cursor))


@router.get("/waterfall", responses={**plain(WaterfallView), **problems(Invalid)})
async def get_waterfall(asked: WaterfallParameters, reader: Reader) -> Response:
    """Why the open pipeline changed between two days, or between two states of knowledge."""
    complete_to = await _fresh(reader)
    asker = await _Asker.of(reader, complete_to)
    only = Only(filters_of(asked.filter, asker.names), reader.scope)
    days, known = (asked.from_, asked.to), (asked.known_from, asked.known_to)
    if None not in days and known == (None, None):
        found = await between_days(reader.connection, reader.tenant, days_of(*days), only)
        return _json(asker.waterfall(found, *days))
    if known[0] is not None and known[1] is not None and days == (None, None) and known[0] <= known[1]:
        today = asker.calendar.day_of(reader.now)
        found = await between_times(reader.connection, reader.tenant, (known[0], known[1]), today, only)
        return _json(asker.waterfall(found, *known))
    raise Invalid("Give from and to, or known_from and known_to, the earlier one first.", pointer="/from")


class _Asker:
    """What it takes to ask for the caller: the tenant's calendar and currency, and its names."""

    def __init__(self, reader: Any, tenant: TenantState, names: Names, complete_to: datetime | None) -> None:
        self._reader = reader
        self._complete_to = complete_to
        self.names = names
        self.calendar = calendar_of(tenant)
        self._currency = tenant.base_currency
        self._digits = decimals(tenant.base_currency)
        self._presentation = Presentation(names, self._currency, self._digits)

    @classmethod
    async def of(cls, reader: Any, complete_to: datetime | None) -> "_Asker":
        tenant = await reader.directory.tenant(reader.tenant)
        names = await names_of(reader.connection, reader.directory, reader.tenant)
        return cls(reader, tenant, names, complete_to)

    async def answered(self, kpi: Kpi, limits: Any) -> dict[str, Any]:
        question = self._question(kpi, limits)
        found = await answer(self._reader.connection, self._reader.tenant, question, limits.compare)
        return self._presentation.of(found, self._complete_to, limits.limit)

    async def explained(self, kpi: Kpi, limits: Any, cursor: str | None) -> dict[str, Any]:
        reader, question = self._reader, self._question(kpi, limits)
        cursors = reader.cursors(f"explain {kpi.slug}")
        (after,) = cursors.read(cursor) or ("0",)
        balances = await balances_for(reader.connection, reader.tenant, question)
        rows = await evaluate(question, balances)
        size = min(limits.limit, 200)
        page = await entries(
            reader.connection, reader.tenant, question, balances, after=int(after or 0), limit=size + 1
        )
        return {
            **self._presentation.head(question, self._complete_to),
            **self._presentation.totals(question, rows),
            "items": [self._presentation.entry(question, entry) for entry in page[:size]],
            "next_cursor": cursors.write([page[size - 1].place]) if len(page) > size else None,
        }

    def waterfall(self, found: Waterfall, start: Any, end: Any) -> dict[str, Any]:
        def part(term: str, balance: Balance) -> dict[str, Any]:
            return {
                "term": term,
                "value": shown(Fraction(balance.amount), Unit.MONEY, self._digits),
                "count": balance.number,
            }

        return {
            "measure": "open-pipeline", "currency": self._currency, "from": start, "to": end,
            "start": part("start", found.start),
            "terms": [part(term, found.terms[term]) for term in TERMS],
            "end": part("end", found.end),
        }  # fmt: skip

    def _question(self, kpi: Kpi, limits: Any) -> Question:
        return question_of(
            kpi, limits, self.names, scope=self._reader.scope, now=self._reader.now, calendar=self.calendar
        )


async def _fresh(reader: Any) -> datetime | None:
    """Begin the read anew, so that all its queries see one state; how complete it is."""
    await reader.connection.execute("ROLLBACK")
    complete_to = await freshness.complete_to(reader.connection)
    begin = begin_as_tenant(reader.tenant, read_only=True)
    await reader.connection.execute(begin.replace("BEGIN READ ONLY", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
    return complete_to


def _json(document: dict[str, Any]) -> Response:
    return Response(exact_json(document), media_type="application/json")
