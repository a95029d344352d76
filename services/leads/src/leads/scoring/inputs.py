"""What callers may send about scoring."""

from typing import Annotated, Self

from pydantic import Field, StrictFloat, StrictInt, model_validator

from chassis.inputs import Input, Name, at_field
from events.catalogue.scoring import Classes, Condition, ScoreRule, Test
from leads.scoring.features import CUSTOM, FIELDS

RULES_MAX, CONDITIONS_MAX, VALUES_MAX = 200, 20, 100
FieldName = Annotated[Name, Field(description=f"One of {', '.join(FIELDS)}, or {CUSTOM} and a key of your own fields.")]
Points = Annotated[StrictInt, Field(ge=-1_000, le=1_000)]
Percent = Annotated[StrictInt, Field(ge=0, le=100)]


class ConditionInput(Input):
    """What a field must be. Texts are compared without regard to case."""

    field: FieldName
    test: Test
    values: Annotated[list[Name], Field(max_length=VALUES_MAX, default_factory=list)]
    """For ``one_of`` and ``contains``."""
    number: Annotated[StrictFloat | StrictInt, Field(ge=-1e15, le=1e15)] | None = None
    """For ``at_least`` and ``at_most``."""

    @model_validator(mode="after")
    def _can_be_tested(self) -> Self:
        if self.field not in FIELDS and not (self.field.startswith(CUSTOM) and len(self.field) > len(CUSTOM)):
            raise at_field("field", f"no lead has the field {self.field}")
        if (self.test in {"one_of", "contains"}) != bool(self.values):
            raise at_field("values", "give values for one_of and contains, and only for these")
        if (self.test in {"at_least", "at_most"}) != (self.number is not None):
            raise at_field("number", "give a number for at_least and at_most, and only for these")
        return self

    def condition(self) -> Condition:
        return Condition(field=self.field, test=self.test, values=tuple(self.values), number=self.number)


class RuleInput(Input):
    """Points for leads that meet all conditions."""

    name: Name
    points: Points
    when: Annotated[list[ConditionInput], Field(min_length=1, max_length=CONDITIONS_MAX)]


class ClassesInput(Input):
    """From where on a lead is hot, or warm: by points, or by probability where a scorecard is in use."""

    hot_points: Points = 60
    warm_points: Points = 30
    hot_percent: Percent = 50
    warm_percent: Percent = 20

    @model_validator(mode="after")
    def _warm_before_hot(self) -> Self:
        if self.warm_points > self.hot_points:
            raise at_field("warm_points", "a lead is warm before it is hot")
        if self.warm_percent > self.hot_percent:
            raise at_field("warm_percent", "a lead is warm before it is hot")
        return self


class RulesInput(Input):
    """All rules and the classes; they take the place of those in force."""

    rules: Annotated[list[RuleInput], Field(max_length=RULES_MAX)]
    classes: ClassesInput = ClassesInput()

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        if len({rule.name for rule in self.rules}) != len(self.rules):
            raise at_field("rules", "two rules have the same name")
        return self

    def as_rules(self) -> tuple[ScoreRule, ...]:
        return tuple(
            ScoreRule(name=rule.name, points=rule.points, when=tuple(each.condition() for each in rule.when))
            for rule in self.rules
        )

    def as_classes(self) -> Classes:
        classes = self.classes
        return Classes(
            hot_points=classes.hot_points,
            warm_points=classes.warm_points,
            hot_probability=100 * classes.hot_percent,
            warm_probability=100 * classes.warm_percent,
        )


class EstimateInput(Input):
    """How likely the lead is to convert, as the one who works on it sees it; null takes the last estimate back."""

    percent: Percent | None
