"""What may and may not follow a released event schema."""

import copy

import pytest

from events.catalogue.deals import DealWon
from events.compatibility import breaks
from events.schema import schema_of


@pytest.fixture
def released():
    return schema_of(DealWon)


def changed(schema, change):
    new = copy.deepcopy(schema)
    change(new)
    return new


def test_the_same_schema_may_follow_itself(released):
    assert breaks(released, [released]) == []


def test_an_optional_field_may_be_added(released):
    new = changed(released, lambda s: s["$defs"]["DealState"]["properties"].update(note={"type": "string"}))
    assert breaks(new, [released]) == []


def test_an_optional_field_may_be_removed(released):
    new = changed(released, lambda s: s["$defs"]["DealState"]["properties"].pop("external_id"))
    assert breaks(new, [released]) == []


def test_a_required_field_may_not_be_removed(released):
    def remove(schema):
        schema["$defs"]["DealState"]["properties"].pop("name")
        schema["$defs"]["DealState"]["required"].remove("name")

    assert breaks(changed(released, remove), [released]) == [
        "against revision 1: /deal/name: a required field was removed, which old readers need"
    ]


def test_a_required_field_may_not_be_added(released):
    def add(schema):
        schema["properties"]["vat"] = {"type": "integer"}
        schema["required"].append("vat")

    assert breaks(changed(released, add), [released]) == [
        "against revision 1: /vat: a required field was added, which old documents lack"
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda s: s["properties"]["seconds_open"].update(type="number"), "type changed from 'integer' to 'number'"),
        (lambda s: s["properties"]["seconds_open"].update(minimum=1), "minimum changed from 0 to 1"),
        (lambda s: s["properties"]["occurred_at"].update(format="date"), "format changed from 'date-time' to 'date'"),
        (lambda s: s["$defs"]["DealStatus"]["enum"].append("voided"), "enum changed"),
        (lambda s: s["$defs"]["DealState"]["required"].append("source"), "became required"),
        (lambda s: s["$defs"]["DealState"]["required"].remove("name"), "became optional"),
        (lambda s: s["$defs"]["DealState"]["properties"]["source"]["anyOf"].pop(), "has 1 alternatives instead of 2"),
        (lambda s: s["properties"]["seconds_open"].update({"not": {}}), "the keyword not is not one"),
    ],
)
def test_nothing_else_may_change(released, change, reason):
    assert any(reason in told for told in breaks(changed(released, change), [released]))


def test_a_removed_name_stays_reserved_for_its_meaning(released):
    without = changed(released, lambda s: s["$defs"]["DealState"]["properties"].pop("external_id"))
    again = changed(released, lambda s: s["$defs"]["DealState"]["properties"].update(external_id={"type": "integer"}))
    assert breaks(again, [without]) == []
    assert breaks(again, [released, without]) != []
