"""Many spends in one request: what an import of bills or of an advertiser's daily figures uses.

A spend whose external id is booked already answers the one that is there, so a batch can be sent again; if it is not
the same (another campaign, other days, another amount) it is refused, because a correction is a reversal and a new
booking. One statement a kind of record reads and writes the whole batch.
"""

from collections.abc import Sequence
from uuid import UUID

from chassis.aggregates import Loaded
from chassis.bulk import BatchItem, BatchResult, Existing, Outcome, result_of
from chassis.refusals import AlreadyExists, NotApplied, Refusal
from chassis.unit_of_work import UnitOfWork
from events.catalogue.campaigns import SpendState
from leads.campaigns.booking import Bookings
from leads.campaigns.inputs import SpendInput
from leads.campaigns.spend import SPEND, BookSpend, alike
from leads.lookups import first_refusal


class SpendItem(SpendInput, BatchItem):
    """A spend of a batch."""


Plan = BookSpend | Existing[SpendState] | Refusal


async def run(work: UnitOfWork, items: Sequence[SpendItem], *, atomic: bool) -> list[BatchResult]:
    """The result of each item, in order."""
    plans = await _plans(work, items)
    if atomic and first_refusal(plans):
        outcomes: list[Outcome] = [(None, plan if isinstance(plan, Refusal) else NotApplied()) for plan in plans]
    else:
        outcomes = await _executed(work, plans, atomic=atomic)
    return [result_of(item.item_id, outcome, created=True) for item, outcome in zip(items, outcomes, strict=True)]


async def _plans(work: UnitOfWork, items: Sequence[SpendItem]) -> list[Plan]:
    bookings = Bookings(work)
    await bookings.gather(items)
    names = sorted({item.external_id for item in items if item.external_id is not None})
    known = await work.find_many(SPEND, "external_id", names)
    taken: set[str] = set()
    plans: list[Plan] = []
    for item in items:
        try:
            plans.append(met(await bookings.booking(item), known, taken))
        except Refusal as refusal:
            plans.append(refusal)
    return plans


def met(
    booking: BookSpend, known: dict[str, Loaded[SpendState]], taken: set[str]
) -> "BookSpend | Existing[SpendState]":
    """The booking, or the spend that has its external id already."""
    name = booking.external_id
    if name is None:
        return booking
    if name in taken:
        raise AlreadyExists("An earlier item has this external id.", pointer="/external_id")
    taken.add(name)
    if name not in known:
        return booking
    found = known[name]
    if not alike(booking, found.state):
        detail = "This external id is booked with another amount, other days or another campaign: reverse that one."
        raise AlreadyExists(detail, pointer="/external_id", id=str(found.state.id))
    return Existing(found.state.id, found)


async def _executed(work: UnitOfWork, plans: Sequence[Plan], *, atomic: bool) -> list[Outcome]:
    commands: list[tuple[UUID, BookSpend]] = [(plan.id, plan) for plan in plans if isinstance(plan, BookSpend)]
    answers = iter(await work.execute_many(SPEND, commands, atomic=atomic))
    return [(plan.id, next(answers)) if isinstance(plan, BookSpend) else (None, plan) for plan in plans]
