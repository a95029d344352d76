"""Many commands on deals in one request, in their order: what imports and integrations use.

An item names its deal by id or by the caller's own external id, also one that an earlier item of the batch opens. An
``open`` whose external id exists already answers the deal that is there, so a batch can be sent again.
"""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from chassis.aggregates import Loaded
from chassis.bulk import Batch, BatchItem, BatchResult, Existing, result_of
from chassis.inputs import ExternalId
from chassis.refusals import AlreadyExists, NotApplied, NotFound, Refusal
from chassis.unit_of_work import UnitOfWork
from deals import store
from deals.commands import DealCommand
from deals.deal import DEAL
from deals.inputs import (
    AmountChange,
    DealInput,
    DetailsChange,
    ExpectedCloseChange,
    LinesChange,
    Loss,
    NextStepChange,
    OwnerChange,
    Reopening,
    StageMove,
    Win,
)
from deals.lookups import Lookups
from deals.translation import WORKS_ON_DEALS, change, opening
from events.catalogue.deals import DealState


class OpenItem(DealInput, BatchItem):
    command: Literal["open"]


class _OfDeal(BatchItem):
    """The deal by its id or its external id."""

    id: UUID | None = None
    external_id: ExternalId | None = None

    @model_validator(mode="after")
    def _names_one_deal(self) -> Self:
        if (self.id is None) == (self.external_id is None):
            raise ValueError("give id or external_id")
        return self


class MoveItem(StageMove, _OfDeal):
    command: Literal["move"]


class ChangeAmountItem(AmountChange, _OfDeal):
    command: Literal["change_amount"]


class ChangeLinesItem(LinesChange, _OfDeal):
    command: Literal["change_lines"]


class ChangeOwnerItem(OwnerChange, _OfDeal):
    command: Literal["change_owner"]


class ChangeExpectedCloseItem(ExpectedCloseChange, _OfDeal):
    command: Literal["change_expected_close"]


class PlanNextStepItem(NextStepChange, _OfDeal):
    command: Literal["plan_next_step"]


class ChangeDetailsItem(DetailsChange, _OfDeal):
    command: Literal["change_details"]


class WinItem(Win, _OfDeal):
    command: Literal["win"]


class LoseItem(Loss, _OfDeal):
    command: Literal["lose"]


class ReopenItem(Reopening, _OfDeal):
    command: Literal["reopen"]


ChangeItem = (
    MoveItem
    | ChangeAmountItem
    | ChangeLinesItem
    | ChangeOwnerItem
    | ChangeExpectedCloseItem
    | PlanNextStepItem
    | ChangeDetailsItem
    | WinItem
    | LoseItem
    | ReopenItem
)
DealItem = Annotated[OpenItem | ChangeItem, Field(discriminator="command")]
DealBatch = Batch[DealItem]

Plan = tuple[UUID, DealCommand]


async def run(work: UnitOfWork, batch: Batch[OpenItem | ChangeItem]) -> list[BatchResult]:
    """The result of each item, in order."""
    work.principal.require(*WORKS_ON_DEALS)
    planning = _Planning(work, batch.items)
    await planning.gather()
    plans = [await planning.plan(item) for item in batch.items]
    outcomes = await _executed(work, plans, atomic=batch.atomic)
    return [planning.result(item, outcome) for item, outcome in zip(batch.items, outcomes, strict=True)]


class _Planning:
    """Which deal and which command each item means."""

    def __init__(self, work: UnitOfWork, items: list[OpenItem | ChangeItem]) -> None:
        self._work = work
        self._items = items
        self._lookups = Lookups(work)
        self._ids: dict[str, UUID] = {}
        self._found: dict[UUID, Loaded[DealState]] = {}
        self._visible: set[UUID] | None = None
        self._opened: dict[UUID, str] = {}

    async def gather(self) -> None:
        work, scope = self._work, self._work.principal.scope
        await self._lookups.gather(self._items)
        if names := {item.external_id for item in self._items if item.external_id is not None}:
            self._ids = await store.deal_ids(work.connection, work.tenant, names)
        opened = {item.external_id for item in self._items if isinstance(item, OpenItem)}
        known = [id_ for external_id, id_ in self._ids.items() if external_id in opened]
        self._found = await work.find_many(DEAL, "id", known)
        if not scope.everything:
            named = [item.id for item in self._items if not isinstance(item, OpenItem) and item.id is not None]
            ids = [*self._ids.values(), *named]
            self._visible = await store.visible_deals(work.connection, work.tenant, scope, ids)

    async def plan(self, item: OpenItem | ChangeItem) -> Plan | Existing[DealState] | Refusal:
        try:
            return await (self._opening(item) if isinstance(item, OpenItem) else self._change(item))
        except Refusal as refusal:
            return refusal

    def result(self, item: OpenItem | ChangeItem, outcome: "_Outcome") -> BatchResult:
        id_, what = outcome
        created = id_ is not None and self._opened.get(id_) == item.item_id
        if isinstance(item, OpenItem) and id_ is not None and isinstance(what, Loaded) and not created:
            what = Existing(id_, what)
        return result_of(item.item_id, (id_, what), created=created)

    async def _opening(self, item: OpenItem) -> Plan | Existing[DealState]:
        id_ = None if item.external_id is None else self._ids.get(item.external_id)
        if id_ in self._found:
            if not self._sees(id_):
                raise AlreadyExists(f"A deal {item.external_id} exists.", pointer="/external_id")
            return Existing(id_, self._found[id_])
        command = await opening(item, id_ or self._work.new_id(), self._lookups)
        self._opened.setdefault(command.id, item.item_id)
        if item.external_id is not None:
            self._ids[item.external_id] = command.id
        return command.id, command

    async def _change(self, item: ChangeItem) -> Plan:
        id_ = item.id if item.external_id is None else self._ids.get(item.external_id)
        if id_ is None or not self._sees(id_):
            raise NotFound
        return id_, await change(item, self._lookups)

    def _sees(self, id_: UUID) -> bool:
        return self._visible is None or id_ in self._visible or id_ in self._opened


_Outcome = tuple[UUID | None, Loaded[DealState] | Existing[DealState] | Refusal]


async def _executed(
    work: UnitOfWork, plans: list[Plan | Existing[DealState] | Refusal], *, atomic: bool
) -> list[_Outcome]:
    """What became of each plan; those that are refused already, or found, are not executed."""
    if atomic and any(isinstance(plan, Refusal) for plan in plans):
        return [(None, plan if isinstance(plan, Refusal) else NotApplied()) for plan in plans]
    executed = iter(await work.execute_many(DEAL, [plan for plan in plans if isinstance(plan, tuple)], atomic=atomic))
    return [_outcome(plan) or (plan[0], next(executed)) for plan in plans]  # type: ignore[index]


def _outcome(plan: Plan | Existing[DealState] | Refusal) -> _Outcome | None:
    match plan:
        case Existing():
            return plan.id, plan
        case Refusal():
            return None, plan
    return None
