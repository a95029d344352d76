"""May one revision of an event schema follow another? Full-transitive compatibility, decided by rule.

A producer writes closed documents, a reader ignores what it does not know. Then old and new understand each other both
ways exactly if only optional fields come and go, and nothing else changes: no type, format, unit, bound, enumeration or
obligation. Each new revision is held against every released one. Only a small set of keywords is allowed, so that the
question stays decidable; a real change of meaning is a new event type (``.v2``).
"""

from collections.abc import Iterable, Iterator
from typing import Any

from events.schema import Schema

_DESCRIPTIVE = frozenset({"$schema", "$id", "$defs", "title", "description", "default", "examples"})
_STRUCTURAL = frozenset({"$ref", "type", "properties", "required", "additionalProperties", "items", "anyOf"})
_EXACT = frozenset(
    {
        "type",
        "format",
        "pattern",
        "enum",
        "const",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
    }
)
ALLOWED_KEYWORDS = _DESCRIPTIVE | _STRUCTURAL | _EXACT


def breaks(new: Schema, released: Iterable[Schema]) -> list[str]:
    """Why ``new`` may not follow the released revisions: a sentence for each reason, none if it may."""
    reasons = list(_unknown_keywords(new, "", new))
    for number, old in enumerate(released, start=1):
        reasons += [f"against revision {number}: {reason}" for reason in _differences(old, new, old, new, "")]
    return reasons


def _differences(old: Any, new: Any, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    for keyword in sorted(_EXACT):
        if old.get(keyword) != new.get(keyword):
            yield f"{path or '/'}: {keyword} changed from {old.get(keyword)!r} to {new.get(keyword)!r}"
    yield from _property_differences(old, new, old_root, new_root, path)
    if "items" in old and "items" in new:
        yield from _differences(old["items"], new["items"], old_root, new_root, f"{path}/*")
    old_choices, new_choices = old.get("anyOf", []), new.get("anyOf", [])
    if len(old_choices) != len(new_choices):
        yield f"{path or '/'}: has {len(new_choices)} alternatives instead of {len(old_choices)}"
    for old_choice, new_choice in zip(old_choices, new_choices, strict=False):
        yield from _differences(old_choice, new_choice, old_root, new_root, path)


def _property_differences(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    old_fields, new_fields = old.get("properties", {}), new.get("properties", {})
    old_required, new_required = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(old_fields.keys() | new_fields.keys()):
        here = f"{path}/{name}"
        if name not in new_fields and name in old_required:
            yield f"{here}: a required field was removed, which old readers need"
        elif name not in old_fields and name in new_required:
            yield f"{here}: a required field was added, which old documents lack"
        elif name in old_fields and name in new_fields:
            if (name in old_required) != (name in new_required):
                yield f"{here}: became {'required' if name in new_required else 'optional'}"
            yield from _differences(old_fields[name], new_fields[name], old_root, new_root, here)


def _resolved(node: Schema, root: Schema) -> Schema:
    reference = node.get("$ref")
    if reference is None:
        return node
    definition = root["$defs"][reference.removeprefix("#/$defs/")]
    return {**_resolved(definition, root), **{key: value for key, value in node.items() if key != "$ref"}}


def _unknown_keywords(node: Any, path: str, root: Schema) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _unknown_keywords(item, path, root)
        return
    if not isinstance(node, dict):
        return
    for keyword in sorted(node.keys() - ALLOWED_KEYWORDS):
        yield f"{path or '/'}: the keyword {keyword} is not one that the check can decide"
    for name, field in {**node.get("properties", {}), **node.get("$defs", {})}.items():
        yield from _unknown_keywords(field, f"{path}/{name}", root)
    for part in ("items", "anyOf"):
        yield from _unknown_keywords(node.get(part), path, root)
