"""Masks: enough to tell contacts apart, not enough to reach them."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.catalogue.contacts import ContactState
from leads.customers.masking import CLEAR, Sight, masked_mail, masked_phone

LAN = ContactState(
    id=UUID(int=1),
    name="Lan",
    email="minh@donga.example",
    phone="+84 912 345 567",
    phone_e164="+84912345567",
    custom={"birthday": "1990-05-01", "size": 3},
)
MASKED = Sight(clear=False, personal=frozenset({"birthday"}))


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("+84 912 345 567", "+84 *** 567"),
        ("+84912345567", "+84 *** 567"),
        ("0912 345 567", "*** 567"),
        ("+1 (212) 555-0123", "+1 *** 123"),
        ("113", "***"),
        ("+999999999999", "*** 999"),
        (None, None),
    ],
)
def test_a_phone_keeps_its_country_and_three_digits(phone, shown):
    assert masked_phone(phone) == shown


def test_a_mail_keeps_its_first_letter_and_its_domain():
    assert masked_mail("minh@donga.example") == "m***@donga.example"
    assert masked_mail(None) is None


def test_mail_phone_and_personal_fields_are_masked_and_nothing_else():
    seen = MASKED.of(LAN)
    assert (seen.email, seen.phone, seen.phone_e164) == ("m***@donga.example", "+84 *** 567", "+84 *** 567")
    assert seen.custom == {"birthday": "***", "size": 3}
    assert (seen.name, seen.id) == (LAN.name, LAN.id)
    assert CLEAR.of(LAN) == LAN


def test_the_past_is_masked_like_the_present():
    assert MASKED.of_change("email", "a@x.example") == "a***@x.example"
    assert MASKED.of_change("custom/birthday", "1990-05-01") == "***"
    assert MASKED.of_change("custom/size", 3) == 3
    assert MASKED.of_change("email", None) is None
    assert CLEAR.of_change("email", "a@x.example") == "a@x.example"


@given(st.from_regex(r"\+?[0-9 ().\-/]{3,40}", fullmatch=True))
def test_a_masked_phone_never_tells_more_than_country_and_three_digits(phone):
    shown = masked_phone(phone) or ""
    assert "***" in shown
    assert len([each for each in shown.partition("***")[2] if each.isdigit()]) in {0, 3}
