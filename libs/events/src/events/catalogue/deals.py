"""Events of deals: pipelines, products, deals."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, NonNegativeInt, PositiveInt

from events.catalogue.leads import Owner
from events.event import UNSTAMPED, Event, Timestamp, Value
from events.money import MinorUnits, Money, PinnedRate
from events.topics import DEALS_DEAL, DEALS_PIPELINE, DEALS_PRODUCT

StageKey = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""The name of a stage within its pipeline; stable, while its title may change."""

BasisPoints = Annotated[int, Field(ge=0, le=10_000)]
"""A share in hundredths of a percent: an integer, so that weighted sums are exact."""


class ExitCriterion(StrEnum):
    """What a deal must have before it may leave a stage."""

    AMOUNT = "amount"
    EXPECTED_CLOSE = "expected-close"
    PRODUCTS = "products"
    CUSTOMER = "customer"
    NEXT_STEP = "next-step"


class Stage(Value):
    """A step of a pipeline."""

    key: StageKey
    title: str
    probability: BasisPoints
    exit_criteria: tuple[ExitCriterion, ...] = ()
    stalled_after_days: PositiveInt | None = None


class PipelineState(Value):
    """The stages that a deal goes through, in order."""

    id: UUID
    external_id: str | None = None
    name: str
    stages: tuple[Stage, ...]
    is_default: bool = False
    active: bool = True


class ProductState(Value):
    """Something sold, with its list price in each currency."""

    id: UUID
    external_id: str | None = None
    name: str
    family: str | None = None
    list_prices: tuple[Money, ...] = ()
    active: bool = True


class DealStatus(StrEnum):
    """Whether a deal is still worked on, and if not, how it ended."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Line(Value):
    """A product on a deal. Amounts are of the whole line, in the deal's currency and in the tenant's base currency.

    The amounts in base currency are differences of converted running totals, so that they add up to the deal's own
    ``base_minor`` whatever the rate.
    """

    product: UUID
    quantity: PositiveInt
    list_minor: MinorUnits
    """Quantity times list price when the line was written."""
    net_minor: MinorUnits
    list_base_minor: MinorUnits
    net_base_minor: MinorUnits


class Span(Value):
    """A stretch of time in which stage, owner, amount, product and expected close of an open deal stayed the same.

    Spans follow each other without a gap while the deal is open: they are its history, from which stage visits, the
    pipeline of any past day and every change of value are read. Only the last span of an open deal has no ``to_at``.
    """

    stage: StageKey
    stage_index: NonNegativeInt
    """Place of the stage in its pipeline when the span began, from 0."""
    skipped: tuple[StageKey, ...] = ()
    """Stages jumped over by the forward move that began the span; the deal has passed them without a stay."""
    probability: BasisPoints
    owner: Owner
    base_minor: MinorUnits
    product: UUID | None = None
    expected_close_on: date | None = None
    from_at: Timestamp
    from_on: date
    to_at: Timestamp | None = None
    to_on: date | None = None


class Closing(Value):
    """One end of a deal; a deal that was reopened has several, all but the last with ``reopened_on``."""

    outcome: DealStatus
    at: Timestamp
    on: date
    reason: str | None = None
    competitor: str | None = None
    stage: StageKey
    """The stage it was closed from."""
    owner: Owner
    base_minor: MinorUnits
    product: UUID | None = None
    lines: tuple[Line, ...] = ()
    reopened_at: Timestamp | None = None
    reopened_on: date | None = None


class DealDetails(Value):
    """What a deal is called, where it came from and for whom it is."""

    name: str
    source: str | None = None
    campaign: str | None = None
    account_id: UUID | None = None


class NextStep(Value):
    """What is to be done next, and by when."""

    what: str
    due_on: date


class DealState(Value):
    """An opportunity to sell. Dates named ``*_on`` are days in the tenant's zone; amounts net, before tax."""

    id: UUID
    external_id: str | None = None
    name: str
    status: DealStatus = DealStatus.OPEN
    pipeline: UUID
    stage: StageKey
    owner: Owner
    source: str | None = None
    campaign: str | None = None
    account_id: UUID | None = None
    lead_id: UUID | None = None
    handoff_id: UUID | None = None
    amount: Money
    rate: PinnedRate
    """The rate of the day on which the amount was last set."""
    base_minor: MinorUnits
    """``amount`` in the tenant's base currency at ``rate``."""
    lines: tuple[Line, ...] = ()
    product: UUID | None = None
    """The product of the line with the greatest net amount (the first of equals): whole deals are counted under it."""
    expected_close_on: date | None = None
    next_step: NextStep | None = None
    stalled_after_days: PositiveInt | None = None
    """Limit of the present stage."""
    opened_at: Timestamp
    opened_on: date
    start_known: bool = True
    """False for imported history without a start date: such a deal has no cycle and no time in stage."""
    lead_created_on: date | None = None
    lead_owner: Owner | None = None
    """First owner of the lead that became this deal: the lead's success counts for this person."""
    changed_at: Timestamp | None = None
    """When the deal last changed in the business; nothing is accepted for a time before it."""
    changed_on: date | None = None
    spans: tuple[Span, ...]
    closings: tuple[Closing, ...] = ()
    imported: bool = False


