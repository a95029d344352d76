"""Events of leads' campaigns and of the money spent on them.

A spend is an aggregate of its own, so that a campaign with a spend for each day of years stays small, and whoever books
one never waits for another.
"""

from datetime import date
from uuid import UUID

from events.event import UNSTAMPED, Event, Timestamp, Value
from events.money import MinorUnits, Money, PinnedRate
from events.topics import LEADS_CAMPAIGN, LEADS_SPEND


class Budget(Value):
    """What a campaign may cost."""

    amount: Money
    rate: PinnedRate
    """The rate of the day on which the budget was set."""
    base_minor: MinorUnits
    """``amount`` in the tenant's base currency at ``rate``."""


class CampaignState(Value):
    """An effort that should bring leads of one source. Its days are in the tenant's zone; the last one is included."""

    id: UUID
    external_id: str | None = None
    name: str
    source: str
    """As on leads: what is spent on the campaign is the cost of the leads of this source."""
    medium: str | None = None
    first_on: date
    last_on: date | None = None
    """Absent while no end is planned."""
    budget: Budget | None = None
    active: bool = True


class Reversal(Value):
    """A spend was booked wrongly: it counts no more, and stays to be seen."""

    at: Timestamp
    on: date
    reason: str


class SpendState(Value):
    """Money spent on a campaign, on one day or evenly over several. Amounts are never changed, only reversed."""

    id: UUID
    external_id: str | None = None
    campaign_id: UUID
    source: str
    """The campaign's when the spend was booked."""
    medium: str | None = None
    from_on: date
    to_on: date
    """The last day, included."""
    amount: Money
    rate: PinnedRate
    """The rate of the last day of the spend, or of the day of booking if that is earlier."""
    base_minor: MinorUnits
    """``amount`` in the tenant's base currency at ``rate``; spread evenly over the days, to the last minor unit."""
    note: str | None = None
    booked_at: Timestamp
    booked_on: date
    reversal: Reversal | None = None


class CampaignEvent(Event, topic=LEADS_CAMPAIGN):
    """Base of what happens to a campaign."""

    campaign: CampaignState = UNSTAMPED


class CampaignPlanned(CampaignEvent, type="dealstream.campaign.planned", version=1):
    """A campaign was planned."""


class CampaignChanged(CampaignEvent, type="dealstream.campaign.changed", version=1):
    """Name, source, medium, days, budget or activity of a campaign changed; spends keep the source of their booking."""


class SpendEvent(Event, topic=LEADS_SPEND):
    """Base of what happens to a spend."""

    spend: SpendState = UNSTAMPED


class SpendBooked(SpendEvent, type="dealstream.spend.booked", version=1):
    """Money was spent on a campaign."""


class SpendReversed(SpendEvent, type="dealstream.spend.reversed", version=1):
    """A spend turned out to be booked wrongly, for a reason; it is taken back on all of its days."""

    reason: str
