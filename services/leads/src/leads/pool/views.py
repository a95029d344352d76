"""What leads answers about the pool and the custody of a lead."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from chassis.aggregates import Loaded
from events.catalogue.leads import AppliedRule, LeadState, LeadStatus, PoolReason
from leads.views import OwnerView


class PoolLeadView(BaseModel):
    """A lead in the public pool, as everybody sees it: what it is about. Whoever claims it sees the contact, too."""

    id: UUID
    version: int
    title: str | None
    source: str | None
    campaign: str | None
    medium: str | None
    region: UUID | None
    status: LeadStatus
    created_at: datetime
    in_pool_since: datetime
    why: PoolReason
    reason: str | None

    @classmethod
    def of(cls, loaded: Loaded[LeadState]) -> "PoolLeadView":
        lead = loaded.state
        if lead.pool is None:
            raise TypeError("the lead is not in the pool")
        return cls(
            id=lead.id,
            version=loaded.version,
            title=lead.title,
            source=lead.source,
            campaign=lead.campaign,
            medium=lead.medium,
            region=lead.region,
            status=lead.status,
            created_at=lead.created_at,
            in_pool_since=lead.pool.since,
            why=lead.pool.why,
            reason=lead.pool.reason,
        )


class CustodyView(BaseModel):
    """From when until when somebody held a lead; ``owner`` is absent while it was in the pool."""

    version: int
    from_at: datetime
    until: datetime | None
    """Absent: it is so now."""
    how: str
    """`hand`, `rule` or `claim` where somebody got it; `nobody-fits`, `returned` or `recycled` where the pool did."""
    owner: OwnerView | None
    rule: AppliedRule | None
    reason: str | None
    by: str | None
    """Who did it: a person, a key or the platform itself."""

    @classmethod
    def of(cls, row: Any) -> "CustodyView":
        person = row["person_id"]
        owner = None if person is None else OwnerView(person=person, team=row["team_id"], region=row["region_id"])
        return cls(
            version=row["version"],
            from_at=row["at"],
            until=row["until"],
            how=row["how"],
            owner=owner,
            rule=None if row["rule"] is None else AppliedRule(**json.loads(row["rule"])),
            reason=row["reason"],
            by=row["actor"],
        )
