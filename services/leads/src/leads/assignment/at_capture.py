"""Captures without an owner find one by the firm's rules, or go into the public pool.

A capture keeps the owner that it was given, and loaded history is not distributed. Where a firm has no rules, a lead
that nobody was named for is nobody's, as it always was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from chassis.refusals import Refusal
from chassis.unit_of_work import UnitOfWork
from leads.assignment.assigning import Assigner
from leads.assignment.matching import Traits
from leads.capturing import Capture
from leads.inputs import LeadInput
from leads.lookups import Lookups


class Assignments:
    """Serves one request: ``prepare`` once, after whatever else the request locks, then ``owned`` for each capture."""

    def __init__(self, work: UnitOfWork, lookups: Lookups, assigner: Assigner) -> None:
        self._work = work
        self._lookups = lookups
        self._assigner = assigner

    @classmethod
    async def prepare(cls, work: UnitOfWork, lookups: Lookups, bodies: Iterable[LeadInput]) -> "Assignments":
        wanting = [body for body in bodies if _wants_owner(work, body)]
        assigner = await Assigner.of(work) if wanting else Assigner(work, None)
        found = cls(work, lookups, assigner)
        if assigner.policy is not None:
            traits = [await found._traits(body) for body in wanting]
            await assigner.prepare([each for each in traits if each is not None])
        return found

    async def owned(self, body: LeadInput, capture: Capture) -> Capture:
        """The capture with the owner whom the rules find, or pooled."""
        lead, policy = capture.lead, self._assigner.policy
        if policy is None or not _wants_owner(self._work, body):
            return capture
        found = await self._assigner.find(lead.id, await self._traits(body) or Traits())
        if found is None:
            return replace(capture, lead=replace(lead, pooled=True, alert_to=policy.alert_to))
        owner = await self._work.directory.owner(self._work.tenant, found.person, lead.moment.on)
        return replace(capture, lead=replace(lead, owner=owner, rule=found.rule))

    async def settle(self, captured: Sequence[UUID]) -> None:
        """These leads were captured; the turns that they took are taken."""
        await self._assigner.settle(captured)

    async def _traits(self, body: LeadInput) -> Traits | None:
        """What the rules ask; None where the body is refused anyway."""
        try:
            region = await self._lookups.region(body)
        except Refusal:
            return None
        return Traits(
            source=body.source,
            campaign=body.campaign,
            medium=body.medium,
            country=body.prospect.country if body.prospect else None,
            regions=await self._line_of(region),
            custom=body.custom,
        )

    async def _line_of(self, region: UUID | None) -> frozenset[UUID]:
        """The region and all above it."""
        found: set[UUID] = set()
        while region is not None and region not in found:
            found.add(region)
            region = (await self._work.directory.region(self._work.tenant, region)).parent
        return frozenset(found)


def _wants_owner(work: UnitOfWork, body: LeadInput) -> bool:
    """Whoever would not see the lead without holding it holds it."""
    named = body.owner is not None or body.owner_external_id is not None
    return not named and not body.imported and work.principal.scope.everything
