"""What a handoff means for the figures. Pure.

A handoff counts on the day it was offered and for the one who offered it; its answer so far is the label. An offer
that nobody has answered is not accepted. One that was accepted and whose deal was refused is neither: it failed for no
fault of theirs.
"""

from collections.abc import Iterator
from typing import Final

from analytics.ledger.posting import Measure, Posting, Slice
from analytics.measures.dimensions import held_by, labelled, reason_label
from analytics.measures.histogram import bucket
from events.catalogue.leads import HandoffState, HandoffStatus

PENDING: Final = "pending"
ACCEPTED: Final = "accepted"
RETURNED: Final = "returned"
EXPIRED: Final = "expired"
FAILED: Final = "failed"

_GROUPINGS = labelled((), ("rep", "team"), ("team",), ("region",), ("source",))

HANDOFFS = Measure(
    "handoffs", 10, "Handoffs by the day they were offered, labelled with the answer", groupings=_GROUPINGS
)
HANDOFFS_RETURNED = Measure(
    "handoffs-returned",
    11,
    "Returned handoffs by the day they were offered, labelled with the reason",
    groupings=_GROUPINGS,
)
TIME_TO_ACCEPT = Measure(
    "time-to-accept",
    12,
    "Seconds from offer to acceptance, by the day of the offer",
    amount_unit="seconds",
    groupings=_GROUPINGS,
)

_ANSWERS = {
    HandoffStatus.ACCEPTED: ACCEPTED,
    HandoffStatus.RETURNED: RETURNED,
    HandoffStatus.EXPIRED: EXPIRED,
    HandoffStatus.FAILED: FAILED,
}


def postings(handoff: HandoffState) -> Iterator[Posting]:
    where = held_by(handoff.offered_by, Slice(source=handoff.source))
    answer = _ANSWERS.get(handoff.status, PENDING)
    yield Posting(HANDOFFS, handoff.offered_on, where.labelled(answer))
    if answer == RETURNED:
        reason = where.labelled(reason_label(handoff.reason))
        yield Posting(HANDOFFS_RETURNED, handoff.offered_on, reason)
    if answer == ACCEPTED and handoff.answered_at is not None:
        seconds = max(0, int((handoff.answered_at - handoff.offered_at).total_seconds()))
        yield Posting(TIME_TO_ACCEPT, handoff.offered_on, where.labelled(bucket(seconds)), 1, seconds)
