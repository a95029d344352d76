"""Scripts of open questions: editions, and which answers fit."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from chassis.refusals import Invalid
from events.catalogue.activities import ActivityKind, ActivityState, ActivityStatus
from events.catalogue.leads import Owner
from leads.scripts.script import NoConversation, Question, Script, refuse_silent

NOON = datetime(2026, 3, 2, 5, tzinfo=UTC)
CALL = ActivityState(
    id=UUID(int=1), kind=ActivityKind.CALL, status=ActivityStatus.DONE, performer=Owner(person=UUID(int=0xA1)),
    recorded_on=NOON.date(), entered_at=NOON,
)  # fmt: skip
TROUBLE, MONEY = Question("trouble", "What troubles you?", "reliability"), Question("money", "Who decides?")
SCRIPT = Script("first", 3, "First talk", (TROUBLE, MONEY))


def test_other_questions_are_another_edition():
    assert SCRIPT.changed("Talk", (TROUBLE, MONEY), active=False) == Script("first", 3, "Talk", (TROUBLE, MONEY), False)
    assert SCRIPT.changed("Talk", (MONEY, TROUBLE), active=True).edition == 4


def test_answers_are_those_of_the_edition():
    assert list(SCRIPT.answered(["money", "trouble"])) == [MONEY, TROUBLE]
    with pytest.raises(Invalid) as refused:
        list(SCRIPT.answered(["money", "weather"]))
    assert refused.value.pointer == "/answers/1/question"


@pytest.mark.parametrize(
    "change",
    [{"kind": ActivityKind.TASK}, {"kind": ActivityKind.NOTE}, {"status": ActivityStatus.NO_SHOW}, {"automatic": True}],
)
def test_only_conversations_have_answers(change):
    refuse_silent(CALL)
    with pytest.raises(NoConversation):
        refuse_silent(CALL.model_copy(update=change))
