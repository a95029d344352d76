"""Handing leads over: offers and their answers, each of which changes a lead and a handoff, and may open an account.

Locks are taken on leads first, then on handoffs, by everybody. Each item is decided on the locked states before
anything is written, so whatever is refused is refused whole, and what is written is written on all sides.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from chassis import aggregate_store
from chassis.aggregates import Aggregate, Command, Loaded
from chassis.occurrence import HISTORIANS
from chassis.refusals import Invalid, NotApplied, NotFound, Refusal
from chassis.unit_of_work import UnitOfWork
from events.catalogue.conversions import ConversionState
from events.catalogue.leads import HandoffState, LeadState, Opportunity
from events.catalogue.limits import LimitKind
from events.moment import Moment
from leads.conversions.conversion import CONVERSION, StartConversion, conversion_of
from leads.customers.contact import CONTACT, JoinAccount
from leads.customers.customer import CUSTOMER, OpenCustomer
from leads.handoffs.handoff import HANDOFF, AcceptHandoff, OfferHandoff, ReturnHandoff, deal_of
from leads.inputs import AcceptanceInput, OfferInput, Reason
from leads.lead import LEAD, ConvertLead, OfferLead, ReturnLead
from leads.limits.running import Limits
from leads.lookups import Lookups, first_refusal, require_answerer, sees_handoff, sees_lead
from leads.settings import settings_of

State = TypeVar("State", LeadState, HandoffState)
Result = Loaded[HandoffState] | Refusal


@dataclass(frozen=True, slots=True)
class Offer:
    """Offer this lead; ``handoff`` is the id that the handoff will have."""

    lead: UUID
    handoff: UUID
    body: OfferInput


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer this handoff: accept it, or return it for a reason."""

    handoff: UUID
    body: AcceptanceInput | Reason


@dataclass(frozen=True, slots=True)
class _Plan:
    """All that one item changes."""

    handoff: UUID
    lead: UUID
    on_handoff: Command
    on_lead: Command
    account: OpenCustomer | None = None
    conversion: StartConversion | None = None

    def commands(self) -> Iterator[tuple[Aggregate[Any], UUID, Command]]:
        """The handoff first: one that was answered says so, rather than that its lead does not wait."""
        yield HANDOFF, self.handoff, self.on_handoff
        yield LEAD, self.lead, self.on_lead


