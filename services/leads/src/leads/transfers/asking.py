"""What a request for a transfer means: whose work, to whom, from when, and whether the caller may ask for it."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.directory import Directory
from chassis.occurrence import HISTORIANS, OPEN_FOR
from chassis.principal import Principal
from chassis.refusals import Forbidden, Invalid
from events.catalogue.leads import Owner
from events.catalogue.transfers import Successor, TransferState
from events.moment import Moment
from leads.lookups import ASSIGNERS
from leads.transfers.inputs import TeamRule, TransferInput

AHEAD = timedelta(days=366)


class Asked:
    """A request for a transfer, looked up."""

    def __init__(self, directory: Directory, principal: Principal, now: datetime) -> None:
        self._directory = directory
        self._principal = principal
        self._now = now
        self.person: Owner
        self.successors: tuple[Successor, ...]
        self.starts: Moment
        self.within_teams: tuple[UUID, ...] | None = None

    async def understand(self, body: TransferInput) -> "Asked":
        """Refuses what cannot be, with a pointer to the field."""
        self._principal.require(*ASSIGNERS)
        self.starts = await self._start(body.from_on)
        today = await self._directory.moment(self._principal.tenant, self._now)
        self.person = await self._owner(body.person, body.person_external_id, today.on, "/person")
        if not self._principal.scope.allows(self.person):
            raise Forbidden("You may transfer the work of those you lead.", pointer="/person")
        self.within_teams = self._within_teams()
        self.successors = await self._successors(body)
        return self

    def _within_teams(self) -> tuple[UUID, ...] | None:
        """For which teams the person's records pass: nobody gets by a transfer what they may not see."""
        scope = self._principal.scope
        return None if scope.everything or scope.person == self.person.person else scope.teams

    async def _start(self, on: date | None) -> Moment:
        tenant = await self._directory.tenant(self._principal.tenant)
        day = on or Moment.of(self._now, tenant.zone).on
        at = datetime.combine(day, time.min, tzinfo=ZoneInfo(tenant.zone)).astimezone(UTC)
        if at > self._now + AHEAD:
            raise Invalid("A transfer begins within a year.", pointer="/from_on")
        if at < self._now - OPEN_FOR and not self._principal.has(*HISTORIANS):
            raise Forbidden("Only admin, sales-ops and integration may go more than 31 days back.", pointer="/from_on")
        return Moment(at=at, on=day)

    async def _successors(self, body: TransferInput) -> tuple[Successor, ...]:
        found = [
            Successor(team=rule.team, to=await self._ruled(rule, f"/rules/{place}"))
            for place, rule in enumerate(body.rules)
        ]
        if body.to is not None or body.to_external_id is not None:
            found.append(Successor(to=await self._taker(body.to, body.to_external_id, "/to")))
        return tuple(found)

    async def _ruled(self, rule: TeamRule, pointer: str) -> Owner:
        await self._directory.team(self._principal.tenant, rule.team, pointer=f"{pointer}/team")
        return await self._taker(rule.to, rule.to_external_id, f"{pointer}/to")

    async def _taker(self, id_: UUID | None, external_id: str | None, pointer: str) -> Owner:
        """Somebody who is at work, and is not the one who leaves."""
        to = await self._owner(id_, external_id, self.starts.on, pointer)
        if to.person == self.person.person:
            raise Invalid("The work passes to somebody else.", pointer=pointer)
        if not (await self._directory.person(self._principal.tenant, to.person)).active:
            raise Invalid("This person does not work here any more.", pointer=pointer)
        return to

    async def _owner(self, id_: UUID | None, external_id: str | None, on: date, pointer: str) -> Owner:
        tenant = self._principal.tenant
        if id_ is None:
            pointer = f"{pointer}_external_id"
            id_ = (await self._directory.find_person(tenant, external_id or "", pointer=pointer)).id
        return await self._directory.owner(tenant, id_, on, pointer=pointer)


async def successors_on(directory: Directory, tenant: UUID, transfer: TransferState) -> tuple[Successor, ...]:
    """The successors with the teams of the day from which they hold the work; who has left by now gets none of it."""
    return tuple([await _successor_on(directory, tenant, transfer, each) for each in transfer.successors])


async def _successor_on(directory: Directory, tenant: UUID, transfer: TransferState, named: Successor) -> Successor:
    person = await directory.person(tenant, named.to.person)
    to = await directory.owner(tenant, person.id, transfer.from_on)
    return Successor(team=named.team, to=to, left=not person.active)
