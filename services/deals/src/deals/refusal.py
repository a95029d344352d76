"""A refusal: an accepted handoff that cannot become a deal. It is for good, and said once. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID, uuid5

from chassis.aggregates import Aggregate, Command
from events.catalogue.conversions import DealRefused, RefusalState


@dataclass(frozen=True, kw_only=True)
class RefuseDeal(Command):
    """Say that the deal will never be opened."""

    creates: ClassVar[bool] = True
    refusal: RefusalState


def refusal_of(handoff_id: UUID) -> UUID:
    """The refusal of a handoff: the same however often it is asked."""
    return uuid5(handoff_id, "refusal")


def decide(command: RefuseDeal, refusal: RefusalState | None) -> Iterator[DealRefused]:
    if refusal is None:
        yield DealRefused(refusal=command.refusal)


def apply(_refusal: RefusalState | None, event: DealRefused) -> RefusalState:
    """An event carries the state after it."""
    return event.refusal


REFUSAL = Aggregate(noun="refusal", table="refusal", state=RefusalState, decide=decide, apply=apply)
