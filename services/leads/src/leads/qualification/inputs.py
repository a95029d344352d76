"""What callers may send about checklists, answers and reasons."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from chassis.inputs import Day, ExternalId, Input, Name, StrictBool
from leads.inputs import Change, Reason, When

CodeInput = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Days = Annotated[int, Field(strict=True, ge=1, le=3660)]
AnswersInput = Annotated[dict[CodeInput, StrictBool], Field(max_length=100)]
"""Yes or no by the code of the item."""


class ItemInput(Input):
    """Something that is to be known of a prospect."""

    code: CodeInput
    text: Name
    required: StrictBool = True


Items = Annotated[list[ItemInput], Field(min_length=1, max_length=50)]


class ChecklistInput(When):
    """A checklist for leads of one source, or without one for all that have no checklist of their own."""

    external_id: ExternalId | None = None
    name: Name
    source: Name | None = None
    items: Items
    active: StrictBool = True


class ChecklistChange(Change):
    """What changes about a checklist; other items are another edition."""

    keeps: ClassVar[frozenset[str]] = frozenset({"name", "items", "active"})

    name: Name | None = None
    items: Items | None = None
    active: StrictBool | None = None


class ReasonInput(When):
    """A reason for letting leads go. Once there is one, no lead is let go for any other."""

    code: CodeInput
    text: Name
    recall_after_days: Days | None = None
    active: StrictBool = True


class ReasonChange(Change):
    """What changes about a reason; its code stays."""

    keeps: ClassVar[frozenset[str]] = frozenset({"text", "active"})

    text: Name | None = None
    recall_after_days: Days | None = None
    active: StrictBool | None = None


class Answering(When):
    """What is known of the prospect by now."""

    answers: Annotated[AnswersInput, Field(min_length=1)]


class Qualification(When):
    """The lead is worth an account executive's time; with whatever answers the checklist still wants."""

    answers: AnswersInput = Field(default={})


class Disqualification(Reason):
    """Why the lead is let go, and when it is to be looked at again."""

    recall_on: Day | None = None
