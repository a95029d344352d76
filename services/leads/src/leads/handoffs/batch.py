"""Many offers and answers in one request, in their order.

An offer whose external id exists already answers the handoff that is there; so does an answer that was given before.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from chassis.aggregates import Loaded
from chassis.bulk import BatchItem, BatchResult, Existing, Outcome, result_of
from chassis.inputs import ExternalId
from chassis.refusals import AlreadyExists, NotApplied, NotFound, Refusal
from chassis.unit_of_work import UnitOfWork
from events.catalogue.leads import HandoffState, HandoffStatus
from leads import store
from leads.handoffs.handing_over import Answer, HandingOver, Offer
from leads.handoffs.handoff import HANDOFF
from leads.inputs import AcceptanceInput, OfferInput, Reason
from leads.known_names import as_existing
from leads.lookups import Lookups, sees_handoff


class OfferItem(OfferInput, BatchItem):
    """Offer a lead, by its id or its external id."""

    command: Literal["offer"]
    lead: UUID | None = None
    lead_external_id: ExternalId | None = None

    @model_validator(mode="after")
    def _names_one_lead(self) -> Self:
        if (self.lead is None) == (self.lead_external_id is None):
            raise ValueError("give lead or lead_external_id")
        return self


class _OfHandoff(BatchItem):
    """The handoff by its id or its external id."""

    id: UUID | None = None
    external_id: ExternalId | None = None

    @model_validator(mode="after")
    def _names_one_handoff(self) -> Self:
        if (self.id is None) == (self.external_id is None):
            raise ValueError("give id or external_id")
        return self


class AcceptItem(AcceptanceInput, _OfHandoff):
    """Accept a handoff."""

    command: Literal["accept"]


class ReturnItem(Reason, _OfHandoff):
    """Return a handoff."""

    command: Literal["return"]


HandoffItem = Annotated[OfferItem | AcceptItem | ReturnItem, Field(discriminator="command")]
Item = OfferItem | AcceptItem | ReturnItem


class _Undone(Exception):
    """An item of an atomic batch was refused."""


async def run(work: UnitOfWork, items: Sequence[Item], *, atomic: bool) -> list[BatchResult]:
    """The result of each item, in order; offers and answers that follow each other are done together."""
    lookups = Lookups(work)
    await lookups.gather(items)
    together = _Together(work, HandingOver(work, lookups))
    outcomes: list[Outcome] = []
    try:
        async with work.attempt():
            for some in _runs(items):
                outcomes += await together.done(some)
            if atomic and any(isinstance(what, Refusal) for _, what in outcomes):
                raise _Undone  # noqa: TRY301
    except _Undone:
        outcomes = [(id_, what if isinstance(what, Refusal) else NotApplied()) for id_, what in outcomes]
    offered = [isinstance(item, OfferItem) for item in items]
    return [
        result_of(item.item_id, outcome, created=created)
        for item, outcome, created in zip(items, outcomes, offered, strict=True)
    ]


def _runs(items: Sequence[Item]) -> Iterator[list[Item]]:
    for _, some in groupby(items, key=lambda item: isinstance(item, OfferItem)):
        yield list(some)


class _Together:
    """Runs of items of one kind."""

    def __init__(self, work: UnitOfWork, handing_over: HandingOver) -> None:
        self._work = work
        self._handing_over = handing_over

    async def done(self, items: Sequence[Item]) -> list[Outcome]:
        if isinstance(items[0], OfferItem):
            return await self._offered([item for item in items if isinstance(item, OfferItem)])
        return await self._answered([item for item in items if not isinstance(item, OfferItem)])

    async def _offered(self, items: list[OfferItem]) -> list[Outcome]:
        work = self._work
        known = await work.find_many(HANDOFF, "external_id", _names(item.external_id for item in items))
        leads = await store.ids_by_external_id(
            work.connection, "lead", work.tenant, _names(item.lead_external_id for item in items)
        )
        offers: dict[str, Offer] = {}
        outcomes: dict[str, Outcome] = {}
        taken: set[str] = set()
        for item in items:
            lead = item.lead or leads.get(item.lead_external_id or "")
            if item.external_id in known:
                outcomes[item.item_id] = self._existing(known[item.external_id])
            elif lead is None:
                outcomes[item.item_id] = None, NotFound()
            elif item.external_id in taken:
                outcomes[item.item_id] = None, AlreadyExists(pointer="/external_id")
            else:
                offers[item.item_id] = Offer(lead, work.new_id(), item)
                taken.add(item.external_id or "")
        results = await self._handing_over.offer(list(offers.values()))
        for (item_id, offer), result in zip(offers.items(), results, strict=True):
            outcomes[item_id] = offer.handoff if isinstance(result, Loaded) else None, result
        return [outcomes[item.item_id] for item in items]

    def _existing(self, known: Loaded[HandoffState]) -> Outcome:
        seen = sees_handoff(self._work.principal.scope, known.state)
        try:
            return known.state.id, as_existing("A handoff", known, seen=seen)
        except AlreadyExists as refusal:
            return None, refusal

    async def _answered(self, items: list[AcceptItem | ReturnItem]) -> list[Outcome]:
        work = self._work
        ids = await store.ids_by_external_id(
            work.connection, "handoff", work.tenant, _names(item.external_id for item in items)
        )
        named = [item.id or ids.get(item.external_id or "") for item in items]
        found = await work.find_many(HANDOFF, "id", [id_ for id_ in named if id_])
        before = [self._alike(item, found.get(id_)) if id_ else None for item, id_ in zip(items, named, strict=True)]
        asked = [
            Answer(id_, item)
            for item, id_, done in zip(items, named, before, strict=True)
            if id_ is not None and done is None
        ]
        results = iter(await self._handing_over.answer(asked))
        return [
            (None, NotFound()) if id_ is None else done or (id_, next(results))
            for id_, done in zip(named, before, strict=True)
        ]

    def _alike(self, item: AcceptItem | ReturnItem, found: Loaded[HandoffState] | None) -> Outcome | None:
        """The handoff as it is, where this very answer was given before."""
        answer = HandoffStatus.ACCEPTED if isinstance(item, AcceptItem) else HandoffStatus.RETURNED
        if found is None or found.state.status is not answer:
            return None
        return _existing(found) if sees_handoff(self._work.principal.scope, found.state) else None


def _existing(loaded: Loaded[HandoffState]) -> Outcome:
    return loaded.state.id, Existing[HandoffState](loaded.state.id, loaded)


def _names(external_ids: Iterator[str | None]) -> list[str]:
    return sorted({name for name in external_ids if name is not None})
