"""What a lead means for the figures. Pure.

A lead counts on the day it was created and for the first who held it, whatever happens later; its outcome so far is the
label. So a cohort's conversion is a sum over labels of the same days. A lead that was merged into another does not
count: the other one does, once, with the earliest creation and the first source of both.
"""

from collections.abc import Iterator
from typing import Final

from analytics.ledger.posting import Measure, Posting, Slice
from analytics.measures import responses
from analytics.measures.dimensions import held_by, labelled
from events.catalogue.leads import LeadState, LeadStatus
from events.catalogue.qualification import is_junk

PENDING: Final = "pending"
CONVERTED: Final = "converted"
DISQUALIFIED: Final = "disqualified"
JUNK: Final = "junk"

LEADS = Measure(
    "leads",
    1,
    "Leads by the day they were created, labelled with their outcome so far",
    groupings=labelled((), ("rep", "team"), ("team",), ("region",), ("source",), ("rep", "team", "source")),
)


def postings(lead: LeadState) -> Iterator[Posting]:
    if lead.merged_into is not None:
        return
    where = held_by(lead.first_owner, Slice(source=lead.source, label=outcome(lead)))
    yield Posting(LEADS, lead.created_on, where)
    yield from responses.postings(lead)


def outcome(lead: LeadState) -> str:
    if lead.converted_on is not None:
        return CONVERTED
    if lead.status is not LeadStatus.DISQUALIFIED:
        return PENDING
    return JUNK if is_junk(lead.disqualified_reason) else DISQUALIFIED
