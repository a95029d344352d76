"""What is said of a lead's chance, frozen so that it can be held against what came of the lead. Pure.

The scorecard's first probability and the rep's first one stay as they were said; a later one, or a better scorecard,
does not make them better afterwards.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from chassis.aggregates import Aggregate, Command
from chassis.refusals import Refusal
from events.catalogue.leads import LeadState
from events.catalogue.scoring import (
    Forecast,
    ScoreEstimated,
    ScoreEvent,
    ScoreFrozen,
    ScoreSettled,
    ScoreState,
    ScoreUnsettled,
)


class LeadIsSettled(Refusal):
    """The lead is converted or disqualified: its chance is no question any more."""

    slug = "lead-is-settled"


@dataclass(frozen=True, kw_only=True)
class _OfLead(Command):
    creates: ClassVar[bool] = True
    lead: LeadState


@dataclass(frozen=True, kw_only=True)
class Freeze(_OfLead):
    """A scorecard gave this probability; only the first one is kept."""

    forecast: Forecast


@dataclass(frozen=True, kw_only=True)
class Estimate(_OfLead):
    """Somebody who works on the lead gives it this probability; None takes the last one back."""

    probability: int | None


@dataclass(frozen=True, kw_only=True)
class Settle(Command):
    """The lead is closed, or open again."""

    converted: bool | None
    closed_on: date | None


def decide(command: Command, score: ScoreState | None) -> Iterator[ScoreEvent]:
    yield from _DECISIONS[type(command)](command, score)


def _freeze(command: Freeze, score: ScoreState | None) -> Iterator[ScoreEvent]:
    if score is None or score.system is None:
        yield ScoreFrozen(score=_of(command.lead, score).model_copy(update={"system": command.forecast}))


def _estimate(command: Estimate, score: ScoreState | None) -> Iterator[ScoreEvent]:
    known, lead = _of(command.lead, score), command.lead
    if known.converted is not None or lead.converted_on is not None or lead.disqualified_on is not None:
        raise LeadIsSettled
    if (known.rep.probability if known.rep else None) == command.probability and score is not None:
        return
    rep = None
    if command.probability is not None:
        rep = Forecast(probability=command.probability, at=command.moment.at)
    said = known.model_copy(update={"rep": rep, "rep_first": known.rep_first or rep})
    yield ScoreEstimated(probability=command.probability, score=said)


def _settle(command: Settle, score: ScoreState | None) -> Iterator[ScoreEvent]:
    if score is None or (score.converted, score.closed_on) == (command.converted, command.closed_on):
        return
    state = score.model_copy(update={"converted": command.converted, "closed_on": command.closed_on})
    if command.converted is None:
        yield ScoreUnsettled(score=state)
    else:
        yield ScoreSettled(converted=command.converted, score=state)


_DECISIONS: Mapping[type[Command], Callable[[Any, ScoreState | None], Iterator[ScoreEvent]]] = {
    Freeze: _freeze,
    Estimate: _estimate,
    Settle: _settle,
}


def _of(lead: LeadState, score: ScoreState | None) -> ScoreState:
    return score or ScoreState(id=lead.id, source=lead.source, owner=lead.first_owner)


def apply(_score: ScoreState | None, event: ScoreEvent) -> ScoreState:
    """An event carries the state after it."""
    return event.score


SCORE = Aggregate(noun="score", table="score", state=ScoreState, decide=decide, apply=apply)
