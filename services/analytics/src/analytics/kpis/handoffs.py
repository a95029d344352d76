"""Handoffs: how many are accepted, and how fast."""

from typing import Final

from analytics.kpi import Kpi, Share, Total, Unit, amount, count
from analytics.kpis.wording import BY_LEAD, HALF, OFFERING, P90, percentile_of
from analytics.measures.handoffs import ACCEPTED, EXPIRED, FAILED, HANDOFFS, HANDOFFS_RETURNED, RETURNED, TIME_TO_ACCEPT
from analytics.measures.handoffs import PENDING as UNANSWERED

HANDOFF_ACCEPTANCE = Kpi(
    slug="handoff-acceptance", title="Handoff acceptance", unit=Unit.RATIO, compare="points", retroactive=True,
    booked_on="the day of the offer",
    definition="Handoffs accepted / handoffs offered, by the day of the offer. An offer without an answer is not "
    "accepted and is shown apart, as pending or, once its time has run out, as expired. One that was accepted and "
    "could not become a deal is out, and shown apart as failed. "
    "The reasons of returned ones: handoffs-returned by label.",
    figure=Share(
        count(HANDOFFS, ACCEPTED),
        count(HANDOFFS, ACCEPTED, RETURNED, UNANSWERED, EXPIRED),
        "no handoff was offered",
    ),
    dimensions=BY_LEAD, credited_to=OFFERING, version=2,
    apart={
        "pending": count(HANDOFFS, UNANSWERED),
        "expired": count(HANDOFFS, EXPIRED),
        "failed": count(HANDOFFS, FAILED),
    },
)  # fmt: skip

RETURNED_HANDOFFS = Kpi(
    slug="handoffs-returned", title="Handoffs returned", unit=Unit.COUNT, better="lower", retroactive=True,
    booked_on="the day of the offer",
    definition="Handoffs that the account executive gave back. The label is the reason, in small letters.",
    figure=Total(count(HANDOFFS_RETURNED)), dimensions=(*BY_LEAD, "label"), credited_to=OFFERING,
)  # fmt: skip

TIME_TO_ACCEPTANCE = Kpi(
    slug="time-to-accept", title="Time to accept a handoff (mean)", unit=Unit.HOURS, better="lower",
    booked_on="the day of the offer", retroactive=True,
    definition="Time from offer to acceptance of accepted handoffs, around the clock.",
    figure=Share(amount(TIME_TO_ACCEPT), count(TIME_TO_ACCEPT), "no handoff was accepted"),
    dimensions=BY_LEAD, credited_to=OFFERING,
)  # fmt: skip

KPIS: Final = (
    HANDOFF_ACCEPTANCE,
    RETURNED_HANDOFFS,
    TIME_TO_ACCEPTANCE,
    percentile_of(TIME_TO_ACCEPTANCE, "p50", HALF, "Time to accept a handoff (median)"),
    percentile_of(TIME_TO_ACCEPTANCE, "p90", P90, "Time to accept a handoff (90th percentile)"),
)
