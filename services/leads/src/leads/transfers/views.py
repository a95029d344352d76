"""What is answered about transfers."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.aggregates import Loaded
from events.catalogue.leads import Owner
from events.catalogue.transfers import Successor, TransferState, TransferStatus, successor
from leads.views import OwnerView


class SuccessorView(BaseModel):
    """Who takes over what is held for a team; without a team, all the rest."""

    team: UUID | None
    to: OwnerView

    @classmethod
    def of(cls, each: Successor) -> "SuccessorView":
        return cls(team=each.team, to=OwnerView.sure(each.to))


class PartView(BaseModel):
    """How far the transfer of one kind of record is."""

    part: str = Field(examples=["leads"])
    moved: int
    refused: int
    done: bool


class TransferView(BaseModel):
    """A transfer, and its report."""

    id: UUID
    version: int
    person: OwnerView
    successors: list[SuccessorView]
    from_at: datetime
    from_on: date
    status: TransferStatus
    parts: list[PartView]
    requested_by: str
    requested_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, loaded: Loaded[TransferState]) -> "TransferView":
        transfer = loaded.state
        return cls(
            id=transfer.id,
            version=loaded.version,
            person=OwnerView.sure(transfer.from_owner),
            successors=[SuccessorView.of(each) for each in transfer.successors],
            from_at=transfer.from_at,
            from_on=transfer.from_on,
            status=transfer.status,
            parts=[PartView(**dict(each)) for each in transfer.parts],
            requested_by=transfer.requested_by,
            requested_at=transfer.requested_at,
            begun_at=transfer.begun_at,
            ended_at=transfer.ended_at,
        )


class RefusalView(BaseModel):
    """A record that stayed with the person, and why."""

    part: str
    id: UUID
    code: str = Field(examples=["no-successor"])


class SharePreview(BaseModel):
    """So many records would pass to this person."""

    to: UUID
    count: int


class PartPreview(BaseModel):
    """What would become of the open records of a kind that the person holds now."""

    part: str = Field(examples=["leads"])
    count: int
    shares: list[SharePreview]
    without_successor: int

    @classmethod
    def of(
        cls, part: str, counts: Mapping[UUID | None, int], person: UUID, successors: Sequence[Successor]
    ) -> "PartPreview":
        shares: dict[UUID, int] = {}
        for team, count in counts.items():
            if to := successor(successors, Owner(person=person, team=team)):
                shares[to.person] = shares.get(to.person, 0) + count
        whole = sum(counts.values())
        return cls(
            part=part,
            count=whole,
            shares=[SharePreview(to=to, count=count) for to, count in sorted(shares.items())],
            without_successor=whole - sum(shares.values()),
        )


class PreviewView(BaseModel):
    """What a transfer would move if it began now. Deals are counted as the timelines know them."""

    person: OwnerView
    successors: list[SuccessorView]
    from_on: date
    parts: list[PartPreview]
