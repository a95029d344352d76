"""The open pipeline, and how deals flow through its stages."""

from fractions import Fraction
from typing import Final

from analytics.kpi import Formula, Kpi, Share, Total, Unit, Values, Window, age, amount, count, weighted
from analytics.kpis.wording import (
    BY_CLOSE,
    BY_DEAL,
    CLOSER,
    ENTERING,
    HALF,
    HOLDER,
    LEAVING,
    P75,
    PRODUCT,
    percentile_of,
)
from analytics.measures.deals import DEALS_LOST, DEALS_WON, EXPECTED, OPEN_PIPELINE, SALES_CYCLE, UNDATED
from analytics.measures.stage_flow import (
    PASSED,
    STAGE_ENTRIES,
    STAYS_OPEN,
    STAYS_UNKNOWN,
    STILL_IN,
    STOPPED,
    TIME_IN_STAGE,
    TIME_IN_STAGE_AGAIN,
)

OPEN_VALUE = Kpi(
    slug="open-pipeline", title="Open pipeline", unit=Unit.MONEY, booked_on="as of a day",
    definition=f"Net value of the deals open at the end of the day, at the rates pinned to the amounts. {PRODUCT}",
    figure=Total(amount(OPEN_PIPELINE)), dimensions=BY_CLOSE, credited_to=HOLDER,
)  # fmt: skip

OPEN_DEALS = Kpi(
    slug="open-deals", title="Open deals", unit=Unit.COUNT, booked_on="as of a day",
    definition=f"Deals open at the end of the day. {PRODUCT}",
    figure=Total(count(OPEN_PIPELINE)), dimensions=BY_CLOSE, credited_to=HOLDER,
)  # fmt: skip

WEIGHTED_PIPELINE = Kpi(
    slug="weighted-pipeline", title="Weighted pipeline", unit=Unit.MONEY, booked_on="expected close, as of the query",
    definition="Sum of value times probability of the open deals expected to close in the period, from as_of on. The "
    "probability is the stage's, as the deal was stamped with it on entering the stage. Deals whose expected close is "
    "before as_of are apart as overdue, those without one as undated, both whatever the period; what was won in the "
    "period is apart, too.",
    figure=Total(weighted(EXPECTED).over(Window.FROM_AS_OF)), dimensions=BY_CLOSE, credited_to="the owner now",
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
    dimensions=BY_CLOSE, credited_to=ENTERING, always_by=("stage",), retroactive=True,
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
    dimensions=BY_CLOSE, credited_to=LEAVING, always_by=("stage",), apart=_STAYS, retroactive=True,
)  # fmt: skip

STAGE_TIME_LATEST = Kpi(
    slug="time-in-stage-latest", title="Time in stage, latest stay (mean)", unit=Unit.DAYS, better="lower",
    booked_on=STAGE_TIME.booked_on,
    definition="Calendar time of a deal's latest ended stay in the stage; else as time in stage.",
    figure=Share(
        amount(TIME_IN_STAGE) + amount(TIME_IN_STAGE_AGAIN), count(TIME_IN_STAGE), "no stay in the stage ended"
    ),
    dimensions=BY_CLOSE, credited_to=LEAVING, always_by=("stage",), apart=_STAYS, retroactive=True,
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
    dimensions=BY_DEAL, credited_to=f"{HOLDER}; for the other three, {CLOSER}", retroactive=True, calendar=False,
)  # fmt: skip

KPIS: Final = (
    OPEN_VALUE,
    OPEN_DEALS,
    WEIGHTED_PIPELINE,
    STAGE_CONVERSION,
    STAGE_TIME,
    percentile_of(STAGE_TIME, "p50", HALF, "Time in stage (median)"),
    percentile_of(STAGE_TIME, "p75", P75, "Time in stage (75th percentile)"),
    STAGE_TIME_LATEST,
    percentile_of(STAGE_TIME_LATEST, "p50", HALF, "Time in stage, latest stay (median)"),
    VELOCITY,
)
