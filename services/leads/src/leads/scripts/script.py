"""A script of open questions: its editions, and which answers fit it. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from chassis.refusals import Invalid, Kind, Refusal
from events.catalogue.activities import ActivityKind, ActivityState, ActivityStatus
from leads.activities.on_leads import TALKS

OVER = frozenset({ActivityStatus.CANCELLED, ActivityStatus.NO_SHOW})


class NoConversation(Refusal):
    """Nobody talked: only calls, messages, meetings and visits that took place have answers."""

    slug = "no-conversation"
    kind = Kind.INVALID


class ScriptNotInUse(Refusal):
    """This script is not in use."""

    slug = "script-not-in-use"


class Question(NamedTuple):
    """Something to ask, and the kind of need that the answer tells."""

    code: str
    text: str
    need: str | None = None


class Script(NamedTuple):
    """One edition: other questions are another edition, so that old answers keep what was asked."""

    script: str
    edition: int
    title: str
    questions: tuple[Question, ...]
    active: bool = True

    def changed(self, title: str, questions: tuple[Question, ...], *, active: bool) -> "Script":
        """The same edition where the questions are the same, else the next one."""
        edition = self.edition if questions == self.questions else self.edition + 1
        return Script(self.script, edition, title, questions, active)

    def answered(self, codes: Iterable[str]) -> Iterator[Question]:
        """The questions that these codes name, in the order of the answers."""
        known = {question.code: question for question in self.questions}
        for place, code in enumerate(codes):
            if code not in known:
                raise Invalid(f"{code} is no question of this edition.", pointer=f"/answers/{place}/question")
            yield known[code]


def refuse_silent(activity: ActivityState) -> None:
    """Answers come out of conversations."""
    if activity.kind not in TALKS or activity.status in OVER or activity.automatic:
        raise NoConversation(pointer="", activity_kind=ActivityKind(activity.kind).value)
