"""Deals opened, won and lost: how many, how large, how fast, at what discount."""

from typing import Final

from analytics.kpi import Kpi, Percentile, Share, Total, Unit, amount, count
from analytics.kpis.wording import (
    BY_CLOSE,
    BY_DEAL,
    CLOSER,
    HALF,
    IN_FORCE,
    NONE_CLOSED,
    NONE_WON,
    P90,
    PRODUCT,
    REOPENING,
    percentile_of,
)
from analytics.measures.deals import (
    CYCLE_UNKNOWN,
    DEALS_LOST,
    DEALS_OPENED,
    DEALS_WON,
    DISCOUNT_WON,
    LEAD_CYCLE,
    LIST_WON,
    REVENUE_WON,
    SALES_CYCLE,
    WON_SIZE,
)
from analytics.measures.histogram import ZERO

OPENED = Kpi(
    slug="deals-opened", title="Deals opened", unit=Unit.COUNT, booked_on="the day the deal was opened",
    definition=f"Deals that were opened. {PRODUCT}",
    figure=Total(count(DEALS_OPENED)), dimensions=BY_DEAL, credited_to="the owner at the opening",
)  # fmt: skip

WON = Kpi(
    slug="deals-won", title="Deals won", unit=Unit.COUNT, booked_on="close date",
    definition=f"Deals won. {REOPENING} {PRODUCT}",
    figure=Total(count(DEALS_WON)), dimensions=BY_CLOSE, credited_to=CLOSER,
)  # fmt: skip

LOST = Kpi(
    slug="deals-lost", title="Deals lost", unit=Unit.COUNT, better="lower", booked_on="close date",
    definition=f"Deals lost; one closed without a decision is lost too. The label is the reason, in small letters. "
    f"{REOPENING} {PRODUCT}",
    figure=Total(count(DEALS_LOST)), dimensions=(*BY_CLOSE, "label"), credited_to=CLOSER,
)  # fmt: skip

WIN_RATE = Kpi(
    slug="win-rate", title="Win rate", unit=Unit.RATIO, compare="points", booked_on="close date",
    definition=f"Deals won / (deals won + deals lost). One closed without a decision counts as lost. {REOPENING}",
    figure=Share(count(DEALS_WON), count(DEALS_WON) + count(DEALS_LOST), NONE_CLOSED),
    dimensions=BY_CLOSE, credited_to=CLOSER,
)  # fmt: skip

WIN_RATE_VALUE = Kpi(
    slug="win-rate-value", title="Win rate by value", unit=Unit.RATIO, compare="points", booked_on="close date",
    definition=f"Value of deals won / value of deals won and lost, at the rates pinned to the amounts. {REOPENING}",
    figure=Share(amount(DEALS_WON), amount(DEALS_WON) + amount(DEALS_LOST), "no deal of any value was closed"),
    dimensions=BY_CLOSE, credited_to=CLOSER,
)  # fmt: skip

REVENUE = Kpi(
    slug="revenue-won", title="Revenue won", unit=Unit.MONEY, booked_on="close date",
    definition="Net value before tax of deals won, in the base currency at the rates pinned to the amounts. By "
    "product it is split along the lines of the deal, and count is then the deals that hold the product; what lines "
    f"leave of the value is the primary product's. {REOPENING}",
    figure=Total(amount(REVENUE_WON)), dimensions=BY_CLOSE, credited_to=CLOSER,
    n=count(DEALS_WON), n_by_product=count(REVENUE_WON),
)  # fmt: skip

AVERAGE_DEAL_SIZE = Kpi(
    slug="average-deal-size", title="Average deal size", unit=Unit.MONEY, booked_on="close date",
    definition=f"Net value of deals won / deals won. Wins of no value count, and those in force are shown apart. "
    f"{REOPENING} {PRODUCT}",
    figure=Share(amount(DEALS_WON), count(DEALS_WON), NONE_WON), dimensions=BY_CLOSE, credited_to=CLOSER,
    apart={"zero_value": count(WON_SIZE, ZERO)}, retroactive=True,
)  # fmt: skip

MEDIAN_DEAL_SIZE = Kpi(
    slug="median-deal-size", title="Median deal size", unit=Unit.MONEY, booked_on="close date",
    definition=f"The middle one of the net values of deals won; between the two middle ones, half way. {IN_FORCE} "
    f"{PRODUCT}",
    figure=Percentile((WON_SIZE,), HALF, NONE_WON), dimensions=BY_CLOSE, credited_to=CLOSER,
    apart={"zero_value": count(WON_SIZE, ZERO)}, retroactive=True,
)  # fmt: skip

CYCLE = Kpi(
    slug="sales-cycle", title="Sales cycle (mean)", unit=Unit.DAYS, better="lower", booked_on="won date",
    definition="Days from the first opening of the deal to its last win, to the second; never below zero. Deals "
    f"imported without a start date are out and counted apart. {IN_FORCE}",
    figure=Share(amount(SALES_CYCLE), count(SALES_CYCLE), "no deal with a known start was won"),
    dimensions=BY_CLOSE, credited_to=CLOSER, apart={"excluded": count(CYCLE_UNKNOWN)}, retroactive=True,
)  # fmt: skip

LEAD_TO_WIN = Kpi(
    slug="lead-to-win-cycle", title="Lead to win (mean)", unit=Unit.DAYS, better="lower", booked_on="won date",
    definition="Days from the day on which the lead was created to the day of the last win, never below zero. Deals "
    f"that came from no lead are out. {IN_FORCE}",
    figure=Share(amount(LEAD_CYCLE), count(LEAD_CYCLE), "no deal that came from a lead was won"),
    dimensions=BY_CLOSE, credited_to=CLOSER, retroactive=True,
)  # fmt: skip

DISCOUNT_RATE = Kpi(
    slug="discount-rate", title="Discount rate", unit=Unit.RATIO, better="lower", compare="points",
    booked_on="won date",
    definition="Sum of (list - net) / sum of list over the lines of deals won. A surcharge is a negative discount and "
    f"stays in; free lines are 100 %; deals without lines are out. Product is the line's. {REOPENING}",
    figure=Share(amount(DISCOUNT_WON), amount(LIST_WON), "no line of any list value was won"),
    dimensions=BY_CLOSE, credited_to=CLOSER,
)  # fmt: skip

KPIS: Final = (
    OPENED,
    WON,
    LOST,
    WIN_RATE,
    WIN_RATE_VALUE,
    REVENUE,
    AVERAGE_DEAL_SIZE,
    MEDIAN_DEAL_SIZE,
    CYCLE,
    percentile_of(CYCLE, "p50", HALF, "Sales cycle (median)"),
    percentile_of(CYCLE, "p90", P90, "Sales cycle (90th percentile)"),
    LEAD_TO_WIN,
    percentile_of(LEAD_TO_WIN, "p50", HALF, "Lead to win (median)"),
    DISCOUNT_RATE,
)
