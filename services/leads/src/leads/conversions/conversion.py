"""A conversion: waits for what deals answers, and ends once. Pure.

Whatever is told again changes nothing. What contradicts an end, such as a deal opened after it was refused, is refused
loudly: deals never does both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID, uuid5

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists, Refusal
from events.catalogue.conversions import (
    ConversionConfirmed,
    ConversionEvent,
    ConversionStarted,
    ConversionState,
    ConversionStatus,
    ConversionUndone,
)


class ConversionEnded(Refusal):
    """The conversion has ended in another way."""

    slug = "conversion-ended"


@dataclass(frozen=True, kw_only=True)
class StartConversion(Command):
    """The handoff was accepted."""

    creates: ClassVar[bool] = True
    conversion: ConversionState


@dataclass(frozen=True, kw_only=True)
class ConfirmConversion(Command):
    """The deal is open."""


@dataclass(frozen=True, kw_only=True)
class UndoConversion(Command):
    """Deals refused, for the reason of this name."""

    code: str


ConversionCommand = StartConversion | ConfirmConversion | UndoConversion


def conversion_of(handoff_id: UUID) -> UUID:
    """The conversion that an acceptance starts: the same however often it is asked."""
    return uuid5(handoff_id, "conversion")


def decide(command: ConversionCommand, conversion: ConversionState | None) -> Iterator[ConversionEvent]:
    match command, conversion:
        case StartConversion(), None:
            yield ConversionStarted(conversion=command.conversion)
        case StartConversion(), ConversionState():
            raise AlreadyExists(id=str(conversion.id))
        case ConfirmConversion(), ConversionState():
            if _is_to_end(conversion, ConversionStatus.CONFIRMED):
                yield ConversionConfirmed(conversion=_ended(command, conversion, status=ConversionStatus.CONFIRMED))
        case UndoConversion(), ConversionState():
            if _is_to_end(conversion, ConversionStatus.UNDONE):
                undone = _ended(command, conversion, status=ConversionStatus.UNDONE, code=command.code)
                yield ConversionUndone(code=command.code, conversion=undone)


def _is_to_end(conversion: ConversionState, wanted: ConversionStatus) -> bool:
    if conversion.status not in {ConversionStatus.WAITING, wanted}:
        raise ConversionEnded(f"The conversion is {conversion.status.value}.", current_status=conversion.status.value)
    return conversion.status is ConversionStatus.WAITING


def _ended(command: Command, conversion: ConversionState, **changes: Any) -> ConversionState:
    at = command.moment
    return conversion.model_copy(update={"ended_at": at.at, "ended_on": at.on, **changes})


def apply(_conversion: ConversionState | None, event: ConversionEvent) -> ConversionState:
    """An event carries the state after it."""
    return event.conversion


def _columns(conversion: ConversionState) -> Mapping[str, object]:
    return {
        "handoff_id": conversion.handoff_id,
        "lead_id": conversion.lead_id,
        "status": conversion.status.value,
        "offered_by_id": conversion.offered_by.person,
        "offered_by_team_id": conversion.offered_by.team,
        "offered_to_id": conversion.offered_to.person,
        "offered_to_team_id": conversion.offered_to.team,
        "due_at": conversion.due_at if conversion.status is ConversionStatus.WAITING else None,
    }


CONVERSION = Aggregate(
    noun="conversion",
    table="conversion",
    state=ConversionState,
    decide=decide,
    apply=apply,
    columns=_columns,
)
