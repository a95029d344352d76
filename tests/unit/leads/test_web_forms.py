"""Forms on the web: their definitions, their tickets, and captures made of entries."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from chassis.refusals import AlreadyExists, Refusal
from events.catalogue.contacts import Channel, Purpose
from events.catalogue.custom_fields import CustomFieldState, FieldType, RecordKind
from events.catalogue.web_forms import FormConsent, FormField, WebFormChanged, WebFormDefined, WebFormState
from events.moment import Moment
from events.testing import given
from leads.custom.values import WrongType
from leads.forms.entry import (
    Entry,
    EntryFieldMissing,
    EntryFieldUnknown,
    EntryFieldWrong,
    capture_of,
    is_spam,
    rename,
)
from leads.forms.ticket import TicketNeeded, age_seconds, issued
from leads.forms.web_form import WEB_FORM, ChangeWebForm, DefineWebForm, FormNamesTwice, FormWithoutName

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
MOMENT = Moment.of(NOW, "Asia/Ho_Chi_Minh")
NAME = FormField(input="your-name", to="name")
NEWS = FormConsent(input="news", channel=Channel.MAIL, purpose=Purpose.MARKETING, text="Send me news")
FORM = WebFormState(
    id=UUID(int=1),
    key="k",
    name="Contact",
    source="web",
    trap="website",
    per_minute=60,
    per_address_per_minute=6,
    fields=(
        NAME,
        FormField(input="mail", to="email", required=True),
        FormField(input="what", to="title"),
        FormField(input="utm", to="campaign"),
        FormField(input="staff", to="lead.staff"),
        FormField(input="chain", to="contact.chain"),
    ),
    consents=(NEWS,),
)
FIELDS = [
    CustomFieldState(id=UUID(int=2), record=RecordKind.LEAD, key="staff", label="Staff", type=FieldType.NUMBER),
    CustomFieldState(id=UUID(int=3), record=RecordKind.CONTACT, key="chain", label="Chain", type=FieldType.YES_NO),
]
GOOD = {"your-name": " Lan ", "mail": "lan@donga.example"}


def capture(**fields):
    return capture_of(FORM, Entry({**GOOD, **fields}), FIELDS)


def changed(**values):
    return DefineWebForm(moment=MOMENT, form=FORM.model_copy(update=values))


def test_a_form_is_defined_changed_and_closed():
    define, close = changed(), ChangeWebForm(moment=MOMENT, changes={"active": False})
    given(WEB_FORM).when(define).then(WebFormDefined()).then_state(key="k", active=True)
    given(WEB_FORM, define).when(define).then_refused(AlreadyExists)
    given(WEB_FORM, define).when(close).then(WebFormChanged()).then_state(active=False, key="k")
    given(WEB_FORM, define, close).when(close).then_nothing()


def test_a_form_asks_for_the_name_and_calls_nothing_twice():
    given(WEB_FORM).when(changed(fields=FORM.fields[1:])).then_refused(FormWithoutName)
    twice = FormField(input="other", to="name")
    same_name = FormField(input="news", to="phone")
    trap = FormField(input="website", to="phone")
    for field in (twice, same_name, trap):
        given(WEB_FORM).when(changed(fields=(*FORM.fields, field))).then_refused(FormNamesTwice)


def test_fields_fill_lead_prospect_and_the_firms_own_fields():
    found = capture(what="Pumps", utm="spring", staff="12", chain="on")
    assert (found.title, found.source, found.campaign, found.duplicates) == ("Pumps", "web", "spring", "link")
    assert found.custom == {"staff": 12}
    assert found.prospect is not None
    assert (found.prospect.name, found.prospect.email, found.prospect.custom) == (
        "Lan",
        "lan@donga.example",
        {"chain": True},
    )


def test_a_ticked_box_is_consent_with_its_text_and_any_other_is_silence():
    assert capture().prospect.consents == capture(news="off").prospect.consents == []
    [said] = capture(news="on").prospect.consents
    assert (said.given, said.text, said.source) == (True, "Send me news", "form: Contact")
    needed = FORM.model_copy(update={"consents": (NEWS.model_copy(update={"required": True}),)})
    with pytest.raises(EntryFieldMissing) as refused:
        capture_of(needed, Entry(GOOD), FIELDS)
    assert refused.value.pointer == "/fields/news"


@pytest.mark.parametrize(
    ("fields", "refusal", "pointer"),
    [
        ({"your-name": "  "}, EntryFieldMissing, "/fields/your-name"),
        ({"mail": ""}, EntryFieldMissing, "/fields/mail"),
        ({"mail": "no mail"}, EntryFieldWrong, "/fields/mail"),
        ({"what": "x" * 201}, EntryFieldWrong, "/fields/what"),
        ({"your-name": "a\nb"}, EntryFieldWrong, "/fields/your-name"),
        ({"surplus": "x"}, EntryFieldUnknown, "/fields/surplus"),
        ({"news": "maybe"}, EntryFieldWrong, "/fields/news"),
    ],
)
def test_what_is_wrong_is_named_as_the_form_names_it(fields, refusal, pointer):
    with pytest.raises(refusal) as refused:
        capture(**fields)
    assert refused.value.pointer == pointer


def test_refusals_of_the_capture_point_to_the_form():
    for pointer, name in (("/custom/staff", "staff"), ("/prospect/custom/chain", "chain"), ("/prospect/email", "mail")):
        refusal = WrongType(pointer=pointer)
        rename(FORM, refusal)
        assert refusal.pointer == f"/fields/{name}"


@drawn(
    st.dictionaries(
        st.sampled_from(["your-name", "mail", "what", "staff", "chain", "news", "x"]), st.text("ab@.1\n\x07é on")
    )
)
def test_any_entry_is_a_capture_or_a_refusal(fields):
    try:
        found = capture_of(FORM, Entry(fields), FIELDS)
    except Refusal as refusal:
        found = None
        place = refusal.pointer
    assert (found is None and place.startswith("/fields/")) or (found is not None and found.prospect is not None)


def test_who_fills_what_nobody_sees_is_no_prospect():
    assert is_spam(FORM, Entry({**GOOD, "website": "buy"}))
    assert not is_spam(FORM, Entry({**GOOD, "website": ""}))


def test_a_ticket_tells_its_age_for_a_day_and_to_its_own_form():
    ticket = issued("secret", "k", NOW)
    assert age_seconds("secret", "k", ticket, NOW + timedelta(seconds=5)) == 5
    later = NOW + timedelta(hours=24, seconds=1)
    forged = issued("other", "k", NOW)
    for wrong, key, at in (
        (ticket, "other", NOW),
        (ticket, "k", later),
        (forged, "k", NOW),
        (None, "k", NOW),
        ("", "k", NOW),
        ("é", "k", NOW),
        (ticket[:-1] + "_", "k", NOW),
        ("AAAA", "k", NOW),
    ):
        with pytest.raises(TicketNeeded):
            age_seconds("secret", key, wrong, at)
