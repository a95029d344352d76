"""The stays of a deal in the stages of its pipeline, read from its spans. Pure.

A stay lasts while the stage is the same and the deal is open without a gap; a close interrupts it.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from events.catalogue.deals import DealState, DealStatus, Span


class Stay(NamedTuple):
    """From the first to the last of the spans that make up one stay; ``last`` has no end while it goes on."""

    first: Span
    last: Span

    @property
    def left_on(self) -> date | None:
        return self.last.to_on

    def seconds(self) -> int:
        """How long an ended stay took."""
        return max(0, whole_seconds(self.first.from_at, self.last.to_at or self.last.from_at))


def stays(spans: Sequence[Span]) -> Iterator[Stay]:
    first: Span | None = None
    for here, following in zip(spans, (*spans[1:], None), strict=True):
        first = first or here
        if following is None or following.stage != here.stage or following.from_at != here.to_at:
            yield Stay(first, here)
            first = None


def by_stage(spans: Sequence[Span]) -> dict[str, list[Stay]]:
    """The stays in each stage, in the order in which stages were first entered."""
    found: dict[str, list[Stay]] = {}
    for stay in stays(spans):
        found.setdefault(stay.first.stage, []).append(stay)
    return found


def latest_outcome(deal: DealState) -> DealStatus:
    """How the deal stands: a close that was taken back is none."""
    if deal.closings and deal.closings[-1].reopened_on is None:
        return deal.closings[-1].outcome
    return DealStatus.OPEN


def whole_seconds(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds())
