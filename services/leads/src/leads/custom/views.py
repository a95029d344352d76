"""What leads answers about the fields that a firm defines."""

from uuid import UUID

from pydantic import BaseModel

from chassis.aggregates import Loaded
from events.catalogue.custom_fields import CustomFieldState, FieldType, RecordKind


class CustomFieldView(BaseModel):
    """A field that the firm defined."""

    id: UUID
    version: int
    record: RecordKind
    key: str
    label: str
    type: FieldType
    required: bool
    choices: list[str]
    personal: bool
    active: bool
    revision: int
    """Counts the changes of the definition; values name the revision under which they were taken."""

    @classmethod
    def of(cls, loaded: Loaded[CustomFieldState]) -> "CustomFieldView":
        return cls(**{**dict(loaded.state), "choices": list(loaded.state.choices)}, version=loaded.version)
