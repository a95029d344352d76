"""Rules and their points, classes and reasons, what is said of a lead's chance, scorecards asked for and trained."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from events.catalogue.leads import CustomerState, LeadState, LeadStatus, Owner, Touch
from events.catalogue.scoring import (
    Classes,
    Coding,
    Condition,
    Forecast,
    ModelStatus,
    Scorecard,
    ScoreEstimated,
    ScoreFrozen,
    ScoreModelRefused,
    ScoreModelRequested,
    ScoreModelState,
    ScoreModelTrained,
    ScoreRule,
    ScoreRulesSet,
    ScoreRulesState,
    ScoreSettled,
    ScoreState,
    ScoreUnsettled,
    Term,
    Training,
)
from events.moment import Moment
from events.testing import given
from leads.scoring.features import ACCOUNT_FIELDS, FIELDS, askable, learnable
from leads.scoring.forecast import SCORE, Estimate, Freeze, LeadIsSettled, Settle
from leads.scoring.grading import Grader
from leads.scoring.model import SAYS_NOTHING, SCORE_MODEL, FinishTraining, RequestTraining
from leads.scoring.rules import SCORE_RULES, SetScoreRules, meets

ZONE = "Asia/Ho_Chi_Minh"
NOW = Moment.of(datetime(2026, 3, 2, 20, tzinfo=UTC), ZONE)
LEAD = LeadState(
    id=UUID(int=1), source="fair", created_at=NOW.at, created_on=NOW.on, first_owner=Owner(person=UUID(int=7))
)
FAIR = ScoreRule(name="fair", points=30, when=(Condition(field="source", test="one_of", values=("Fair", "expo")),))
BIG = ScoreRule(name="big", points=25, when=(Condition(field="custom.budget", test="at_least", number=1000),))
NO_MAIL = ScoreRule(name="no campaign", points=-10, when=(Condition(field="campaign", test="missing"),))
RULES = ScoreRulesState(id=UUID(int=9), rules=(FAIR, BIG, NO_MAIL), classes=Classes(hot_points=40, warm_points=20))
CARD = Scorecard(base=0.0, terms=(Term(of=(Coding(column="source", levels=("=fair",)),), weights={"=fair": 1.0}),))
MODEL = ScoreModelState(id=UUID(int=5), status=ModelStatus.TRAINED, requested_at=NOW.at, scorecard=CARD)


@pytest.mark.parametrize(
    ("condition", "value", "met"),
    [
        (Condition(field="x", test="given"), "a", True),
        (Condition(field="x", test="given"), None, False),
        (Condition(field="x", test="missing"), "", True),
        (Condition(field="x", test="missing"), "a", False),
        (Condition(field="x", test="one_of", values=("WEB",)), "web", True),
        (Condition(field="x", test="one_of", values=("web",)), "website", False),
        (Condition(field="x", test="contains", values=("pump",)), "14 PUMPS", True),
        (Condition(field="x", test="at_least", number=3), 3, True),
        (Condition(field="x", test="at_least", number=3), "2.9", False),
        (Condition(field="x", test="at_most", number=3), "many", False),
        (Condition(field="x", test="at_most", number=3), 2, True),
        (Condition(field="x", test="at_most", number=3), None, False),
    ],
)
def test_a_condition_is_met(condition, value, met):
    assert meets(condition, {"x": value}) is met


def test_points_are_shown_for_each_rule_that_is_met():
    row = {"source": "FAIR", "custom.budget": "2500"}
    graded = Grader(RULES, None).grade(row, row)
    assert [(reason.what, reason.points) for reason in graded.by_rule] == [
        (["fair"], 30),
        (["big"], 25),
        (["no campaign"], -10),
    ]
    assert (graded.points, graded.rank, graded.class_, graded.basis_points) == (45, 45, "hot", None)
    assert [reason.points for reason in graded.reasons] == [30, 25, -10]


@pytest.mark.parametrize(("points", "class_"), [(40, "hot"), (39, "warm"), (20, "warm"), (19, "cold")])
def test_classes_begin_where_the_tenant_says(points, class_):
    rule = FAIR.model_copy(update={"points": points})
    graded = Grader(RULES.model_copy(update={"rules": (rule,)}), None).grade({"source": "fair"}, {})
    assert graded.class_ == class_


def test_a_scorecard_ranks_and_says_why():
    graded = Grader(RULES, MODEL).grade({"source": "fair"}, {"source": "fair"})
    assert (graded.basis_points, graded.rank, graded.class_) == (7311, 7311, "hot")
    [reason] = graded.reasons
    assert (reason.kind, reason.what, reason.values, reason.points) == ("learnt", ["source"], ["fair"], 29)
    assert graded.points == 20


def test_what_is_known_only_after_the_outcome_is_no_feature():
    early = Touch(at=NOW.at, on=date(2026, 3, 4), source="web")
    late = Touch(at=NOW.at, on=date(2026, 3, 9), source="mail")
    lead = LEAD.model_copy(update={"later_touches": (early, late)})
    assert (learnable(lead, ZONE)["touches"], learnable(lead, ZONE)["last_touch_source"]) == (2, "mail")
    closed = {"status": LeadStatus.CONVERTED, "converted_on": date(2026, 3, 9), "account_id": UUID(int=3)}
    row = learnable(lead.model_copy(update=closed), ZONE)
    assert (row["touches"], row["last_touch_source"]) == (1, "web")
    assert not set(row) & set(ACCOUNT_FIELDS)
    assert (row["captured_weekday"], row["captured_hour"]) == ("Tuesday", 3)


def test_rules_may_ask_for_all_fields_and_those_of_the_tenant():
    account = CustomerState(id=UUID(int=3), name="A", sector="food", country="VN", opened_on=NOW.on)
    row = askable(LEAD, ZONE, account)
    assert set(FIELDS) == set(row)
    assert (row["account_sector"], row["account_country"]) == ("food", "VN")
    own = LEAD.model_copy(update={"custom": {"budget": 5}})
    assert askable(own, ZONE, None)["custom.budget"] == 5


def setting(*rules, classes=None):
    return SetScoreRules(moment=NOW, id=UUID(int=9), rules=rules, classes=classes or Classes())


def test_rules_are_set_as_a_whole_and_the_same_ones_change_nothing():
    given(SCORE_RULES, None).when(setting(FAIR)).then(
        ScoreRulesSet(score_rules=ScoreRulesState(id=UUID(int=9), rules=(FAIR,), set_at=NOW.at))
    )
    known = ScoreRulesState(id=UUID(int=9), rules=(FAIR,), set_at=NOW.at)
    given(SCORE_RULES, known).when(setting(FAIR)).then()
    given(SCORE_RULES, known).when(setting()).then(
        ScoreRulesSet(score_rules=ScoreRulesState(id=UUID(int=9), set_at=NOW.at))
    )


SAID = Forecast(probability=4_000, at=NOW.at, model=UUID(int=5))
FROZEN = ScoreState(id=LEAD.id, source="fair", owner=LEAD.first_owner, system=SAID)


def test_the_first_probability_of_a_scorecard_stays():
    given(SCORE, None).when(Freeze(moment=NOW, lead=LEAD, forecast=SAID)).then(ScoreFrozen(score=FROZEN))
    later = SAID.model_copy(update={"probability": 9_000})
    given(SCORE, FROZEN).when(Freeze(moment=NOW, lead=LEAD, forecast=later)).then()


def test_a_person_may_think_again_but_the_first_word_stays():
    first = Forecast(probability=2_000, at=NOW.at)
    said = FROZEN.model_copy(update={"rep": first, "rep_first": first})
    estimate = Estimate(moment=NOW, lead=LEAD, probability=2_000)
    given(SCORE, FROZEN).when(estimate).then(ScoreEstimated(probability=2_000, score=said))
    given(SCORE, said).when(estimate).then()
    taken_back = said.model_copy(update={"rep": None})
    given(SCORE, said).when(Estimate(moment=NOW, lead=LEAD, probability=None)).then(
        ScoreEstimated(probability=None, score=taken_back)
    )


def test_what_was_said_is_settled_by_the_outcome_and_open_again_with_the_lead():
    closed = FROZEN.model_copy(update={"converted": True, "closed_on": NOW.on})
    settle = Settle(moment=NOW, converted=True, closed_on=NOW.on)
    given(SCORE, FROZEN).when(settle).then(ScoreSettled(converted=True, score=closed))
    given(SCORE, closed).when(settle).then()
    given(SCORE, closed).when(Settle(moment=NOW, converted=None, closed_on=None)).then(ScoreUnsettled(score=FROZEN))
    given(SCORE, closed).when(Estimate(moment=NOW, lead=LEAD, probability=1)).then_refused(LeadIsSettled)


REQUESTED = ScoreModelState(id=UUID(int=5), requested_at=NOW.at)
TRAINING = Training(leads=300, converted=100, held_out_area=0.8, held_out_brier=0.15, average_brier=0.22)


def test_a_scorecard_is_asked_for_then_trained_once():
    given(SCORE_MODEL, None).when(RequestTraining(moment=NOW, id=UUID(int=5))).then(
        ScoreModelRequested(score_model=REQUESTED)
    )
    finish = FinishTraining(moment=NOW, training=TRAINING, scorecard=CARD)
    done = {"finished_at": NOW.at, "training": TRAINING}
    trained = REQUESTED.model_copy(update={**done, "status": ModelStatus.TRAINED, "scorecard": CARD})
    given(SCORE_MODEL, REQUESTED).when(finish).then(ScoreModelTrained(score_model=trained))
    given(SCORE_MODEL, trained).when(finish).then()
    refused = REQUESTED.model_copy(update={**done, "status": ModelStatus.REFUSED, "reason": SAYS_NOTHING})
    given(SCORE_MODEL, REQUESTED).when(FinishTraining(moment=NOW, training=TRAINING, reason=SAYS_NOTHING)).then(
        ScoreModelRefused(reason=SAYS_NOTHING, score_model=refused)
    )