class PipelineEvent(Event, topic=DEALS_PIPELINE):
    """Base of what happens to a pipeline."""

    pipeline: PipelineState = UNSTAMPED


class PipelineDefined(PipelineEvent, type="dealstream.pipeline.defined", version=1):
    """A pipeline was defined."""


class PipelineChanged(PipelineEvent, type="dealstream.pipeline.changed", version=1):
    """Name, stages or default of a pipeline changed; running deals keep the probabilities they were stamped with."""


class ProductEvent(Event, topic=DEALS_PRODUCT):
    """Base of what happens to a product."""

    product: ProductState = UNSTAMPED


class ProductListed(ProductEvent, type="dealstream.product.listed", version=1):
    """A product can be sold."""


class ProductChanged(ProductEvent, type="dealstream.product.changed", version=1):
    """Name, family, list prices or availability of a product changed."""


class DealEvent(Event, topic=DEALS_DEAL):
    """Base of what happens to a deal."""

    deal: DealState = UNSTAMPED


class DealOpened(DealEvent, type="dealstream.deal.opened", version=1):
    """A deal was opened."""


class DealStageChanged(DealEvent, type="dealstream.deal.stage_changed", version=1):
    """The deal moved to another stage of its pipeline."""

    from_stage: StageKey
    to_stage: StageKey
    seconds_in_stage: NonNegativeInt


class DealAmountChanged(DealEvent, type="dealstream.deal.amount_changed", version=1):
    """The deal is worth another amount, or its lines changed."""

    from_amount: Money
    to_amount: Money


class DealOwnerChanged(DealEvent, type="dealstream.deal.owner_changed", version=1):
    """The deal has another owner."""

    from_owner: Owner
    to_owner: Owner


class DealExpectedCloseChanged(DealEvent, type="dealstream.deal.expected_close_changed", version=1):
    """The deal is expected to close on another day."""

    from_on: date | None
    to_on: date | None


class DealNextStepPlanned(DealEvent, type="dealstream.deal.next_step_planned", version=1):
    """The next step of the deal was planned, changed or done (absent)."""

    next_step: NextStep | None


class DealDetailsChanged(DealEvent, type="dealstream.deal.details_changed", version=1):
    """Name, source, campaign or account of the deal were corrected."""

    from_details: DealDetails
    to_details: DealDetails


class DealOriginCorrected(DealEvent, type="dealstream.deal.origin_corrected", version=1):
    """The lead of the deal was merged with another, or parted from it: source, lead's day or lead's owner changed."""

    from_source: str | None = None


class DealWon(DealEvent, type="dealstream.deal.won", version=1):
    """The customer bought."""

    seconds_open: NonNegativeInt
    """Time for which the deal was open in all; the time between a close and its reopening is out."""


class DealLost(DealEvent, type="dealstream.deal.lost", version=1):
    """The customer did not buy, for a reason; a deal closed without a decision is lost too."""

    reason: str
    competitor: str | None = None


class DealReopened(DealEvent, type="dealstream.deal.reopened", version=1):
    """A closed deal is worked on again; the close is taken back in the period of the reopening."""

    reason: str
    from_status: DealStatus
