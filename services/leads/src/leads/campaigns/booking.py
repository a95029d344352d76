"""Commands on campaigns and spends as requests ask for them: what they refer to, amounts at the rate of their day."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from chassis.currencies import decimals
from chassis.inputs import MoneyInput
from chassis.refusals import Invalid
from chassis.unit_of_work import UnitOfWork
from events.catalogue.campaigns import Budget, CampaignState
from events.money import MINOR_UNITS_MAX, PinnedRate, minor_in_base
from leads.campaigns.campaign import CAMPAIGN, ChangeCampaign, PlanCampaign
from leads.campaigns.inputs import CampaignChange, CampaignInput, SpendInput
from leads.campaigns.spend import BookSpend, days_of


async def planned(work: UnitOfWork, body: CampaignInput) -> PlanCampaign:
    """The campaign with its budget at the rate of the day of planning."""
    moment = await work.moment(body.occurred_at)
    state = CampaignState(
        id=work.new_id(),
        external_id=body.external_id,
        name=body.name,
        source=body.source,
        medium=body.medium,
        first_on=body.first_on,
        last_on=body.last_on,
        budget=None if body.budget is None else await _budget(work, body.budget, moment.on),
        active=body.active,
    )
    return PlanCampaign(moment=moment, campaign=state)


async def changed(work: UnitOfWork, body: CampaignChange) -> ChangeCampaign:
    moment = await work.moment()
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    if body.budget is not None:
        changes["budget"] = await _budget(work, body.budget, moment.on)
    return ChangeCampaign(moment=moment, changes=changes)


async def _budget(work: UnitOfWork, given: MoneyInput, on: date) -> Budget:
    rate, base_minor = await _priced(work, given, on, "/budget")
    return Budget(amount=given.to_money(), rate=rate, base_minor=base_minor)


class Bookings:
    """Turns bodies into bookings; the campaigns that they name are read all at once."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._by_id: dict[UUID, CampaignState] = {}
        self._by_external_id: dict[str, CampaignState] = {}

    async def gather(self, bodies: Iterable[SpendInput]) -> None:
        bodies = list(bodies)
        ids = {body.campaign for body in bodies if body.campaign is not None}
        external = {body.campaign_external_id for body in bodies if body.campaign_external_id is not None}
        by_id = await self._work.find_many(CAMPAIGN, "id", sorted(ids))
        by_external_id = await self._work.find_many(CAMPAIGN, "external_id", sorted(external))
        self._by_id = {id_: loaded.state for id_, loaded in by_id.items()}
        self._by_external_id = {name: loaded.state for name, loaded in by_external_id.items()}

    async def booking(self, body: SpendInput) -> BookSpend:
        """The spend at the rate of its last day, or of the day of booking if that is earlier."""
        moment = await self._work.moment(body.occurred_at)
        campaign = self._campaign(body)
        days = days_of(campaign, body.days)
        rate, base_minor = await _priced(self._work, body.amount, min(days.to_on, moment.on), "/amount")
        return BookSpend(
            moment=moment,
            id=self._work.new_id(),
            external_id=body.external_id,
            campaign=campaign,
            days=days,
            amount=body.amount.to_money(),
            rate=rate,
            base_minor=base_minor,
            note=body.note,
        )

    def _campaign(self, body: SpendInput) -> CampaignState:
        if body.campaign is not None:
            if body.campaign in self._by_id:
                return self._by_id[body.campaign]
            raise Invalid("No such campaign is known.", pointer="/campaign")
        if (body.campaign_external_id or "") in self._by_external_id:
            return self._by_external_id[body.campaign_external_id or ""]
        raise Invalid("No campaign with this external id is known.", pointer="/campaign_external_id")


async def _priced(work: UnitOfWork, given: MoneyInput, on: date, pointer: str) -> tuple[PinnedRate, int]:
    """The amount in base currency, and the rate."""
    money = given.to_money()
    if money.minor < 0:
        raise Invalid("It cannot be negative; what was booked wrongly is reversed.", pointer=pointer)
    rate = await work.directory.rate(work.tenant, money.currency, on, pointer=pointer)
    base_minor = minor_in_base(money.minor, rate, decimals(rate.currency), decimals(rate.base))
    if base_minor > MINOR_UNITS_MAX:
        raise Invalid("It is greater than can be counted.", pointer=pointer)
    return rate, base_minor
