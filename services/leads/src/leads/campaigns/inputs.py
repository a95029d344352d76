"""What callers may send about campaigns and what was spent on them. Batches use the same bodies."""

from typing import ClassVar, Self
from uuid import UUID

from pydantic import model_validator

from chassis.inputs import Day, ExternalId, MoneyInput, Name, StrictBool
from leads.campaigns.spend import Span
from leads.inputs import Change, When, exactly_one


class CampaignInput(When):
    """A campaign to plan. Its source is that of the leads it should bring."""

    external_id: ExternalId | None = None
    name: Name
    source: Name
    medium: Name | None = None
    first_on: Day
    last_on: Day | None = None
    budget: MoneyInput | None = None
    active: StrictBool = True


class CampaignChange(Change):
    """What changes about a campaign. What was spent until now stays with the source it was booked for."""

    keeps: ClassVar[frozenset[str]] = frozenset({"name", "source", "first_on", "active"})

    name: Name | None = None
    source: Name | None = None
    medium: Name | None = None
    first_on: Day | None = None
    last_on: Day | None = None
    budget: MoneyInput | None = None
    active: StrictBool | None = None


class SpendInput(When):
    """Money spent ``on`` a day, or evenly ``from_on`` a day ``to_on`` another, or on all days of the campaign."""

    external_id: ExternalId | None = None
    campaign: UUID | None = None
    campaign_external_id: ExternalId | None = None
    on: Day | None = None
    from_on: Day | None = None
    to_on: Day | None = None
    amount: MoneyInput
    note: Name | None = None

    @model_validator(mode="after")
    def _names_campaign_and_days_once(self) -> Self:
        exactly_one(self, "campaign")
        if (self.from_on is None) != (self.to_on is None):
            raise ValueError("give from_on and to_on together")
        if self.on is not None and self.from_on is not None:
            raise ValueError("give on, or from_on and to_on")
        return self

    @property
    def days(self) -> Span | None:
        """The days named, if any."""
        if self.on is not None:
            return Span(self.on, self.on)
        return None if self.from_on is None or self.to_on is None else Span(self.from_on, self.to_on)
