"""What an activity means for the figures. Pure.

It counts for its performer, with the team of the day on which it was done, on that day and not on the day of its
entry. A customer is visited once a day by a person, however many visits there were: leads marks the first of them.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from analytics.ledger.posting import Measure, Posting, Slice, lattice
from analytics.measures.dimensions import held_by, labelled
from events.catalogue.activities import ActivityKind, ActivityState, ActivityStatus
from events.catalogue.leads import Owner

ACTIVITIES = Measure(
    "activities",
    100,
    "Activities by the day they were done, labelled with their kind",
    groupings=labelled((), ("rep", "team"), ("team",), ("region",)),
)
CUSTOMERS_VISITED = Measure(
    "customers-visited",
    101,
    "Customers visited by the day: one a person, customer and day",
    groupings=lattice("team", "region", pairs=(("rep", "team"),)),
)

PLANS = Measure(
    "meeting-plans",
    102,
    "Plans of meetings and visits by the planned day, labelled with kind and what became of them",
    groupings=labelled((), ("rep", "team"), ("team",), ("region",)),
)

VISITS_VERIFIED = Measure(
    "visits-verified",
    103,
    "Visits by the day they were done that were checked in and out, and against which nothing speaks",
    groupings=lattice("team", "region", pairs=(("rep", "team"),)),
)
VISIT_FLAGS = Measure(
    "visit-flags",
    104,
    "What speaks against visits, by the day they were done, labelled with the flag",
    groupings=labelled((), ("rep", "team"), ("team",), ("region",)),
)

VISIT = ActivityKind.VISIT.value
MET: Final = frozenset({ActivityKind.MEETING, ActivityKind.VISIT})
HELD, NO_SHOW, CANCELLED, OPEN = "held", "no-show", "cancelled", "open"
MOVED_LATE, UNPLANNED = "moved-late", "unplanned"

_FATES: Final = {
    ActivityStatus.DONE: HELD,
    ActivityStatus.NO_SHOW: NO_SHOW,
    ActivityStatus.CANCELLED: CANCELLED,
}


def fate(kind: str, *fates: str) -> tuple[str, ...]:
    """The labels of plans of a kind."""
    return tuple(f"{kind} {each}" for each in fates)


def postings(activity: ActivityState) -> Iterator[Posting]:
    if activity.kind in MET:
        for on, whose, became in _plans(activity):
            yield Posting(PLANS, on, held_by(whose, Slice(label=f"{activity.kind.value} {became}")))
    if activity.status is not ActivityStatus.DONE or activity.done_on is None:
        return
    where = held_by(activity.performer, Slice(label=activity.kind.value))
    yield Posting(ACTIVITIES, activity.done_on, where)
    if activity.first_of_day:
        yield Posting(CUSTOMERS_VISITED, activity.done_on, where.labelled(None))
    if activity.verified:
        yield Posting(VISITS_VERIFIED, activity.done_on, where.labelled(None))
    for flag in activity.flags:
        yield Posting(VISIT_FLAGS, activity.done_on, where.labelled(flag.value))


def _plans(activity: ActivityState) -> Iterator[tuple[date, Owner, str]]:
    """What became of each plan, and whose it was. Moved in advance it is a plan of the new day alone; moved late it
    failed on the old, for whoever's it was then.
    """
    for move in activity.moves:
        if move.on >= move.from_on:
            yield move.from_on, move.performer or activity.performer, MOVED_LATE
    if activity.planned_on is not None:
        yield activity.planned_on, activity.performer, _FATES.get(activity.status, OPEN)
    elif activity.done_on is not None:
        yield activity.done_on, activity.performer, UNPLANNED
