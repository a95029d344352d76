"""Events of how a firm distributes its leads: ordered rules, limits of the public pool, who hears when nobody fits."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from events.event import UNSTAMPED, Event, Timestamp, Value
from events.topics import LEADS_ASSIGNMENT_POLICY

Count = Annotated[int, Field(ge=1, le=1_000_000)]


class Period(StrEnum):
    """What a limit counts over, by the days of the tenant's zone."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Limit(Value):
    """At most so many leads a period."""

    leads: Count
    per: Period


class Distribution(StrEnum):
    """How a rule chooses among its members."""

    PERSON = "person"
    ROUND_ROBIN = "round-robin"
    WEIGHTED = "weighted"


class Conditions(Value):
    """What a rule asks of a lead: of each field named one of the values. A region stands for all below it, too."""

    sources: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    mediums: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    regions: tuple[UUID, ...] = ()
    custom: Mapping[str, tuple[str, ...]] = {}


class Member(Value):
    """Somebody to whom a rule gives leads; of a weight of 2 twice as many as of 1."""

    person: UUID
    weight: Annotated[int, Field(ge=1, le=1_000)] = 1


class AssignmentRule(Value):
    """Leads that meet the conditions go to one of the members who is there and below the limit."""

    id: UUID
    name: str
    active: bool = True
    when: Conditions = Conditions()
    distribution: Distribution
    members: tuple[Member, ...]
    limit: Limit | None = None
    """Of each member, by this rule."""


class PoolRules(Value):
    """What holds of the public pool."""

    claim_limit: Limit | None = None
    """Of each person."""
    recycle_after_days: Annotated[int, Field(ge=1, le=365)] | None = None
    """So many working days of its owner without a follow-up bring a lead back into the pool; absent: never."""


class AssignmentPolicyState(Value):
    """The rules in their order: the first that meets a lead and has a member for it assigns the lead."""

    id: UUID
    """The tenant's."""
    revision: int
    rules: tuple[AssignmentRule, ...] = ()
    pool: PoolRules = PoolRules()
    alert_to: tuple[UUID, ...] = ()
    """Who hears of a lead that fits nobody."""
    changed_at: Timestamp


class AssignmentPolicyEvent(Event, topic=LEADS_ASSIGNMENT_POLICY):
    """Base of what happens to the rules of assignment."""

    assignment_policy: AssignmentPolicyState = UNSTAMPED


class AssignmentPolicyChanged(AssignmentPolicyEvent, type="dealstream.assignment_policy.changed", version=1):
    """The rules were given for the first time, or changed. Leads assigned before stay where they are."""
