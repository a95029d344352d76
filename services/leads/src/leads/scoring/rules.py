"""Rule scores: which rules a lead meets, and the points of each. The rules are one aggregate a tenant. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from chassis.aggregates import Aggregate, Command
from events.catalogue.scoring import (
    Classes,
    Condition,
    ScoreRule,
    ScoreRulesEvent,
    ScoreRulesSet,
    ScoreRulesState,
)
from leads.scoring.learning.values import number_of, text_of

Row = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class SetScoreRules(Command):
    """These rules and classes from now on."""

    creates: ClassVar[bool] = True
    id: UUID
    rules: tuple[ScoreRule, ...]
    classes: Classes


def decide(command: SetScoreRules, rules: ScoreRulesState | None) -> Iterator[ScoreRulesEvent]:
    wanted = (command.rules, command.classes)
    if rules is None or (rules.rules, rules.classes) != wanted:
        state = ScoreRulesState(id=command.id, rules=command.rules, classes=command.classes, set_at=command.moment.at)
        yield ScoreRulesSet(score_rules=state)


def apply(_rules: ScoreRulesState | None, event: ScoreRulesEvent) -> ScoreRulesState:
    """An event carries the state after it."""
    return event.score_rules


SCORE_RULES = Aggregate(noun="score_rules", table="score_rules", state=ScoreRulesState, decide=decide, apply=apply)


def rules_met(rules: ScoreRulesState, row: Row) -> Iterator[ScoreRule]:
    """The rules all of whose conditions the row meets, in their order."""
    return (rule for rule in rules.rules if all(meets(condition, row) for condition in rule.when))


def meets(condition: Condition, row: Row) -> bool:
    """Whether the field is as the condition says; texts are compared without regard to case."""
    text = text_of(row.get(condition.field))
    if text is None:
        return condition.test == "missing"
    match condition.test:
        case "given":
            return True
        case "one_of":
            return text.casefold() in {value.casefold() for value in condition.values}
        case "contains":
            return any(value.casefold() in text.casefold() for value in condition.values)
        case "at_least" | "at_most":
            return _compared(condition, number_of(text))
    return False


def _compared(condition: Condition, number: float | None) -> bool:
    if number is None or condition.number is None:
        return False
    return number >= condition.number if condition.test == "at_least" else number <= condition.number
