"""What a deal is worth: amounts, lines, list and net prices, and the same in base currency."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deals.refusals import AmountOutOfRange, ListPriceMissing, NotOffered
from deals.worth import GREATEST_MINOR, LineOffer, worth_of_amount, worth_of_lines
from events.money import Money

RATES = st.decimals(min_value="0.000001", max_value="30000", places=6).map(lambda rate: f"{rate:f}")


def test_what_is_not_given_comes_from_the_price_list(cast: Any) -> None:
    (line,) = cast.lines(LineOffer(cast.laptop, 3)).lines
    assert (line.list_minor, line.net_minor) == (360_000, 360_000)


def test_a_given_list_price_goes_before_the_price_list(cast: Any) -> None:
    (line,) = cast.lines(LineOffer(cast.laptop, 2, list_price=100, net_price=90)).lines
    assert (line.list_minor, line.net_minor) == (200, 180)


def test_a_surcharge_and_a_free_line_are_kept(cast: Any) -> None:
    dear, free = cast.lines(LineOffer(cast.mouse, 1, net_price=9_900), LineOffer(cast.laptop, 1, net_total=0)).lines
    assert (dear.net_minor - dear.list_minor, free.net_minor) == (7_400, 0)


def test_the_product_of_a_deal_is_the_first_of_its_greatest_lines(cast: Any) -> None:
    tie = cast.lines(LineOffer(cast.mouse, 1, net_total=500), LineOffer(cast.laptop, 1, net_total=500))
    assert (tie.product, cast.lines().product) == (cast.mouse.id, None)


def test_a_product_without_a_price_in_the_currency_needs_one(cast: Any) -> None:
    dong = cast.conversion("VND", "0.00004", 0)
    with pytest.raises(ListPriceMissing, match="Mouse has no list price in VND"):
        worth_of_lines([LineOffer(cast.mouse, 1)], dong)
    assert worth_of_lines([LineOffer(cast.laptop, 1)], dong).base_minor == 120_000


def test_a_product_out_of_sale_is_refused(cast: Any) -> None:
    with pytest.raises(NotOffered, match="Mouse"):
        cast.lines(LineOffer(cast.mouse.model_copy(update={"active": False}), 1))


@pytest.mark.parametrize(
    "offer",
    [
        lambda mouse: LineOffer(mouse, 10**9, list_price=10**15),
        lambda mouse: LineOffer(mouse, 1, net_total=-1),
        lambda mouse: LineOffer(mouse, 2, net_price=GREATEST_MINOR),
    ],
)
def test_what_cannot_be_counted_is_refused(cast: Any, offer: Callable[[object], LineOffer]) -> None:
    with pytest.raises(AmountOutOfRange):
        cast.lines(offer(cast.mouse))


def test_an_amount_too_great_in_base_currency_is_refused(cast: Any) -> None:
    with pytest.raises(AmountOutOfRange):
        worth_of_amount(Money(minor=GREATEST_MINOR, currency="EUR"), cast.conversion("EUR", "1.1"))
    with pytest.raises(AmountOutOfRange):
        cast.amount(-1)


@given(
    offers=st.lists(st.tuples(st.integers(1, 50), st.integers(0, 10**7), st.integers(0, 10**7)), max_size=12),
    rate=RATES,
    exponent=st.sampled_from([0, 2, 3]),
)
def test_money_adds_up_in_both_currencies(
    cast: Any, offers: list[tuple[int, int, int]], rate: str, exponent: int
) -> None:
    conversion = cast.conversion("EUR", rate, exponent)
    lines = [LineOffer(cast.mouse, quantity, price, net_total=net) for quantity, price, net in offers]
    worth = worth_of_lines(lines, conversion)
    assert worth.amount.minor == sum(line.net_minor for line in worth.lines) == sum(net for _, _, net in offers)
    assert worth.base_minor == sum(line.net_base_minor for line in worth.lines)
    listed = sum(line.list_minor for line in worth.lines)
    assert sum(line.list_base_minor for line in worth.lines) == conversion.in_base(listed)
    for line in worth.lines:
        exact = Decimal(line.net_minor).scaleb(2 - exponent) * Decimal(rate)
        assert abs(line.net_base_minor - exact) <= 1
