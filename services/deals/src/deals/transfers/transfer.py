"""What deals has moved for a transfer that leads asked for. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from chassis.aggregates import Aggregate, Command
from events.catalogue.transfers import (
    DealTransferAdvanced,
    DealTransferBegun,
    DealTransferCompleted,
    DealTransferEvent,
    DealTransferState,
    Refused,
    TransferState,
)


@dataclass(frozen=True, kw_only=True)
class BeginTransfer(Command):
    """The day of a transfer has come; told twice, it begins once."""

    creates: ClassVar[bool] = True
    asked: TransferState


@dataclass(frozen=True, kw_only=True)
class NoteMoved(Command):
    """So many more deals were moved, and these refused; ``done`` when none was left."""

    moved: int = 0
    refused: tuple[Refused, ...] = ()
    done: bool = False


def decide(command: BeginTransfer | NoteMoved, transfer: DealTransferState | None) -> Iterator[DealTransferEvent]:
    match command, transfer:
        case BeginTransfer(), None:
            yield DealTransferBegun(transfer=_begun(command.asked))
        case NoteMoved(), DealTransferState():
            yield from _note(command, transfer)


def _begun(asked: TransferState) -> DealTransferState:
    return DealTransferState(
        id=asked.id,
        from_owner=asked.from_owner,
        successors=asked.successors,
        from_at=asked.from_at,
        from_on=asked.from_on,
        within_teams=asked.within_teams,
        requested_by=asked.requested_by,
    )


def _note(command: NoteMoved, transfer: DealTransferState) -> Iterator[DealTransferEvent]:
    if transfer.done:
        return
    if command.done:
        yield DealTransferCompleted(transfer=transfer.model_copy(update={"done": True}))
        return
    sums = {"moved": transfer.moved + command.moved, "refused": transfer.refused + len(command.refused)}
    yield DealTransferAdvanced(refusals=command.refused, transfer=transfer.model_copy(update=sums))


def apply(_transfer: DealTransferState | None, event: DealTransferEvent) -> DealTransferState:
    """An event carries the state after it."""
    return event.transfer


TRANSFER = Aggregate(
    noun="transfer",
    table="transfer",
    state=DealTransferState,
    decide=decide,
    apply=apply,
    columns=lambda transfer: {"done": transfer.done},
)
