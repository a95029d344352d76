"""What callers may send about pipelines and products."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from chassis.inputs import ExternalId, Input, MoneyInput, Name, StrictBool, StrictInt, at_field
from events.catalogue.deals import ExitCriterion, Stage, StageKey
from events.money import Money


def _hundredths(percent: float) -> float:
    if round(percent * 100) != round(percent * 100, 6):
        raise ValueError("a probability has two decimal places at most")
    return percent


PercentInput = Annotated[float, Field(strict=True, ge=0, le=100, examples=[25]), AfterValidator(_hundredths)]
Prices = Annotated[list[MoneyInput], Field(max_length=50)]


class StageInput(Input):
    """A step of a pipeline."""

    key: StageKey
    title: Name
    probability_percent: PercentInput
    exit_criteria: Annotated[list[ExitCriterion], Field(max_length=20)] = Field(default_factory=list)
    stalled_after_days: Annotated[StrictInt, Field(ge=1, le=3650)] | None = None

    def to_stage(self) -> Stage:
        return Stage(
            key=self.key,
            title=self.title,
            probability=round(self.probability_percent * 100),
            exit_criteria=tuple(dict.fromkeys(self.exit_criteria)),
            stalled_after_days=self.stalled_after_days,
        )


Stages = Annotated[list[StageInput], Field(min_length=1, max_length=20)]


class PipelineInput(Input):
    """A pipeline to define; as the default it takes the place of the one before."""

    name: Name
    external_id: ExternalId | None = None
    stages: Stages
    is_default: StrictBool = False


class PipelineChange(Input):
    """What is given is changed. Running deals keep the probability of their stage until they move."""

    name: Name | None = None
    stages: Stages | None = None
    active: StrictBool | None = None
    is_default: StrictBool | None = None


class ProductInput(Input):
    """A product to sell, with its list price in each currency."""

    name: Name
    external_id: ExternalId | None = None
    family: Name | None = None
    list_prices: Prices = Field(default_factory=list)

    @property
    def prices(self) -> tuple[Money, ...]:
        return tuple(price.to_money() for price in self.list_prices)


class ProductChange(Input):
    """What is given is changed; null takes a family away."""

    name: Name | None = None
    family: Name | None = None
    list_prices: Prices | None = None
    active: StrictBool | None = None

    @model_validator(mode="after")
    def _keeps_what_it_needs(self) -> Self:
        for field in ("name", "list_prices", "active"):
            if field in self.model_fields_set and getattr(self, field) is None:
                raise at_field(field, f"{field} must not be null")
        return self

    def changes(self) -> dict[str, Any]:
        """The fields of the product that change."""
        given: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        if self.list_prices is not None:
            given["list_prices"] = tuple(price.to_money() for price in self.list_prices)
        return given
