"""Fields that a firm defines, and the values they take."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from chassis.history import differences
from chassis.refusals import AlreadyExists
from events.catalogue.contacts import ContactChanged
from events.catalogue.custom_fields import (
    CustomFieldChanged,
    CustomFieldDefined,
    CustomFieldState,
    FieldType,
    RecordKind,
)
from events.catalogue.leads import CustomerChanged, LeadDetailsChanged, LeadState
from events.moment import Moment
from events.testing import given
from leads.custom.custom_field import (
    CUSTOM_FIELD,
    ChangeCustomField,
    ChoicesNotFitting,
    DefineCustomField,
    PersonalOnContacts,
)
from leads.custom.values import (
    NO_VALUES,
    CustomValues,
    FieldRequired,
    FieldRetired,
    FieldUnknown,
    NotAChoice,
    WrongType,
    taken,
)
from leads.lead import LEAD, CaptureLead, ChangeLeadDetails

NOW = Moment.of(datetime(2026, 3, 1, 9, tzinfo=UTC), "Asia/Ho_Chi_Minh")
LEAD_ID = UUID(int=3)


def a_field(key, type_=FieldType.TEXT, **more):
    given_ = {"id": UUID(int=7), "record": RecordKind.LEAD, "label": key.title(), **more}
    return CustomFieldState(key=key, type=type_, **given_)


SEGMENT = a_field("segment", FieldType.CHOICE, choices=("Hotel", "Retail"))
FIELDS = [
    a_field("note"),
    a_field("staff", FieldType.NUMBER),
    a_field("visit_on", FieldType.DAY),
    SEGMENT,
    a_field("chain", FieldType.YES_NO),
]


def define(field):
    return DefineCustomField(moment=NOW, field=field)


def test_a_field_is_defined_once_and_each_change_is_a_revision():
    given(CUSTOM_FIELD).when(define(SEGMENT)).then(CustomFieldDefined()).then_state(revision=1, active=True)
    given(CUSTOM_FIELD, SEGMENT).when(define(SEGMENT)).then_refused(AlreadyExists)
    retire = ChangeCustomField(moment=NOW, changes={"active": False})
    given(CUSTOM_FIELD, SEGMENT).when(retire).then(CustomFieldChanged()).then_state(revision=2, active=False)
    given(CUSTOM_FIELD, SEGMENT, retire).when(retire).then_nothing()


@pytest.mark.parametrize(
    "field",
    [
        a_field("a", choices=("x",)),
        a_field("a", FieldType.CHOICE),
        a_field("a", FieldType.CHOICE, choices=("x", "x")),
    ],
)
def test_only_a_choice_has_choices_each_once(field):
    refused = given(CUSTOM_FIELD).when(define(field)).then_refused(ChoicesNotFitting)
    assert refused.pointer == "/choices"


@pytest.mark.parametrize("record", [RecordKind.LEAD, RecordKind.ACCOUNT])
def test_personal_fields_stand_on_contacts_alone(record):
    given(CUSTOM_FIELD).when(define(a_field("a", record=record, personal=True))).then_refused(PersonalOnContacts)
    on_contact = a_field("a", record=RecordKind.CONTACT, personal=True)
    given(CUSTOM_FIELD).when(define(on_contact)).then(CustomFieldDefined())


ACCEPTED = {"note": "long\nlines", "staff": 12.5, "visit_on": "2026-02-28", "segment": "Hotel", "chain": False}


def test_values_are_taken_under_the_revision_of_their_field():
    revised = [field.model_copy(update={"revision": 3}) for field in FIELDS]
    found = taken(revised, ACCEPTED, complete=True)
    assert (found.values, set(found.revisions.values()), found.removed) == (ACCEPTED, {3}, frozenset())


@pytest.mark.parametrize(
    ("key", "value", "refusal"),
    [
        ("nothing", "x", FieldUnknown),
        ("note", 5, WrongType),
        ("note", "", WrongType),
        ("note", "a\x07b", WrongType),
        ("note", "x" * 2001, WrongType),
        ("staff", "12", WrongType),
        ("staff", True, WrongType),
        ("staff", 2**53, WrongType),
        ("visit_on", "2026-02-30", WrongType),
        ("visit_on", "20260301", WrongType),
        ("visit_on", 20260301, WrongType),
        ("segment", "hotel", NotAChoice),
        ("segment", 1, WrongType),
        ("chain", 1, WrongType),
        ("chain", "true", WrongType),
    ],
)
def test_a_value_at_fault_is_named(key, value, refusal):
    with pytest.raises(refusal) as refused:
        taken(FIELDS, {key: value}, complete=False, pointer="/prospect/custom")
    assert refused.value.pointer == f"/prospect/custom/{key}"


def test_what_is_required_must_come_with_the_record_and_stays():
    required = [a_field("budget", FieldType.NUMBER, required=True)]
    for given_ in ({}, {"budget": None}):
        with pytest.raises(FieldRequired) as refused:
            taken(required, given_, complete=True)
        assert refused.value.pointer == "/custom/budget"
    with pytest.raises(FieldRequired):
        taken(required, {"budget": None}, complete=False)
    assert taken(required, {}, complete=False) == NO_VALUES


def test_a_retired_field_takes_no_values_but_gives_them_up():
    retired = [a_field("old", required=True, active=False)]
    with pytest.raises(FieldRetired):
        taken(retired, {"old": "x"}, complete=True)
    assert taken(retired, {"old": None}, complete=True).removed == {"old"}


@drawn(
    st.dictionaries(
        st.sampled_from([field.key for field in FIELDS]),
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text("ab1-\n\x07é"),
    )
)
def test_whatever_comes_is_taken_or_refused_with_its_place(given_):
    place = None
    try:
        found = taken(FIELDS, given_, complete=False)
    except (WrongType, NotAChoice) as refusal:
        place = (refusal.pointer or "").removeprefix("/custom/")
    assert place in given_ if place else found.values == {k: v for k, v in given_.items() if v is not None}


CAPTURE = CaptureLead(
    moment=NOW,
    id=LEAD_ID,
    custom=CustomValues({"staff": 3, "chain": True}, {"staff": 1, "chain": 1}),
    captured_by="key:1",
)


def test_values_go_with_the_lead_and_change_key_by_key():
    given(LEAD).when(CAPTURE).then_state(custom={"staff": 3, "chain": True}, captured_by="key:1")
    changed = CustomValues({"staff": 4}, {"staff": 2}, frozenset({"chain"}))
    given(LEAD, CAPTURE).when(ChangeLeadDetails(moment=NOW, changes={}, custom=changed)).then(
        LeadDetailsChanged()
    ).then_state(custom={"staff": 4}, custom_revisions={"staff": 2})


def test_a_value_sent_again_changes_nothing_and_keeps_its_revision():
    again = CustomValues({"staff": 3}, {"staff": 9})
    given(LEAD, CAPTURE).when(ChangeLeadDetails(moment=NOW, changes={}, custom=again)).then_nothing()
    one = CustomValues({"chain": 1}, {"chain": 9})
    given(LEAD, CAPTURE).when(ChangeLeadDetails(moment=NOW, changes={"title": "x"}, custom=one)).then_state(
        custom_revisions={"staff": 1, "chain": 9}
    )


def test_accounts_and_contacts_have_fields_as_well():
    assert {"custom", "custom_revisions"} <= CustomerChanged.model_fields["customer"].annotation.model_fields.keys()
    assert {"custom", "custom_revisions"} <= ContactChanged.model_fields["contact"].annotation.model_fields.keys()


def test_differences_name_each_field_and_each_key_of_a_mapping():
    before = LeadState(id=LEAD_ID, created_at=NOW.at, created_on=NOW.on, custom={"a": 1, "b": True, "c": "x"})
    after = before.model_copy(update={"title": "t", "custom": {"b": 1, "c": "x", "d": 2.5}})
    assert differences(before, after) == {
        "title": {"from": None, "to": "t"},
        "custom/a": {"from": 1, "to": None},
        "custom/b": {"from": True, "to": 1},
        "custom/d": {"from": None, "to": 2.5},
    }
    assert differences(before, before) == {}