class HandingOver:
    """Plans items one after the other on locked states, then writes them together."""

    def __init__(self, work: UnitOfWork, lookups: Lookups) -> None:
        self._work = work
        self._lookups = lookups
        self._limits = Limits(work)
        self._leads: dict[UUID, LeadState] = {}
        self._handoffs: dict[UUID, HandoffState] = {}
        self._locked_rows: dict[UUID, Loaded[Any]] = {}

    async def offer(self, offers: Sequence[Offer], *, atomic: bool = False) -> list[Result]:
        await self._lock(each.lead for each in offers)
        return await self._done([await self._planned(self._offer(each)) for each in offers], atomic=atomic)

    async def answer(self, answers: Sequence[Answer], *, atomic: bool = False) -> list[Result]:
        named = await self._work.find_many(HANDOFF, "id", [each.handoff for each in answers])
        await self._lock(loaded.state.lead_id for loaded in named.values())
        locked = await self._locked(HANDOFF, named)
        self._handoffs |= {id_: loaded.state for id_, loaded in locked.items()}
        return await self._done([await self._planned(self._answer(each)) for each in answers], atomic=atomic)

    async def _lock(self, leads: Iterator[UUID]) -> None:
        locked = await self._locked(LEAD, set(leads))
        self._leads |= {id_: loaded.state for id_, loaded in locked.items()}

    async def _locked(self, kind: Aggregate[State], ids: Any) -> dict[UUID, Loaded[State]]:
        work = self._work
        found = await aggregate_store.load_many_for_update(work.connection, kind, work.tenant, ids)
        self._locked_rows |= found
        return found

    async def _planned(self, planning: Any) -> _Plan | Refusal:
        """The plan of an item whose every command is agreed to; the items that follow are decided on what it leaves."""
        try:
            plan: _Plan = await planning
            after = [(kind, id_, self._after(kind, id_, command)) for kind, id_, command in plan.commands()]
        except Refusal as refusal:
            return refusal
        for kind, id_, state in after:
            self._states(kind)[id_] = state
        return plan

    def _after(self, kind: Aggregate[Any], id_: UUID, command: Command) -> Any:
        state = self._states(kind).get(id_)
        for event in list(kind.decide(command, state)):
            state = kind.apply(state, event)
        return state

    def _states(self, kind: Aggregate[Any]) -> dict[UUID, Any]:
        return self._leads if kind is LEAD else self._handoffs

    async def _offer(self, offer: Offer) -> _Plan:
        body, lookups = offer.body, self._lookups
        lead = self._leads.get(offer.lead)
        if lead is None or not sees_lead(self._work.principal.scope, lead):
            raise NotFound
        self._work.match(self._locked_rows[lead.id])
        moment, imported = await lookups.moment(body.occurred_at), lookups.imported(body)
        offered_by = await lookups.given_owner(body, "offered_by", moment.on) or lead.owner
        offered_by = offered_by or await lookups.myself(moment.on)
        offered_to = await lookups.owner(body, "offered_to", moment.on)
        if offered_by is None or offered_to is None:
            raise Invalid("The lead has no owner: say who offers it.", pointer="/offered_by")
        await self._require_rate(body, moment)
        on_handoff = OfferHandoff(
            moment=moment,
            id=offer.handoff,
            external_id=body.external_id,
            lead=lead,
            offered_by=offered_by,
            offered_to=offered_to,
            account_id=lookups.account(body),
            opportunity=_opportunity(body),
            imported=imported,
            due_at=None if imported else await self._due(lead, offered_to.person, moment),
        )
        on_lead = OfferLead(moment=moment, handoff_id=offer.handoff, to=offered_to)
        return _Plan(offer.handoff, lead.id, on_handoff, on_lead)

    async def _due(self, lead: LeadState, person: UUID, moment: Moment) -> datetime | None:
        """By the working time of whoever is to answer.

        Who writes an offer down late asks them only now; who looks after the data tells when they were asked.
        """
        told = self._work.principal.has(*HISTORIANS)
        start = moment.at if told else max(moment.at, self._work.now)
        return await self._limits.due(LimitKind.HANDOFF_ANSWER, lead.source, start, person)

    async def _require_rate(self, body: OfferInput, moment: Moment) -> None:
        """The deal is opened when nobody can be asked any more: what it would be refused for is refused here."""
        if body.opportunity is not None and (amount := body.opportunity.amount) is not None:
            pointer = "/opportunity/amount/currency"
            await self._work.directory.rate(self._work.tenant, amount.currency, moment.on, pointer=pointer)

    async def _answer(self, answer: Answer) -> _Plan:
        handoff = self._handoffs.get(answer.handoff)
        if handoff is None or not sees_handoff(self._work.principal.scope, handoff):
            raise NotFound
        self._work.match(self._locked_rows[handoff.id])
        require_answerer(self._work, handoff)
        if isinstance(answer.body, AcceptanceInput):
            return await self._acceptance(handoff, answer.body)
        moment = await self._lookups.moment(answer.body.occurred_at)
        reason = answer.body.reason
        on_lead = ReturnLead(moment=moment, handoff_id=handoff.id, reason=reason)
        return _Plan(handoff.id, handoff.lead_id, ReturnHandoff(moment=moment, reason=reason), on_lead)

    async def _acceptance(self, handoff: HandoffState, body: AcceptanceInput) -> _Plan:
        moment = await self._lookups.moment(body.occurred_at)
        lead = self._leads[handoff.lead_id]
        known = self._lookups.account(body) or handoff.account_id or lead.account_id
        account_id = known or self._work.new_id()
        taker = await self._work.directory.owner(self._work.tenant, handoff.offered_to.person, moment.on)
        on_handoff = AcceptHandoff(moment=moment, account_id=account_id, by=taker)
        deal_id = deal_of(handoff.id)
        on_lead = ConvertLead(moment=moment, handoff_id=handoff.id, deal_id=deal_id, account_id=account_id, by=taker)
        account = None
        if known is None:
            name = _account_name(body, lead, handoff)
            account = OpenCustomer(moment=moment, id=account_id, name=name, owner=taker)
        conversion = self._conversion(moment, handoff, lead, account_id, opened=account is not None)
        return _Plan(handoff.id, lead.id, on_handoff, on_lead, account, conversion)

    def _conversion(
        self, moment: Moment, handoff: HandoffState, lead: LeadState, account_id: UUID, *, opened: bool
    ) -> StartConversion:
        patience = timedelta(seconds=settings_of(self._work.resources).conversion_seconds)
        state = ConversionState(
            id=conversion_of(handoff.id),
            handoff_id=handoff.id,
            lead_id=lead.id,
            deal_id=deal_of(handoff.id),
            account_id=account_id,
            account_opened=opened,
            contact_id=lead.contact_id,
            offered_by=handoff.offered_by,
            offered_to=handoff.offered_to,
            source=handoff.source,
            started_at=moment.at,
            started_on=moment.on,
            due_at=self._work.now + patience,
        )
        return StartConversion(moment=moment, conversion=state)

    async def _done(self, plans: Sequence[_Plan | Refusal], *, atomic: bool) -> list[Result]:
        if atomic and first_refusal(plans):
            return [plan if isinstance(plan, Refusal) else NotApplied() for plan in plans]
        agreed = [plan for plan in plans if isinstance(plan, _Plan)]
        accounts = [(plan.account.id, plan.account) for plan in agreed if plan.account is not None]
        await self._written(LEAD, [(plan.lead, plan.on_lead) for plan in agreed])
        await self._written(CUSTOMER, accounts)
        await self._join_contacts([plan.conversion for plan in agreed if plan.conversion is not None])
        handoffs = iter(await self._written(HANDOFF, [(plan.handoff, plan.on_handoff) for plan in agreed]))
        return [plan if isinstance(plan, Refusal) else next(handoffs) for plan in plans]

    async def _join_contacts(self, starts: Sequence[StartConversion]) -> None:
        """Conversions begin; their leads' contacts that belong to no account belong to this one from now on."""
        await self._written(CONVERSION, [(start.conversion.id, start) for start in starts])
        people = {start.conversion.contact_id: start for start in starts if start.conversion.contact_id is not None}
        found = await self._work.find_many(CONTACT, "id", sorted(people))
        joining = [
            (id_, JoinAccount(moment=start.moment, account_id=start.conversion.account_id))
            for id_, start in people.items()
            if id_ in found
        ]
        await self._written(CONTACT, joining)

    async def _written(self, kind: Aggregate[Any], commands: list[tuple[UUID, Any]]) -> list[Loaded[Any]]:
        """What was decided on locked rows cannot be refused, unless another request took an external id meanwhile."""
        results = await self._work.execute_many(kind, commands) if commands else []
        if refusal := first_refusal(results):
            raise refusal
        return [result for result in results if isinstance(result, Loaded)]


def _opportunity(body: OfferInput) -> Opportunity:
    asked = body.opportunity
    if asked is None:
        return Opportunity()
    return Opportunity(
        name=asked.name,
        pipeline=asked.pipeline,
        amount=asked.amount.to_money() if asked.amount else None,
        expected_close_on=asked.expected_close_on,
    )


def _account_name(body: AcceptanceInput, lead: LeadState, handoff: HandoffState) -> str:
    """The prospect's own name is personal data and never becomes the name of a company."""
    return (
        body.account_name
        or lead.title
        or handoff.opportunity.name
        or f"Customer {lead.external_id or str(lead.id).rpartition('-')[2]}"
    )
