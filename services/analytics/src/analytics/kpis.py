"""Every figure that analytics answers. A new KPI is one entry here, if its facts are measured already.

The definition says all that decides what is counted; a changed definition is a new version, never a silent change.
"""

from fractions import Fraction
from typing import Final

from analytics.kpi import (
    WHO,
    Formula,
    Freshness,
    Kpi,
    Percentile,
    Share,
    Total,
    Unit,
    Values,
    Window,
    age,
    amount,
    count,
    weighted,
)  # fmt: skip
from analytics.ledger.posting import Dimension, Measure
from analytics.measures.deals import (
    CYCLE_UNKNOWN,
    DEALS_LOST,
    DEALS_OPENED,
    DEALS_WON,
    DISCOUNT_WON,
    EXPECTED,
    LEAD_CYCLE,
    LEAD_WINS,
    LIST_WON,
    OPEN_PIPELINE,
    REVENUE_WON,
    SALES_CYCLE,
    UNDATED,
    WON_SIZE,
)  # fmt: skip
from analytics.measures.handoffs import ACCEPTED, HANDOFFS, HANDOFFS_RETURNED, TIME_TO_ACCEPT
from analytics.measures.handoffs import PENDING as UNANSWERED
from analytics.measures.histogram import ZERO
from analytics.measures.leads import CONVERTED, DISQUALIFIED, JUNK, LEADS, PENDING
from analytics.measures.spends import SPENT
from analytics.measures.stage_flow import (
    PASSED,
    STAGE_ENTRIES,
    STAYS_OPEN,
    STAYS_UNKNOWN,
    STILL_IN,
    STOPPED,
    TIME_IN_STAGE,
    TIME_IN_STAGE_AGAIN,
)  # fmt: skip

_LEAD: tuple[Dimension, ...] = (*WHO, "source")
_DEAL: tuple[Dimension, ...] = (*WHO, "source", "product", "pipeline")
_CLOSE: tuple[Dimension, ...] = (*_DEAL, "stage")

_LEAD_OWNER = "the first who held the lead"
_OFFERING = "the one who offered the handoff"
_CLOSER = "the owner at the close"
_ENTERING = "the owner on entering the stage"
_LEAVING = "the owner on leaving the stage; for open stays, on entering it"
_HOLDER = "the owner on each day"
_FIRM = "nobody; only those who see all records may ask"

_REOPENING = "Reopening takes the close back on the day of the reopening."
_IN_FORCE = "Only wins in force count: a reopened deal counts once it is won again, on that day."
_PRODUCT = "The product is the deal's primary one, the line of the greatest net value."
_SPEND = "Money spent on campaigns (each spend evenly over its days, whenever it was booked; reversed ones are out)"
_NONE_WON = "no deal was won"
_NONE_CLOSED = "no deal was closed"

_HALF, _P75, _P90 = Fraction(1, 2), Fraction(3, 4), Fraction(9, 10)


def _percentile(of: Kpi, name: str, rank: Fraction, title: str, *measures: Measure) -> Kpi:
    """The same values as those of a mean, seen by rank instead."""
    mean = of.figure
    if not isinstance(mean, Share):
        raise TypeError(f"{of.slug} is not a mean")
    taken = measures or tuple(dict.fromkeys(term.measure for term in mean.part.terms))
    return Kpi(
        slug=f"{of.slug}-{name}", title=title, unit=of.unit, booked_on=of.booked_on, credited_to=of.credited_to,
        definition=f"{of.definition} This is the value below which {rank * 100} % of them lie, "
        "in a straight line between neighbours.",
        figure=Percentile(taken, rank, mean.empty), dimensions=of.dimensions, better=of.better,
        always_by=of.always_by, apart=of.apart, retroactive=True,
    )  # fmt: skip


LEADS_CREATED = Kpi(
    slug="leads-created", title="Leads created", unit=Unit.COUNT, booked_on="the day the lead was created",
    definition="Leads that came in. Source is the first touch; a lead without one is under (none), not under unknown.",
    figure=Total(count(LEADS)), dimensions=_LEAD, credited_to=_LEAD_OWNER,
)  # fmt: skip

