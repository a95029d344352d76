"""The rules of assignment: given whole, in revisions, and which of them a lead meets."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from events.catalogue.assignment import (
    AssignmentPolicyChanged,
    AssignmentRule,
    Conditions,
    Distribution,
    Member,
    PoolRules,
)
from events.moment import Moment
from events.testing import given
from leads.assignment.matching import Traits, meeting
from leads.assignment.policy import ASSIGNMENT_POLICY, RuleNotUsable, SetAssignmentPolicy

NOW = Moment.of(datetime(2026, 3, 2, 9, tzinfo=UTC), "UTC")
LATER = Moment.of(datetime(2026, 3, 3, 9, tzinfo=UTC), "UTC")
FIRM, NORTH, HANOI = UUID(int=1), UUID(int=2), UUID(int=3)
ANA, BAO = Member(person=UUID(int=11)), Member(person=UUID(int=12))


def rule(number=1, name=None, **changes):
    found = AssignmentRule(
        id=UUID(int=100 + number), name=name or f"rule {number}", distribution=Distribution.ROUND_ROBIN, members=(ANA,)
    )
    return found.model_copy(update=changes)


def rules(*some, moment=NOW, pool=PoolRules(), alert_to=()):  # noqa: B008 - frozen
    return SetAssignmentPolicy(moment=moment, tenant=FIRM, rules=some, pool=pool, alert_to=alert_to)


def test_rules_are_given_in_revisions():
    given(ASSIGNMENT_POLICY).when(rules(rule())).then(AssignmentPolicyChanged()).then_state(revision=1)
    changed = given(ASSIGNMENT_POLICY, rules(rule())).when(rules(rule(2), rule(), moment=LATER))
    changed.then(AssignmentPolicyChanged()).then_state(revision=2, rules=(rule(2), rule()), changed_at=LATER.at)


def test_the_same_rules_again_are_no_revision():
    given(ASSIGNMENT_POLICY, rules(rule())).when(rules(rule(), moment=LATER)).then_nothing()
    recycle = PoolRules(recycle_after_days=3)
    given(ASSIGNMENT_POLICY, rules(rule())).when(rules(rule(), pool=recycle)).then(AssignmentPolicyChanged())


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        (rule(1, "another"), "/rules/1/id"),
        (rule(2, "RULE 1"), "/rules/1/name"),
        (rule(2, members=(ANA, ANA)), "/rules/1/members"),
        (rule(2, distribution=Distribution.PERSON, members=(ANA, BAO)), "/rules/1/members"),
        (rule(2, members=(ANA, BAO.model_copy(update={"weight": 2}))), "/rules/1/members"),
    ],
)
def test_rules_that_contradict_themselves_are_refused(wrong, pointer):
    refused = given(ASSIGNMENT_POLICY).when(rules(rule(), wrong)).then_refused(RuleNotUsable)
    assert refused.pointer == pointer


@pytest.mark.parametrize(
    ("when", "traits", "meets"),
    [
        (Conditions(), Traits(), True),
        (Conditions(sources=("fair", "web")), Traits(source="Web"), True),
        (Conditions(sources=("fair",)), Traits(source="web"), False),
        (Conditions(sources=("fair",)), Traits(), False),
        (Conditions(sources=("fair",), countries=("VN",)), Traits(source="fair", country="CN"), False),
        (Conditions(campaigns=("Tết",), mediums=("cpc",)), Traits(campaign="tết", medium="CPC"), True),
        (Conditions(regions=(NORTH,)), Traits(regions=frozenset({HANOI, NORTH})), True),
        (Conditions(regions=(HANOI,)), Traits(regions=frozenset({NORTH})), False),
        (Conditions(custom={"size": ("big", "huge")}), Traits(custom={"size": "Huge"}), True),
        (Conditions(custom={"size": ("5",)}), Traits(custom={"size": 5}), True),
        (Conditions(custom={"size": ("big",)}), Traits(), False),
    ],
)
def test_a_lead_meets_a_rule_by_every_field_that_it_names(when, traits, meets):
    assert bool(meeting([rule(when=when)], traits)) == meets


def test_rules_are_met_in_their_order_and_sleeping_ones_by_nobody():
    some = [rule(2), rule(1, active=False), rule(3, when=Conditions(sources=("x",))), rule(4)]
    assert [each.name for each in meeting(some, Traits())] == ["rule 2", "rule 4"]
