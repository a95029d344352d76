"""How the records of each part pass to the successors, some hundred in one transaction.

Records are locked before they are decided on, leads before handoffs, as everybody does.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chassis import aggregate_store
from chassis.aggregates import Aggregate, Command, Loaded, State
from chassis.refusals import Refusal
from chassis.unit_of_work import UnitOfWork
from events.catalogue.leads import CustomerState, HandoffState, LeadState, Owner
from events.catalogue.transfers import Refused, Stays, TransferState, passes_to
from events.moment import Moment
from leads.customers.custody import latest_turn
from leads.customers.customer import CUSTOMER, TakeOver
from leads.handoffs.handoff import HANDOFF, RedirectHandoff
from leads.lead import LEAD, AssignLead, RedirectOffer
from leads.transfers.transfer import ACCOUNTS, HANDOFFS, LEADS


@dataclass(slots=True)
class Outcome:
    """What became of some records."""

    moved: int = 0
    refused: list[Refused] = field(default_factory=list)

    def refuse(self, id_: UUID, code: str) -> None:
        self.refused.append(Refused(id=id_, code=code))


class Moving:
    """Moves records of one transfer within one unit of work."""

    def __init__(self, work: UnitOfWork, transfer: TransferState) -> None:
        self._work = work
        self._transfer = transfer
        self.outcome = Outcome()

    async def leads(self, ids: Sequence[UUID]) -> None:
        taken = [(lead, self._successor(lead.id, lead.owner)) for lead in await self._states(LEAD, ids)]
        await self._write(LEAD, [(lead.id, await self._assignment(lead, to)) for lead, to in taken if to is not None])

    async def accounts(self, ids: Sequence[UUID]) -> None:
        taken = [(account, self._successor(account.id, account.owner)) for account in await self._states(CUSTOMER, ids)]
        await self._write(
            CUSTOMER,
            [
                (account.id, TakeOver(moment=await self._moment(_turned_at(account)), to=to))
                for account, to in taken
                if to is not None
            ],
        )

    async def handoffs(self, ids: Sequence[UUID]) -> None:
        named = await self._work.find_many(HANDOFF, "id", ids)
        leads = {lead.id: lead for lead in await self._states(LEAD, [each.state.lead_id for each in named.values()])}
        for handoff in await self._states(HANDOFF, ids):
            if to := self._successor(handoff.id, handoff.offered_to):
                await self._redirect(handoff, leads[handoff.lead_id], to)

    async def _redirect(self, handoff: HandoffState, lead: LeadState, to: Owner) -> None:
        """Both or neither: a handoff and its lead name the same person."""
        moment = await self._moment(max(lead.changed_at or handoff.offered_at, handoff.offered_at))
        try:
            async with self._work.attempt():
                await self._work.execute(LEAD, lead.id, RedirectOffer(moment=moment, handoff_id=handoff.id, to=to))
                await self._work.execute(HANDOFF, handoff.id, RedirectHandoff(moment=moment, to=to))
        except Refusal as refusal:
            self.outcome.refuse(handoff.id, refusal.slug)
        else:
            self.outcome.moved += 1

    def _successor(self, id_: UUID, held_by: Owner | None) -> Owner | None:
        to = passes_to(self._transfer, held_by)
        if isinstance(to, Stays):
            self.outcome.refuse(id_, to)
            return None
        return to

    async def _assignment(self, lead: LeadState, to: Owner) -> AssignLead:
        working = await self._work.directory.working_time(self._work.tenant, to.person)
        return AssignLead(moment=await self._moment(lead.changed_at), to=to, working=working, even_merged=True)

    async def _moment(self, changed_at: datetime | None) -> Moment:
        """From the day of the transfer on, but not before the record's last change."""
        starts = Moment(at=self._transfer.from_at, on=self._transfer.from_on)
        if changed_at is None or changed_at <= starts.at:
            return starts
        return await self._work.directory.moment(self._work.tenant, changed_at)

    async def _states(self, kind: Aggregate[State], ids: Sequence[UUID]) -> list[State]:
        """Locked."""
        work = self._work
        found = await aggregate_store.load_many_for_update(work.connection, kind, work.tenant, ids)
        return [loaded.state for loaded in found.values()]

    async def _write(self, kind: Aggregate[Any], commands: Sequence[tuple[UUID, Command]]) -> None:
        results = await self._work.execute_many(kind, commands) if commands else []
        for (id_, _), result in zip(commands, results, strict=True):
            if isinstance(result, Loaded):
                self.outcome.moved += 1
            else:
                self.outcome.refuse(id_, result.slug)


def _turned_at(account: CustomerState) -> datetime | None:
    turn = latest_turn(account)
    return None if turn is None else turn.to_at or turn.from_at


MOVES: Final[Mapping[str, Callable[[Moving, Sequence[UUID]], Awaitable[None]]]] = {
    LEADS: Moving.leads,
    ACCOUNTS: Moving.accounts,
    HANDOFFS: Moving.handoffs,
}
"""In this order."""
