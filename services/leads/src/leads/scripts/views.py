"""What leads answers about scripts and needs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from leads.customers.masking import CLEAR, Sight
from leads.scripts.script import Script


class QuestionView(BaseModel):
    """An open question, and the kind of need that its answer tells."""

    code: str
    text: str
    need: str | None


class ScriptView(BaseModel):
    """One edition of a script."""

    script: str
    edition: int
    title: str
    questions: list[QuestionView]
    active: bool

    @classmethod
    def of(cls, script: Script) -> "ScriptView":
        questions = [QuestionView(**question._asdict()) for question in script.questions]
        return cls(**{**script._asdict(), "questions": questions})


class NeedView(BaseModel):
    """What somebody answered to an open question, in which conversation."""

    id: UUID
    activity: UUID
    lead: UUID | None
    account: UUID | None
    contact: UUID | None
    script: str
    edition: int
    question: str
    asked: str
    """The question as it was put."""
    need: str | None
    text: str
    at: datetime
    recorded_at: datetime
    by: str

    @classmethod
    def of(cls, row: Any, sight: Sight = CLEAR) -> "NeedView":
        ids = {noun: row[f"{noun}_id"] for noun in ("activity", "lead", "account", "contact")}
        return cls(**{**dict(row), **ids, "text": sight.of_text(row["text"]), "by": row["actor"]})


class NeedsView(BaseModel):
    """What was answered."""

    needs: list[NeedView]
