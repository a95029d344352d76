"""The JSON Schema of each event version, as committed under ``libs/events/schemas``.

A schema describes what a producer writes: closed, so that a misspelt field cannot slip out. Readers are open: they
ignore what they do not know, which is what lets a field be added. ``events.compatibility`` holds the pair together.
"""

import json
import warnings
from pathlib import Path
from typing import Any

from pydantic.json_schema import PydanticJsonSchemaWarning

from events.event import Event

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def schema_of(event_type: type[Event]) -> Schema:
    """The closed schema of an event version's data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PydanticJsonSchemaWarning)  # UNSTAMPED has no JSON form, and must not have one
        schema = event_type.model_json_schema(mode="validation")
    stamped = {"occurred_at", event_type.topic.aggregate}
    schema["required"] = sorted(stamped | set(schema.get("required", ())))
    return {"$schema": DIALECT, "$id": identifier(event_type.type), **_closed(schema)}


def identifier(event_type: str) -> str:
    """The ``ce_dataschema`` of an event version: a name that says where its schema is, wherever the platform runs."""
    return f"urn:dealstream:schema:{event_type}"


def history(folder: Path, event_type: str) -> list[Schema]:
    """Every released revision of an event version's schema, oldest first."""
    revisions = sorted((folder / event_type).glob("*.json"), key=lambda path: int(path.stem))
    return [json.loads(path.read_text(encoding="utf-8")) for path in revisions]


def rendered(schema: Schema) -> str:
    """A schema as it is committed."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}
    if closed.get("type") == "object" and "properties" in closed:
        closed["additionalProperties"] = False
    return closed
