"""Which event or passing of time, who is told, and what sentence. One entry a rule; nothing else to edit.

A rule on an event fires when the event arrives. A rule on time watches open deals: ``due`` says, from the deal as it
is, when somebody should be told; whatever happens to the deal moves or cancels that time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any
from uuid import UUID

from events.catalogue.deals import DealState, DealStatus, DealWon
from events.catalogue.leads import HandoffEvent, HandoffExpired, HandoffFailed, HandoffOffered, LeadPooled
from events.catalogue.responses import LeadResponseBreached
from events.catalogue.transfers import HandoffRedirected
from events.event import Event

HISTORY_AFTER = timedelta(days=2)
"""An event told this long after it happened is loaded history: it changes the figures and bothers nobody."""

PAST_CARE_AFTER = timedelta(days=31)
"""A limit that had passed for so long when the deal was last told of is history too. A deal at work that is only
written down late keeps its reminders: people may be late by as many days.
"""

NEXT_STEP_GRACE = timedelta(days=2)
"""How long a deal may be without a next step, or with one that is overdue, before its owner is asked."""

Recipients = Callable[[Any, frozenset[UUID]], frozenset[UUID]]
"""From the event or deal, and those above its owner, to the people who are told."""

Facts = Callable[[Any], Mapping[str, str]]


@dataclass(frozen=True)
class Rule:
    """On an event: who is told; the sentence of the same name (in ``sentences``) says it, filled with ``facts``."""

    slug: str
    on: type[Event]
    to: Recipients
    facts: Facts


@dataclass(frozen=True)
class TimedRule:
    """On the passing of time over an open deal; ``due`` is absent while there is nothing to wait for.

    Days end as they do in the tenant's zone.
    """

    slug: str
    due: Callable[[DealState, tzinfo], datetime | None]
    to: Recipients
    facts: Facts


def the_offered(event: HandoffOffered | HandoffRedirected, _above: frozenset[UUID]) -> frozenset[UUID]:
    """The account executive to whom a handoff is offered."""
    return frozenset({event.handoff.offered_to.person})


def both_sides(event: HandoffEvent, _above: frozenset[UUID]) -> frozenset[UUID]:
    """Whoever offered, and the account executive to whom it was offered."""
    return frozenset({event.handoff.offered_by.person, event.handoff.offered_to.person})


def the_owner_and_manager(event: DealWon, above: frozenset[UUID]) -> frozenset[UUID]:
    """The deal's owner and those above: the person's manager and the lead of the team."""
    return the_owner(event.deal, above) | above


def the_holder_and_manager(event: LeadResponseBreached, above: frozenset[UUID]) -> frozenset[UUID]:
    """Who holds the lead and those above; nobody hears of one that somebody has turned to by now."""
    if event.lead.owner is None or event.lead.first_contact_at is not None:
        return frozenset()
    return frozenset({event.lead.owner.person}) | above


def the_owner(deal: DealState, _above: frozenset[UUID]) -> frozenset[UUID]:
    """The deal's owner."""
    return frozenset({deal.owner.person})


def of_handoff(event: HandoffEvent) -> Mapping[str, str]:
    """What the sentence about a handoff needs. The lead's title is a company or a need, never a person's name."""
    return {"source": event.handoff.source or "-", "by": str(event.handoff.offered_by.person)}


def of_failed_handoff(event: HandoffFailed) -> Mapping[str, str]:
    """The rule of deals by its name."""
    return {**of_handoff(event), "code": event.code}


def of_deal(deal: DealState) -> Mapping[str, str]:
    """What a sentence about a deal needs."""
    amount = deal.amount
    return {"deal": deal.name, "minor": str(amount.minor), "currency": amount.currency, "stage": deal.stage}


def stalled_at(deal: DealState, _zone: tzinfo) -> datetime | None:
    """When a deal has been in its stage for longer than the stage's limit."""
    if deal.status is not DealStatus.OPEN or deal.stalled_after_days is None:
        return None
    return entered_stage_at(deal) + timedelta(days=deal.stalled_after_days)


def entered_stage_at(deal: DealState) -> datetime:
    """When the present visit to the stage began; a stage may go over several spans."""
    entered = deal.opened_at
    for span in reversed(deal.spans):
        if span.stage != deal.stage:
            break
        entered = span.from_at
    return entered


def next_step_missing_at(deal: DealState, zone: tzinfo) -> datetime | None:
    """When a deal has been without a next step, or its next step overdue, for longer than is allowed."""
    if deal.status is not DealStatus.OPEN:
        return None
    if deal.next_step is not None:
        return datetime.combine(deal.next_step.due_on, time.max, tzinfo=zone).astimezone(UTC) + NEXT_STEP_GRACE
    return (deal.changed_at or deal.opened_at) + NEXT_STEP_GRACE


RULES: tuple[Rule, ...] = (
    Rule(slug="handoff-offered", on=HandoffOffered, to=the_offered, facts=of_handoff),
    Rule(slug="handoff-expired", on=HandoffExpired, to=both_sides, facts=of_handoff),
    Rule(slug="handoff-failed", on=HandoffFailed, to=both_sides, facts=of_failed_handoff),
    Rule(slug="handoff-redirected", on=HandoffRedirected, to=the_offered, facts=of_handoff),
    Rule(
        slug="lead-fits-nobody",
        on=LeadPooled,
        to=lambda event, _above: frozenset(event.alert_to),
        facts=lambda event: {"source": event.lead.source or "-"},
    ),
    Rule(
        slug="response-overdue",
        on=LeadResponseBreached,
        to=the_holder_and_manager,
        facts=lambda event: {"source": event.lead.source or "-"},
    ),
    Rule(
        slug="deal-won",
        on=DealWon,
        to=the_owner_and_manager,
        facts=lambda event: of_deal(event.deal),
    ),
)

TIMED_RULES: tuple[TimedRule, ...] = (
    TimedRule(slug="deal-stalled", due=stalled_at, to=the_owner, facts=of_deal),
    TimedRule(slug="no-next-step", due=next_step_missing_at, to=the_owner, facts=of_deal),
)
