"""Amounts in and out, to the last minor unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chassis.inputs import MoneyInput, MoneyView, amount_text
from events.money import Money

CURRENCIES = st.sampled_from(["USD", "VND", "KWD", "CNY", "CLF", "EUR", "JPY"])


@given(st.integers(-(10**14), 10**14), CURRENCIES)
def test_an_amount_goes_out_as_it_came_in(minor: int, currency: str) -> None:
    view = MoneyView.of(Money(minor=minor, currency=currency))
    assert MoneyInput(amount=view.amount, currency=view.currency).to_money() == Money(minor=minor, currency=currency)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(105400, "USD", "1054.00"), (-5, "USD", "-0.05"), (0, "KWD", "0.000"), (1250000000, "VND", "1250000000")],
)
def test_an_amount_has_the_places_of_its_currency(minor: int, currency: str, text: str) -> None:
    assert amount_text(minor, currency) == text


@pytest.mark.parametrize(
    "amount", ["1.005", "1,5", "+1", ".5", "1.", "NaN", "Infinity", "1e3", "", " 1", "\uff11", "9" * 16]
)
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValidationError):
        MoneyInput(amount=amount, currency="USD")


@pytest.mark.parametrize(
    ("amount", "currency"), [("1" * 15, "KWD"), ("-" + "9" * 15, "CLF"), ("9" * 15 + ".999", "KWD")]
)
def test_what_cannot_be_counted_exactly_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(ValidationError, match="counted exactly"):
        MoneyInput(amount=amount, currency=currency)
