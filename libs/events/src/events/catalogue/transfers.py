"""Events of transfers: one person's open work passes to others from a day on, in leads and in deals.

Leads owns the transfer and says when it begins; deals does its part step by step and tells of it on a topic of its own.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import NonNegativeInt

from events.catalogue.leads import HandoffEvent, LeadEvent, Owner
from events.event import UNSTAMPED, Event, Timestamp, Value
from events.topics import DEALS_TRANSFER, LEADS_TRANSFER


class Successor(Value):
    """Who takes over what the person held as a member of a team; without a team, all the rest."""

    team: UUID | None = None
    to: Owner
    left: bool = False
    """Whether they had left, too, when the transfer began: what falls to them stays."""


class Stays(StrEnum):
    """Why a record stays with the person who leaves."""

    NO_SUCCESSOR = "no-successor"
    """Nobody was named for the team it is held for."""
    OUT_OF_SCOPE = "out-of-scope"
    """It is held for a team that whoever asked does not look after."""
    SUCCESSOR_LEFT = "successor-left"
    """Who should take it over had left when the transfer began."""


def successor(successors: Sequence[Successor], held_by: Owner) -> Owner | None:
    """Who takes over a record that was held so."""
    named = _named(successors, held_by)
    return None if named is None else named.to


def passes_to(transfer: "TransferState | DealTransferState", held_by: Owner | None) -> Owner | Stays | None:
    """Who takes over a record that is held so now, or why it stays; None where another person holds it by now.

    To be asked of locked records: between looking and locking somebody may have given them away.
    """
    if held_by is None or held_by.person != transfer.from_owner.person:
        return None
    if transfer.within_teams is not None and held_by.team not in transfer.within_teams:
        return Stays.OUT_OF_SCOPE
    named = _named(transfer.successors, held_by)
    if named is None:
        return Stays.NO_SUCCESSOR
    return Stays.SUCCESSOR_LEFT if named.left else named.to


def _named(successors: Sequence[Successor], held_by: Owner) -> Successor | None:
    by_team = {each.team: each for each in successors}
    if held_by.team is not None and held_by.team in by_team:
        return by_team[held_by.team]
    return by_team.get(None)


class TransferStatus(StrEnum):
    """Where a transfer stands."""

    SCHEDULED = "scheduled"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


class TransferPart(Value):
    """How far the transfer of one kind of record is."""

    part: str
    moved: NonNegativeInt = 0
    refused: NonNegativeInt = 0
    done: bool = False


class Refused(Value):
    """A record that could not be transferred, and why."""

    id: UUID
    code: str


class TransferState(Value):
    """The open work of a person passes to others from a day on; what is closed, and past credit, stays."""

    id: UUID
    from_owner: Owner
    successors: tuple[Successor, ...]
    from_at: Timestamp
    from_on: date
    status: TransferStatus = TransferStatus.SCHEDULED
    parts: tuple[TransferPart, ...]
    within_teams: tuple[UUID, ...] | None = None
    """Only what is held for these teams passes, because whoever asked looks after no others; absent: all of it."""
    requested_by: str
    """The actor that stands on the events of what is moved."""
    requested_at: Timestamp
    begun_at: Timestamp | None = None
    ended_at: Timestamp | None = None


class TransferEvent(Event, topic=LEADS_TRANSFER):
    """Base of what happens to a transfer."""

    transfer: TransferState = UNSTAMPED


class TransferRequested(TransferEvent, type="dealstream.transfer.requested", version=1):
    """A person's open work shall pass to others; it begins when the day has come."""


class TransferBegun(TransferEvent, type="dealstream.transfer.begun", version=1):
    """The day has come: each service moves what it has of the person's open work."""


class TransferAdvanced(TransferEvent, type="dealstream.transfer.advanced", version=1):
    """Some more records of one part were moved or refused."""

    part: str


class TransferCompleted(TransferEvent, type="dealstream.transfer.completed", version=1):
    """Nothing open is left with the person but what was refused."""


class TransferCancelled(TransferEvent, type="dealstream.transfer.cancelled", version=1):
    """The transfer was called off before it began."""


class LeadOfferRedirected(LeadEvent, type="dealstream.lead.offer_redirected", version=1):
    """The lead waits for the answer of another account executive."""

    handoff_id: UUID
    from_owner: Owner | None = None
    to_owner: Owner


class HandoffRedirected(HandoffEvent, type="dealstream.handoff.redirected", version=1):
    """Another account executive is asked to take the lead over."""

    from_owner: Owner
    to_owner: Owner


class DealTransferState(Value):
    """What deals has moved for a transfer, whose id it bears."""

    id: UUID
    from_owner: Owner
    successors: tuple[Successor, ...]
    from_at: Timestamp
    from_on: date
    within_teams: tuple[UUID, ...] | None = None
    requested_by: str
    moved: NonNegativeInt = 0
    refused: NonNegativeInt = 0
    done: bool = False


class DealTransferEvent(Event, topic=DEALS_TRANSFER):
    """Base of what deals does for a transfer."""

    transfer: DealTransferState = UNSTAMPED


class DealTransferBegun(DealTransferEvent, type="dealstream.deal_transfer.begun", version=1):
    """Deals knows of the transfer."""


class DealTransferAdvanced(DealTransferEvent, type="dealstream.deal_transfer.advanced", version=1):
    """Some more open deals were moved or refused."""

    refusals: tuple[Refused, ...] = ()


class DealTransferCompleted(DealTransferEvent, type="dealstream.deal_transfer.completed", version=1):
    """No open deal is left with the person but what was refused."""
