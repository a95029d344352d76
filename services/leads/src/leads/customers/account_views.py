"""What is answered about the custody of accounts, their trees and their buying roles."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from chassis.aggregates import Loaded
from events.catalogue.custody import BuyingRole, Custody
from events.catalogue.leads import CustomerState
from leads.customers.custody import CUSTODY_KEPT, custody_of
from leads.views import OwnerView


class CustodySpanView(BaseModel):
    """Who held the account, from when to when; still, where there is no end."""

    owner: OwnerView
    from_at: datetime | None
    """Absent where only the day is known."""
    from_on: date
    to_at: datetime | None
    to_on: date | None

    @classmethod
    def of(cls, span: Custody) -> "CustodySpanView":
        owner = OwnerView.sure(span.owner)
        return cls(owner=owner, from_at=span.from_at, from_on=span.from_on, to_at=span.to_at, to_on=span.to_on)


class CustodyView(BaseModel):
    """Who held an account, the latest first."""

    account: UUID
    version: int
    holder: OwnerView | None
    """Absent while nobody holds it: then it is everybody's."""
    spans: list[CustodySpanView]
    complete: bool
    """Whether these are all there ever were; else the older ones are in the events."""

    @classmethod
    def of(cls, loaded: Loaded[CustomerState]) -> "CustodyView":
        spans = custody_of(loaded.state)
        return cls(
            account=loaded.state.id,
            version=loaded.version,
            holder=OwnerView.of(loaded.state.owner),
            spans=[CustodySpanView.of(span) for span in reversed(spans)],
            complete=len(spans) < CUSTODY_KEPT,
        )


class StakeholderView(BaseModel):
    """A contact with a part in what the account buys."""

    contact: UUID
    name: str | None
    """Absent where you do not see the contact."""
    job_title: str | None
    roles: list[BuyingRole]


class StakeholdersView(BaseModel):
    """All who have a part in what the account buys."""

    account: UUID
    version: int
    items: list[StakeholderView]


class TreeNodeView(BaseModel):
    """An account in its tree."""

    id: UUID
    name: str
    parent: UUID | None
    depth: int
    """Steps below the top."""
    owner: OwnerView | None


class TreeView(BaseModel):
    """The whole tree that an account stands in, from its top, each before those below it.

    Accounts that you do not see are left out; those below them that you see are there.
    """

    account: UUID
    items: list[TreeNodeView]
    truncated: bool
    """Whether there are more than could be shown."""
