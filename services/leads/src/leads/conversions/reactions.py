"""What leads does when deals answers: one table, event type to reaction.

A reaction runs in the transaction that advances the consumer's offset, so that it happens once however often the answer
is delivered and whatever dies meanwhile. Locks are taken on leads first, then on handoffs, as everybody does here.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.aggregates import Aggregate
from chassis.refusals import Kind, Refusal
from chassis.resources import Resources
from chassis.unit_of_work import UnitOfWork
from events.catalogue.conversions import ConversionState, ConversionStatus, DealRefused
from events.catalogue.deals import DealOpened
from events.codec import Message
from events.errors import InvalidMessage, RetryLater
from events.event import Event
from leads.conversions.conversion import CONVERSION, ConfirmConversion, UndoConversion, conversion_of
from leads.conversions.undoing import UndoLead
from leads.handoffs.handoff import HANDOFF, FailHandoff
from leads.lead import LEAD

GROUP = "leads.reactions"
"""Renaming it replays every event; the reactions bear that, but it takes its time."""

Reaction = Callable[[UnitOfWork, Sequence[Message]], Awaitable[None]]


async def confirm(work: UnitOfWork, messages: Sequence[Message]) -> None:
    """The deals are open: their conversions are final. A deal that is nobody's handoff concerns nobody here."""
    opened = [(message, message.event.deal.handoff_id) for message in messages]  # type: ignore[union-attr]
    commands = []
    for message, conversion in await _answered(work, opened):
        work.caused_by(conversion.id, message)
        moment = await work.directory.moment(work.tenant, message.envelope.time)
        commands.append((conversion.id, ConfirmConversion(moment=moment)))
    await _done(work, CONVERSION, commands)


async def undo(work: UnitOfWork, messages: Sequence[Message]) -> None:
    """Deals refused: lead and handoff are what they were before, and the conversion has ended.

    One that has ended so is left alone: its lead may have become anything since, another lead's part even.
    """
    refused = [(message, message.event.refusal.handoff_id) for message in messages]  # type: ignore[union-attr]
    leads, handoffs, conversions = [], [], []
    for message, conversion in await _answered(work, refused):
        if conversion.status is ConversionStatus.UNDONE:
            continue
        code = message.event.refusal.code  # type: ignore[union-attr]
        moment = await work.directory.moment(work.tenant, message.envelope.time)
        for id_ in (conversion.lead_id, conversion.handoff_id, conversion.id):
            work.caused_by(id_, message)
        leads.append((conversion.lead_id, UndoLead(moment=moment, deal_id=conversion.deal_id, code=code)))
        handoffs.append((conversion.handoff_id, FailHandoff(moment=moment, code=code)))
        conversions.append((conversion.id, UndoConversion(moment=moment, code=code)))
    await _done(work, LEAD, leads)
    await _done(work, HANDOFF, handoffs)
    await _done(work, CONVERSION, conversions)


REACTIONS: Mapping[type[Event], Reaction] = {DealOpened: confirm, DealRefused: undo}


async def react(resources: Resources, connection: Any, messages: Sequence[Message]) -> None:
    """The handler of the consumer of these events."""
    due: dict[tuple[type[Event], UUID], list[Message]] = defaultdict(list)
    for message in messages:
        if message.event is not None:
            due[type(message.event), message.envelope.tenant].append(message)
    for (kind, _), own in due.items():
        try:
            await REACTIONS[kind](UnitOfWork.within(connection, resources, own[0]), own)
        except Refusal as refusal:
            if refusal.kind is Kind.UNAVAILABLE:
                raise RetryLater(refusal.detail) from refusal
            raise


async def _answered(
    work: UnitOfWork, handoffs: Sequence[tuple[Message, UUID | None]]
) -> list[tuple[Message, ConversionState]]:
    """Each message with its conversion; handoffs that were accepted before there were conversions have none."""
    wanted = [(message, conversion_of(handoff_id)) for message, handoff_id in handoffs if handoff_id is not None]
    found = await work.find_many(CONVERSION, "id", sorted({id_ for _, id_ in wanted}))
    return [(message, found[id_].state) for message, id_ in wanted if id_ in found]


async def _done(work: UnitOfWork, kind: Aggregate[Any], commands: Sequence[tuple[UUID, Any]]) -> None:
    for result in await work.execute_many(kind, commands) if commands else ():
        if isinstance(result, Refusal) and result.kind is not Kind.UNAVAILABLE:
            raise InvalidMessage(result.detail) from result
        if isinstance(result, Refusal):
            raise result
