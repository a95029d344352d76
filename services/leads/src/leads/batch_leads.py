"""Many commands on leads in one request, in their order: what imports and integrations use.

An item names its lead by id or by the caller's own external id, also one that an earlier item captures. A capture whose
external id exists already answers the lead that is there, so a batch can be sent again. One statement a kind of record
reads and writes the whole batch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from chassis.aggregates import Command, Loaded
from chassis.bulk import BatchItem, Existing, Outcome, result_of
from chassis.inputs import ExternalId
from chassis.refusals import NotApplied, NotFound, Refusal
from chassis.unit_of_work import UnitOfWork
from events.catalogue.leads import LeadState
from leads import capturing, store, store_linked
from leads.assignment.at_capture import Assignments
from leads.customers.consent import RecordConsent
from leads.customers.contact import CONTACT, AddContact
from leads.duplicates.checked_captures import CheckedCaptures, Met
from leads.inputs import LeadInput, OwnerInput, When
from leads.known_names import as_existing
from leads.lead import LEAD
from leads.lookups import Lookups, first_refusal, sees_lead
from leads.qualification.answering import Rules
from leads.qualification.inputs import Answering, Disqualification, Qualification
from leads.responses.starting import Responses
from leads.views import LeadResult


class CaptureItem(LeadInput, BatchItem):
    """Capture a lead."""

    command: Literal["capture"]


class _OfLead(BatchItem):
    """The lead by its id or its external id."""

    id: UUID | None = None
    external_id: ExternalId | None = None

    @model_validator(mode="after")
    def _names_one_lead(self) -> Self:
        if (self.id is None) == (self.external_id is None):
            raise ValueError("give id or external_id")
        return self


class AssignItem(OwnerInput, _OfLead):
    """Give a lead to another owner."""

    command: Literal["assign"]


class AnswerItem(Answering, _OfLead):
    """Say what is known of a prospect by the checklist."""

    command: Literal["answer"]


class QualifyItem(Qualification, _OfLead):
    """Qualify a lead."""

    command: Literal["qualify"]


class DisqualifyItem(Disqualification, _OfLead):
    """Disqualify a lead."""

    command: Literal["disqualify"]


class ReopenItem(When, _OfLead):
    """Reopen a disqualified lead."""

    command: Literal["reopen"]


ItemOfLead = AssignItem | AnswerItem | QualifyItem | DisqualifyItem | ReopenItem
Item = CaptureItem | ItemOfLead
LeadItem = Annotated[Item, Field(discriminator="command")]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A command to run; ``again`` is a capture whose external id an earlier item of the batch captures."""

    lead: UUID
    command: Command | None
    contact: AddContact | None = None
    consent: RecordConsent | None = None
    captures: bool = False
    again: bool = False
    met: Met | None = None


async def run(work: UnitOfWork, items: Sequence[Item], *, atomic: bool) -> list[LeadResult]:
    """The result of each item, in order."""
    planning = _Planning(work, items)
    await planning.gather()
    plans = [await planning.plan(item) for item in items]
    if atomic and first_refusal(plans):
        return [_result(item, (None, _not_applied(plan))) for item, plan in zip(items, plans, strict=True)]
    results = await _executed(work, items, plans, atomic=atomic)
    await store_linked.keep(work.connection, work.tenant, _linked(items, results))
    await planning.settle([result.id for result in results if result.status == CREATED and result.id is not None])
    return results


CREATED = 201


