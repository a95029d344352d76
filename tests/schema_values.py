"""Values that a JSON Schema allows, drawn by Hypothesis: for the keywords that our event schemas use."""

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

Values = st.SearchStrategy[Any]

FORMATS: dict[str, Values] = {
    "uuid": st.uuids().map(str),
    "date": st.dates(date(1990, 1, 1), date(2100, 12, 31)).map(date.isoformat),
    "date-time": st.integers(631_152_000_000_000, 4_102_444_799_999_999).map(
        lambda microseconds: datetime.fromtimestamp(microseconds / 1_000_000, UTC).isoformat()
    ),
}

PLAIN: dict[str, Values] = {
    "boolean": st.booleans(),
    "null": st.none(),
    "number": st.floats(-1e15, 1e15, allow_nan=False),
}

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)


def values_of(schema: dict[str, Any], definitions: dict[str, Any] | None = None) -> Values:
    """Any value that the schema allows, optional properties there or not."""
    known = definitions if definitions is not None else schema.get("$defs", {})
    if "$ref" in schema:
        return values_of(known[schema["$ref"].rpartition("/")[2]], known)
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of(*(values_of(choice, known) for choice in schema["anyOf"]))
    return _typed(schema, known)


def _typed(schema: dict[str, Any], known: dict[str, Any]) -> Values:
    match schema.get("type"):
        case "object":
            return _object(schema, known)
        case "array":
            return _array(schema, known)
        case "string":
            return _string(schema)
        case "integer":
            return _integer(schema)
        case plain if plain in PLAIN:
            return PLAIN[plain]
    raise ValueError(f"no values for {schema}")


def _object(schema: dict[str, Any], known: dict[str, Any]) -> Values:
    if isinstance(schema.get("additionalProperties"), dict):
        return st.dictionaries(TEXT, values_of(schema["additionalProperties"], known), max_size=3)
    fields = {name: values_of(field, known) for name, field in schema.get("properties", {}).items()}
    required = {name: fields.pop(name) for name in schema.get("required", [])}
    return st.fixed_dictionaries(required, optional=fields)


def _array(schema: dict[str, Any], known: dict[str, Any]) -> Values:
    if "prefixItems" in schema:
        return st.tuples(*(values_of(item, known) for item in schema["prefixItems"])).map(list)
    least = schema.get("minItems", 0)
    return st.lists(values_of(schema["items"], known), min_size=least, max_size=least + 2, unique_by=repr)


def _string(schema: dict[str, Any]) -> Values:
    if "format" in schema:
        return FORMATS[schema["format"]]
    if "pattern" in schema:
        return st.from_regex(schema["pattern"].replace("$", r"\Z"), fullmatch=True)
    return st.text(
        st.characters(codec="utf-8"), min_size=schema.get("minLength", 0), max_size=min(schema.get("maxLength", 30), 30)
    )


def _integer(schema: dict[str, Any]) -> Values:
    least = schema.get("minimum", schema.get("exclusiveMinimum", -(10**17) - 1) + 1)
    return st.integers(least, schema.get("maximum", 10**17))
