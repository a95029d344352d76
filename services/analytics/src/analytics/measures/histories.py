"""The state of an aggregate as it was at the end of a day, read from the history that the state itself carries. Pure.

So a figure as of a past day is the figure over the states as of that day: outcomes that came later are not known yet.
What a state does not keep stays as it is now: the first owner of a lead, a disqualification that was taken back.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from events.catalogue.activities import ActivityState, ActivityStatus
from events.catalogue.campaigns import SpendState
from events.catalogue.deals import Closing, DealState, Span
from events.catalogue.leads import HandoffState, HandoffStatus, LeadState, LeadStatus
from events.catalogue.scoring import ScoreState


def lead_as_of(lead: LeadState, day: date) -> LeadState | None:
    if lead.created_on > day:
        return None
    changes = _response_as_of(lead, day)
    if lead.converted_on is not None and lead.converted_on > day:
        changes |= {"converted_on": None, "status": LeadStatus.QUALIFIED}
    elif lead.disqualified_on is not None and lead.disqualified_on > day:
        changes |= {"disqualified_on": None, "status": LeadStatus.OPEN}
    return lead.model_copy(update=changes) if changes else lead


def _response_as_of(lead: LeadState, day: date) -> dict[str, Any]:
    """A contact that came later was not known, nor a breach whose deadline was still to come."""
    changes: dict[str, Any] = {}
    if lead.first_contact_on is not None and lead.first_contact_on > day:
        changes = {"first_contact_at": None, "first_contact_on": None, "working_seconds_to_contact": None}
    if lead.response is not None and lead.response.breached and lead.response.due_on > day:
        changes["response"] = lead.response.model_copy(update={"breached": False})
    return changes


def handoff_as_of(handoff: HandoffState, day: date) -> HandoffState | None:
    if handoff.offered_on > day:
        return None
    if handoff.failed_on is not None and handoff.failed_on > day:
        handoff = handoff.model_copy(update={"status": HandoffStatus.ACCEPTED, "failed_on": None, "failed_at": None})
    if handoff.expired_on is not None and handoff.expired_on > day:
        return handoff.model_copy(update={"status": HandoffStatus.OFFERED, "expired_on": None, "expired_at": None})
    if handoff.answered_on is not None and handoff.answered_on > day:
        unanswered = {"status": HandoffStatus.OFFERED, "answered_at": None, "answered_on": None}
        return handoff.model_copy(update=unanswered)
    return handoff


def deal_as_of(deal: DealState, day: date) -> DealState | None:
    spans = tuple(_span_as_of(span, day) for span in deal.spans if span.from_on <= day)
    if not spans or deal.opened_on > day:
        return None
    closings = tuple(_closing_as_of(closing, day) for closing in deal.closings if closing.on <= day)
    return deal.model_copy(update={"spans": spans, "closings": closings})


def spend_as_of(spend: SpendState, day: date) -> SpendState | None:
    """As it is known now: money counts on the days it was spent for, also when its bill came later or was wrong."""
    return spend if spend.from_on <= day else None


def score_as_of(score: ScoreState, day: date) -> ScoreState:
    """A lead that was closed later is still open; only closed ones count."""
    if score.closed_on is None or score.closed_on <= day:
        return score
    return score.model_copy(update={"converted": None, "closed_on": None})


def activity_as_of(activity: ActivityState, day: date) -> ActivityState | None:
    """What was done, missed or cancelled later was still to come, at the time for which it was planned then."""
    if activity.recorded_on > day:
        return None
    changes: dict[str, Any] = {}
    later = [move for move in activity.moves if move.on > day]
    if later:
        kept = activity.moves[: len(activity.moves) - len(later)]
        changes = {"planned_on": later[0].from_on, "planned_at": later[0].from_at, "moves": kept}
    if any(on is not None and on > day for on in (activity.done_on, activity.closed_on)):
        changes |= {"status": ActivityStatus.PLANNED, "done_on": None, "done_at": None, "closed_on": None}
    return activity.model_copy(update=changes) if changes else activity


def _span_as_of(span: Span, day: date) -> Span:
    if span.to_on is None or span.to_on <= day:
        return span
    return span.model_copy(update={"to_on": None, "to_at": None})


def _closing_as_of(closing: Closing, day: date) -> Closing:
    if closing.reopened_on is None or closing.reopened_on <= day:
        return closing
    return closing.model_copy(update={"reopened_on": None, "reopened_at": None})


AsOf = Callable[[Any, date], Any]

AS_OF: Final[Mapping[str, tuple[type[Any], AsOf]]] = {
    "lead": (LeadState, lead_as_of),
    "handoff": (HandoffState, handoff_as_of),
    "deal": (DealState, deal_as_of),
    "spend": (SpendState, spend_as_of),
    "score": (ScoreState, score_as_of),
    "activity": (ActivityState, activity_as_of),
}
"""The state's class and its history, by the kind of aggregate."""
