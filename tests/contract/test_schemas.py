"""The committed event schemas are those of the code, and each revision may follow all before it."""

import json
from pathlib import Path

import jsonschema_rs
import pytest

import events.catalogue  # noqa: F401 - completes the registry
from events.compatibility import breaks
from events.event import REGISTRY
from events.schema import history, schema_of

EVENTS = Path(__file__).parents[2] / "libs" / "events"


@pytest.mark.parametrize("event_type", sorted(REGISTRY))
def test_the_newest_revision_is_what_the_code_says(event_type):
    revisions = history(EVENTS / "schemas", event_type)
    assert revisions, f"{event_type} has no schema; run ./dealstream generate"
    assert revisions[-1] == schema_of(REGISTRY[event_type]), f"{event_type} changed; run ./dealstream generate"


@pytest.mark.parametrize("event_type", sorted(REGISTRY))
def test_each_revision_is_compatible_with_all_before_it(event_type):
    revisions = history(EVENTS / "schemas", event_type)
    for number, schema in enumerate(revisions):
        assert breaks(schema, revisions[:number]) == []


def test_no_released_event_type_disappears():
    assert {path.name for path in (EVENTS / "schemas").iterdir()} <= set(REGISTRY)


def test_each_schema_is_valid_json_schema():
    for event_type in REGISTRY.values():
        jsonschema_rs.meta.validate(schema_of(event_type))


@pytest.mark.parametrize("event_type", sorted(REGISTRY))
def test_the_example_of_each_event_satisfies_every_revision_and_parses(event_type):
    example = json.loads((EVENTS / "examples" / f"{event_type}.json").read_text(encoding="utf-8"))
    assert example["headers"]["ce_type"] == event_type
    data = example["value"]
    newest = history(EVENTS / "schemas", event_type)[-1]
    jsonschema_rs.validator_for(newest, validate_formats=True).validate(data)
    assert REGISTRY[event_type].model_validate(data).state is not None


def test_no_example_is_left_over():
    assert {path.stem for path in (EVENTS / "examples").glob("*.json")} == set(REGISTRY)
