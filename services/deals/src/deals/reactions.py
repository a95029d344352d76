"""What deals does when something happens elsewhere: one table, event type to reaction.

A reaction takes all events of its kind and one tenant that a batch holds, so that a batch costs as many statements as
one event. It runs in the transaction that advances the consumer's offset, and each event may be delivered again without
effect. What is not known here yet (a tenant, a rate) is waited for; a handoff that cannot become a deal is refused for
good, once, and leads hears of it.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from chassis.currencies import decimals
from chassis.refusals import Kind, NotFound, RateMissing, Refusal
from chassis.resources import Resources
from chassis.unit_of_work import UnitOfWork
from deals import store
from deals.commands import OpenDeal
from deals.deal import DEAL
from deals.default_pipeline import default_pipeline
from deals.origins import correct_opened, correct_origins
from deals.pipeline import PIPELINE
from deals.refusal import REFUSAL, RefuseDeal, refusal_of
from deals.transfers.transfer import TRANSFER, BeginTransfer
from deals.worth import Conversion, Worth, worth_of_amount
from events.catalogue.conversions import RefusalState
from events.catalogue.deals import DealDetails, PipelineState
from events.catalogue.identity import ExchangeRatesSet, TenantFounded, TenantSettingsChanged
from events.catalogue.leads import CustomerChanged, CustomerOpened, HandoffAccepted, HandoffState
from events.catalogue.merges import LeadAbsorbed, LeadReleased
from events.catalogue.transfers import TransferBegun
from events.codec import Message
from events.errors import InvalidMessage, RetryLater
from events.event import Event
from events.moment import Moment
from events.money import Money

RATES_COME_WITHIN = timedelta(minutes=1)
"""So long after its acceptance a handoff waits for a rate that leads knew and that has not come here."""

Reaction = Callable[[UnitOfWork, Sequence[Message]], Awaitable[None]]


async def keep_accounts(work: UnitOfWork, messages: Sequence[Message]) -> None:
    """The read copy of accounts follows."""
    newest = {message.aggregate_id: message for message in sorted(messages, key=lambda message: message.version)}
    rows = [(message.event.customer, message.version) for message in newest.values()]  # type: ignore[union-attr]
    await store.keep_accounts(work.connection, work.tenant, rows)


async def begin_with_a_pipeline(work: UnitOfWork, messages: Sequence[Message]) -> None:
    """A tenant gets its first pipeline.

    Any event of the tenant calls for it: the topic is compacted, so that its founding may no longer be there.
    """
    first = messages[0].event
    await default_pipeline(work, await work.moment(None if first is None else first.occurred_at))


class _Asked(NamedTuple):
    """An accepted handoff, and the message that told of it."""

    message: Message
    handoff: HandoffState


async def open_deals(work: UnitOfWork, messages: Sequence[Message]) -> None:
    """Accepted handoffs become deals or are refused, each once however often it is told, and never both."""
    asked = [_Asked(message, message.event.handoff) for message in messages]  # type: ignore[union-attr]
    due = await _unrefused(work, asked)
    opening = _Opening(work, await _account_names(work, [each.handoff for each in due]))
    commands: list[tuple[UUID, OpenDeal]] = []
    agreed: list[_Asked] = []
    refused: list[tuple[_Asked, Refusal]] = []
    for each in due:
        try:
            command = await opening.command(each.handoff)
        except Refusal as refusal:
            refused.append((each, refusal))
            continue
        work.caused_by(command.id, each.message)
        commands.append((command.id, command))
        agreed.append(each)
    await store.origins_alone(work.connection, work.tenant, {id_ for id_, _ in commands})
    answers = zip(agreed, await work.execute_many(DEAL, commands) if commands else [], strict=True)
    refused += [(each, answer) for each, answer in answers if isinstance(answer, Refusal)]
    if refused:
        await _refuse(work, refused)
    await correct_opened(work, [id_ for id_, _ in commands])


async def _unrefused(work: UnitOfWork, asked: Sequence[_Asked]) -> list[_Asked]:
    """Those that were not refused before: a refusal is for good, whatever has been made right since."""
    refused = await work.find_many(REFUSAL, "id", sorted({refusal_of(each.handoff.id) for each in asked}))
    return [each for each in asked if refusal_of(each.handoff.id) not in refused]


async def _refuse(work: UnitOfWork, refused: Sequence[tuple[_Asked, Refusal]]) -> None:
    """A deal that is open already, of a handoff that is told once more, is not refused for what has changed since."""
    opened = await work.find_many(DEAL, "id", [each.handoff.deal_id for each, _ in refused])
    commands = []
    for each, refusal in refused:
        if each.handoff.deal_id in opened:
            continue
        if _may_pass(work, each.message, refusal):
            raise RetryLater(refusal.detail) from refusal
        command = await _refusing(work, each, refusal)
        work.caused_by(command.refusal.id, each.message)
        commands.append((command.refusal.id, command))
    for result in await work.execute_many(REFUSAL, commands) if commands else ():
        if isinstance(result, Refusal):
            raise result


async def begin_transfers(work: UnitOfWork, messages: Sequence[Message]) -> None:
    """A person's open deals shall pass to others; the background does it."""
    moment = await work.moment()
    asked = [message.event.transfer for message in messages]  # type: ignore[union-attr]
    for each in asked:
        await work.execute(TRANSFER, each.id, BeginTransfer(moment=moment, asked=each))


