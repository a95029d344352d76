"""A campaign: an effort that should bring leads of one source, with its days and its budget. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists, Kind, Refusal
from events.catalogue.campaigns import CampaignChanged, CampaignEvent, CampaignPlanned, CampaignState


class DaysBackwards(Refusal):
    """The last day is before the first."""

    slug = "days-backwards"
    kind = Kind.INVALID


@dataclass(frozen=True, kw_only=True)
class PlanCampaign(Command):
    """Plan a campaign."""

    creates: ClassVar[bool] = True
    campaign: CampaignState


@dataclass(frozen=True, kw_only=True)
class ChangeCampaign(Command):
    """Change the fields named."""

    changes: Mapping[str, Any]


CampaignCommand = PlanCampaign | ChangeCampaign


def decide(command: CampaignCommand, campaign: CampaignState | None) -> Iterator[CampaignEvent]:
    match command, campaign:
        case PlanCampaign(), None:
            yield CampaignPlanned(campaign=_checked(command.campaign))
        case PlanCampaign(), CampaignState():
            raise AlreadyExists(id=str(campaign.id))
        case ChangeCampaign(), CampaignState():
            changed = _checked(campaign.model_copy(update=command.changes))
            if changed != campaign:
                yield CampaignChanged(campaign=changed)


def _checked(campaign: CampaignState) -> CampaignState:
    if campaign.last_on is not None and campaign.last_on < campaign.first_on:
        raise DaysBackwards(pointer="/last_on")
    return campaign


def apply(_campaign: CampaignState | None, event: CampaignEvent) -> CampaignState:
    """An event carries the state after it."""
    return event.campaign


CAMPAIGN = Aggregate(
    noun="campaign",
    table="campaign",
    state=CampaignState,
    decide=decide,
    apply=apply,
    columns=lambda campaign: {
        "external_id": campaign.external_id,
        "name": campaign.name,
        "source": campaign.source,
        "active": campaign.active,
    },
)
