"""Deals of leads that were merged or parted count for the creation, source and first owner that these have now.

The merge may be heard of before the handoff that opens the deal, since they come on two topics: what is told of a deal
that is not there yet waits for it.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.unit_of_work import UnitOfWork
from deals import store
from deals.commands import CorrectOrigin
from deals.deal import DEAL
from events.catalogue.leads import Owner
from events.codec import Message


async def correct_origins(work: UnitOfWork, messages: Sequence[Message]) -> None:
    """Leads were merged or parted: in the order in which each was told."""
    told: list[Any] = [message.event for message in messages]
    ids = [event.lead.deal_id for event in told if event.lead.deal_id is not None]
    if ids:
        await store.origins_alone(work.connection, work.tenant, set(ids))
        await store.keep_origins(work.connection, work.tenant, _last(told))
        await correct_opened(work, ids)


async def correct_opened(work: UnitOfWork, deals: Sequence[UUID]) -> None:
    """What is known of the leads of these deals, where the deals are there."""
    rows = await store.take_origins(work.connection, work.tenant, deals) if deals else []
    moment = await work.moment()
    for row in rows:
        command = CorrectOrigin(
            moment=moment,
            dated=False,
            lead_created_on=row["lead_created_on"],
            lead_owner=None if row["lead_owner"] is None else Owner.model_validate_json(row["lead_owner"]),
            from_source=row["from_source"],
            to_source=row["to_source"],
        )
        await work.execute(DEAL, row["deal_id"], command)


def _last(told: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Of each deal what was told last, and the source from which it began."""
    first_source: dict[UUID, str | None] = {}
    found: dict[UUID, tuple[Any, ...]] = {}
    for event in told:
        lead = event.lead
        if lead.deal_id is not None:
            source = first_source.setdefault(lead.deal_id, event.from_source)
            owner = lead.first_owner and lead.first_owner.model_dump_json()
            found[lead.deal_id] = (lead.deal_id, lead.created_on, owner, source, lead.source)
    return list(found.values())
