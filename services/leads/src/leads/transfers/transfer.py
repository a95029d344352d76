"""A transfer: requested, begun when its day has come, advanced part by part, done or cancelled. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists, Refusal
from events.catalogue.leads import Owner
from events.catalogue.transfers import (
    Successor,
    TransferAdvanced,
    TransferBegun,
    TransferCancelled,
    TransferCompleted,
    TransferEvent,
    TransferPart,
    TransferRequested,
    TransferState,
    TransferStatus,
)
from events.moment import Moment

LEADS, ACCOUNTS, HANDOFFS, DEALS = "leads", "accounts", "handoffs", "deals"
PARTS = (LEADS, ACCOUNTS, HANDOFFS, DEALS)
"""What is moved; deals by the service of that name."""

OPEN = frozenset({TransferStatus.SCHEDULED, TransferStatus.RUNNING})


class TransferHasBegun(Refusal):
    """Only a transfer that has not begun can be called off."""

    slug = "transfer-has-begun"


class TransferIsOpen(Refusal):
    """Another transfer of this person's work is not done yet."""

    slug = "transfer-is-open"


@dataclass(frozen=True, kw_only=True)
class RequestTransfer(Command):
    """Ask for it; ``starts`` is the day from which the successors hold the work."""

    creates: ClassVar[bool] = True
    id: UUID
    from_owner: Owner
    successors: tuple[Successor, ...]
    starts: Moment
    within_teams: tuple[UUID, ...] | None = None
    requested_by: str


@dataclass(frozen=True, kw_only=True)
class BeginTransfer(Command):
    """The day has come; ``successors`` as they are on it, who may have moved or left since they were named."""

    successors: tuple[Successor, ...]


@dataclass(frozen=True, kw_only=True)
class NotePart(Command):
    """So many records of a part were moved and refused until now."""

    part: str
    moved: int
    refused: int
    done: bool


@dataclass(frozen=True, kw_only=True)
class CancelTransfer(Command):
    """Call it off."""


TransferCommand = RequestTransfer | BeginTransfer | NotePart | CancelTransfer


def decide(command: TransferCommand, transfer: TransferState | None) -> Iterator[TransferEvent]:
    match command, transfer:
        case RequestTransfer(), None:
            yield TransferRequested(transfer=_requested(command))
        case RequestTransfer(), TransferState():
            raise AlreadyExists(id=str(transfer.id))
        case BeginTransfer(), TransferState():
            if transfer.status is TransferStatus.SCHEDULED:
                begun: Mapping[str, Any] = {
                    "status": TransferStatus.RUNNING,
                    "begun_at": command.moment.at,
                    "successors": command.successors,
                }
                yield TransferBegun(transfer=transfer.model_copy(update=begun))
        case NotePart(), TransferState():
            yield from _note(command, transfer)
        case CancelTransfer(), TransferState():
            yield from _cancel(command, transfer)


def part_of(transfer: TransferState, name: str) -> TransferPart:
    return next((each for each in transfer.parts if each.part == name), TransferPart(part=name))


def _requested(command: RequestTransfer) -> TransferState:
    return TransferState(
        id=command.id,
        from_owner=command.from_owner,
        successors=command.successors,
        from_at=command.starts.at,
        from_on=command.starts.on,
        within_teams=command.within_teams,
        parts=tuple(TransferPart(part=name) for name in PARTS),
        requested_by=command.requested_by,
        requested_at=command.moment.at,
    )


def _note(command: NotePart, transfer: TransferState) -> Iterator[TransferEvent]:
    if transfer.status is not TransferStatus.RUNNING:
        return
    noted = TransferPart(part=command.part, moved=command.moved, refused=command.refused, done=command.done)
    if noted == part_of(transfer, command.part):
        return
    parts = tuple(noted if each.part == command.part else each for each in transfer.parts)
    advanced = transfer.model_copy(update={"parts": parts})
    yield TransferAdvanced(part=command.part, transfer=advanced)
    if all(each.done for each in parts):
        done: Mapping[str, Any] = {"status": TransferStatus.DONE, "ended_at": command.moment.at}
        yield TransferCompleted(transfer=advanced.model_copy(update=done))


def _cancel(command: CancelTransfer, transfer: TransferState) -> Iterator[TransferEvent]:
    if transfer.status is TransferStatus.CANCELLED:
        return
    if transfer.status is not TransferStatus.SCHEDULED:
        raise TransferHasBegun(current_status=transfer.status.value)
    cancelled = {"status": TransferStatus.CANCELLED, "ended_at": command.moment.at}
    yield TransferCancelled(transfer=transfer.model_copy(update=cancelled))


def apply(_transfer: TransferState | None, event: TransferEvent) -> TransferState:
    """An event carries the state after it."""
    return event.transfer


def _columns(transfer: TransferState) -> Mapping[str, object]:
    waits_for_us = any(not each.done for each in transfer.parts if each.part != DEALS)
    due = transfer.status in OPEN and waits_for_us
    return {
        "person_id": transfer.from_owner.person,
        "person_team_id": transfer.from_owner.team,
        "status": transfer.status.value,
        "due_at": transfer.from_at if due else None,
    }


TRANSFER = Aggregate(
    noun="transfer", table="transfer", state=TransferState, decide=decide, apply=apply, columns=_columns
)
