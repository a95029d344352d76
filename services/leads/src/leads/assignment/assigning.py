"""New leads find their owners: the first rule that a lead meets and that has somebody for it.

There is somebody who works here, is not on leave on the day on which the lead will be worked on first, and is below the
rule's limit for the period of that day. Who assigns holds the turns of all rules that its leads meet, locked in one
order, until the transaction ends: turns are fair however many assign at once. ``settle`` writes the turns of the leads
that were really captured; what was refused took none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from chassis.unit_of_work import UnitOfWork
from events.catalogue.assignment import AssignmentPolicyState, AssignmentRule, Member
from events.catalogue.leads import AppliedRule
from leads.assignment import store
from leads.assignment.distribution import Turn, below, next_of, period_of, taken
from leads.assignment.matching import Traits, meeting


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody for a lead, and the rule that says so."""

    person: UUID
    rule: AppliedRule


@dataclass(frozen=True, slots=True)
class _Taken:
    """A turn that is taken if its lead is captured."""

    rule: AssignmentRule
    present: tuple[Member, ...]
    person: UUID
    period: str


class Assigner:
    """Serves one request. Without a policy it assigns nothing and nothing is pooled."""

    def __init__(self, work: UnitOfWork, policy: AssignmentPolicyState | None) -> None:
        self._work = work
        self.policy = policy
        self._turns: dict[UUID, dict[UUID, Turn]] = {}
        self._before: dict[UUID, dict[UUID, Turn]] = {}
        self._taken: dict[UUID, _Taken] = {}
        self._days: dict[UUID, date | None] = {}

    @classmethod
    async def of(cls, work: UnitOfWork) -> "Assigner":
        return cls(work, await store.policy(work.connection, work.tenant))

    async def prepare(self, leads: Iterable[Traits]) -> None:
        """Lock the turns of every rule that one of these leads meets; rules replaced meanwhile are read anew."""
        leads, connection, tenant = list(leads), self._work.connection, self._work.tenant
        while self.policy is not None:
            rules = {rule.id for traits in leads for rule in meeting(self.policy.rules, traits)}
            self._turns = await store.turns_for_update(connection, tenant, rules) if rules else {}
            self._before = dict(self._turns)
            if rules <= self._turns.keys():
                return
            read, self.policy = self.policy, await store.policy(connection, tenant)
            if self.policy == read:
                return

    async def find(self, lead: UUID, traits: Traits) -> Found | None:
        """Who gets the lead; None where nobody fits."""
        if self.policy is None:
            return None
        for rule in meeting(self.policy.rules, traits):
            if rule.id in self._turns and (person := await self._take(lead, rule)) is not None:
                return Found(person, AppliedRule(id=rule.id, name=rule.name, revision=self.policy.revision))
        return None

    async def settle(self, captured: Sequence[UUID]) -> None:
        """Write the turns that these leads took, in their order."""
        turns: dict[UUID, Mapping[UUID, Turn]] = {}
        for lead in captured:
            if (turn := self._taken.get(lead)) is not None:
                before = turns.get(turn.rule.id, self._before[turn.rule.id])
                turns[turn.rule.id] = taken(before, turn.present, turn.person, turn.period)
        if turns:
            await store.keep_turns(self._work.connection, self._work.tenant, turns)

    async def _take(self, lead: UUID, rule: AssignmentRule) -> UUID | None:
        turns = self._turns[rule.id]
        days = {member.person: await self._day_of(member.person) for member in rule.members}
        present = [
            member
            for member in rule.members
            if (day := days[member.person]) is not None and below(rule.limit, turns, [member], day)
        ]
        if not present:
            return None
        person = next_of(turns, present)
        day = days[person]
        period = period_of(day, rule.limit.per if rule.limit else None) if day else ""
        self._taken[lead] = _Taken(rule, tuple(present), person, period)
        self._turns[rule.id] = taken(turns, present, person, period)
        return person

    async def _day_of(self, person: UUID) -> date | None:
        """The day on which the firm works on the lead first, if this person is there on it."""
        if person not in self._days:
            self._days[person] = await self._first_day(person)
        return self._days[person]

    async def _first_day(self, person: UUID) -> date | None:
        directory, tenant = self._work.directory, self._work.tenant
        day = (await directory.working_time(tenant)).working_day_of(self._work.now)
        state = await directory.person(tenant, person)
        return day if state.active and not any(leave.from_on <= day <= leave.to_on for leave in state.leaves) else None
