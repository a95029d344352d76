"""The OpenAPI document of each service is one that a stranger can work with: named, grouped, explained, by example."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs
import pytest

from chassis.application import described
from two_firms import SERVICES

Operation = tuple[str, str, dict[str, Any]]

PUBLIC = {
    *("sign_in", "renew_session", "end_session", "jwks"),
    *("open_form", "submit_form", "get_opt_out", "opt_out", "read_feed"),
}
ANSWERED_BY_ALL = {"400", "422", "429", "503"}
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

every_service = pytest.mark.parametrize("name", SERVICES)


@cache
def document(name: str) -> dict[str, Any]:
    return described(SERVICES[name]).openapi()


def operations(name: str) -> Iterator[Operation]:
    for path, item in document(name)["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def body_of(operation: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = operation["requestBody"]["content"]["application/json"]
    return found


@every_service
def test_operations_have_a_name_a_group_and_a_sentence(name: str) -> None:
    names = [operation["operationId"] for _, _, operation in operations(name)]
    assert len(set(names)) == len(names)
    for _, _, operation in operations(name):
        assert re.fullmatch("[a-z]+(_[a-z]+)*", operation["operationId"])
        assert len(operation["tags"]) == 1
        assert operation["summary"]
        assert operation.get("description"), operation["operationId"]


@every_service
def test_what_needs_credentials_says_so(name: str) -> None:
    assert document(name)["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for _, _, operation in operations(name):
        public = operation["operationId"] in PUBLIC
        assert operation["security"] == ([] if public else [{"bearer": []}])


@every_service
def test_every_problem_that_can_occur_is_named(name: str) -> None:
    for method, path, operation in operations(name):
        missing = expected_problems(method, path, operation) - operation["responses"].keys()
        assert not missing, (path, method, missing)
        for status, response in operation["responses"].items():
            if status >= "400":
                assert response["content"] == PROBLEM, (path, method, status)


def expected_problems(method: str, path: str, operation: dict[str, Any]) -> set[str]:
    """What the kind of the request alone says about how it may fail."""
    expected = set(ANSWERED_BY_ALL)
    if operation["operationId"] not in PUBLIC:
        expected |= {"401", "403"}
    if "{" in path:
        expected |= {"404"}
    if "requestBody" in operation:
        expected |= {"413", "415"}
    if method in {"patch", "put", "delete"}:
        expected |= {"409", "412", "428"}
    return expected


@every_service
def test_every_body_has_an_example_that_fits_its_schema(name: str) -> None:
    for _, path, operation in operations(name):
        if "requestBody" not in operation:
            continue
        content = body_of(operation)
        schema = {**content["schema"], "components": document(name)["components"]}
        assert "example" in content, path
        jsonschema_rs.validator_for(schema).validate(content["example"])


@every_service
def test_no_body_takes_fields_that_nobody_reads(name: str) -> None:
    schemas = document(name)["components"]["schemas"]
    for _, path, operation in operations(name):
        if "requestBody" in operation:
            for schema in variants(body_of(operation)["schema"], schemas):
                assert schema.get("additionalProperties") is False, (path, schema.get("title"))


def variants(schema: dict[str, Any], schemas: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The objects that a body may be."""
    if "$ref" in schema:
        yield from variants(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    elif "oneOf" in schema:
        for each in schema["oneOf"]:
            yield from variants(each, schemas)
    else:
        yield schema
