"""Values of the fields that a firm defined: held against their definitions, each refusal with the place of the fault.

Pure. A value keeps the revision of the definition that took it, so that one taken long ago can be told from one that
today's rules would refuse.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from chassis.inputs import BIGGEST
from chassis.refusals import Kind, Refusal
from events.catalogue.custom_fields import CustomFieldState, FieldType
from events.catalogue.leads import CustomValue

LONGEST_TEXT = 2_000

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_DAY = re.compile(r"^\d{4}-\d\d-\d\d$", re.ASCII)

Given = Mapping[str, CustomValue | None]
"""As a caller sends them; None takes a value away."""


class CustomValueRefused(Refusal):
    """Base of what may be wrong with a value."""

    kind: ClassVar[Kind] = Kind.INVALID


class FieldUnknown(CustomValueRefused):
    """No such field is defined for these records."""

    slug = "field-unknown"


class FieldRetired(CustomValueRefused):
    """The field is retired and takes no values."""

    slug = "field-retired"


class FieldRequired(CustomValueRefused):
    """This field is required."""

    slug = "field-required"


class WrongType(CustomValueRefused):
    """The value is not of the field's type."""

    slug = "wrong-type"


class NotAChoice(CustomValueRefused):
    """The value is none of the field's choices."""

    slug = "not-a-choice"


VALUE_REFUSALS = (FieldUnknown, FieldRetired, FieldRequired, WrongType, NotAChoice)
"""What any record with values of its own may be refused for."""


@dataclass(frozen=True, slots=True)
class CustomValues:
    """Values that their definitions took, each with its revision, and the keys whose values are taken away."""

    values: Mapping[str, CustomValue] = field(default_factory=dict)
    revisions: Mapping[str, int] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.values or self.removed)

    def onto(self, state: Any) -> dict[str, Any]:
        """What changes about a record that has ``custom`` values."""
        if not self:
            return {}
        values = {**state.custom, **self.values}
        revisions = {**state.custom_revisions, **self._new_revisions(state.custom)}
        return {
            "custom": {key: value for key, value in values.items() if key not in self.removed},
            "custom_revisions": {key: each for key, each in revisions.items() if key not in self.removed},
        }

    def _new_revisions(self, standing: Mapping[str, CustomValue]) -> dict[str, int]:
        """A value that is sent again as it stands keeps the revision that took it."""
        return {
            key: revision for key, revision in self.revisions.items() if not _same(self.values[key], standing.get(key))
        }


NO_VALUES = CustomValues()


def taken(
    definitions: Iterable[CustomFieldState], given: Given, *, complete: bool, pointer: str = "/custom"
) -> CustomValues:
    """The values, or the first refusal. ``complete``: a record is entered, and must have what is required."""
    known = {definition.key: definition for definition in definitions}
    values = {key: value for key, value in given.items() if value is not None}
    for key, value in given.items():
        _refuse(known.get(key), value, f"{pointer}/{key}")
    for definition in known.values() if complete else ():
        if definition.required and definition.active and definition.key not in values:
            raise FieldRequired(f"{definition.label} is required.", pointer=f"{pointer}/{definition.key}")
    revisions = {key: known[key].revision for key in values}
    return CustomValues(values, revisions, frozenset(given) - frozenset(values))


def _refuse(definition: CustomFieldState | None, value: CustomValue | None, pointer: str) -> None:
    if definition is None:
        raise FieldUnknown(pointer=pointer)
    if value is None:
        if definition.required and definition.active:
            raise FieldRequired(f"{definition.label} is required.", pointer=pointer)
        return
    if not definition.active:
        raise FieldRetired(pointer=pointer)
    if not _TYPES[definition.type](value):
        raise WrongType(f"{definition.label} must be {_WANTED[definition.type]}.", pointer=pointer)
    if definition.type is FieldType.CHOICE and value not in definition.choices:
        raise NotAChoice(f"{definition.label} must be one of: {', '.join(definition.choices)}.", pointer=pointer)


def _is_text(value: CustomValue) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT and not _CONTROL.search(value)


def _is_number(value: CustomValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= BIGGEST


def _is_day(value: CustomValue) -> bool:
    if not isinstance(value, str) or not _DAY.match(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


_TYPES: Mapping[FieldType, Callable[[CustomValue], bool]] = {
    FieldType.TEXT: _is_text,
    FieldType.NUMBER: _is_number,
    FieldType.DAY: _is_day,
    FieldType.CHOICE: _is_text,
    FieldType.YES_NO: lambda value: isinstance(value, bool),
}
_WANTED: Mapping[FieldType, str] = {
    FieldType.TEXT: f"text of 1 to {LONGEST_TEXT} characters",
    FieldType.NUMBER: f"a number from -{BIGGEST} to {BIGGEST}",
    FieldType.DAY: "a day, as 2026-03-01",
    FieldType.CHOICE: "text, one of its choices",
    FieldType.YES_NO: "true or false",
}


def _same(value: CustomValue, standing: CustomValue | None) -> bool:
    """``True`` and 1 are two values."""
    return value == standing and isinstance(value, bool) == isinstance(standing, bool)
