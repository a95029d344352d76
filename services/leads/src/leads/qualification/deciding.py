"""Answering a checklist and looking at a lead again: what becomes of the lead. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chassis.aggregates import Command
from events.catalogue.leads import LeadAnswered, LeadEvent, LeadReopened, LeadState, LeadStatus
from events.catalogue.qualification import ChecklistState
from leads.qualification import judging
from leads.refusals import LeadIsClosed
from leads.sequence import refuse_earlier

OPEN_AGAIN: Mapping[str, Any] = {
    "status": LeadStatus.OPEN,
    "qualified_at": None,
    "qualified_on": None,
    "disqualified_on": None,
    "disqualified_reason": None,
    "recall_on": None,
}
"""What an open lead has not."""


@dataclass(frozen=True, kw_only=True)
class AnswerLead(Command):
    """More is known of the prospect, by the checklist that applies of those in use."""

    answers: Mapping[str, bool]
    checklists: tuple[ChecklistState, ...]


@dataclass(frozen=True, kw_only=True)
class RecallLead(Command):
    """The day may have come on which the lead is to be looked at again."""


def answer_lead(command: AnswerLead, lead: LeadState) -> Iterator[LeadEvent]:
    refuse_closed(lead)
    at = command.moment.at
    checklist = judging.applying(command.checklists, lead, at)
    answers, new = judging.answered(checklist, lead, command.answers)
    if new:
        refuse_earlier(at, lead.changed_at)
        yield LeadAnswered(given=new, lead=lead.model_copy(update={"answers": answers, "changed_at": at}))


def recall_lead(command: RecallLead, lead: LeadState) -> Iterator[LeadEvent]:
    """Nobody can be told that it is too early: a change that is dated ahead of now is followed at once."""
    if lead.recall_on is None or command.moment.on < lead.recall_on:
        return
    at = max(command.moment.at, lead.changed_at or command.moment.at)
    open_again = lead.model_copy(update={"changed_at": at, "back_since": at, **OPEN_AGAIN})
    yield LeadReopened(recalled=True, occurred_at=at, lead=open_again)


def refuse_closed(lead: LeadState) -> None:
    if lead.status in {LeadStatus.DISQUALIFIED, LeadStatus.CONVERTED}:
        raise LeadIsClosed(current_status=lead.status.value)
