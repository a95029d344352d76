"""What each fact means for the figures, one file a kind of aggregate; here is the list of all measures."""

from types import ModuleType
from typing import Final

from analytics.ledger.posting import Measure, PostingsByKind
from analytics.measures import activities, deals, handoffs, leads, scores, spends, stage_flow

POSTINGS: Final[PostingsByKind] = {
    "lead": leads.postings,
    "handoff": handoffs.postings,
    "deal": deals.postings,
    "spend": spends.postings,
    "score": scores.postings,
    "activity": activities.postings,
}


def _measures(*modules: ModuleType) -> tuple[Measure, ...]:
    return tuple(value for module in modules for value in vars(module).values() if isinstance(value, Measure))


MEASURES_OF: Final[dict[str, tuple[Measure, ...]]] = {
    "lead": _measures(leads),
    "handoff": _measures(handoffs),
    "deal": _measures(deals, stage_flow),
    "spend": _measures(spends),
    "score": _measures(scores),
    "activity": _measures(activities),
}
"""By the kind of aggregate that books to them."""

MEASURES: Final[tuple[Measure, ...]] = tuple(measure for booked in MEASURES_OF.values() for measure in booked)
