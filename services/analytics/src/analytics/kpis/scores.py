"""How far probabilities of leads can be trusted: predicted against real by band, and the Brier score."""

from collections.abc import Callable
from fractions import Fraction
from typing import Final

from analytics.kpi import Formula, Kpi, Share, Unit, Values, amount, count
from analytics.kpis.wording import BY_LEAD, LEAD_OWNER
from analytics.ledger.posting import Measure
from analytics.measures.scores import (
    REP_CAME,
    REP_ERROR,
    REP_SAID,
    SYSTEM_CAME,
    SYSTEM_ERROR,
    SYSTEM_SAID,
)

NONE_SETTLED = "no lead with a probability was closed"
_BOOKED = "the day the lead was converted or disqualified"
_ONLY = (
    "Only leads closed as of the query; each probability as it was when it was first said, whatever was said later. By "
    "label: the band of ten points that it lies in."
)


def _mean_of(scale: int) -> Callable[[Values], Fraction | str]:
    def compute(values: Values) -> Fraction | str:
        return values["said"] / values["leads"] / scale if values["leads"] > 0 else NONE_SETTLED

    return compute


def _calibration(slug: str, whose: str, said: Measure, came: Measure, error: Measure) -> tuple[Kpi, Kpi, Kpi]:
    predicted = Kpi(
        slug=f"{slug}-predicted", title=f"Conversion predicted by {whose}", unit=Unit.RATIO, compare="points",
        booked_on=_BOOKED, better=None, retroactive=True,
        definition=f"Mean of the probabilities that {whose} gave leads. The numerator is in hundredths of a percent. "
        f"{_ONLY}",
        figure=Formula({"said": amount(said), "leads": count(said)}, _mean_of(10_000), part="said", whole="leads"),
        dimensions=(*BY_LEAD, "label"), credited_to=LEAD_OWNER,
    )  # fmt: skip
    real = Kpi(
        slug=f"{slug}-real", title=f"Real conversion of leads with a probability by {whose}", unit=Unit.RATIO,
        booked_on=_BOOKED, better=None, compare="points", retroactive=True,
        definition=f"Leads converted / leads closed, of those to which {whose} gave a probability. {_ONLY}",
        figure=Share(count(came), count(said), NONE_SETTLED),
        dimensions=(*BY_LEAD, "label"), credited_to=LEAD_OWNER,
    )  # fmt: skip
    brier = Kpi(
        slug=f"{slug}-brier", title=f"Brier score of {whose}", unit=Unit.RATIO, better="lower", compare="points",
        booked_on=_BOOKED, retroactive=True,
        definition=f"Mean of (probability - outcome) squared, outcome 1 for converted, of what {whose} "
        f"said; 0 is perfect, 0.25 is a coin. The numerator is in squared hundredths of a percent. {_ONLY}",
        figure=Formula({"said": amount(error), "leads": count(error)}, _mean_of(10**8), part="said", whole="leads"),
        dimensions=(*BY_LEAD, "label"), credited_to=LEAD_OWNER,
    )  # fmt: skip
    return predicted, real, brier


KPIS: Final = (
    *_calibration("lead-calibration", "the scorecard", SYSTEM_SAID, SYSTEM_CAME, SYSTEM_ERROR),
    *_calibration("lead-estimates", "the rep", REP_SAID, REP_CAME, REP_ERROR),
)
