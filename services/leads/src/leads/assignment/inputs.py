"""What callers may send about the rules of assignment."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from chassis.inputs import Input, Name, StrictBool, StrictInt
from events.catalogue.assignment import Distribution, Limit, Period, PoolRules
from leads.inputs import Country, exactly_one

Names = Annotated[list[Name], Field(max_length=200)]


class LimitInput(Input):
    """At most so many leads a period, by the days of the tenant's zone."""

    leads: Annotated[StrictInt, Field(ge=1, le=1_000_000)]
    per: Period

    def to_limit(self) -> Limit:
        return Limit(leads=self.leads, per=self.per)


class ConditionsInput(Input):
    """What a rule asks of a lead: of each field named one of the values; capitals do not count."""

    sources: Names = Field(default_factory=list)
    campaigns: Names = Field(default_factory=list)
    mediums: Names = Field(default_factory=list)
    countries: Annotated[list[Country], Field(max_length=250)] = Field(default_factory=list)
    """The prospect's country."""
    regions: Annotated[list[UUID], Field(max_length=200)] = Field(default_factory=list)
    """The lead's region, or one above it."""
    custom: dict[Name, Names] = Field(default_factory=dict, max_length=20)
    """Values of the lead's own fields."""


class MemberInput(Input):
    """Somebody to whom the rule gives leads; by weight, where the rule is weighted."""

    person: UUID | None = None
    person_external_id: Name | None = None
    weight: Annotated[StrictInt, Field(ge=1, le=1_000)] = 1

    @model_validator(mode="after")
    def _names_one(self) -> "MemberInput":
        exactly_one(self, "person")
        return self


class RuleInput(Input):
    """Leads that meet the conditions go to a member who is there and below the limit. With the ``id`` that it had, a
    changed rule goes on with the turns where they are.
    """

    id: UUID | None = None
    name: Name
    active: StrictBool = True
    when: ConditionsInput = ConditionsInput()
    distribution: Distribution
    members: Annotated[list[MemberInput], Field(min_length=1, max_length=200)]
    limit: LimitInput | None = None


class PoolInput(Input):
    """What holds of the public pool."""

    claim_limit: LimitInput | None = None
    recycle_after_days: Annotated[StrictInt, Field(ge=1, le=365)] | None = None

    def to_rules(self) -> PoolRules:
        claim_limit = None if self.claim_limit is None else self.claim_limit.to_limit()
        return PoolRules(claim_limit=claim_limit, recycle_after_days=self.recycle_after_days)


class PolicyInput(Input):
    """The rules, whole and in their order."""

    rules: Annotated[list[RuleInput], Field(max_length=200)]
    pool: PoolInput = PoolInput()
    alert_to: Annotated[list[UUID], Field(max_length=50)] = Field(default_factory=list)
    """Who hears of a lead that fits nobody."""