def _may_pass(work: UnitOfWork, message: Message, refusal: Refusal) -> bool:
    """A rate that leads knew may be on its way here; other refusals are of this moment, or for good."""
    young = work.now - message.envelope.time < RATES_COME_WITHIN
    return refusal.kind is Kind.UNAVAILABLE or (isinstance(refusal, RateMissing) and young)


async def _refusing(work: UnitOfWork, asked: _Asked, refusal: Refusal) -> RefuseDeal:
    handoff = asked.handoff
    moment = await work.directory.moment(work.tenant, asked.message.envelope.time)
    state = RefusalState(
        id=refusal_of(handoff.id),
        handoff_id=handoff.id,
        lead_id=handoff.lead_id,
        code=refusal.slug,
        detail=refusal.detail,
        refused_at=moment.at,
    )
    return RefuseDeal(moment=moment, refusal=state)


REACTIONS: Mapping[type[Event], Reaction] = {
    CustomerOpened: keep_accounts,
    CustomerChanged: keep_accounts,
    TenantFounded: begin_with_a_pipeline,
    TenantSettingsChanged: begin_with_a_pipeline,
    ExchangeRatesSet: begin_with_a_pipeline,
    HandoffAccepted: open_deals,
    TransferBegun: begin_transfers,
    LeadAbsorbed: correct_origins,
    LeadReleased: correct_origins,
}
"""In their order: what a later one looks up, an earlier one has kept."""


async def react(resources: Resources, connection: Any, messages: Sequence[Message]) -> None:
    """The handler of the consumer of these events, whose kinds are each of other aggregates: only within a kind does
    their order count.
    """
    due: dict[tuple[Reaction, UUID], list[Message]] = defaultdict(list)
    for message in messages:
        if message.event is not None:
            due[REACTIONS[type(message.event)], message.envelope.tenant].append(message)
    order = list(REACTIONS.values())
    for reaction, tenant in sorted(due, key=lambda each: order.index(each[0])):
        own = due[reaction, tenant]
        try:
            await reaction(UnitOfWork.within(connection, resources, own[0]), own)
        except Refusal as refusal:
            if refusal.kind is Kind.UNAVAILABLE:
                raise RetryLater(refusal.detail) from refusal
            raise


class _Opening:
    """Makes commands of handoffs; what several of them refer to is read once."""

    def __init__(self, work: UnitOfWork, account_names: Mapping[UUID, str]) -> None:
        self._work = work
        self._account_names = account_names
        self._pipelines: dict[UUID | None, PipelineState] = {}

    async def command(self, handoff: HandoffState) -> OpenDeal:
        if handoff.deal_id is None or handoff.answered_at is None or handoff.answered_on is None:
            raise InvalidMessage("An accepted handoff names its deal and when it was accepted.")
        moment = Moment(at=handoff.answered_at, on=handoff.answered_on)
        opportunity = handoff.opportunity
        name = opportunity.name or (self._account_names.get(handoff.account_id) if handoff.account_id else None)
        return OpenDeal(
            moment=moment,
            id=handoff.deal_id,
            details=DealDetails(
                name=name or "Opportunity",
                source=handoff.source,
                campaign=handoff.campaign,
                account_id=handoff.account_id,
            ),
            pipeline=await self._pipeline(opportunity.pipeline, moment),
            owner=handoff.answered_by or handoff.offered_to,
            worth=await self._worth(opportunity.amount, moment),
            lead_id=handoff.lead_id,
            handoff_id=handoff.id,
            lead_created_on=handoff.lead_created_on,
            lead_owner=handoff.lead_owner,
            expected_close_on=opportunity.expected_close_on,
            imported=handoff.imported,
        )

    async def _pipeline(self, wanted: UUID | None, moment: Moment) -> PipelineState:
        if wanted not in self._pipelines:
            self._pipelines[wanted] = (
                await default_pipeline(self._work, moment)
                if wanted is None
                else await self._named_pipeline(wanted, moment)
            )
        return self._pipelines[wanted]

    async def _named_pipeline(self, wanted: UUID, moment: Moment) -> PipelineState:
        """The default where there is none of this id: leads cannot know, and the customer has been promised a deal."""
        try:
            return (await self._work.load(PIPELINE, wanted)).state
        except NotFound:
            return await default_pipeline(self._work, moment)

    async def _worth(self, amount: Money | None, moment: Moment) -> Worth:
        directory, tenant = self._work.directory, self._work.tenant
        base = (await directory.tenant(tenant)).base_currency
        amount = amount or Money(minor=0, currency=base)
        rate = await directory.rate(tenant, amount.currency, moment.on)
        return worth_of_amount(amount, Conversion(rate, decimals(amount.currency), decimals(base)))


async def _account_names(work: UnitOfWork, handoffs: Sequence[HandoffState]) -> Mapping[UUID, str]:
    wanted = {each.account_id for each in handoffs if each.account_id is not None and not each.opportunity.name}
    if not wanted:
        return {}
    return {row["id"]: str(row["name"]) for row in await store.accounts(work.connection, work.tenant, wanted, [])}
