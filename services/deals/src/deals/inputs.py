"""What callers may send about deals. The same bodies serve single requests and items of a batch."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from chassis.currencies import is_currency
from chassis.inputs import (
    Day,
    ExternalId,
    Input,
    MoneyInput,
    Name,
    OccurredAt,
    StrictBool,
    StrictInt,
    StrictStr,
    at_field,
)
from events.catalogue.deals import StageKey

Label = Annotated[Name, Field(max_length=100)]


def _currency(code: str) -> str:
    if not is_currency(code):
        raise ValueError(f"{code} is not a currency of ISO 4217")
    return code


CurrencyCode = Annotated[StrictStr, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_currency)]

MOST_LINES = 200


class When(Input):
    """When it happened in the business; now where absent."""

    occurred_at: OccurredAt | None = None


class NextStepInput(Input):
    """What is to be done next, and by when."""

    what: Name
    due_on: Day


class LineInput(Input):
    """A product on the deal, by id or external id. Prices are of one piece; absent ones come from the price list.

    ``net_total`` is the price of the whole line instead of ``net_price``.
    """

    product: UUID | None = None
    product_external_id: ExternalId | None = None
    quantity: Annotated[StrictInt, Field(ge=1, le=1_000_000_000)] = 1
    list_price: MoneyInput | None = None
    net_price: MoneyInput | None = None
    net_total: MoneyInput | None = None

    @model_validator(mode="after")
    def _is_one_product_at_one_price(self) -> Self:
        _exactly_one(self, "product")
        if self.net_price is not None and self.net_total is not None:
            raise ValueError("give net_price or net_total, not both")
        return self

    @property
    def prices(self) -> list[MoneyInput]:
        return [price for price in (self.list_price, self.net_price, self.net_total) if price is not None]


Lines = Annotated[list[LineInput], Field(max_length=MOST_LINES)]


class WorthInput(Input):
    """What a deal is worth: an amount, or lines that add up to it.

    ``currency`` says in which currency products are taken from the price list, where no line names a price.
    """

    amount: MoneyInput | None = None
    lines: Lines | None = None
    currency: CurrencyCode | None = None

    @model_validator(mode="after")
    def _is_amount_or_lines(self) -> Self:
        if self.amount is not None and self.lines is not None:
            raise ValueError("give amount or lines, not both: lines add up to the amount")
        return self


class DealInput(When, WorthInput):
    """A deal to open. What is absent takes a default: the default pipeline, its first stage, you, no amount."""

    name: Name
    external_id: ExternalId | None = None
    pipeline: UUID | None = None
    pipeline_external_id: ExternalId | None = None
    stage: StageKey | None = None
    owner: UUID | None = None
    owner_external_id: ExternalId | None = None
    account: UUID | None = None
    account_external_id: ExternalId | None = None
    source: Label | None = None
    campaign: Label | None = None
    expected_close_on: Day | None = None
    next_step: NextStepInput | None = None
    lead_created_on: Day | None = None
    start_known: StrictBool = True
    imported: StrictBool = False

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        for noun in ("pipeline", "owner", "account"):
            _at_most_one(self, noun)
        return self


class StageMove(When):
    """Where to move the deal."""

    stage: StageKey


class AmountChange(When):
    """What the deal is worth now."""

    amount: MoneyInput


class LinesChange(When):
    """The products that the deal is about now; an empty list takes them all away."""

    lines: Lines
    currency: CurrencyCode | None = None


class OwnerChange(When):
    """Who holds the deal from now on."""

    owner: UUID | None = None
    owner_external_id: ExternalId | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        _exactly_one(self, "owner")
        return self


class ExpectedCloseChange(When):
    """The day on which the deal is expected to close; null for none."""

    expected_close_on: Day | None


class NextStepChange(When):
    """The next step; null when it is done."""

    next_step: NextStepInput | None


class DetailsChange(When):
    """What is given is changed, null takes it away."""

    name: Name | None = None
    source: Label | None = None
    campaign: Label | None = None
    account: UUID | None = None
    account_external_id: ExternalId | None = None

    @model_validator(mode="after")
    def _keeps_a_name(self) -> Self:
        if "name" in self.model_fields_set and self.name is None:
            raise at_field("name", "a deal keeps a name")
        _at_most_one(self, "account")
        return self


class Win(When, WorthInput):
    """The customer bought; the final amount or lines where they differ from the deal's."""


class Loss(When):
    """The customer did not buy."""

    reason: Name
    competitor: Label | None = None


class Won(Win):
    """Close the deal as won."""

    outcome: Literal["won"]


class Lost(Loss):
    """Close the deal as lost."""

    outcome: Literal["lost"]


Closure = Annotated[Won | Lost, Field(discriminator="outcome")]


class Reopening(When):
    """Why the deal is worked on again, and in which stage where it is not the one it was closed from."""

    reason: Name
    stage: StageKey | None = None


DealChange = (
    StageMove
    | AmountChange
    | LinesChange
    | OwnerChange
    | ExpectedCloseChange
    | NextStepChange
    | DetailsChange
    | Win
    | Loss
    | Reopening
)


def _exactly_one(body: Input, noun: str) -> None:
    _at_most_one(body, noun)
    if getattr(body, noun) is None and getattr(body, f"{noun}_external_id") is None:
        raise ValueError(f"give {noun} or {noun}_external_id")


def _at_most_one(body: Input, noun: str) -> None:
    if getattr(body, noun) is not None and getattr(body, f"{noun}_external_id") is not None:
        raise ValueError(f"give {noun} or {noun}_external_id, not both")
