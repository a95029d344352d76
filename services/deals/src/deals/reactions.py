"""What deals does when something happens elsewhere: one table, event type to reaction.

Each runs in the transaction that advances the consumer's offset, and each may be delivered again without effect. What
is not known here yet (a tenant) is waited for; a handoff that cannot become a deal is parked for an operator.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from chassis.currencies import decimals
from chassis.refusals import Kind, Refusal
from chassis.resources import Resources
from chassis.unit_of_work import UnitOfWork
from deals import store
from deals.commands import OpenDeal
from deals.deal import DEAL
from deals.default_pipeline import default_pipeline
from deals.pipeline import PIPELINE
from deals.worth import Conversion, Worth, worth_of_amount
from events.catalogue.deals import DealDetails, PipelineState
from events.catalogue.identity import ExchangeRatesSet, TenantFounded, TenantSettingsChanged
from events.catalogue.leads import CustomerChanged, CustomerOpened, HandoffAccepted, HandoffState
from events.codec import Message
from events.errors import InvalidMessage, RetryLater
from events.event import Event
from events.moment import Moment
from events.money import Money

Reaction = Callable[[UnitOfWork, Message], Awaitable[None]]


async def begin_with_a_pipeline(work: UnitOfWork, message: Message) -> None:
    """A tenant gets its first pipeline.

    Any event of the tenant calls for it: the topic is compacted, so that its founding may no longer be there.
    """
    await default_pipeline(work, await work.moment(_occurred_at(message)))


async def open_the_deal(work: UnitOfWork, message: Message) -> None:
    """An accepted handoff becomes a deal, once however often it is told."""
    handoff: HandoffState = message.event.handoff  # type: ignore[union-attr]
    if handoff.deal_id is None or handoff.answered_at is None or handoff.answered_on is None:
        raise InvalidMessage("An accepted handoff names its deal and when it was accepted.")
    moment = Moment(at=handoff.answered_at, on=handoff.answered_on)
    opportunity = handoff.opportunity
    command = OpenDeal(
        moment=moment,
        id=handoff.deal_id,
        details=DealDetails(
            name=opportunity.name or await _account_name(work, handoff),
            source=handoff.source,
            campaign=handoff.campaign,
            account_id=handoff.account_id,
        ),
        pipeline=await _pipeline(work, handoff, moment),
        owner=handoff.offered_to,
        worth=await _worth(work, opportunity.amount, moment),
        lead_id=handoff.lead_id,
        handoff_id=handoff.id,
        lead_created_on=handoff.lead_created_on,
        lead_owner=handoff.lead_owner,
        expected_close_on=opportunity.expected_close_on,
        imported=handoff.imported,
    )
    await work.execute(DEAL, handoff.deal_id, command)


async def keep_the_account(work: UnitOfWork, message: Message) -> None:
    """The read copy of accounts follows."""
    await store.keep_account(work.connection, work.tenant, message.event.customer, message.version)  # type: ignore[union-attr]


REACTIONS: Mapping[type[Event], Reaction] = {
    TenantFounded: begin_with_a_pipeline,
    TenantSettingsChanged: begin_with_a_pipeline,
    ExchangeRatesSet: begin_with_a_pipeline,
    HandoffAccepted: open_the_deal,
    CustomerOpened: keep_the_account,
    CustomerChanged: keep_the_account,
}


async def react(resources: Resources, connection: Any, messages: Sequence[Message]) -> None:
    """The handler of the consumer of these events."""
    for message in messages:
        if message.event is None:
            continue
        work = UnitOfWork.within(connection, resources, message)
        try:
            await REACTIONS[type(message.event)](work, message)
        except Refusal as refusal:
            if refusal.kind is Kind.UNAVAILABLE:
                raise RetryLater(refusal.detail) from refusal
            raise


async def _account_name(work: UnitOfWork, handoff: HandoffState) -> str:
    wanted = [] if handoff.account_id is None else [handoff.account_id]
    for row in await store.accounts(work.connection, work.tenant, wanted, []):
        return str(row["name"])
    return "Opportunity"


async def _pipeline(work: UnitOfWork, handoff: HandoffState, moment: Moment) -> PipelineState:
    if handoff.opportunity.pipeline is None:
        return await default_pipeline(work, moment)
    return (await work.load(PIPELINE, handoff.opportunity.pipeline)).state


async def _worth(work: UnitOfWork, amount: Money | None, moment: Moment) -> Worth:
    base = (await work.directory.tenant(work.tenant)).base_currency
    amount = amount or Money(minor=0, currency=base)
    rate = await work.directory.rate(work.tenant, amount.currency, moment.on)
    return worth_of_amount(amount, Conversion(rate, decimals(amount.currency), decimals(base)))


def _occurred_at(message: Message) -> Any:
    return None if message.event is None else message.event.occurred_at
