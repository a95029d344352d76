"""Pipelines and products: what they accept."""

from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from chassis.refusals import AlreadyExists
from deals.pipeline import (
    DEFAULT_STAGES,
    PIPELINE,
    ChangePipeline,
    DefinePipeline,
    YieldDefault,
    default_pipeline_id,
)
from deals.product import PRODUCT, ChangeProduct, ListProduct
from deals.refusals import AmountOutOfRange, BadStages, DefaultNeeded, DuplicatePrice, StageInUse
from events.catalogue.deals import PipelineChanged, PipelineDefined, ProductChanged, ProductListed, Stage
from events.money import Money
from events.testing import given

PIPE, PROD = UUID(int=7), UUID(int=8)


def defined(cast: Any, **changes: Any) -> DefinePipeline:
    wanted: dict[str, Any] = {"id": PIPE, "name": "Partners", "stages": DEFAULT_STAGES}
    return DefinePipeline(moment=cast.at(0), **(wanted | changes))


def listed(cast: Any, **changes: Any) -> ListProduct:
    wanted: dict[str, Any] = {"id": PROD, "name": "Máy in", "list_prices": (Money(minor=100, currency="USD"),)}
    return ListProduct(moment=cast.at(0), **(wanted | changes))


def test_a_pipeline_is_defined_once(cast: Any) -> None:
    given(PIPELINE).when(defined(cast)).then(PipelineDefined()).then_state(name="Partners", stages=DEFAULT_STAGES)
    given(PIPELINE, defined(cast)).when(defined(cast)).then_refused(AlreadyExists)


def test_a_pipeline_has_one_to_twenty_stages_of_different_names(cast: Any) -> None:
    many = tuple(Stage(key=f"s{number}", title="S", probability=1) for number in range(21))
    given(PIPELINE).when(defined(cast, stages=many[:20])).then(PipelineDefined)
    given(PIPELINE).when(defined(cast, stages=many)).then_refused(BadStages, "1 to 20")
    given(PIPELINE).when(defined(cast, stages=())).then_refused(BadStages, "1 to 20")
    given(PIPELINE).when(defined(cast, stages=(*many[:2], many[1]))).then_refused(BadStages, "s1")


@pytest.mark.parametrize("probability", [-1, 10_001])
def test_a_probability_is_a_share(probability: int) -> None:
    with pytest.raises(ValidationError):
        Stage(key="s", title="S", probability=probability)


def test_only_what_is_given_changes(cast: Any) -> None:
    change = ChangePipeline(moment=cast.at(1), name="Resellers")
    given(PIPELINE, defined(cast)).when(change).then(PipelineChanged()).then_state(
        name="Resellers", stages=DEFAULT_STAGES, active=True
    )
    given(PIPELINE, defined(cast), change).when(change).then_nothing()


def test_a_stage_in_which_open_deals_stand_stays(cast: Any) -> None:
    fewer = ChangePipeline(moment=cast.at(1), stages=DEFAULT_STAGES[1:], occupied=frozenset({"qualified", "needs"}))
    given(PIPELINE, defined(cast)).when(fewer).then_refused(StageInUse, "qualified")


def test_the_default_stays_until_another_takes_its_place(cast: Any) -> None:
    default = defined(cast, is_default=True)
    given(PIPELINE, default).when(ChangePipeline(moment=cast.at(1), is_default=False)).then_refused(DefaultNeeded)
    given(PIPELINE, default).when(ChangePipeline(moment=cast.at(1), active=False)).then_refused(DefaultNeeded)
    given(PIPELINE, default).when(YieldDefault(moment=cast.at(1))).then(PipelineChanged).then_state(is_default=False)


def test_a_pipeline_out_of_use_does_not_become_the_default(cast: Any) -> None:
    retired = ChangePipeline(moment=cast.at(1), active=False)
    given(PIPELINE, defined(cast), retired).when(ChangePipeline(moment=cast.at(2), is_default=True)).then_refused(
        DefaultNeeded
    )


def test_the_pipeline_that_a_tenant_begins_with_has_a_fixed_id() -> None:
    assert default_pipeline_id(PIPE) == default_pipeline_id(PIPE) != default_pipeline_id(PROD)


def test_a_product_is_listed_once_and_changed(cast: Any) -> None:
    given(PRODUCT).when(listed(cast)).then(ProductListed()).then_state(name="Máy in", active=True)
    given(PRODUCT, listed(cast)).when(listed(cast)).then_refused(AlreadyExists)
    change = ChangeProduct(moment=cast.at(1), changes={"active": False, "family": "GTX"})
    given(PRODUCT, listed(cast)).when(change).then(ProductChanged()).then_state(active=False, family="GTX")
    given(PRODUCT, listed(cast), change).when(change).then_nothing()


def test_a_product_has_one_list_price_a_currency_and_none_below_zero(cast: Any) -> None:
    twice = (Money(minor=1, currency="USD"), Money(minor=2, currency="USD"))
    given(PRODUCT).when(listed(cast, list_prices=twice)).then_refused(DuplicatePrice)
    below = (Money(minor=-1, currency="USD"),)
    given(PRODUCT).when(listed(cast, list_prices=below)).then_refused(AmountOutOfRange)
