"""What each fact means for the figures, one file a kind of aggregate; here is the list of all measures."""

from typing import Final

from analytics.ledger.posting import Measure, PostingsByKind
from analytics.measures import deals, handoffs, leads, stage_flow

POSTINGS: Final[PostingsByKind] = {
    "lead": leads.postings,
    "handoff": handoffs.postings,
    "deal": deals.postings,
}

MEASURES: Final[tuple[Measure, ...]] = tuple(
    value
    for module in (leads, handoffs, deals, stage_flow)
    for value in vars(module).values()
    if isinstance(value, Measure)
)
