"""What leads answers about the past of a record."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from leads.customers.masking import Sight

_BOOKKEEPING = frozenset({"changed_at", "held_since"})
_VALUE, _REVISION = "custom/", "custom_revisions/"


class FieldChangeView(BaseModel):
    """One field, from what to what."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    field: str = Field(examples=["custom/segment"])
    """As events name it; a field that the firm defined is ``custom/<key>``."""
    was: Any = Field(alias="from")
    now: Any = Field(alias="to")
    revision: int | None = None
    """Of a field that the firm defined: the revision that took the new value, where it is another than before."""


class ChangeView(BaseModel):
    """What one command changed."""

    version: int
    """Of the record after it."""
    at: datetime
    """When it happened in the business."""
    recorded_at: datetime
    by: str = Field(examples=["person:0193a000-0000-7000-8000-0000000000aa"])
    """``person:<id>``, ``key:<id>``, ``form:<id>`` or ``service:<name>``."""
    changes: list[FieldChangeView]

    @classmethod
    def of(cls, row: Mapping[str, Any], changes: Mapping[str, Any], sight: Sight) -> "ChangeView":
        return cls(
            version=row["version"],
            at=row["at"],
            recorded_at=row["recorded_at"],
            by=row["actor"],
            changes=list(_fields(changes, sight)),
        )


def _fields(changes: Mapping[str, Any], sight: Sight) -> Iterator[FieldChangeView]:
    for name, change in sorted(changes.items()):
        if name in _BOOKKEEPING or name.startswith(_REVISION):
            continue
        revision = changes.get(name.replace(_VALUE, _REVISION, 1), {}).get("to") if name.startswith(_VALUE) else None
        was, now = (sight.of_change(name, change[end]) for end in ("from", "to"))
        yield FieldChangeView(field=name, was=was, now=now, revision=revision)
