"""How soon new leads are answered first, and how often too late."""

from typing import Final

from analytics.kpi import Kpi, Share, Unit, amount, count
from analytics.kpis.wording import BY_LEAD, HALF, LEAD_OWNER, P90, percentile_of
from analytics.measures.responses import (
    ASSIGNMENT,
    BREACHED,
    EXCUSED,
    MET,
    REACTION,
    RESPONSES,
    RUNNING,
    UNANSWERED,
    WAITED,
    WORKING,
)

CREATED = "the day the lead was created (cohort)"
NONE_ANSWERED = "no lead was answered"
FIRST_CONTACT = (
    "the first contact by a person of ours, outbound or two-way; what came in or a machine sent is none, and a contact "
    "from before the lead was there took no time. Leads that nobody has turned to are out and shown apart; junk is in "
    "neither."
)

RESPONSE_TIME = Kpi(
    slug="lead-response-time", title="Lead response time (mean)", unit=Unit.HOURS, better="lower", booked_on=CREATED,
    definition=f"Time around the clock from the creation of a lead to {FIRST_CONTACT} Of merged leads the earliest "
    "creation and the earliest contact count.",
    figure=Share(amount(WAITED), count(WAITED), NONE_ANSWERED), dimensions=BY_LEAD, credited_to=LEAD_OWNER,
    apart={"unanswered": count(UNANSWERED)}, retroactive=True,
)  # fmt: skip

WORKING_TIME = Kpi(
    slug="lead-response-working-time", title="Lead response time in working time (mean)", unit=Unit.HOURS,
    better="lower", booked_on=CREATED,
    definition="Working time, by the calendar and leave of who held the lead at the first contact, from the creation "
    f"of a lead to {FIRST_CONTACT}",
    figure=Share(amount(WORKING), count(WORKING), NONE_ANSWERED), dimensions=BY_LEAD, credited_to=LEAD_OWNER,
    apart={"unanswered": count(UNANSWERED)}, retroactive=True,
)  # fmt: skip

ASSIGNMENT_PART = Kpi(
    slug="lead-response-assignment", title="Lead response time until assignment (mean)", unit=Unit.HOURS,
    better="lower", booked_on=CREATED,
    definition="Of the lead response time, around the clock, what passed until somebody held the lead; all of it where "
    "the contact came first. Together with the reaction it is the whole. Leads that nobody ever held are out.",
    figure=Share(amount(ASSIGNMENT), count(ASSIGNMENT), NONE_ANSWERED), dimensions=BY_LEAD, credited_to=LEAD_OWNER,
    retroactive=True,
)  # fmt: skip

REACTION_PART = Kpi(
    slug="lead-response-reaction", title="Lead response time from assignment (mean)", unit=Unit.HOURS,
    better="lower", booked_on=CREATED,
    definition="Of the lead response time, around the clock, what passed since somebody held the lead first. Leads "
    "that nobody ever held are out.",
    figure=Share(amount(REACTION), count(REACTION), NONE_ANSWERED), dimensions=BY_LEAD, credited_to=LEAD_OWNER,
    retroactive=True,
)  # fmt: skip

BREACHES = Kpi(
    slug="lead-response-breaches", title="First responses too late", unit=Unit.RATIO, better="lower", compare="points",
    booked_on=CREATED,
    definition="Leads whose first response missed its deadline / those that missed or met it. An unanswered lead "
    "counts as soon as its deadline has passed. Those that still run, and junk that was never answered, are out and "
    "shown apart; leads without a deadline are out.",
    figure=Share(count(RESPONSES, BREACHED), count(RESPONSES, BREACHED, MET), "no deadline was met or missed"),
    dimensions=BY_LEAD, credited_to=LEAD_OWNER, retroactive=True,
    apart={"running": count(RESPONSES, RUNNING), "excused": count(RESPONSES, EXCUSED)},
)  # fmt: skip

KPIS: Final = (
    RESPONSE_TIME,
    percentile_of(RESPONSE_TIME, "p50", HALF, "Lead response time (median)"),
    percentile_of(RESPONSE_TIME, "p90", P90, "Lead response time (90th percentile)"),
    WORKING_TIME,
    percentile_of(WORKING_TIME, "p50", HALF, "Lead response time in working time (median)"),
    ASSIGNMENT_PART,
    REACTION_PART,
    BREACHES,
)
