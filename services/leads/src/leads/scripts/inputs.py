"""What callers say about scripts and answers."""

from typing import Annotated, Self

from pydantic import Field, StrictInt, model_validator

from chassis.inputs import Input, LongText, Name, StrictBool, at_field
from leads.inputs import Code, When
from leads.scripts.script import Question


class QuestionInput(Input):
    """An open question, and the kind of need that its answer tells."""

    code: Code
    text: Name
    need: Code | None = None


class ScriptInput(Input):
    """What is asked. Other questions than before are another edition."""

    script: Code
    """What it is called by those who answer it."""
    title: Name
    questions: Annotated[list[QuestionInput], Field(min_length=1, max_length=50)]
    active: StrictBool = True

    @model_validator(mode="after")
    def _names_each_question_once(self) -> Self:
        codes = [question.code for question in self.questions]
        if len(set(codes)) < len(codes):
            raise at_field("questions", "each code stands once")
        return self

    @property
    def asked(self) -> tuple[Question, ...]:
        return tuple(Question(each.code, each.text, each.need) for each in self.questions)


class AnswerInput(Input):
    """What was answered to a question."""

    question: Code
    answer: LongText = Field(min_length=1)


class AnswersInput(When):
    """What was answered in a conversation, by the newest edition or by the one that was asked."""

    script: Code
    edition: Annotated[StrictInt, Field(ge=1, le=1_000_000)] | None = None
    answers: Annotated[list[AnswerInput], Field(min_length=1, max_length=50)]
