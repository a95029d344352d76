"""Sealing a period: its balances are fixed by a hash, and whatever is booked on its days later shows as an adjustment.

The decision is pure; ``sealing`` reckons the hash.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from chassis.aggregates import Aggregate, Command
from chassis.refusals import Kind, Refusal
from events.catalogue.analytics import CoveredOffset, PeriodSealed, SealState


class PeriodNotOver(Refusal):
    """The period is not over yet: its last day must lie in the past."""

    slug = "period-not-over"
    kind = Kind.INVALID


class PeriodBackwards(Refusal):
    """The period must end after it begins."""

    slug = "period-backwards"
    kind = Kind.INVALID


class PeriodAlreadySealed(Refusal):
    """Days of the period are sealed already."""

    slug = "period-already-sealed"
    kind = Kind.CONFLICT


@dataclass(frozen=True, kw_only=True)
class SealPeriod(Command):
    """Fix the balances of [from_on, to_on)."""

    creates: ClassVar[bool] = True

    id: UUID
    from_on: date
    to_on: date
    sealed_by: UUID | None
    ledger_seq: int
    sha256: str
    offsets: tuple[CoveredOffset, ...]


def refuse_bad_period(from_on: date, to_on: date, today: date) -> None:
    """Before the work of hashing is done."""
    if to_on <= from_on:
        raise PeriodBackwards(pointer="/to_on")
    if to_on > today:
        raise PeriodNotOver(f"{to_on} is after {today}, which is not over.", pointer="/to_on")


def refuse_overlap(from_on: date, to_on: date, sealed: list[tuple[date, date]]) -> None:
    for begin, end in sealed:
        if begin < to_on and from_on < end:
            raise PeriodAlreadySealed(f"{begin} to {end} (exclusive) is sealed already.", pointer="/from_on")


def decide(command: SealPeriod, seal: SealState | None) -> Iterator[PeriodSealed]:
    if seal is not None:
        raise PeriodAlreadySealed
    refuse_bad_period(command.from_on, command.to_on, command.moment.on)
    yield PeriodSealed(
        seal=SealState(
            id=command.id,
            from_on=command.from_on,
            to_on=command.to_on,
            sealed_at=command.moment.at,
            sealed_by=command.sealed_by,
            ledger_seq=command.ledger_seq,
            sha256=command.sha256,
            offsets=command.offsets,
        )
    )


def apply(_seal: SealState | None, event: PeriodSealed) -> SealState:
    return event.seal


SEAL: Aggregate[SealState] = Aggregate(
    noun="seal",
    table="seal",
    state=SealState,
    decide=decide,
    apply=apply,
    columns=lambda seal: {"from_on": seal.from_on, "to_on": seal.to_on},
)