LEAD_CONVERSION = Kpi(
    slug="lead-conversion", title="Lead conversion", unit=Unit.RATIO, compare="points", retroactive=True,
    booked_on="the day the lead was created (cohort)",
    definition="Leads converted to a deal / leads created, outcome as of the query. Leads still pending stay in the "
    "denominator, and so do disqualified ones, unless the reason says that there never was a prospect (junk, spam, "
    "test, duplicate, fake): these are shown apart.",
    figure=Share(count(LEADS, CONVERTED), count(LEADS, CONVERTED, PENDING, DISQUALIFIED), "no lead was created"),
    dimensions=_LEAD, credited_to=_LEAD_OWNER, apart={"pending": count(LEADS, PENDING), "junk": count(LEADS, JUNK)},
)  # fmt: skip

LEAD_WIN_CONVERSION = Kpi(
    slug="lead-win-conversion", title="Leads that led to a win", unit=Unit.RATIO, compare="points", retroactive=True,
    booked_on="the day the lead was created (cohort)",
    definition="Leads whose deal stands as won / leads created, outcome as of the query; junk is out as in lead "
    "conversion. A deal that was reopened counts once it is won again.",
    figure=Share(count(LEAD_WINS), count(LEADS, CONVERTED, PENDING, DISQUALIFIED), "no lead was created"),
    dimensions=_LEAD, credited_to=_LEAD_OWNER, apart={"pending": count(LEADS, PENDING), "junk": count(LEADS, JUNK)},
)  # fmt: skip

COST_PER_LEAD = Kpi(
    slug="cost-per-lead", title="Cost per lead", unit=Unit.MONEY, better="lower",
    booked_on="the days the money was spent for; the day the lead was created",
    definition=f"{_SPEND} / leads created. Source is the campaign's, and the lead's first touch; over all sources "
    "those leads count, too, for which nothing was spent. Spend without any lead gives no value and is the numerator.",
    figure=Share(amount(SPENT), count(LEADS), "no lead was created"), dimensions=("source",), credited_to=_FIRM,
)  # fmt: skip

COST_PER_CONVERSION = Kpi(
    slug="cost-per-conversion", title="Cost per conversion", unit=Unit.MONEY, better="lower",
    booked_on="the days the money was spent for; close date",
    definition=f"{_SPEND} / deals won. Source is the campaign's, and the deal's. Spend without any win gives no value "
    f"and is the numerator. {_REOPENING}",
    figure=Share(amount(SPENT), count(DEALS_WON), _NONE_WON), dimensions=("source",), credited_to=_FIRM,
)  # fmt: skip

HANDOFF_ACCEPTANCE = Kpi(
    slug="handoff-acceptance", title="Handoff acceptance", unit=Unit.RATIO, compare="points", retroactive=True,
    booked_on="the day of the offer",
    definition="Handoffs accepted / handoffs offered, by the day of the offer. An offer without an answer is not "
    "accepted and is shown apart as pending. The reasons of returned ones: handoffs-returned by label.",
    figure=Share(count(HANDOFFS, ACCEPTED), count(HANDOFFS), "no handoff was offered"),
    dimensions=_LEAD, credited_to=_OFFERING, apart={"pending": count(HANDOFFS, UNANSWERED)},
)  # fmt: skip

RETURNED_HANDOFFS = Kpi(
    slug="handoffs-returned", title="Handoffs returned", unit=Unit.COUNT, better="lower", retroactive=True,
    booked_on="the day of the offer",
    definition="Handoffs that the account executive gave back. The label is the reason, in small letters.",
    figure=Total(count(HANDOFFS_RETURNED)), dimensions=(*_LEAD, "label"), credited_to=_OFFERING,
)  # fmt: skip

TIME_TO_ACCEPTANCE = Kpi(
    slug="time-to-accept", title="Time to accept a handoff (mean)", unit=Unit.HOURS, better="lower",
    booked_on="the day of the offer", retroactive=True,
    definition="Time from offer to acceptance of accepted handoffs, around the clock.",
    figure=Share(amount(TIME_TO_ACCEPT), count(TIME_TO_ACCEPT), "no handoff was accepted"),
    dimensions=_LEAD, credited_to=_OFFERING,
)  # fmt: skip

OPENED = Kpi(
    slug="deals-opened", title="Deals opened", unit=Unit.COUNT, booked_on="the day the deal was opened",
    definition=f"Deals that were opened. {_PRODUCT}",
    figure=Total(count(DEALS_OPENED)), dimensions=_DEAL, credited_to="the owner at the opening",
)  # fmt: skip

