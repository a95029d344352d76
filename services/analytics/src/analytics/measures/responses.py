"""What the first response to a lead means for the figures. Pure.

It counts on the day the lead was created and for the first who held it, like the lead. How long the prospect waited is
known once a person of ours turned to them; who was never turned to has waited for no known time, and counts as a breach
as soon as the deadline has passed. A lead that was let go as junk without a contact is in neither.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from analytics.ledger.posting import Measure, Posting, Slice
from analytics.measures.dimensions import held_by, labelled
from analytics.measures.histogram import bucket
from events.catalogue.leads import LeadState, LeadStatus
from events.catalogue.qualification import is_junk
from events.catalogue.responses import ResponseStatus, response_status

MET, BREACHED, RUNNING, EXCUSED = "met", "breached", "running", "excused"

_GROUPINGS = labelled((), ("rep", "team"), ("team",), ("region",), ("source",))


def _waited(key: str, number: int, title: str) -> Measure:
    return Measure(
        key, number, f"{title}, by the day the lead was created", amount_unit="seconds", groupings=_GROUPINGS
    )


RESPONSES = Measure(
    "first-responses",
    110,
    "Leads with a deadline for the first response by the day they were created, labelled with how it stands",
    groupings=_GROUPINGS,
)
UNANSWERED = Measure(
    "unanswered-leads", 111, "Leads that nobody has turned to, by the day they were created", groupings=_GROUPINGS
)
WAITED = _waited("response-time", 112, "Seconds from creation to first contact")
WORKING = _waited("response-working-time", 113, "Working seconds from creation to first contact")
ASSIGNMENT = _waited("response-assignment", 114, "Of the seconds to first contact those until somebody held the lead")
REACTION = _waited("response-reaction", 115, "Of the seconds to first contact those since somebody held the lead")

_LABELS: Final = {
    ResponseStatus.MET: MET,
    ResponseStatus.LATE: BREACHED,
    ResponseStatus.OVERDUE: BREACHED,
    ResponseStatus.RUNNING: RUNNING,
    ResponseStatus.EXCUSED: EXCUSED,
}


def postings(lead: LeadState) -> Iterator[Posting]:
    if lead.merged_into is not None:
        return
    where = held_by(lead.first_owner, Slice(source=lead.source))
    status = response_status(lead)
    if status is not None:
        yield Posting(RESPONSES, lead.created_on, where.labelled(_LABELS[status]))
    if lead.first_contact_at is not None:
        yield from _of_contact(lead, where, _seconds(lead.created_at, lead.first_contact_at))
    elif lead.status is not LeadStatus.DISQUALIFIED or not is_junk(lead.disqualified_reason):
        yield Posting(UNANSWERED, lead.created_on, where)


def _of_contact(lead: LeadState, where: Slice, waited: int) -> Iterator[Posting]:
    yield _took(WAITED, lead, where, waited)
    if lead.working_seconds_to_contact is not None:
        yield _took(WORKING, lead, where, lead.working_seconds_to_contact)
    if lead.first_held_at is not None:
        assignment = min(waited, _seconds(lead.created_at, lead.first_held_at))
        yield _took(ASSIGNMENT, lead, where, assignment)
        yield _took(REACTION, lead, where, waited - assignment)


def _took(measure: Measure, lead: LeadState, where: Slice, seconds: int) -> Posting:
    return Posting(measure, lead.created_on, where.labelled(bucket(seconds)), 1, seconds)


def _seconds(start: datetime, end: datetime) -> int:
    """What happened before the start took no time."""
    return max(0, int((end - start).total_seconds()))
