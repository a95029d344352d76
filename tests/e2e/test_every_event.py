"""Each event version can be brought about through the APIs, and what is published is what its schema says."""

import time

import jsonschema_rs

import events.catalogue  # noqa: F401 - completes the registry
from e2e.every_event import live_it, messages
from events.event import REGISTRY
from events.schema import schema_of


def test_everything_that_can_happen_happens_and_satisfies_its_schema(platform):
    tenant = platform.found("everything")
    live_it(tenant)
    deadline = time.monotonic() + 120
    while missing := set(REGISTRY) - {message["type"] for message in messages(tenant)}:
        assert time.monotonic() < deadline, f"never published: {sorted(missing)}"
    validators = {name: jsonschema_rs.validator_for(schema_of(kind)) for name, kind in REGISTRY.items()}
    for message in messages(tenant):
        validators[message["type"]].validate(message["data"])
