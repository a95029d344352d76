"""What is answered about erasures."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.aggregates import Loaded
from chassis.inputs import Input
from events.catalogue.erasures import ErasureReason, ErasureState


class ErasureInput(Input):
    """Why the person is erased: a code, because a text would say something about the person."""

    reason: ErasureReason


class ErasurePartView(BaseModel):
    """So much was erased of one kind."""

    part: str = Field(examples=["activity-texts"])
    erased: int


class ErasureView(BaseModel):
    """An erasure, and what it reached."""

    id: UUID
    version: int
    status: Literal["running", "completed"]
    """Running until what was under way has been looked for, too, and the null records are published."""
    contacts: list[UUID]
    """The contacts that were this person: same name, and a mail, phone or lead in common."""
    alike: list[UUID]
    """Contacts of another name with a mail, phone or lead in common: not erased, somebody should look."""
    reason: ErasureReason
    parts: list[ErasurePartView]
    requested_by: str
    requested_at: datetime
    completed_at: datetime | None

    @classmethod
    def of(cls, loaded: Loaded[ErasureState]) -> "ErasureView":
        erasure = loaded.state
        return cls(
            id=erasure.id,
            version=loaded.version,
            status="running" if erasure.completed_at is None else "completed",
            contacts=list(erasure.contacts),
            alike=list(erasure.alike),
            reason=erasure.reason,
            parts=[ErasurePartView(part=each.part, erased=each.erased) for each in erasure.parts],
            requested_by=erasure.requested_by,
            requested_at=erasure.requested_at,
            completed_at=erasure.completed_at,
        )
