"""Whether a lead may be qualified, and what a reason for letting it go means. Pure.

A lead is judged by the checklist of its source, else by the one for all; only by one that was in force when it was
qualified. History is loaded as it was: imported leads need no answers, keep whatever reason they were let go for, and
are looked at again only on a day that is given with them.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from chassis.refusals import Kind, Refusal
from events.catalogue.answers import Answer, Answers
from events.catalogue.leads import LeadState
from events.catalogue.qualification import ChecklistState, DisqualifyReasonState
from events.moment import Moment


class ChecklistIncomplete(Refusal):
    """Items of the checklist are not answered with yes."""

    slug = "checklist-incomplete"


class NoChecklist(Refusal):
    """No checklist applies to this lead, so that there is nothing to answer."""

    slug = "no-checklist"
    kind = Kind.INVALID


class UnknownItem(Refusal):
    """The checklist that applies to this lead has no such item."""

    slug = "unknown-item"
    kind = Kind.INVALID


class UnknownReason(Refusal):
    """The firm has reasons of its own, and this is none of them."""

    slug = "unknown-reason"
    kind = Kind.INVALID


class RecallNotAhead(Refusal):
    """A lead is looked at again on a later day than the one on which it was let go."""

    slug = "recall-not-ahead"
    kind = Kind.INVALID


def applying(checklists: Iterable[ChecklistState], lead: LeadState, at: datetime) -> ChecklistState | None:
    """The checklist by which the lead is judged at that time."""
    in_force = {each.source: each for each in checklists if each.active and each.in_force_from <= at}
    own = None if lead.source is None else in_force.get(lead.source)
    return own or in_force.get(None)


def answered(
    checklist: ChecklistState | None, lead: LeadState, given: Mapping[str, bool]
) -> tuple[Answers | None, tuple[Answer, ...]]:
    """The lead's answers with those that are given now, and which of these are new."""
    if checklist is None:
        if given:
            raise NoChecklist(pointer="/answers")
        return lead.answers, ()
    known = {item.code for item in checklist.items}
    if unknown := sorted(given.keys() - known):
        detail = f"The checklist {checklist.name} has no item {unknown[0]}."
        raise UnknownItem(detail, pointer=f"/answers/{unknown[0]}", known=sorted(known))
    before = {answer.code: answer.yes for answer in lead.answers.given} if lead.answers else {}
    new = tuple(Answer(code=code, yes=given[code]) for code in sorted(given) if before.get(code) != given[code])
    together = {**before, **given}
    kept = tuple(Answer(code=code, yes=together[code]) for code in sorted(together))
    return Answers(checklist_id=checklist.id, edition=checklist.edition, given=kept), new


def judged(
    checklists: Iterable[ChecklistState], lead: LeadState, at: datetime, given: Mapping[str, bool]
) -> tuple[Answers | None, tuple[Answer, ...]]:
    """As ``answered`` by the checklist that applies, which must agree that the lead is qualified."""
    checklist = applying(checklists, lead, at)
    answers, new = answered(checklist, lead, given)
    refuse_missing(checklist, lead, answers)
    return answers, new


def refuse_missing(checklist: ChecklistState | None, lead: LeadState, answers: Answers | None) -> None:
    """Every item that is required is answered with yes."""
    if checklist is None or lead.imported:
        return
    met = {answer.code for answer in answers.given if answer.yes} if answers else set()
    missing = [item for item in checklist.items if item.required and item.code not in met]
    if missing:
        raise ChecklistIncomplete(
            f"The checklist {checklist.name} wants {', '.join(item.code for item in missing)}.",
            pointer="/answers",
            checklist=str(checklist.id),
            edition=checklist.edition,
            missing=[{"code": item.code, "text": item.text} for item in missing],
        )


def recall_day(
    reasons: Iterable[DisqualifyReasonState], lead: LeadState, reason: str, recall_on: date | None, moment: Moment
) -> date | None:
    """When a lead that is let go for this is looked at again; refuses a reason that is none."""
    known = {each.code: each for each in reasons if each.active}
    if known and reason not in known and not lead.imported:
        detail = f"{reason!r} is none of the reasons for letting a lead go."
        raise UnknownReason(detail, pointer="/reason", known=sorted(known))
    if recall_on is not None and recall_on <= moment.on:
        raise RecallNotAhead(pointer="/recall_on")
    after = known[reason].recall_after_days if reason in known and not lead.imported else None
    return recall_on or (None if after is None else moment.on + timedelta(days=after))
