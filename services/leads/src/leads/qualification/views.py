"""What leads answers about checklists and reasons."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from chassis.aggregates import Loaded
from events.catalogue.answers import Answers
from events.catalogue.qualification import ChecklistState, DisqualifyReasonState


class ItemView(BaseModel):
    """Something that is to be known of a prospect."""

    code: str
    text: str
    required: bool


class ChecklistView(BaseModel):
    """A checklist in its present edition."""

    id: UUID
    version: int
    external_id: str | None
    name: str
    source: str | None
    items: list[ItemView]
    edition: int
    in_force_from: datetime
    active: bool

    @classmethod
    def of(cls, loaded: Loaded[ChecklistState]) -> "ChecklistView":
        checklist = loaded.state
        return cls(
            id=checklist.id,
            version=loaded.version,
            external_id=checklist.external_id,
            name=checklist.name,
            source=checklist.source,
            items=[ItemView(**dict(item)) for item in checklist.items],
            edition=checklist.edition,
            in_force_from=checklist.in_force_from,
            active=checklist.active,
        )


class ReasonView(BaseModel):
    """A reason for letting leads go."""

    id: UUID
    version: int
    code: str
    text: str
    recall_after_days: int | None
    active: bool

    @classmethod
    def of(cls, loaded: Loaded[DisqualifyReasonState]) -> "ReasonView":
        reason = loaded.state
        return cls(
            id=reason.id,
            version=loaded.version,
            code=reason.code,
            text=reason.text,
            recall_after_days=reason.recall_after_days,
            active=reason.active,
        )


class AnswersView(BaseModel):
    """What is known of a prospect, by the checklist and edition that were asked last."""

    checklist: UUID
    edition: int
    given: dict[str, bool]

    @classmethod
    def of(cls, answers: Answers | None) -> "AnswersView | None":
        if answers is None:
            return None
        given = {answer.code: answer.yes for answer in answers.given}
        return cls(checklist=answers.checklist_id, edition=answers.edition, given=given)