WON = Kpi(
    slug="deals-won", title="Deals won", unit=Unit.COUNT, booked_on="close date",
    definition=f"Deals won. {_REOPENING} {_PRODUCT}",
    figure=Total(count(DEALS_WON)), dimensions=_CLOSE, credited_to=_CLOSER,
)  # fmt: skip

LOST = Kpi(
    slug="deals-lost", title="Deals lost", unit=Unit.COUNT, better="lower", booked_on="close date",
    definition=f"Deals lost; one closed without a decision is lost too. The label is the reason, in small letters. "
    f"{_REOPENING} {_PRODUCT}",
    figure=Total(count(DEALS_LOST)), dimensions=(*_CLOSE, "label"), credited_to=_CLOSER,
)  # fmt: skip

WIN_RATE = Kpi(
    slug="win-rate", title="Win rate", unit=Unit.RATIO, compare="points", booked_on="close date",
    definition=f"Deals won / (deals won + deals lost). One closed without a decision counts as lost. {_REOPENING}",
    figure=Share(count(DEALS_WON), count(DEALS_WON) + count(DEALS_LOST), _NONE_CLOSED),
    dimensions=_CLOSE, credited_to=_CLOSER,
)  # fmt: skip

WIN_RATE_VALUE = Kpi(
    slug="win-rate-value", title="Win rate by value", unit=Unit.RATIO, compare="points", booked_on="close date",
    definition=f"Value of deals won / value of deals won and lost, at the rates pinned to the amounts. {_REOPENING}",
    figure=Share(amount(DEALS_WON), amount(DEALS_WON) + amount(DEALS_LOST), "no deal of any value was closed"),
    dimensions=_CLOSE, credited_to=_CLOSER,
)  # fmt: skip

REVENUE = Kpi(
    slug="revenue-won", title="Revenue won", unit=Unit.MONEY, booked_on="close date",
    definition="Net value before tax of deals won, in the base currency at the rates pinned to the amounts. By "
    "product it is split along the lines of the deal, and count is then the deals that hold the product; what lines "
    f"leave of the value is the primary product's. {_REOPENING}",
    figure=Total(amount(REVENUE_WON)), dimensions=_CLOSE, credited_to=_CLOSER,
    n=count(DEALS_WON), n_by_product=count(REVENUE_WON),
)  # fmt: skip

AVERAGE_DEAL_SIZE = Kpi(
    slug="average-deal-size", title="Average deal size", unit=Unit.MONEY, booked_on="close date",
    definition=f"Net value of deals won / deals won. Wins of no value count, and those in force are shown apart. "
    f"{_REOPENING} {_PRODUCT}",
    figure=Share(amount(DEALS_WON), count(DEALS_WON), _NONE_WON), dimensions=_CLOSE, credited_to=_CLOSER,
    apart={"zero_value": count(WON_SIZE, ZERO)}, retroactive=True,
)  # fmt: skip

MEDIAN_DEAL_SIZE = Kpi(
    slug="median-deal-size", title="Median deal size", unit=Unit.MONEY, booked_on="close date",
    definition=f"The middle one of the net values of deals won; between the two middle ones, half way. {_IN_FORCE} "
    f"{_PRODUCT}",
    figure=Percentile((WON_SIZE,), _HALF, _NONE_WON), dimensions=_CLOSE, credited_to=_CLOSER,
    apart={"zero_value": count(WON_SIZE, ZERO)}, retroactive=True,
)  # fmt: skip

CYCLE = Kpi(
    slug="sales-cycle", title="Sales cycle (mean)", unit=Unit.DAYS, better="lower", booked_on="won date",
    definition="Days from the first opening of the deal to its last win, to the second; never below zero. Deals "
    f"imported without a start date are out and counted apart. {_IN_FORCE}",
    figure=Share(amount(SALES_CYCLE), count(SALES_CYCLE), "no deal with a known start was won"),
    dimensions=_CLOSE, credited_to=_CLOSER, apart={"excluded": count(CYCLE_UNKNOWN)}, retroactive=True,
)  # fmt: skip

LEAD_TO_WIN = Kpi(
    slug="lead-to-win-cycle", title="Lead to win (mean)", unit=Unit.DAYS, better="lower", booked_on="won date",
    definition="Days from the day on which the lead was created to the day of the last win, never below zero. Deals "
    f"that came from no lead are out. {_IN_FORCE}",
    figure=Share(amount(LEAD_CYCLE), count(LEAD_CYCLE), "no deal that came from a lead was won"),
    dimensions=_CLOSE, credited_to=_CLOSER, retroactive=True,
)  # fmt: skip

