"""Many activities in one request: what an import or a telephone system uses.

One whose external id is known already answers the one that is there, so a batch can be sent again. One statement a kind
of record reads and writes the whole batch.
"""

from collections.abc import Sequence

from chassis.aggregates import Loaded
from chassis.bulk import BatchItem, BatchResult, Existing, Outcome, result_of
from chassis.refusals import AlreadyExists, NotApplied, Refusal
from chassis.unit_of_work import UnitOfWork
from events.catalogue.activities import ActivityState
from leads.activities import store
from leads.activities.activity import ACTIVITY
from leads.activities.inputs import ActivityInput
from leads.activities.recording import Recording, Recordings, record
from leads.known_names import as_existing
from leads.lookups import first_refusal


class ActivityItem(ActivityInput, BatchItem):
    """An activity of a batch."""


Plan = Recording | Existing[ActivityState] | Refusal
KnownActivity = tuple[Loaded[ActivityState], bool]
"""An activity that has its external id already, and whether the caller sees it."""


async def run(work: UnitOfWork, items: Sequence[ActivityItem], *, atomic: bool) -> list[BatchResult]:
    """The result of each item, in order."""
    plans = await _plans(work, items)
    if atomic and first_refusal(plans):
        outcomes: list[Outcome] = [(None, plan if isinstance(plan, Refusal) else NotApplied()) for plan in plans]
    else:
        outcomes = await _executed(work, plans, atomic=atomic)
    return [result_of(item.item_id, outcome, created=True) for item, outcome in zip(items, outcomes, strict=True)]


async def _plans(work: UnitOfWork, items: Sequence[ActivityItem]) -> list[Plan]:
    recordings = Recordings(work)
    await recordings.gather(items)
    known = await known_by_name(work, items)
    taken: set[str] = set()
    plans: list[Plan] = []
    for item in items:
        try:
            plans.append(_existing(item, known, taken) or await recordings.recording(item))
        except Refusal as refusal:
            plans.append(refusal)
    return plans


async def known_by_name(work: UnitOfWork, items: Sequence[ActivityInput]) -> dict[str, KnownActivity]:
    """What is there under the external ids."""
    names = sorted({item.external_id for item in items if item.external_id is not None})
    found = await work.find_many(ACTIVITY, "external_id", names)
    ids = [loaded.state.id for loaded in found.values()]
    seen = await store.sees(work.connection, work.tenant, work.principal.scope, ids) if ids else set()
    return {name: (loaded, loaded.state.id in seen) for name, loaded in found.items()}


def _existing(item: ActivityItem, known: dict[str, KnownActivity], taken: set[str]) -> Existing[ActivityState] | None:
    name = item.external_id
    if name is None:
        return None
    if name in taken:
        raise AlreadyExists("An earlier item has this external id.", pointer="/external_id")
    taken.add(name)
    if name not in known:
        return None
    loaded, seen = known[name]
    return as_existing("An activity", loaded, seen=seen)


async def _executed(work: UnitOfWork, plans: Sequence[Plan], *, atomic: bool) -> list[Outcome]:
    answers = iter(await record(work, [plan for plan in plans if isinstance(plan, Recording)], atomic=atomic))
    return [(plan.id, next(answers)) if isinstance(plan, Recording) else (None, plan) for plan in plans]
