"""What callers may send about the fields that a firm defines."""

from typing import Annotated, ClassVar

from pydantic import Field

from chassis.inputs import Input, Name, StrictBool
from events.catalogue.custom_fields import FieldType, RecordKind
from leads.inputs import Change, CustomKey

Choices = Annotated[list[Name], Field(max_length=200)]


class CustomFieldInput(Input):
    """A field to define. ``record``, ``key`` and ``type`` stay as they are for good."""

    record: RecordKind
    key: CustomKey
    label: Name
    type: FieldType
    required: StrictBool = False
    choices: Choices = Field(default=[])
    personal: StrictBool = False


class CustomFieldChange(Change):
    """What changes about a field. ``active: false`` retires it: values that stand stay, new ones are refused."""

    keeps: ClassVar[frozenset[str]] = frozenset({"label", "required", "choices", "active"})

    label: Name | None = None
    required: StrictBool | None = None
    choices: Choices | None = None
    active: StrictBool | None = None