OPEN_VALUE = Kpi(
    slug="open-pipeline", title="Open pipeline", unit=Unit.MONEY, booked_on="as of a day",
    definition=f"Net value of the deals open at the end of the day, at the rates pinned to the amounts. {_PRODUCT}",
    figure=Total(amount(OPEN_PIPELINE)), dimensions=_CLOSE, credited_to=_HOLDER,
)  # fmt: skip

OPEN_DEALS = Kpi(
    slug="open-deals", title="Open deals", unit=Unit.COUNT, booked_on="as of a day",
    definition=f"Deals open at the end of the day. {_PRODUCT}",
    figure=Total(count(OPEN_PIPELINE)), dimensions=_CLOSE, credited_to=_HOLDER,
)  # fmt: skip

WEIGHTED_PIPELINE = Kpi(
    slug="weighted-pipeline", title="Weighted pipeline", unit=Unit.MONEY, booked_on="expected close, as of the query",
    definition="Sum of value times probability of the open deals expected to close in the period, from as_of on. The "
    "probability is the stage's, as the deal was stamped with it on entering the stage. Deals whose expected close is "
    "before as_of are apart as overdue, those without one as undated, both whatever the period; what was won in the "
    "period is apart, too.",
    figure=Total(weighted(EXPECTED).over(Window.FROM_AS_OF)), dimensions=_CLOSE, credited_to="the owner now",
    apart={
        "overdue": weighted(EXPECTED).over(Window.BEFORE_AS_OF),
        "overdue_deals": count(EXPECTED).over(Window.BEFORE_AS_OF),
        "undated": weighted(UNDATED).over(Window.ALWAYS),
        "undated_deals": count(UNDATED).over(Window.ALWAYS),
        "won": amount(DEALS_WON),
    },
    retroactive=True,
)  # fmt: skip

STAGE_CONVERSION = Kpi(
    slug="conversion-by-stage", title="Conversion by stage", unit=Unit.RATIO, compare="points",
    booked_on="the day of the first entry into the stage (cohort)",
    definition="Deals that entered the stage and ever reached a later one, or stand as won / deals that entered it. "
    "A stage that a move jumps over counts as entered and passed; going back and forth counts once; lost deals stay "
    "in. Those still in the stage are in the denominator and shown apart.",
    figure=Share(count(STAGE_ENTRIES, PASSED), count(STAGE_ENTRIES), "no deal entered the stage"),
    dimensions=_CLOSE, credited_to=_ENTERING, always_by=("stage",), retroactive=True,
    apart={"still_in": count(STAGE_ENTRIES, STILL_IN), "stopped": count(STAGE_ENTRIES, STOPPED)},
)  # fmt: skip

_STAYS = {
    "open_stays": count(STAYS_OPEN),
    "open_stays_days": age(STAYS_OPEN),
    "excluded": count(STAYS_UNKNOWN),
}

STAGE_TIME = Kpi(
    slug="time-in-stage", title="Time in stage (mean)", unit=Unit.DAYS, better="lower",
    booked_on="the day on which the deal's latest ended stay in the stage ended",
    definition="Calendar time that a deal spent in the stage, over all its ended stays. Stays that go on are not in "
    "the value: they are apart, with their time so far up to as_of. Deals without a known start are out, their number "
    "is shown.",
    figure=Share(amount(TIME_IN_STAGE), count(TIME_IN_STAGE), "no stay in the stage ended"),
    dimensions=_CLOSE, credited_to=_LEAVING, always_by=("stage",), apart=_STAYS, retroactive=True,
)  # fmt: skip

STAGE_TIME_LATEST = Kpi(
    slug="time-in-stage-latest", title="Time in stage, latest stay (mean)", unit=Unit.DAYS, better="lower",
    booked_on=STAGE_TIME.booked_on,
    definition="Calendar time of a deal's latest ended stay in the stage; else as time in stage.",
    figure=Share(
        amount(TIME_IN_STAGE) + amount(TIME_IN_STAGE_AGAIN), count(TIME_IN_STAGE), "no stay in the stage ended"
    ),
    dimensions=_CLOSE, credited_to=_LEAVING, always_by=("stage",), apart=_STAYS, retroactive=True,
)  # fmt: skip

