"""A field that a firm defines for its leads, accounts or contacts: defined, changed, retired. Pure.

Key, type and kind of record stay for good, so that a value never comes to mean something else. Every change makes a
revision, and a value names the revision under which it was taken.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists, Kind, Refusal
from events.catalogue.custom_fields import (
    CustomFieldChanged,
    CustomFieldDefined,
    CustomFieldEvent,
    CustomFieldState,
    FieldType,
    RecordKind,
)


class ChoicesNotFitting(Refusal):
    """A field of type choice has choices, each once, and no other field has any."""

    slug = "choices-not-fitting"
    kind = Kind.INVALID


class PersonalOnContacts(Refusal):
    """Personal data is kept on contacts alone: define the field for contacts."""

    slug = "personal-on-contacts"
    kind = Kind.INVALID


@dataclass(frozen=True, kw_only=True)
class DefineCustomField(Command):
    """Define a field."""

    creates: ClassVar[bool] = True
    field: CustomFieldState


@dataclass(frozen=True, kw_only=True)
class ChangeCustomField(Command):
    """Change the attributes named; ``active`` retires a field or brings it back."""

    changes: Mapping[str, Any]


CustomFieldCommand = DefineCustomField | ChangeCustomField


def decide(command: CustomFieldCommand, field: CustomFieldState | None) -> Iterator[CustomFieldEvent]:
    match command, field:
        case DefineCustomField(), None:
            yield CustomFieldDefined(custom_field=_sound(command.field))
        case DefineCustomField(), CustomFieldState():
            raise AlreadyExists(id=str(field.id))
        case ChangeCustomField(), CustomFieldState():
            changed = _sound(field.model_copy(update=command.changes))
            if changed != field:
                revised = changed.model_copy(update={"revision": field.revision + 1})
                yield CustomFieldChanged(custom_field=revised)


def _sound(field: CustomFieldState) -> CustomFieldState:
    """Refuses what contradicts itself."""
    choices = field.choices
    if len(set(choices)) < len(choices) or bool(choices) != (field.type is FieldType.CHOICE):
        raise ChoicesNotFitting(pointer="/choices")
    if field.personal and field.record is not RecordKind.CONTACT:
        raise PersonalOnContacts(pointer="/personal")
    return field


def apply(_field: CustomFieldState | None, event: CustomFieldEvent) -> CustomFieldState:
    """An event carries the state after it."""
    return event.custom_field


CUSTOM_FIELD = Aggregate(
    noun="custom field",
    table="custom_field",
    state=CustomFieldState,
    decide=decide,
    apply=apply,
    columns=lambda field: {"record": field.record.value, "key": field.key, "active": field.active},
)
