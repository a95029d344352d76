"""What must be known before a lead is qualified, and what it is let go for."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from chassis.refusals import AlreadyExists
from events.catalogue.answers import Answer
from events.catalogue.leads import LeadAnswered, LeadDisqualified, LeadQualified, LeadReopened, LeadStatus
from events.catalogue.qualification import (
    ChecklistChanged,
    ChecklistDefined,
    ChecklistItem,
    ChecklistState,
    DisqualifyReasonChanged,
    DisqualifyReasonDefined,
    DisqualifyReasonState,
)
from events.moment import Moment
from events.testing import given
from leads.lead import LEAD, CaptureLead, DisqualifyLead, QualifyLead, ReopenLead
from leads.qualification.checklist import CHECKLIST, ChangeChecklist, DefineChecklist, ItemTwice
from leads.qualification.deciding import AnswerLead, RecallLead
from leads.qualification.judging import ChecklistIncomplete, NoChecklist, RecallNotAhead, UnknownItem, UnknownReason
from leads.qualification.reason import DISQUALIFY_REASON, ChangeReason, DefineReason
from leads.refusals import LeadIsClosed

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


def on_day(day):
    return Moment.of(START + timedelta(days=day - 1), "UTC")


def item(code, *, required=True):
    return ChecklistItem(code=code, text=code.title(), required=required)


def checklist(*items, source=None, number=1, **more):
    fields = {"name": f"list {number}", "source": source, "in_force_from": START - timedelta(days=1), **more}
    return ChecklistState(id=UUID(int=number), items=items, **fields)


BANT = checklist(item("budget"), item("decider"), item("competitor", required=False))
OF_FAIRS = checklist(item("badge"), source="fair", number=2)
CAPTURE = CaptureLead(moment=on_day(1), id=UUID(int=3), source="web")


def qualify(day=2, checklists=(BANT,), **answers):
    return QualifyLead(moment=on_day(day), checklists=checklists, answers=answers)


def answer(day=2, checklists=(BANT,), **answers):
    return AnswerLead(moment=on_day(day), checklists=checklists, answers=answers)


def test_without_a_checklist_nothing_is_asked():
    given(LEAD, CAPTURE).when(qualify(checklists=())).then(LeadQualified()).then_state(answers=None)


def test_what_is_missing_is_named():
    refused = given(LEAD, CAPTURE).when(qualify(budget=True, decider=False)).then_refused(ChecklistIncomplete)
    assert refused.facts["missing"] == [{"code": "decider", "text": "Decider"}]
    assert refused.pointer == "/answers"


def test_answers_may_come_with_the_qualification_and_name_the_edition():
    both = (Answer(code="budget", yes=True), Answer(code="decider", yes=True))
    qualified = given(LEAD, CAPTURE).when(qualify(budget=True, decider=True))
    qualified.then(LeadAnswered(given=both), LeadQualified()).then_state(
        status=LeadStatus.QUALIFIED, answers__given=both, answers__checklist_id=BANT.id, answers__edition=1
    )


def test_answers_are_gathered_and_may_be_corrected():
    first, second = answer(2, budget=True, competitor=False), answer(3, decider=True, competitor=True)
    given(LEAD, CAPTURE, first).when(second).then(
        LeadAnswered(given=(Answer(code="competitor", yes=True), Answer(code="decider", yes=True)))
    )
    given(LEAD, CAPTURE, first).when(answer(3, budget=True)).then_nothing()
    given(LEAD, CAPTURE, first, second).when(qualify(4)).then(LeadQualified())


def test_only_what_the_checklist_asks_is_answered():
    refused = given(LEAD, CAPTURE).when(answer(age=True)).then_refused(UnknownItem, "age")
    assert refused.pointer == "/answers/age"
    given(LEAD, CAPTURE).when(answer(checklists=(), budget=True)).then_refused(NoChecklist)
    gone = DisqualifyLead(moment=on_day(2), reason="x")
    given(LEAD, CAPTURE, gone).when(answer(3, budget=True)).then_refused(LeadIsClosed)


def test_the_checklist_of_the_source_goes_before_the_one_for_all():
    at_a_fair = CaptureLead(moment=on_day(1), id=UUID(int=3), source="fair")
    both = (BANT, OF_FAIRS)
    given(LEAD, at_a_fair).when(qualify(checklists=both, badge=True)).then(LeadAnswered, LeadQualified)
    given(LEAD, CAPTURE).when(qualify(checklists=both, badge=True)).then_refused(UnknownItem)
    given(LEAD, CAPTURE).when(qualify(checklists=(OF_FAIRS,))).then(LeadQualified)


def test_history_is_not_judged():
    imported = CaptureLead(moment=on_day(1), id=UUID(int=3), imported=True)
    given(LEAD, imported).when(qualify()).then(LeadQualified)
    later = checklist(item("budget"), in_force_from=on_day(3).at)
    given(LEAD, CAPTURE).when(qualify(2, checklists=(later,))).then(LeadQualified)
    given(LEAD, CAPTURE).when(qualify(3, checklists=(later,))).then_refused(ChecklistIncomplete)


def test_an_unused_checklist_asks_nothing():
    unused = BANT.model_copy(update={"active": False})
    given(LEAD, CAPTURE).when(qualify(checklists=(unused,))).then(LeadQualified)


def test_other_items_are_another_edition():
    define = DefineChecklist(moment=on_day(1), checklist=BANT)
    given(CHECKLIST).when(define).then(ChecklistDefined()).then_state(edition=1)
    given(CHECKLIST, define).when(define).then_refused(AlreadyExists)
    other = ChangeChecklist(moment=on_day(2), changes={"items": (item("budget"),)})
    given(CHECKLIST, define).when(other).then(ChecklistChanged()).then_state(edition=2)
    named = ChangeChecklist(moment=on_day(2), changes={"name": "BANT", "active": False})
    given(CHECKLIST, define).when(named).then(ChecklistChanged()).then_state(edition=1, active=False)
    given(CHECKLIST, define).when(ChangeChecklist(moment=on_day(2), changes={"name": BANT.name})).then_nothing()


def test_no_two_items_of_one_code():
    twice = checklist(item("budget"), item("budget", required=False))
    given(CHECKLIST).when(DefineChecklist(moment=on_day(1), checklist=twice)).then_refused(ItemTwice, "budget")


LATER = DisqualifyReasonState(id=UUID(int=7), code="later", text="Next year", recall_after_days=90)
NEVER = DisqualifyReasonState(id=UUID(int=8), code="never", text="Never")


def let_go(reason, recall_on=None, reasons=(LATER, NEVER), day=2):
    return DisqualifyLead(moment=on_day(day), reason=reason, recall_on=recall_on, reasons=reasons)


def test_a_firm_with_reasons_lets_go_for_no_other():
    refused = given(LEAD, CAPTURE).when(let_go("no budget")).then_refused(UnknownReason, "no budget")
    assert (refused.pointer, refused.facts["known"]) == ("/reason", ["later", "never"])
    given(LEAD, CAPTURE).when(let_go("never")).then(LeadDisqualified(reason="never")).then_state(recall_on=None)
    given(LEAD, CAPTURE).when(let_go("no budget", reasons=())).then(LeadDisqualified(reason="no budget"))
    imported = CaptureLead(moment=on_day(1), id=UUID(int=3), imported=True)
    given(LEAD, imported).when(let_go("no budget")).then(LeadDisqualified(reason="no budget"))


def test_the_reason_or_whoever_lets_go_says_when_to_look_again():
    given(LEAD, CAPTURE).when(let_go("later")).then(LeadDisqualified).then_state(recall_on=date(2026, 5, 31))
    sooner = date(2026, 3, 10)
    given(LEAD, CAPTURE).when(let_go("later", sooner)).then(LeadDisqualified).then_state(recall_on=sooner)
    given(LEAD, CAPTURE).when(let_go("never", date(2026, 3, 2))).then_refused(RecallNotAhead)


def test_a_lead_is_open_again_on_its_day_and_not_before():
    gone = let_go("never", date(2026, 3, 10))
    given(LEAD, CAPTURE, gone).when(RecallLead(moment=on_day(9))).then_nothing()
    recalled = given(LEAD, CAPTURE, gone).when(RecallLead(moment=on_day(10)))
    recalled.then(LeadReopened(recalled=True)).then_state(
        status=LeadStatus.OPEN, recall_on=None, disqualified_on=None, disqualified_reason=None
    )
    given(LEAD, recalled.state).when(RecallLead(moment=on_day(11))).then_nothing()
    given(LEAD, CAPTURE, gone).when(ReopenLead(moment=on_day(3))).then(LeadReopened(recalled=False)).then_state(
        recall_on=None
    )


def test_a_recall_waits_for_nothing_that_was_dated_ahead():
    gone = let_go("never", date(2026, 3, 10), day=2)
    ahead = given(LEAD, CAPTURE, gone).state.model_copy(update={"changed_at": on_day(11).at})
    given(LEAD, ahead).when(RecallLead(moment=on_day(10))).then(LeadReopened(recalled=True, occurred_at=on_day(11).at))


@pytest.mark.parametrize("change", [{"text": "Not this year"}, {"recall_after_days": None}, {"active": False}])
def test_a_reason_keeps_its_code(change):
    define = DefineReason(moment=on_day(1), reason=LATER)
    given(DISQUALIFY_REASON).when(define).then(DisqualifyReasonDefined)
    given(DISQUALIFY_REASON, define).when(define).then_refused(AlreadyExists)
    given(DISQUALIFY_REASON, define).when(ChangeReason(moment=on_day(2), changes=change)).then(
        DisqualifyReasonChanged
    ).then_state(code="later", **change)
    given(DISQUALIFY_REASON, define).when(ChangeReason(moment=on_day(2), changes={"text": LATER.text})).then_nothing()
