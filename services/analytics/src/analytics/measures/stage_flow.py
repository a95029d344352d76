"""What the stays of a deal in its stages mean for the figures: conversion by stage and time in stage. Pure.

Conversion: a deal counts once a stage, on the day it first entered it, and has passed it once it ever reached a later
stage or stands as won. A stage that a move jumped over was entered and passed on the day of the move.

Time: a deal counts once a stage, on the day its latest stay there ended, with the time of all its ended stays; where
that was more than one, a correction leads from there to the time of the latest alone.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from analytics.ledger.posting import Measure, Posting
from analytics.measures.dimensions import Places, labelled
from analytics.measures.histogram import bucket
from analytics.measures.stages import Stay, by_stage, latest_outcome, whole_seconds
from events.catalogue.deals import DealState, DealStatus, Span

PASSED: Final = "passed"
STILL_IN: Final = "still-in"
STOPPED: Final = "stopped"

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_GROUPINGS = labelled(("stage",), ("stage", "rep", "team"), ("stage", "team"), ("stage", "pipeline"))

STAGE_ENTRIES = Measure(
    "stage-entries",
    40,
    "Deals by the day they first entered a stage, labelled with what became of them",
    groupings=_GROUPINGS,
)
TIME_IN_STAGE = Measure(
    "time-in-stage",
    41,
    "Seconds of all ended stays of a deal in a stage, by the day the latest ended",
    amount_unit="seconds",
    groupings=_GROUPINGS,
)
TIME_IN_STAGE_AGAIN = Measure(
    "time-in-stage-again",
    42,
    "For deals with several stays in a stage: from the time of all to that of the latest",
    amount_unit="seconds",
    groupings=_GROUPINGS,
)
STAYS_UNKNOWN = Measure(
    "stays-unknown",
    43,
    "Ended stays in a stage of deals whose start is not known",
    groupings=(("stage",), ("stage", "rep", "team")),
)
STAYS_OPEN = Measure(
    "stays-open",
    44,
    "Deals in a stage; the amount is the instant at which they came, moved back by the time of earlier stays",
    kind="stock",
    amount_unit="seconds since 1970",
    groupings=(("stage",), ("stage", "rep", "team"), ("stage", "team"), ("stage", "pipeline")),
)


def stage_postings(deal: DealState, places: Places) -> Iterator[Posting]:
    outcome = latest_outcome(deal)
    furthest = max(span.stage_index for span in deal.spans)
    for found in by_stage(deal.spans).values():
        first = found[0].first
        passed = outcome is DealStatus.WON or furthest > first.stage_index
        label = PASSED if passed else _not_passed(deal, first)
        yield Posting(STAGE_ENTRIES, first.from_on, places(first).labelled(label))
        yield from _times(deal, found, places)
    yield from _jumped_over(deal, places)


def _jumped_over(deal: DealState, places: Places) -> Iterator[Posting]:
    """Once for each stage that the deal was never in; one it came back to counts by its stay, from that day."""
    seen = {span.stage for span in deal.spans}
    for span in deal.spans:
        for stage in span.skipped:
            if stage not in seen:
                seen.add(stage)
                yield Posting(STAGE_ENTRIES, span.from_on, places(span).with_(stage=stage, label=PASSED))


def _not_passed(deal: DealState, first: Span) -> str:
    now = deal.spans[-1]
    return STILL_IN if now.to_on is None and now.stage == first.stage else STOPPED


def _times(deal: DealState, found: list[Stay], places: Places) -> Iterator[Posting]:
    ended = [stay for stay in found if stay.left_on is not None]
    if ended and not deal.start_known:
        last = ended[-1].last
        yield Posting(STAYS_UNKNOWN, last.to_on or last.from_on, places(last))
    elif ended:
        yield from _ended(ended, places)
    if deal.start_known:
        yield from _open(found, places)


def _ended(ended: list[Stay], places: Places) -> Iterator[Posting]:
    last = ended[-1].last
    here, day = places(last), last.to_on or last.from_on
    whole, latest = sum(stay.seconds() for stay in ended), ended[-1].seconds()
    yield Posting(TIME_IN_STAGE, day, here.labelled(bucket(whole)), 1, whole)
    if len(ended) > 1 and whole != latest:
        yield Posting(TIME_IN_STAGE_AGAIN, day, here.labelled(bucket(whole)), -1, -whole)
        yield Posting(TIME_IN_STAGE_AGAIN, day, here.labelled(bucket(latest)), 1, latest)


def _open(found: list[Stay], places: Places) -> Iterator[Posting]:
    earlier = 0
    for stay in found:
        came = whole_seconds(EPOCH, stay.first.from_at) - earlier
        yield Posting(STAYS_OPEN, stay.first.from_on, places(stay.first), 1, came)
        if stay.left_on is not None:
            yield Posting(STAYS_OPEN, stay.left_on, places(stay.first), -1, -came)
            earlier += stay.seconds()
