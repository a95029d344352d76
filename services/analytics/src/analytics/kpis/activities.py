"""What sales people did: activities, visits, customers visited."""

from typing import Final

from analytics.kpi import WHO, Kpi, Share, Total, Unit, count
from analytics.measures.activities import (
    ACTIVITIES,
    CANCELLED,
    CUSTOMERS_VISITED,
    HELD,
    MOVED_LATE,
    NO_SHOW,
    OPEN,
    PLANS,
    UNPLANNED,
    VISIT,
    VISIT_FLAGS,
    VISITS_VERIFIED,
    fate,
)

PERFORMER = "the performer, with the team and region of the day it was done"
WHEN_DONE = "the day it was done, however late it was written down"

ACTIVITIES_DONE = Kpi(
    slug="activities-done", title="Activities done", unit=Unit.COUNT, booked_on=WHEN_DONE,
    definition="Calls, messages, meetings, visits, tasks and notes done; the label is the kind. What was planned, "
    "cancelled, or to which nobody came, is not in it.",
    figure=Total(count(ACTIVITIES)), dimensions=(*WHO, "label"), credited_to=PERFORMER,
)  # fmt: skip

VISITS_DONE = Kpi(
    slug="visits-done", title="Visits done", unit=Unit.COUNT, booked_on=WHEN_DONE,
    definition="Visits held. One to which nobody came, or that was cancelled, is not in it.",
    figure=Total(count(ACTIVITIES, VISIT)), dimensions=WHO, credited_to=PERFORMER,
)  # fmt: skip

VISITED = Kpi(
    slug="customers-visited", title="Customers visited", unit=Unit.COUNT, booked_on=WHEN_DONE,
    definition="Visits held, those of one person to one customer on one day counted once. The customer is the account, "
    "else the lead, else the contact. Over several days or persons a customer counts for each.",
    figure=Total(count(CUSTOMERS_VISITED)), dimensions=WHO, credited_to=PERFORMER,
)  # fmt: skip

VERIFIED = Kpi(
    slug="visits-verified", title="Visits verified", unit=Unit.RATIO, compare="points", booked_on=WHEN_DONE,
    retroactive=True,
    definition="Visits held that were checked in near the planned time and checked out after the firm's shortest stay, "
    "both within the firm's radius of the customer's site, with nothing that speaks against them / visits held.",
    figure=Share(count(VISITS_VERIFIED), count(ACTIVITIES, VISIT), "no visit was held"),
    dimensions=WHO, credited_to=PERFORMER,
)  # fmt: skip

FLAGGED = Kpi(
    slug="visit-flags", title="What speaks against visits", unit=Unit.COUNT, better="lower", booked_on=WHEN_DONE,
    retroactive=True,
    definition="Findings on visits held; the label says which: outside-radius, no-site, inaccurate-position, off-plan, "
    "too-short, no-photo, mock-position, impossible-travel. A visit may have several.",
    figure=Total(count(VISIT_FLAGS)), dimensions=(*WHO, "label"), credited_to=PERFORMER,
)  # fmt: skip

PLANNED_DAY = "the planned day"

FULFILMENT = Kpi(
    slug="visit-plan-fulfilment", title="Visit plan fulfilment", unit=Unit.RATIO, compare="points",
    booked_on=PLANNED_DAY, retroactive=True,
    definition="Planned visits held / visits planned. One moved before the planned day is a plan of the new day; moved "
    "on that day or later it stays a plan of the old day, not held, and is one of the new day as well. Those to which "
    "nobody came, cancelled ones and those still open are planned and not held. Visits without a plan are apart, by "
    "the day they were done.",
    figure=Share(
        count(PLANS, *fate(VISIT, HELD)),
        count(PLANS, *fate(VISIT, HELD, NO_SHOW, CANCELLED, OPEN, MOVED_LATE)),
        "no visit was planned",
    ),
    dimensions=WHO, credited_to=PERFORMER,
    apart={
        "no_show": count(PLANS, *fate(VISIT, NO_SHOW)),
        "cancelled": count(PLANS, *fate(VISIT, CANCELLED)),
        "moved_late": count(PLANS, *fate(VISIT, MOVED_LATE)),
        "open": count(PLANS, *fate(VISIT, OPEN)),
        "unplanned": count(PLANS, *fate(VISIT, UNPLANNED)),
    },
)  # fmt: skip

_CAME = (*fate("meeting", HELD), *fate(VISIT, HELD))
_STAYED_AWAY = (*fate("meeting", NO_SHOW), *fate(VISIT, NO_SHOW))

NO_SHOWS = Kpi(
    slug="no-show-rate", title="No-show rate", unit=Unit.RATIO, better="lower", compare="points",
    booked_on=PLANNED_DAY, retroactive=True,
    definition="Planned meetings and visits to which the customer did not come / those and the planned ones that were "
    "held. Cancelled ones are in neither and shown apart.",
    figure=Share(
        count(PLANS, *_STAYED_AWAY),
        count(PLANS, *_STAYED_AWAY, *_CAME),
        "no planned meeting or visit was held or missed",
    ),
    dimensions=WHO, credited_to=PERFORMER,
    apart={"cancelled": count(PLANS, *fate("meeting", CANCELLED), *fate(VISIT, CANCELLED))},
)  # fmt: skip

KPIS: Final = (
    ACTIVITIES_DONE,
    VISITS_DONE,
    VISITED,
    FULFILMENT,
    NO_SHOWS,
    VERIFIED,
    FLAGGED,
)