DISCOUNT_RATE = Kpi(
    slug="discount-rate", title="Discount rate", unit=Unit.RATIO, better="lower", compare="points",
    booked_on="won date",
    definition="Sum of (list - net) / sum of list over the lines of deals won. A surcharge is a negative discount and "
    f"stays in; free lines are 100 %; deals without lines are out. Product is the line's. {_REOPENING}",
    figure=Share(amount(DISCOUNT_WON), amount(LIST_WON), "no line of any list value was won"),
    dimensions=_CLOSE, credited_to=_CLOSER,
)  # fmt: skip


def _velocity(values: Values) -> Fraction | str:
    if values["won"] <= 0:
        return "no deal was won in the 365 days up to as_of"
    if values["cycles"] <= 0:
        return "no deal with a known start was won in the 365 days up to as_of"
    closed = values["won"] + values["lost"]
    if closed <= 0:
        return "more losses were taken back than booked in the 365 days up to as_of"
    size, rate = values["value"] / values["won"], values["won"] / closed
    days = max(Fraction(1), values["cycle"] / values["cycles"] / 86_400)
    return values["open"] * size * rate / days


VELOCITY = Kpi(
    slug="pipeline-velocity", title="Pipeline velocity", unit=Unit.MONEY_A_DAY, booked_on="as of a day",
    definition="Open deals at as_of x average size of deals won x win rate / mean sales cycle in days, the last three "
    "over the 365 days up to as_of. A cycle under one day counts as one. Not additive: each row is reckoned from its "
    "own deals.",
    figure=Formula(
        {
            "open": count(OPEN_PIPELINE),
            "value": amount(DEALS_WON).over(Window.TRAILING_YEAR),
            "won": count(DEALS_WON).over(Window.TRAILING_YEAR),
            "lost": count(DEALS_LOST).over(Window.TRAILING_YEAR),
            "cycle": amount(SALES_CYCLE).over(Window.TRAILING_YEAR),
            "cycles": count(SALES_CYCLE).over(Window.TRAILING_YEAR),
        },
        _velocity, part="value", whole="open",
    ),
    dimensions=_DEAL, credited_to=f"{_HOLDER}; for the other three, {_CLOSER}", retroactive=True, calendar=False,
)  # fmt: skip

FRESHNESS = Kpi(
    slug="kpi-freshness", title="KPI freshness", unit=Unit.SECONDS, better="lower", compare="none",
    booked_on="now", calendar=False,
    definition="Time since every published event was in the figures: near 0 while they are complete, also when nothing"
    " happens; it grows while the fold is behind or stands still.",
    figure=Freshness(), dimensions=(), credited_to="nobody",
)  # fmt: skip

KPIS: Final[tuple[Kpi, ...]] = (
    LEADS_CREATED,
    LEAD_CONVERSION,
    LEAD_WIN_CONVERSION,
    COST_PER_LEAD,
    COST_PER_CONVERSION,
    HANDOFF_ACCEPTANCE,
    RETURNED_HANDOFFS,
    TIME_TO_ACCEPTANCE,
    _percentile(TIME_TO_ACCEPTANCE, "p50", _HALF, "Time to accept a handoff (median)"),
    _percentile(TIME_TO_ACCEPTANCE, "p90", _P90, "Time to accept a handoff (90th percentile)"),
    OPENED,
    WON,
    LOST,
    WIN_RATE,
    WIN_RATE_VALUE,
    REVENUE,
    AVERAGE_DEAL_SIZE,
    MEDIAN_DEAL_SIZE,
    CYCLE,
    _percentile(CYCLE, "p50", _HALF, "Sales cycle (median)"),
    _percentile(CYCLE, "p90", _P90, "Sales cycle (90th percentile)"),
    LEAD_TO_WIN,
    _percentile(LEAD_TO_WIN, "p50", _HALF, "Lead to win (median)"),
    OPEN_VALUE,
    OPEN_DEALS,
    WEIGHTED_PIPELINE,
    STAGE_CONVERSION,
    STAGE_TIME,
    _percentile(STAGE_TIME, "p50", _HALF, "Time in stage (median)"),
    _percentile(STAGE_TIME, "p75", _P75, "Time in stage (75th percentile)"),
    STAGE_TIME_LATEST,
    _percentile(STAGE_TIME_LATEST, "p50", _HALF, "Time in stage, latest stay (median)"),
    DISCOUNT_RATE,
    VELOCITY,
    FRESHNESS,
)

BY_SLUG: Final = {kpi.slug: kpi for kpi in KPIS}
