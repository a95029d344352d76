"""Carries transfers out in the background, and hears what deals has done of them.

Each step moves some records and notes it on the transfer, in one transaction under the transfer's lock: whoever dies in
between has done nothing, and whoever comes next goes on with what the person still holds. A step that is repeated finds
nothing to move.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.aggregates import Loaded
from chassis.background_steps import one_by_one, step_by_step
from chassis.principal import Principal
from chassis.resources import Resources
from chassis.unit_of_work import UnitOfWork, unit_of_work
from events.catalogue.identity import Role
from events.catalogue.transfers import DealTransferAdvanced, DealTransferState, TransferState, TransferStatus
from events.codec import Message
from events.consumer import Consumer
from events.topics import DEALS_TRANSFER
from leads.transfers import store
from leads.transfers.asking import successors_on
from leads.transfers.moving import MOVES, Moving
from leads.transfers.transfer import DEALS, TRANSFER, BeginTransfer, NotePart, part_of

AT_ONCE = 200
BEAT_SECONDS = 2.0
GROUP = "leads.transfers"
"""Renaming it hears everything again; what deals has done is told in sums, so that nothing counts twice."""


async def carry_out_some(resources: Resources, at_once: int = AT_ONCE) -> bool:
    """One step of each transfer that is due; whether there was one."""
    now = resources.clock.now()

    async def step(due: tuple[UUID, UUID]) -> int:
        tenant, id_ = due
        async with unit_of_work(resources, tenant=tenant, principal=await _ordered_by(resources, tenant, id_)) as work:
            await _step(work, id_, at_once)
        return 1

    return bool(await one_by_one(resources, "transfers", lambda connection: store.due(connection, now), step))


carry_out_transfers = step_by_step("transfers", carry_out_some, beat_seconds=BEAT_SECONDS)


async def _ordered_by(resources: Resources, tenant: UUID, id_: UUID) -> Principal:
    """Whoever asked for the transfer stands on the events of what it moves; the rights are the platform's."""
    async with unit_of_work(resources, tenant=tenant) as work:
        actor = (await work.load(TRANSFER, id_)).state.requested_by
    return Principal(tenant=tenant, subject=actor, roles=frozenset({Role.ADMIN}))


async def _step(work: UnitOfWork, id_: UUID, at_once: int) -> None:
    moment = await work.moment()
    asked = (await work.load(TRANSFER, id_)).state
    successors = await successors_on(work.directory, work.tenant, asked)
    begun = await work.execute(TRANSFER, id_, BeginTransfer(moment=moment, successors=successors))
    transfer = begun.state
    part = next((name for name in MOVES if not part_of(transfer, name).done), None)
    if transfer.status is not TransferStatus.RUNNING or part is None:
        return
    person = transfer.from_owner.person
    ids = await store.left(work.connection, work.tenant, id_, part, person=person, limit=at_once)
    moving = Moving(work, transfer)
    if ids:
        await MOVES[part](moving, ids)
        await store.refuse(work.connection, work.tenant, id_, part, moving.outcome.refused)
    before = part_of(transfer, part)
    noted = NotePart(
        moment=moment,
        part=part,
        moved=before.moved + moving.outcome.moved,
        refused=before.refused + len(moving.outcome.refused),
        done=not ids,
    )
    await work.execute(TRANSFER, id_, noted)


def transfer_consumer(resources: Resources) -> Consumer:
    """Hears how far deals is."""

    async def handle(connection: Any, messages: Sequence[Message]) -> None:
        for message in messages:
            await hear(UnitOfWork.within(connection, resources, message), message)

    return Consumer(GROUP, (DEALS_TRANSFER,), handle, resources.pool, resources.kafka)


async def hear(work: UnitOfWork, message: Message) -> Loaded[TransferState]:
    """What deals has moved until now, and what it refused."""
    event: Any = message.event
    told: DealTransferState = event.transfer
    if isinstance(event, DealTransferAdvanced):
        await store.refuse(work.connection, work.tenant, told.id, DEALS, event.refusals)
    noted = NotePart(moment=await work.moment(), part=DEALS, moved=told.moved, refused=told.refused, done=told.done)
    return await work.execute(TRANSFER, told.id, noted)
