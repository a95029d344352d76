"""An erasure: everything about a person goes in the transaction of the request; what was under way then goes after it.

Requested once for each person: a second request finds the first. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists, Kind, Refusal
from events.catalogue.erasures import (
    ContactErased,
    ErasureCompleted,
    ErasureEvent,
    ErasurePart,
    ErasureReason,
    ErasureState,
    ErasureSwept,
)


class ContactIsErased(Refusal):
    """All about this contact was erased."""

    slug = "contact-erased"
    kind = Kind.GONE


@dataclass(frozen=True, kw_only=True)
class ErasePerson(Command):
    """Everything about these contacts, who are one person, was erased in this transaction: so much of each kind."""

    creates: ClassVar[bool] = True
    id: UUID
    contacts: tuple[UUID, ...]
    alike: tuple[UUID, ...]
    reason: ErasureReason
    erased: Mapping[str, int]
    requested_by: str


@dataclass(frozen=True, kw_only=True)
class NoteSweep(Command):
    """It was looked once more; ``settled`` where nothing can have been under way since, and all is published."""

    erased: Mapping[str, int]
    swept_at: datetime
    settled: bool


ErasureCommand = ErasePerson | NoteSweep


def decide(command: ErasureCommand, erasure: ErasureState | None) -> Iterator[ErasureEvent]:
    match command, erasure:
        case ErasePerson(), None:
            state = _requested(command)
            for contact in command.contacts:
                yield ContactErased(contact_id=contact, erasure=state)
        case ErasePerson(), ErasureState():
            raise AlreadyExists(id=str(erasure.id))
        case NoteSweep(), ErasureState():
            yield from _swept(command, erasure)


def _requested(command: ErasePerson) -> ErasureState:
    return ErasureState(
        id=command.id,
        contacts=command.contacts,
        alike=command.alike,
        reason=command.reason,
        parts=_sums((), command.erased),
        requested_by=command.requested_by,
        requested_at=command.moment.at,
    )


def _swept(command: NoteSweep, erasure: ErasureState) -> Iterator[ErasureEvent]:
    if erasure.completed_at is not None:
        return
    found = {"parts": _sums(erasure.parts, command.erased), "swept_at": erasure.swept_at or command.swept_at}
    swept = erasure.model_copy(update=found)
    if command.settled:
        yield ErasureCompleted(erasure=swept.model_copy(update={"completed_at": command.moment.at}))
    elif swept != erasure:
        yield ErasureSwept(erasure=swept)


def _sums(before: tuple[ErasurePart, ...], more: Mapping[str, int]) -> tuple[ErasurePart, ...]:
    known = {each.part: each.erased for each in before}
    return tuple(ErasurePart(part=part, erased=known.get(part, 0) + count) for part, count in more.items())


def apply(_erasure: ErasureState | None, event: ErasureEvent) -> ErasureState:
    """An event carries the state after it."""
    return event.erasure


def _columns(erasure: ErasureState) -> Mapping[str, object]:
    return {"running": erasure.completed_at is None}


ERASURE = Aggregate(noun="erasure", table="erasure", state=ErasureState, decide=decide, apply=apply, columns=_columns)
