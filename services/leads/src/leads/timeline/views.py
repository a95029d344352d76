"""What is answered of a timeline."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field


class SubjectView(BaseModel):
    """What an entry is about."""

    kind: str = Field(examples=["deal"])
    id: UUID
    title: str | None


class TimelineEntryView(BaseModel):
    """Something that happened."""

    id: UUID
    """That of the event."""
    at: datetime
    kind: str = Field(examples=["deal.stage_changed"])
    """The key of the sentence that tells it; ``facts`` fill it."""
    subject: SubjectView
    actor: str | None = Field(examples=["person:019a0000-0000-7000-8000-000000000007"])
    """Who did it: a person, a key of an integration, or a service."""
    facts: dict[str, Any] = Field(examples=[{"from_stage": "offer", "to_stage": "contract"}])
    """Ids, codes, days and amounts of the event."""
    names: dict[str, str]
    """Of the people and contacts whose ids are here, by id, as far as you see them."""

    @classmethod
    def of(cls, row: Any, facts: dict[str, Any], names: dict[str, str]) -> "TimelineEntryView":
        subject = SubjectView(kind=row["subject_kind"], id=row["subject_id"], title=row["title"])
        return cls(
            id=row["event_id"],
            at=row["at"],
            kind=row["kind"],
            subject=subject,
            actor=row["actor"],
            facts=facts,
            names=names,
        )
