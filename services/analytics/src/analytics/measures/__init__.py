"""What each fact means for the figures, one file a kind of aggregate; here is the list of all kinds and measures."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Final

from pydantic import BaseModel

from analytics.ledger.posting import Measure, Postings, PostingsByKind
from analytics.measures import activities, deals, handoffs, leads, responses, scores, spends, stage_flow
from events.catalogue.activities import ActivityState
from events.catalogue.campaigns import SpendState
from events.catalogue.deals import DealState
from events.catalogue.leads import HandoffState, LeadState
from events.catalogue.scoring import ScoreState
from events.topics import DEALS_DEAL, LEADS_ACTIVITY, LEADS_HANDOFF, LEADS_LEAD, LEADS_SCORE, LEADS_SPEND, Topic


@dataclass(frozen=True)
class Kind:
    """A kind of aggregate that is folded: where it comes from, what its state is and what is booked for it."""

    topic: Topic
    state: type[BaseModel]
    postings: Postings
    modules: tuple[ModuleType, ...]

    @property
    def measures(self) -> tuple[Measure, ...]:
        return tuple(each for module in self.modules for each in vars(module).values() if isinstance(each, Measure))


KINDS: Final[tuple[Kind, ...]] = (
    Kind(LEADS_LEAD, LeadState, leads.postings, (leads, responses)),
    Kind(LEADS_HANDOFF, HandoffState, handoffs.postings, (handoffs,)),
    Kind(DEALS_DEAL, DealState, deals.postings, (deals, stage_flow)),
    Kind(LEADS_SPEND, SpendState, spends.postings, (spends,)),
    Kind(LEADS_SCORE, ScoreState, scores.postings, (scores,)),
    Kind(LEADS_ACTIVITY, ActivityState, activities.postings, (activities,)),
)
"""A kind that is added here is read from its beginning by a ledger that has read the others for long."""

FOLDED: Final[tuple[Topic, ...]] = tuple(kind.topic for kind in KINDS)
STATES: Final[Mapping[str, type[BaseModel]]] = {kind.topic.aggregate: kind.state for kind in KINDS}
POSTINGS: Final[PostingsByKind] = {kind.topic.aggregate: kind.postings for kind in KINDS}
MEASURES_OF: Final[Mapping[str, tuple[Measure, ...]]] = {kind.topic.aggregate: kind.measures for kind in KINDS}
MEASURES: Final[tuple[Measure, ...]] = tuple(measure for kind in KINDS for measure in kind.measures)
