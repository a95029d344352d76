"""What comes in: leads, their conversion and their cost."""

from typing import Final

from analytics.kpi import Kpi, Share, Total, Unit, amount, count
from analytics.kpis.wording import BY_LEAD, FIRM, LEAD_OWNER, NONE_WON, REOPENING, SPEND
from analytics.measures.deals import DEALS_WON, LEAD_WINS
from analytics.measures.leads import CONVERTED, DISQUALIFIED, JUNK, LEADS, PENDING
from analytics.measures.spends import SPENT

LEADS_CREATED = Kpi(
    slug="leads-created", title="Leads created", unit=Unit.COUNT, booked_on="the day the lead was created",
    definition="Leads that came in. Source is the first touch; a lead without one is under (none), not under unknown.",
    figure=Total(count(LEADS)), dimensions=BY_LEAD, credited_to=LEAD_OWNER,
)  # fmt: skip

LEAD_CONVERSION = Kpi(
    slug="lead-conversion", title="Lead conversion", unit=Unit.RATIO, compare="points", retroactive=True,
    booked_on="the day the lead was created (cohort)",
    definition="Leads converted to a deal / leads created, outcome as of the query. Leads still pending stay in the "
    "denominator, and so do disqualified ones, unless the reason says that there never was a prospect (junk, spam, "
    "test, duplicate, fake): these are shown apart.",
    figure=Share(count(LEADS, CONVERTED), count(LEADS, CONVERTED, PENDING, DISQUALIFIED), "no lead was created"),
    dimensions=BY_LEAD, credited_to=LEAD_OWNER, apart={"pending": count(LEADS, PENDING), "junk": count(LEADS, JUNK)},
)  # fmt: skip

LEAD_WIN_CONVERSION = Kpi(
    slug="lead-win-conversion", title="Leads that led to a win", unit=Unit.RATIO, compare="points", retroactive=True,
    booked_on="the day the lead was created (cohort)",
    definition="Leads whose deal stands as won / leads created, outcome as of the query; junk is out as in lead "
    "conversion. A deal that was reopened counts once it is won again.",
    figure=Share(count(LEAD_WINS), count(LEADS, CONVERTED, PENDING, DISQUALIFIED), "no lead was created"),
    dimensions=BY_LEAD, credited_to=LEAD_OWNER, apart={"pending": count(LEADS, PENDING), "junk": count(LEADS, JUNK)},
)  # fmt: skip

COST_PER_LEAD = Kpi(
    slug="cost-per-lead", title="Cost per lead", unit=Unit.MONEY, better="lower",
    booked_on="the days the money was spent for; the day the lead was created",
    definition=f"{SPEND} / leads created. Source is the campaign's, and the lead's first touch; over all sources "
    "those leads count, too, for which nothing was spent. Spend without any lead gives no value and is the numerator.",
    figure=Share(amount(SPENT), count(LEADS), "no lead was created"), dimensions=("source",), credited_to=FIRM,
)  # fmt: skip

COST_PER_CONVERSION = Kpi(
    slug="cost-per-conversion", title="Cost per conversion", unit=Unit.MONEY, better="lower",
    booked_on="the days the money was spent for; close date",
    definition=f"{SPEND} / deals won. Source is the campaign's, and the deal's. Spend without any win gives no value "
    f"and is the numerator. {REOPENING}",
    figure=Share(amount(SPENT), count(DEALS_WON), NONE_WON), dimensions=("source",), credited_to=FIRM,
)  # fmt: skip

KPIS: Final = (
    LEADS_CREATED,
    LEAD_CONVERSION,
    LEAD_WIN_CONVERSION,
    COST_PER_LEAD,
    COST_PER_CONVERSION,
)