class _Planning:
    """Which lead and which command each item means."""

    def __init__(self, work: UnitOfWork, items: Sequence[Item]) -> None:
        self._work = work
        self._items = items
        self._lookups = Lookups(work)
        self._rules = Rules(work, self._lookups)
        self._ids: dict[str, UUID] = {}
        self._linked: dict[str, UUID] = {}
        self._found: dict[UUID, Loaded[LeadState]] = {}
        self._captured: set[UUID] = set()
        self._checked = CheckedCaptures({})
        self._responses = Responses(work)
        self._assignments: Assignments

    async def gather(self) -> None:
        """Read what is there already; states only where they are answered or decide who may see."""
        work = self._work
        await self._lookups.gather(self._items)
        if names := {item.external_id for item in self._items if item.external_id is not None}:
            self._ids = await store.ids_by_external_id(work.connection, "lead", work.tenant, names)
            self._linked = await store_linked.known(work.connection, work.tenant, names)
        self._found = await work.find_many(LEAD, "id", list(set(self._wanted())))
        there = self._ids.keys() | self._linked.keys()
        captures = [item for item in self._items if isinstance(item, CaptureItem) and item.external_id not in there]
        self._checked = await CheckedCaptures.of(work, self._lookups, captures, otherwise="ignore")
        self._assignments = await Assignments.prepare(work, self._lookups, captures)

    async def settle(self, captured: Sequence[UUID]) -> None:
        """These leads were captured."""
        await self._assignments.settle(captured)

    def _wanted(self) -> Iterator[UUID]:
        everything = self._work.principal.scope.everything
        for item in self._items:
            if item.external_id in self._ids and (isinstance(item, CaptureItem) or not everything):
                yield self._ids[item.external_id]
            if item.external_id in self._linked and isinstance(item, CaptureItem):
                yield self._linked[item.external_id]
            if not isinstance(item, CaptureItem) and item.id is not None and not everything:
                yield item.id

    async def plan(self, item: Item) -> "_Plan | Existing[LeadState] | Refusal":
        try:
            if isinstance(item, CaptureItem):
                return await self._capture(item)
            return _Plan(self._lead(item), await self._command(item))
        except Refusal as refusal:
            return refusal

    async def _capture(self, item: CaptureItem) -> "_Plan | Existing[LeadState]":
        known = None if item.external_id is None else self._ids.get(item.external_id)
        if known in self._captured:
            return _Plan(known, None, again=True)
        known = known or self._linked.get(item.external_id or "")
        if known is not None:
            found = self._found[known]
            return as_existing("A lead", found, seen=sees_lead(self._work.principal.scope, found.state))
        capture = await capturing.capture(self._work, self._lookups, item)
        met = self._checked.met(item, capture)
        if met.touches is not None:
            consent = capturing.consent(capture, item.prospect)
            return _Plan(met.touches, capturing.touch(capture.lead), consent=consent, met=met)
        capture = await self._responses.timed(await self._assignments.owned(item, capture))
        self._captured.add(capture.lead.id)
        if item.external_id is not None:
            self._ids[item.external_id] = capture.lead.id
        return _Plan(capture.lead.id, capture.lead, capture.contact, captures=True, met=met)

    def _lead(self, item: ItemOfLead) -> UUID:
        id_ = item.id if item.external_id is None else self._ids.get(item.external_id)
        if id_ is None:
            raise NotFound
        scope = self._work.principal.scope
        if id_ in self._captured or scope.everything:
            return id_
        if id_ not in self._found or not sees_lead(scope, self._found[id_].state):
            raise NotFound
        return id_

    async def _command(self, item: ItemOfLead) -> Command:
        match item:
            case AssignItem():
                return await capturing.assignment(self._work, self._lookups, item)
            case AnswerItem():
                return await self._rules.answering(item)
            case QualifyItem():
                return await self._rules.qualification(item)
            case DisqualifyItem():
                return await self._rules.disqualification(item)
            case ReopenItem():
                return await capturing.reopening(self._lookups, item)


async def _executed(
    work: UnitOfWork, items: Sequence[Item], plans: Sequence[_Plan | Existing[LeadState] | Refusal], *, atomic: bool
) -> list[LeadResult]:
    commands = [(plan.lead, plan.command) for plan in plans if isinstance(plan, _Plan) and plan.command is not None]
    answers = iter(await work.execute_many(LEAD, commands, atomic=atomic))
    latest: dict[UUID, Loaded[LeadState] | Refusal] = {}
    results: list[LeadResult] = []
    contacts: list[tuple[UUID, Command]] = []
    for item, plan in zip(items, plans, strict=True):
        if not isinstance(plan, _Plan):
            results.append(_result(item, (None, plan)))
            continue
        answer = latest[plan.lead] if plan.again else next(answers)
        latest[plan.lead] = answer
        done = Existing[LeadState](plan.lead, answer) if plan.again and isinstance(answer, Loaded) else answer
        results.append(_result(item, (plan.lead, done), plan))
        if plan.contact is not None and isinstance(answer, Loaded):
            contacts.append((plan.contact.contact.id, plan.contact))
        if plan.consent is not None and isinstance(answer, Loaded) and answer.state.contact_id is not None:
            contacts.append((answer.state.contact_id, plan.consent))
    if contacts:
        answered = await work.execute_many(CONTACT, contacts)
        # A contact that is not found was erased: its lead stands for others, too.
        if refusal := first_refusal([each for each in answered if not isinstance(each, NotFound)]):
            raise refusal
    return results


def _linked(items: Sequence[Item], results: Sequence[LeadResult]) -> dict[str, UUID]:
    """The leads of which captures of these names are touches from now on."""
    pairs = zip(items, results, strict=True)
    return {item.external_id: done.id for item, done in pairs if item.external_id and done.linked and done.id}


def _result(item: Item, outcome: Outcome, plan: _Plan | None = None) -> LeadResult:
    """A capture that was not refused also says what it met."""
    result = result_of(item.item_id, outcome, created=plan is not None and plan.captures)
    met = plan.met if plan is not None and result.problem is None else None
    linked = True if met is not None and met.touches is not None else None
    return LeadResult(**dict(result), duplicates=met.named if met is not None else [], linked=linked)


def _not_applied(plan: _Plan | Existing[LeadState] | Refusal) -> Refusal:
    return plan if isinstance(plan, Refusal) else NotApplied()
