"""The firm's rules of assignment, given whole: ordered, versioned, every revision kept. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from chassis.aggregates import Aggregate, Command, Journal
from chassis.refusals import Kind, Refusal
from events.catalogue.assignment import (
    AssignmentPolicyChanged,
    AssignmentPolicyEvent,
    AssignmentPolicyState,
    AssignmentRule,
    Distribution,
    PoolRules,
)


class RuleNotUsable(Refusal):
    """A rule must be the only one of its id and name, and give leads to as many as its way of distribution takes."""

    slug = "rule-not-usable"
    kind = Kind.INVALID


@dataclass(frozen=True, kw_only=True)
class SetAssignmentPolicy(Command):
    """From now on these rules hold."""

    creates: ClassVar[bool] = True
    tenant: UUID
    rules: tuple[AssignmentRule, ...]
    pool: PoolRules
    alert_to: tuple[UUID, ...]


def decide(command: SetAssignmentPolicy, policy: AssignmentPolicyState | None) -> Iterator[AssignmentPolicyEvent]:
    for index, rule in enumerate(command.rules):
        _refuse_unusable(rule, command.rules[:index], pointer=f"/rules/{index}")
    changed = AssignmentPolicyState(
        id=command.tenant,
        revision=1 if policy is None else policy.revision + 1,
        rules=command.rules,
        pool=command.pool,
        alert_to=command.alert_to,
        changed_at=command.moment.at,
    )
    if policy is None or changed.model_copy(update=_stamp(policy)) != policy:
        yield AssignmentPolicyChanged(assignment_policy=changed)


def _stamp(policy: AssignmentPolicyState) -> Mapping[str, object]:
    return {"revision": policy.revision, "changed_at": policy.changed_at}


def _refuse_unusable(rule: AssignmentRule, before: tuple[AssignmentRule, ...], *, pointer: str) -> None:
    people = [member.person for member in rule.members]
    if any(rule.id == other.id for other in before):
        raise RuleNotUsable("Another rule has this id.", pointer=f"{pointer}/id")
    if any(rule.name.casefold() == other.name.casefold() for other in before):
        raise RuleNotUsable("Another rule has this name.", pointer=f"{pointer}/name")
    if len(set(people)) < len(people):
        raise RuleNotUsable("A member is named twice.", pointer=f"{pointer}/members")
    if rule.distribution is Distribution.PERSON and len(people) != 1:
        raise RuleNotUsable("A rule for one person has one member.", pointer=f"{pointer}/members")
    if rule.distribution is Distribution.ROUND_ROBIN and any(member.weight != 1 for member in rule.members):
        raise RuleNotUsable("Members that take turns have no weights.", pointer=f"{pointer}/members")


def apply(_policy: AssignmentPolicyState | None, event: AssignmentPolicyEvent) -> AssignmentPolicyState:
    """An event carries the state after it."""
    return event.assignment_policy


def _revision(event: AssignmentPolicyEvent) -> Mapping[str, object]:
    return {"at": event.occurred_at, "state": event.assignment_policy}


ASSIGNMENT_POLICY = Aggregate(
    noun="assignment policy",
    table="assignment_policy",
    state=AssignmentPolicyState,
    decide=decide,
    apply=apply,
    journal=Journal("assignment_policy_revision", _revision),
)
