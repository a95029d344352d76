"""Money spent on a campaign: booked once for one day or several, never changed, reversed where it was wrong. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, NamedTuple
from uuid import UUID

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists, Kind, Refusal
from events.catalogue.campaigns import (
    CampaignState,
    Reversal,
    SpendBooked,
    SpendEvent,
    SpendReversed,
    SpendState,
)
from events.money import Money, PinnedRate
from leads.campaigns.campaign import DaysBackwards
from leads.sequence import refuse_earlier

DAYS_MAX = 366
"""So many postings, one a day, follow from one spend."""


class OutsideCampaign(Refusal):
    """The campaign does not run on these days."""

    slug = "outside-campaign"
    kind = Kind.INVALID


class CampaignWithoutEnd(Refusal):
    """The campaign has no last day to spread the spend to: say on which days it was spent."""

    slug = "campaign-without-end"
    kind = Kind.INVALID


class TooManyDays(Refusal):
    """One spend covers at most 366 days."""

    slug = "too-many-days"
    kind = Kind.INVALID


class SpendAlreadyReversed(Refusal):
    """The spend was reversed before."""

    slug = "spend-already-reversed"


class Span(NamedTuple):
    """The days over which money was spent, both included."""

    from_on: date
    to_on: date


def days_of(campaign: CampaignState, named: Span | None) -> Span:
    """The days named, or all those of the campaign; refused where it does not run on them."""
    if named is None and campaign.last_on is None:
        raise CampaignWithoutEnd(pointer="/on")
    span = named or Span(campaign.first_on, campaign.last_on or campaign.first_on)
    if span.to_on < span.from_on:
        raise DaysBackwards(pointer="/to_on")
    if span.from_on < campaign.first_on or span.to_on > (campaign.last_on or span.to_on):
        until = campaign.last_on or "further notice"
        raise OutsideCampaign(f"{campaign.name} runs from {campaign.first_on} to {until}.", pointer="/on")
    if (span.to_on - span.from_on).days >= DAYS_MAX:
        raise TooManyDays(pointer="/to_on")
    return span


@dataclass(frozen=True, kw_only=True)
class BookSpend(Command):
    """Book what was spent."""

    creates: ClassVar[bool] = True
    id: UUID
    external_id: str | None = None
    campaign: CampaignState
    days: Span
    amount: Money
    rate: PinnedRate
    base_minor: int
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReverseSpend(Command):
    """Take a spend back that was booked wrongly."""

    reason: str


SpendCommand = BookSpend | ReverseSpend


def decide(command: SpendCommand, spend: SpendState | None) -> Iterator[SpendEvent]:
    match command, spend:
        case BookSpend(), None:
            yield SpendBooked(spend=_booked(command))
        case BookSpend(), SpendState():
            raise AlreadyExists(id=str(spend.id))
        case ReverseSpend(), SpendState():
            yield SpendReversed(reason=command.reason, spend=_reversed(command, spend))


def alike(command: BookSpend, spend: SpendState) -> bool:
    """Whether the spend is what the command would book: then it is booked already."""
    asked = (command.campaign.id, command.days, command.amount)
    return asked == (spend.campaign_id, Span(spend.from_on, spend.to_on), spend.amount)


def _booked(command: BookSpend) -> SpendState:
    return SpendState(
        id=command.id,
        external_id=command.external_id,
        campaign_id=command.campaign.id,
        source=command.campaign.source,
        medium=command.campaign.medium,
        from_on=command.days.from_on,
        to_on=command.days.to_on,
        amount=command.amount,
        rate=command.rate,
        base_minor=command.base_minor,
        note=command.note,
        booked_at=command.moment.at,
        booked_on=command.moment.on,
    )


def _reversed(command: ReverseSpend, spend: SpendState) -> SpendState:
    if spend.reversal is not None:
        raise SpendAlreadyReversed
    refuse_earlier(command.moment.at, spend.booked_at)
    reversal = Reversal(at=command.moment.at, on=command.moment.on, reason=command.reason)
    return spend.model_copy(update={"reversal": reversal})


def apply(_spend: SpendState | None, event: SpendEvent) -> SpendState:
    """An event carries the state after it."""
    return event.spend


SPEND = Aggregate(
    noun="spend",
    table="spend",
    state=SpendState,
    decide=decide,
    apply=apply,
    columns=lambda spend: {
        "external_id": spend.external_id,
        "campaign_id": spend.campaign_id,
        "source": spend.source,
        "from_on": spend.from_on,
        "to_on": spend.to_on,
        "base_minor": spend.base_minor,
        "reversed": spend.reversal is not None,
    },
)
