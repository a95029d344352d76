"""What was said of a lead's chance means for the figures. Pure.

A probability counts once the lead is closed, on the day of that, as it was when it was first said: what a scorecard or
a person said later, knowing more, is not held against the outcome. It counts for the lead's first owner.
"""

from collections.abc import Iterator
from typing import Final

from analytics.ledger.posting import Measure, Posting, Slice
from analytics.measures.dimensions import held_by, labelled
from events.catalogue.scoring import Forecast, ScoreState

BASIS_POINTS: Final = "basis points"
BANDS: Final = 10

_GROUPINGS = labelled((), ("rep", "team"), ("team",), ("region",), ("source",))


def _said(key: str, number: int, who: str) -> Measure:
    title = f"First probabilities {who} of leads that are closed, by band"
    return Measure(key, number, title, amount_unit=BASIS_POINTS, groupings=_GROUPINGS)


def _came(key: str, number: int, who: str) -> Measure:
    return Measure(key, number, f"Leads converted among those with a first probability {who}", groupings=_GROUPINGS)


def _error(key: str, number: int, who: str) -> Measure:
    title = f"Squared distance of first probabilities {who} from the outcome"
    return Measure(key, number, title, amount_unit=f"{BASIS_POINTS}, squared", groupings=_GROUPINGS)


SYSTEM_SAID = _said("scorecard-said", 180, "by a scorecard")
SYSTEM_CAME = _came("scorecard-came", 181, "by a scorecard")
SYSTEM_ERROR = _error("scorecard-error", 182, "by a scorecard")
REP_SAID = _said("rep-said", 183, "by a person")
REP_CAME = _came("rep-came", 184, "by a person")
REP_ERROR = _error("rep-error", 185, "by a person")


def postings(score: ScoreState) -> Iterator[Posting]:
    if score.converted is None or score.closed_on is None:
        return
    if score.system is not None:
        yield from _of(score, score.system, (SYSTEM_SAID, SYSTEM_CAME, SYSTEM_ERROR))
    if score.rep_first is not None:
        yield from _of(score, score.rep_first, (REP_SAID, REP_CAME, REP_ERROR))


def _of(score: ScoreState, forecast: Forecast, measures: tuple[Measure, Measure, Measure]) -> Iterator[Posting]:
    if score.closed_on is None:
        return
    said, came, error = measures
    where = held_by(score.owner, Slice(source=score.source, label=band(forecast.probability)))
    distance = forecast.probability - (10_000 if score.converted else 0)
    yield Posting(said, score.closed_on, where, amount=forecast.probability)
    yield Posting(error, score.closed_on, where, amount=distance * distance)
    if score.converted:
        yield Posting(came, score.closed_on, where)


def band(probability: int) -> str:
    """The ten points that a probability lies in; the last band includes certainty."""
    tens = min(probability // 1_000, BANDS - 1)
    return f"{tens * 10:02d}-{tens * 10 + 10}"
