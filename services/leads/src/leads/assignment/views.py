"""What leads answers about the rules of assignment."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from events.catalogue.assignment import AssignmentPolicyState, AssignmentRule, PoolRules


class PolicyView(BaseModel):
    """The rules in their order, and those of the public pool."""

    version: int
    """The revision; leads that a rule assigned name it."""
    rules: tuple[AssignmentRule, ...]
    pool: PoolRules
    alert_to: tuple[UUID, ...]
    changed_at: datetime | None
    """Absent: none were given yet, and nothing is assigned by itself."""

    @classmethod
    def of(cls, policy: AssignmentPolicyState) -> "PolicyView":
        return cls(
            version=policy.revision,
            rules=policy.rules,
            pool=policy.pool,
            alert_to=policy.alert_to,
            changed_at=policy.changed_at,
        )


NO_POLICY = PolicyView(version=0, rules=(), pool=PoolRules(), alert_to=(), changed_at=None)


class RevisionView(PolicyView):
    """The rules as they were from a time on, and who gave them."""

    by: str | None

    @classmethod
    def of_row(cls, row: Any) -> "RevisionView":
        policy = PolicyView.of(AssignmentPolicyState.model_validate_json(row["state"]))
        return cls(**dict(policy), by=row["actor"])


class FindingView(BaseModel):
    """Whom the rules would give a lead to now: the rule and the person, or nobody."""

    rule: UUID | None
    rule_name: str | None
    person: UUID | None
    met: list[str]
    """The rules that the lead meets, in their order."""
