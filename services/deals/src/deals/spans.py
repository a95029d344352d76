"""The history of an open deal: stretches of time in which nothing that figures depend on changed. Pure.

Promises: while a deal is open its spans follow each other without gap or overlap and the last one has no end; a closed
deal has no span without an end. A span of no length is replaced by the next one; only a close may leave one. A deal
that changes every hour grows by a span a day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from events.catalogue.deals import Span
from events.moment import Moment

Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """An unbroken stay in one stage, whatever else changed meanwhile; the end is absent while it lasts."""

    stage: str
    first: Span
    last: Span

    @property
    def entered_at(self) -> datetime:
        return self.first.from_at

    @property
    def left_at(self) -> datetime | None:
        return self.last.to_at

    def seconds(self, until: datetime) -> int:
        """Calendar time of the stay, up to ``until`` if it lasts."""
        return whole_seconds(self.entered_at, self.left_at or until)


def turned(spans: Spans, moment: Moment, **changes: Any) -> Spans:
    """The spans after something changed on an open deal."""
    last = spans[-1]
    if all(getattr(last, name) == value for name, value in changes.items()):
        return spans
    begun = last.model_copy(update={"skipped": (), **changes, "from_at": moment.at, "from_on": moment.on})
    if last.from_at == moment.at:
        return (*spans[:-1], begun.model_copy(update={"skipped": _jumped_over(last, begun)}))
    if len(spans) > 1 and _is_one_row_on_one_day(last, begun):
        return (*spans[:-1], last.model_copy(update=changes))
    return (*ended(spans, moment), begun)


def _is_one_row_on_one_day(last: Span, begun: Span) -> bool:
    """Figures are of days: a value that lasted for part of a day, in the same hands and stage, is in none of them. Each
    event names it still. The first span stays, because it says with what value the deal was opened.
    """
    return last.from_on == begun.from_on and all(
        getattr(last, name) == getattr(begun, name) for name in ("stage", "owner", "product")
    )


def _jumped_over(replaced: Span, by: Span) -> tuple[str, ...]:
    """What two changes at one instant jumped over together; the stage in between had no stay."""
    if by.stage == replaced.stage:
        return replaced.skipped
    return (*replaced.skipped, replaced.stage, *by.skipped) if by.stage_index > replaced.stage_index else ()


def ended(spans: Spans, moment: Moment) -> Spans:
    """The spans after the deal was closed."""
    return (*spans[:-1], spans[-1].model_copy(update={"to_at": moment.at, "to_on": moment.on}))


def resumed(spans: Spans, moment: Moment, **changes: Any) -> Spans:
    """The spans after a closed deal was reopened."""
    fresh = {"from_at": moment.at, "from_on": moment.on, "to_at": None, "to_on": None, "skipped": ()}
    return (*spans, spans[-1].model_copy(update={**changes, **fresh}))


def visits(spans: Sequence[Span]) -> Iterator[Visit]:
    """The stays in stages, in order; one with closed time in between is two."""
    first: Span | None = None
    for here, following in zip(spans, (*spans[1:], None), strict=True):
        first = first or here
        if following is None or following.stage != here.stage or following.from_at != here.to_at:
            yield Visit(here.stage, first, here)
            first = None


def seconds_in_stage(spans: Spans, until: datetime) -> int:
    """How long the deal has been in its present stage."""
    first = spans[-1]
    for span in reversed(spans[:-1]):
        if span.stage != first.stage or span.to_at != first.from_at:
            break
        first = span
    return whole_seconds(first.from_at, until)


def seconds_open(spans: Spans, until: datetime) -> int:
    """How long the deal was open in all."""
    return sum(whole_seconds(span.from_at, span.to_at or until) for span in spans)


def whole_seconds(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds())
