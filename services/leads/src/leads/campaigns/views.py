"""What leads answers about campaigns and their cost."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from chassis.aggregates import Loaded
from chassis.inputs import MoneyView, amount_text
from events.catalogue.campaigns import CampaignState, Reversal, SpendState


class CampaignView(BaseModel):
    """A campaign."""

    id: UUID
    version: int
    external_id: str | None
    name: str
    source: str
    medium: str | None
    first_on: date
    last_on: date | None
    budget: MoneyView | None
    active: bool

    @classmethod
    def of(cls, loaded: Loaded[CampaignState]) -> "CampaignView":
        campaign = loaded.state
        return cls(
            id=campaign.id,
            version=loaded.version,
            external_id=campaign.external_id,
            name=campaign.name,
            source=campaign.source,
            medium=campaign.medium,
            first_on=campaign.first_on,
            last_on=campaign.last_on,
            budget=MoneyView.of(campaign.budget.amount) if campaign.budget else None,
            active=campaign.active,
        )


class ReversalView(BaseModel):
    """When and why a spend was taken back."""

    at: datetime
    on: date
    reason: str

    @classmethod
    def of(cls, reversal: Reversal | None) -> "ReversalView | None":
        return None if reversal is None else cls(at=reversal.at, on=reversal.on, reason=reversal.reason)


class SpendView(BaseModel):
    """Money spent on a campaign, on the days from ``from_on`` to ``to_on``, both included."""

    id: UUID
    version: int
    external_id: str | None
    campaign: UUID
    source: str
    medium: str | None
    from_on: date
    to_on: date
    amount: MoneyView
    base_amount: MoneyView
    exchange_rate: str
    exchange_rate_on: date
    note: str | None
    booked_at: datetime
    booked_on: date
    reversal: ReversalView | None

    @classmethod
    def of(cls, loaded: Loaded[SpendState]) -> "SpendView":
        spend = loaded.state
        return cls(
            id=spend.id,
            version=loaded.version,
            external_id=spend.external_id,
            campaign=spend.campaign_id,
            source=spend.source,
            medium=spend.medium,
            from_on=spend.from_on,
            to_on=spend.to_on,
            amount=MoneyView.of(spend.amount),
            base_amount=_money(spend.base_minor, spend.rate.base),
            exchange_rate=spend.rate.rate,
            exchange_rate_on=spend.rate.on,
            note=spend.note,
            booked_at=spend.booked_at,
            booked_on=spend.booked_on,
            reversal=ReversalView.of(spend.reversal),
        )


class SpendingView(BaseModel):
    """What a campaign has cost so far against its budget, all in base currency; reversed spends are out."""

    campaign: UUID
    name: str
    source: str
    active: bool
    budget: MoneyView | None
    spent: MoneyView
    left: MoneyView | None
    """Negative where more was spent than planned."""
    spends: int
    reversed_spends: int

    @classmethod
    def of(cls, campaign: CampaignState, totals: "tuple[int, int, int]", currency: str) -> "SpendingView":
        """``totals``: spends that stand, those reversed, and what those that stand add up to."""
        standing, reversed_, spent = totals
        budget = None if campaign.budget is None else campaign.budget.base_minor
        return cls(
            campaign=campaign.id,
            name=campaign.name,
            source=campaign.source,
            active=campaign.active,
            budget=None if budget is None else _money(budget, currency),
            spent=_money(spent, currency),
            left=None if budget is None else _money(budget - spent, currency),
            spends=standing,
            reversed_spends=reversed_,
        )


def _money(minor: int, currency: str) -> MoneyView:
    """Also of a total that is greater than any single amount may be."""
    return MoneyView(amount=amount_text(minor, currency), currency=currency)
