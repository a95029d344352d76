"""Events of the fields that a firm defines for itself on leads, accounts and contacts."""

from enum import StrEnum
from uuid import UUID

from pydantic import PositiveInt

from events.event import UNSTAMPED, Event, Value
from events.topics import LEADS_CUSTOM_FIELD


class RecordKind(StrEnum):
    """On which records a field stands."""

    LEAD = "lead"
    ACCOUNT = "account"
    CONTACT = "contact"


class FieldType(StrEnum):
    """What the values of a field are."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    CHOICE = "choice"
    YES_NO = "yes-no"


class CustomFieldState(Value):
    """A field that a firm defined. Its key, type and kind of record never change; a retired one takes no values."""

    id: UUID
    record: RecordKind
    key: str
    label: str
    type: FieldType
    required: bool = False
    """A record that is entered must have it, except for history that is imported."""
    choices: tuple[str, ...] = ()
    personal: bool = False
    """Shown only to whom contact data is shown; there are such fields on contacts alone."""
    active: bool = True
    revision: PositiveInt = 1
    """Counts the changes; a value names the revision that it was held against."""


class CustomFieldEvent(Event, topic=LEADS_CUSTOM_FIELD):
    """Base of what happens to the definition of a field."""

    custom_field: CustomFieldState = UNSTAMPED


class CustomFieldDefined(CustomFieldEvent, type="dealstream.custom_field.defined", version=1):
    """A firm defined a field."""


class CustomFieldChanged(CustomFieldEvent, type="dealstream.custom_field.changed", version=1):
    """Label, obligation, choices or activity of a field changed; values that stand keep their revision."""
