"""What callers see: explicit models, so that the API changes only on purpose."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.aggregates import Loaded
from chassis.inputs import MoneyView
from deals.spans import visits
from events.catalogue.deals import Closing, DealState, DealStatus, Line, NextStep, PipelineState, ProductState, Stage
from events.catalogue.leads import Owner
from events.money import Money

Percent = Annotated[float, Field(ge=0, le=100, examples=[25.0])]
"""A probability in percent, with two decimal places at most."""


class OwnerView(BaseModel):
    """Who holds a record, with the team and region of the day on which it was given."""

    person: UUID
    team: UUID | None
    region: UUID | None

    @classmethod
    def of(cls, owner: Owner) -> "OwnerView":
        return cls(person=owner.person, team=owner.team, region=owner.region)


class NextStepView(BaseModel):
    """What is to be done next, and by when."""

    what: str
    due_on: date

    @classmethod
    def of(cls, step: NextStep | None) -> "NextStepView | None":
        return None if step is None else cls(what=step.what, due_on=step.due_on)


class LineView(BaseModel):
    """A product on a deal; amounts are of the whole line."""

    product: UUID
    quantity: int
    list_total: MoneyView
    net_total: MoneyView

    @classmethod
    def of(cls, line: Line, currency: str) -> "LineView":
        return cls(
            product=line.product,
            quantity=line.quantity,
            list_total=MoneyView.of(Money(minor=line.list_minor, currency=currency)),
            net_total=MoneyView.of(Money(minor=line.net_minor, currency=currency)),
        )


class ClosingView(BaseModel):
    """One end of a deal; taken back where it was reopened."""

    outcome: Literal["won", "lost"]
    at: datetime
    on: date
    stage: str
    owner: OwnerView
    reason: str | None
    competitor: str | None
    reopened_at: datetime | None
    reopened_on: date | None

    @classmethod
    def of(cls, closing: Closing) -> "ClosingView":
        return cls(
            outcome="won" if closing.outcome is DealStatus.WON else "lost",
            at=closing.at,
            on=closing.on,
            stage=closing.stage,
            owner=OwnerView.of(closing.owner),
            reason=closing.reason,
            competitor=closing.competitor,
            reopened_at=closing.reopened_at,
            reopened_on=closing.reopened_on,
        )


class DealView(BaseModel):
    """A deal. Dates named ``*_on`` are days in the tenant's zone."""

    id: UUID
    version: int
    external_id: str | None
    name: str
    status: DealStatus
    pipeline: UUID
    stage: str
    probability_percent: Percent
    owner: OwnerView
    source: str | None
    campaign: str | None
    account: UUID | None
    lead: UUID | None
    handoff: UUID | None
    amount: MoneyView
    base_amount: MoneyView
    exchange_rate: str
    exchange_rate_on: date
    lines: list[LineView]
    expected_close_on: date | None
    next_step: NextStepView | None
    opened_at: datetime
    opened_on: date
    start_known: bool
    lead_created_on: date | None
    changed_at: datetime
    closings: list[ClosingView]
    imported: bool

    @classmethod
    def of(cls, loaded: Loaded[DealState]) -> "DealView":
        deal = loaded.state
        return cls(
            id=deal.id,
            version=loaded.version,
            external_id=deal.external_id,
            name=deal.name,
            status=deal.status,
            pipeline=deal.pipeline,
            stage=deal.stage,
            probability_percent=deal.spans[-1].probability / 100,
            owner=OwnerView.of(deal.owner),
            source=deal.source,
            campaign=deal.campaign,
            account=deal.account_id,
            lead=deal.lead_id,
            handoff=deal.handoff_id,
            amount=MoneyView.of(deal.amount),
            base_amount=MoneyView.of(Money(minor=deal.base_minor, currency=deal.rate.base)),
            exchange_rate=deal.rate.rate,
            exchange_rate_on=deal.rate.on,
            lines=[LineView.of(line, deal.amount.currency) for line in deal.lines],
            expected_close_on=deal.expected_close_on,
            next_step=NextStepView.of(deal.next_step),
            opened_at=deal.opened_at,
            opened_on=deal.opened_on,
            start_known=deal.start_known,
            lead_created_on=deal.lead_created_on,
            changed_at=deal.changed_at or deal.opened_at,
            closings=[ClosingView.of(closing) for closing in deal.closings],
            imported=deal.imported,
        )


class StageVisitView(BaseModel):
    """An unbroken stay in a stage. ``seconds`` is calendar time, up to now while the stay lasts."""

    stage: str
    entered_at: datetime
    entered_on: date
    left_at: datetime | None
    left_on: date | None
    seconds: int


class StageHistory(BaseModel):
    """The stages that a deal went through; ``start_known`` is false where imported history has no beginning."""

    deal: UUID
    start_known: bool
    as_of: datetime
    visits: list[StageVisitView]

    @classmethod
    def of(cls, deal: DealState, now: datetime) -> "StageHistory":
        return cls(deal=deal.id, start_known=deal.start_known, as_of=now, visits=list(_visits(deal, now)))


class StageView(BaseModel):
    """A step of a pipeline."""

    key: str
    title: str
    probability_percent: Percent
    exit_criteria: list[str]
    stalled_after_days: int | None

    @classmethod
    def of(cls, stage: Stage) -> "StageView":
        return cls(
            key=stage.key,
            title=stage.title,
            probability_percent=stage.probability / 100,
            exit_criteria=[criterion.value for criterion in stage.exit_criteria],
            stalled_after_days=stage.stalled_after_days,
        )


class PipelineView(BaseModel):
    """A pipeline with its stages in order."""

    id: UUID
    version: int
    external_id: str | None
    name: str
    stages: list[StageView]
    is_default: bool
    active: bool

    @classmethod
    def of(cls, loaded: Loaded[PipelineState]) -> "PipelineView":
        pipeline = loaded.state
        return cls(
            id=pipeline.id,
            version=loaded.version,
            external_id=pipeline.external_id,
            name=pipeline.name,
            stages=[StageView.of(stage) for stage in pipeline.stages],
            is_default=pipeline.is_default,
            active=pipeline.active,
        )


class ProductView(BaseModel):
    """A product with its list price in each currency."""

    id: UUID
    version: int
    external_id: str | None
    name: str
    family: str | None
    list_prices: list[MoneyView]
    active: bool

    @classmethod
    def of(cls, loaded: Loaded[ProductState]) -> "ProductView":
        product = loaded.state
        return cls(
            id=product.id,
            version=loaded.version,
            external_id=product.external_id,
            name=product.name,
            family=product.family,
            list_prices=[MoneyView.of(price) for price in product.list_prices],
            active=product.active,
        )


def _visits(deal: DealState, now: datetime) -> Iterator[StageVisitView]:
    for visit in visits(deal.spans):
        yield StageVisitView(
            stage=visit.stage,
            entered_at=visit.entered_at,
            entered_on=visit.first.from_on,
            left_at=visit.left_at,
            left_on=visit.last.to_on,
            seconds=max(0, visit.seconds(now)),
        )
