"""The AsyncAPI document is valid by the specification's own schema, which refuses a wrong one."""

import json
from pathlib import Path

import jsonschema_rs
import pytest

import events.catalogue  # noqa: F401 - completes the registry
from events.asyncapi import document

SPECIFICATION = Path(__file__).parent / "vendor" / "asyncapi-3.1.0.json"


@pytest.fixture(scope="module")
def specification():
    return jsonschema_rs.validator_for(json.loads(SPECIFICATION.read_text(encoding="utf-8")))


def test_the_document_is_valid(specification):
    specification.validate(document("1.2.3"))


def test_a_wrong_document_is_refused(specification):
    wrong = document("1.2.3")
    wrong["operations"]["deals.send.deals.deal"]["action"] = "shout"
    assert not specification.is_valid(wrong)


def test_every_reference_has_a_target():
    whole = document("1.2.3")
    text = json.dumps(whole)
    for reference in {part.split('"')[0] for part in text.split('"$ref": "#/')[1:]}:
        node = whole
        for step in reference.split("/"):
            node = node[step]
