"""The shapes of answers about KPIs, as the API's description shows them. Numbers are exact decimals."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from analytics.kpi import Kpi


class KpiView(BaseModel):
    """What a KPI means."""

    slug: str
    version: int
    title: str
    unit: str
    definition: str
    booked_on: str
    credited_to: str
    dimensions: list[str]
    always_by: list[str]
    apart: list[str]
    better: str | None

    @classmethod
    def of(cls, kpi: Kpi) -> "KpiView":
        return cls(
            slug=kpi.slug, version=kpi.version, title=kpi.title, unit=kpi.unit.value, definition=kpi.definition,
            booked_on=kpi.booked_on, credited_to=kpi.credited_to, dimensions=list(kpi.dimensions),
            always_by=list(kpi.always_by), apart=list(kpi.apart), better=kpi.better,
        )  # fmt: skip


class KpiList(BaseModel):
    """Every KPI there is."""

    items: list[KpiView]


class RowView(BaseModel):
    """A figure of one combination of dimension values."""

    dimensions: dict[str, str]
    ids: dict[str, str | None] | None = Field(None, description="The ids behind the names")
    value: float | None = Field(description="Money in whole units with the currency's decimals; ratios as 0 to 1")
    numerator: float | None
    denominator: float | None
    count: int
    reason: str | None = Field(None, description="Why there is no value")
    apart: dict[str, float] | None = Field(None, description="What belongs beside the value and is not in it")
    compared_value: float | None = None
    change: float | None = Field(None, description="Relative to the value compared with; of ratios the difference")


class AnswerView(BaseModel):
    """A KPI's rows and what they are of."""

    kpi: str
    version: int
    title: str
    unit: str
    currency: str | None
    booked_on: str
    as_of: date
    known_at: datetime | None
    freshness_seconds: float | None = Field(
        description="Age of the time up to which every published event is in the figures; near 0 while complete"
    )
    from_: date | None = Field(alias="from")
    to: date | None
    rows: list[RowView]
    truncated: bool
    compared: dict[str, date] | None = None


class AnswersView(BaseModel):
    """Several answers, in the order of the queries, all from one state of the ledger."""

    answers: list[AnswerView]


class EntryView(BaseModel):
    """One entry behind a figure."""

    entry: int
    recorded_at: datetime | None
    event_id: UUID | None
    event_type: str | None
    kind: str
    id: UUID
    measure: str
    day: date
    dimensions: dict[str, str]
    count: int
    amount: int = Field(description="In minor units or seconds, as it stands in the ledger")
    adds: dict[str, float] = Field(description="What it adds to each part of the figure")


class ExplanationView(BaseModel):
    """A figure without its slices, and a page of the entries behind it."""

    kpi: str
    version: int
    unit: str
    currency: str | None
    as_of: date
    value: float | None
    reason: str | None
    totals: dict[str, float] = Field(description="What all entries together add to each part")
    items: list[EntryView]
    next_cursor: str | None


class WaterfallPart(BaseModel):
    """A stock or a change of it."""

    term: str
    value: float
    count: int


class WaterfallView(BaseModel):
    """start plus the terms is end."""

    measure: str
    currency: str
    from_: date | datetime = Field(alias="from")
    to: date | datetime
    start: WaterfallPart
    terms: list[WaterfallPart]
    end: WaterfallPart


def plain(view: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """How an endpoint that writes its own exact numbers describes its answer."""
    return {200: {"model": view, "description": "The figures"}}
