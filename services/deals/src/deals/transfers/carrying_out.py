"""Moves the open deals of a transfer in the background, some hundred in one transaction.

Each step notes what it did on the transfer, under its lock: whoever dies in between has done nothing, and whoever comes
next goes on with what the person still holds. What is closed stays: the credit for it is the person's.
"""

from collections.abc import Sequence
from uuid import UUID

from chassis import aggregate_store
from chassis.aggregates import Loaded
from chassis.background_steps import one_by_one, step_by_step
from chassis.principal import Principal
from chassis.resources import Resources
from chassis.unit_of_work import UnitOfWork, unit_of_work
from deals.commands import ChangeOwner
from deals.deal import DEAL
from deals.transfers import store
from deals.transfers.transfer import TRANSFER, NoteMoved
from events.catalogue.deals import DealStatus
from events.catalogue.identity import Role
from events.catalogue.leads import Owner
from events.catalogue.transfers import DealTransferState, Refused, Stays, passes_to
from events.moment import Moment

AT_ONCE = 200
BEAT_SECONDS = 2.0


async def carry_out_some(resources: Resources, at_once: int = AT_ONCE) -> bool:
    """One step of each transfer that is not done; whether there was one."""

    async def step(waiting: tuple[UUID, UUID]) -> int:
        tenant, id_ = waiting
        async with unit_of_work(resources, tenant=tenant, principal=await _ordered_by(resources, tenant, id_)) as work:
            await _step(work, id_, at_once)
        return 1

    return bool(await one_by_one(resources, "transfers", store.waiting, step))


carry_out_transfers = step_by_step("transfers", carry_out_some, beat_seconds=BEAT_SECONDS)


async def _ordered_by(resources: Resources, tenant: UUID, id_: UUID) -> Principal:
    """Whoever asked for the transfer stands on the events of what it moves; the rights are the platform's."""
    async with unit_of_work(resources, tenant=tenant) as work:
        actor = (await work.load(TRANSFER, id_)).state.requested_by
    return Principal(tenant=tenant, subject=actor, roles=frozenset({Role.ADMIN}))


async def _step(work: UnitOfWork, id_: UUID, at_once: int) -> None:
    found = await aggregate_store.load_for_update(work.connection, TRANSFER, work.tenant, id_)
    if found is None or found.state.done:
        return
    transfer = found.state
    ids = await store.left(work.connection, work.tenant, id_, transfer.from_owner.person, at_once)
    noted = await _moved(work, transfer, ids) if ids else NoteMoved(moment=await work.moment(), done=True)
    await store.refuse(work.connection, work.tenant, id_, noted.refused)
    await work.execute(TRANSFER, id_, noted)


async def _moved(work: UnitOfWork, transfer: DealTransferState, ids: Sequence[UUID]) -> NoteMoved:
    """From the day of the transfer on, but not before the deal's last change."""
    locked = await aggregate_store.load_many_for_update(work.connection, DEAL, work.tenant, ids)
    still_open = {id_: loaded.state for id_, loaded in locked.items() if loaded.state.status is DealStatus.OPEN}
    to = {id_: passes_to(transfer, deal.owner) for id_, deal in still_open.items()}
    starts = Moment(at=transfer.from_at, on=transfer.from_on)
    commands = [
        (id_, ChangeOwner(moment=starts, dated=False, to=owner))
        for id_, owner in to.items()
        if isinstance(owner, Owner)
    ]
    results = await work.execute_many(DEAL, commands) if commands else []
    refused = [Refused(id=id_, code=why) for id_, why in to.items() if isinstance(why, Stays)]
    refused += [
        Refused(id=id_, code=result.slug)
        for (id_, _), result in zip(commands, results, strict=True)
        if not isinstance(result, Loaded)
    ]
    moved = sum(isinstance(result, Loaded) for result in results)
    return NoteMoved(moment=await work.moment(), moved=moved, refused=tuple(refused))
