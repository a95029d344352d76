"""What contacts decided about being reached, and what follows from it."""

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest

from events.catalogue.contacts import (
    Channel,
    Consent,
    ContactConsentChanged,
    ContactDoNotContactLifted,
    ContactDoNotContactSet,
    ContactState,
    Purpose,
)
from events.moment import Moment
from events.testing import given
from leads.customers.consent import (
    BarContact,
    ContactForbidden,
    NotBarred,
    RecordConsent,
    Statement,
    UnbarContact,
    may_contact,
    refuse_contact,
    why_not,
)
from leads.customers.contact import CONTACT
from leads.sequence import OutOfSequence

LAN = ContactState(id=UUID(int=1), name="Lan")
EVERY = list(product(Channel, Purpose))


def on_day(day):
    return Moment.of(datetime(2026, 3, 1, 9, tzinfo=UTC) + timedelta(days=day - 1), "Asia/Ho_Chi_Minh")


def says(day, given_, channel=Channel.MAIL, purpose=Purpose.MARKETING, text=None):
    said = Statement(channel, purpose, given=given_, source="fair", text=text)
    return RecordConsent(moment=on_day(day), statements=(said,))


def after(*history):
    return given(CONTACT, LAN, *history).state


def test_silence_is_no_consent_to_advertising_and_no_objection_to_business():
    for channel in Channel:
        assert why_not(LAN, channel, Purpose.MARKETING) == "no-consent"
        assert may_contact(LAN, channel, Purpose.SALES)


def test_consent_holds_for_its_way_and_purpose_alone():
    asked = after(says(1, given_=True))
    assert [pair for pair in EVERY if may_contact(asked, *pair) and pair[1] is Purpose.MARKETING] == [
        (Channel.MAIL, Purpose.MARKETING)
    ]


def test_a_withdrawal_forbids_whatever_was_said_before():
    gone = after(says(1, given_=True), says(2, given_=False))
    assert why_not(gone, Channel.MAIL, Purpose.MARKETING) == "opted-out"
    no_calls = after(says(1, given_=False, channel=Channel.CALL, purpose=Purpose.SALES))
    assert why_not(no_calls, Channel.CALL, Purpose.SALES) == "opted-out"
    assert may_contact(no_calls, Channel.MAIL, Purpose.SALES)


def test_the_newest_decision_stands_however_late_an_older_one_is_loaded():
    given(CONTACT, LAN, says(5, given_=False)).when(says(2, given_=True)).then_nothing()
    given(CONTACT, LAN, says(5, given_=False)).when(says(5, given_=False)).then_nothing()


def test_consent_keeps_time_source_and_text():
    consent = Consent(given=True, at=on_day(1).at, source="fair", text="Yes")
    expected = ContactConsentChanged(channel=Channel.MAIL, purpose=Purpose.MARKETING, consent=consent)
    given(CONTACT, LAN).when(says(1, given_=True, text="Yes")).then(expected).then_state(
        consents={"mail:marketing": consent}
    )


def test_several_statements_at_once_are_all_kept():
    both = RecordConsent(
        moment=on_day(1),
        statements=tuple(Statement(each, Purpose.MARKETING, given=True, source="form") for each in Channel),
    )
    assert len(given(CONTACT, LAN).when(both).state.consents) == len(Channel)


def test_do_not_contact_forbids_everything_until_it_is_lifted():
    bar = BarContact(moment=on_day(2), source="call", reason="rang at night")
    lift = UnbarContact(moment=on_day(3))
    given(CONTACT, LAN).when(bar).then(ContactDoNotContactSet())
    barred = after(says(1, given_=True), bar)
    assert {why_not(barred, *pair) for pair in EVERY} == {"do-not-contact"}
    given(CONTACT, LAN, bar).when(bar).then_nothing()
    given(CONTACT, LAN, bar).when(lift).then(ContactDoNotContactLifted()).then_state(do_not_contact=None)
    given(CONTACT, LAN).when(lift).then_refused(NotBarred)
    given(CONTACT, LAN, bar).when(UnbarContact(moment=on_day(1))).then_refused(OutOfSequence)


def test_the_refusal_says_why_and_points_to_what_asks_for_it():
    with pytest.raises(ContactForbidden) as refused:
        refuse_contact(after(BarContact(moment=on_day(1), source="call")), Channel.CALL, pointer="/kind")
    assert (refused.value.pointer, refused.value.facts["reason"]) == ("/kind", "do-not-contact")
    refuse_contact(LAN, Channel.CALL)
