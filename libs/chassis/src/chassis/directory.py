"""This service's own read copy of identity: tenants, people, teams, regions, API keys.

Kept in the service's database by ``directory_consumer``, cached in memory, and made right again by a notification that
PostgreSQL sends when a change commits (``directory_listener``). What is not there yet may be on its way: an unknown
record is awaited for two seconds before it is refused, and then remembered as unknown for a while, so that wrong ids
cannot hold connections.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from chassis import directory_store as store
from chassis.clock import Clock, SystemClock
from chassis.public_holidays import country_of, holidays_of
from chassis.refusals import Invalid, RateMissing, Refusal, Unavailable
from chassis.working_time import WorkingTime, working_time_of
from events.catalogue.identity import (
    ApiKeyState,
    Assignment,
    PersonState,
    RegionState,
    TeamState,
    TenantState,
    WorkingCalendar,
)
from events.catalogue.leads import Owner
from events.moment import Moment
from events.money import PinnedRate

State = TypeVar("State", bound=BaseModel)

AWAIT_SECONDS = 2.0
UNKNOWN_SECONDS = 5.0
TRUST_SECONDS = 30.0
"""How long a cached record is believed should notifications fail to come."""
MOST_CACHED = 100_000
MOST_WAITING = 64
"""So many callers wait for something unknown at a time; more are answered at once."""

_Key = tuple[type[BaseModel], UUID | None, UUID | str]


class Directory:
    """Looks up who and where; every answer is the newest state this service has consumed."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", clock: Clock | None = None) -> None:
        self._pool = pool
        self._clock = clock or SystemClock()
        self._cache: dict[_Key, tuple[float, Any]] = {}
        self._unknown: dict[_Key, float] = {}
        self._changed = asyncio.Event()
        self._waiting = 0
        self.generation = 0
        """Counts changes; whoever derives something from the directory keeps it while this stands still."""

    async def tenant(self, tenant: UUID) -> TenantState:
        found = await self._awaited(TenantState, tenant, tenant)
        if found is None:
            raise Unavailable("This tenant is not known here yet.", retry_after=2)
        return found

    async def person(self, tenant: UUID, person: UUID, *, pointer: str | None = None) -> PersonState:
        return _known(await self._awaited(PersonState, tenant, person), "person", pointer)

    async def team(self, tenant: UUID, team: UUID, *, pointer: str | None = None) -> TeamState:
        return _known(await self._awaited(TeamState, tenant, team), "team", pointer)

    async def region(self, tenant: UUID, region: UUID, *, pointer: str | None = None) -> RegionState:
        return _known(await self._awaited(RegionState, tenant, region), "region", pointer)

    async def find_person(self, tenant: UUID, external_id: str, *, pointer: str | None = None) -> PersonState:
        return _known(await self._awaited(PersonState, tenant, external_id), "person", pointer)

    async def find_team(self, tenant: UUID, external_id: str, *, pointer: str | None = None) -> TeamState:
        return _known(await self._awaited(TeamState, tenant, external_id), "team", pointer)

    async def find_region(self, tenant: UUID, external_id: str, *, pointer: str | None = None) -> RegionState:
        return _known(await self._awaited(RegionState, tenant, external_id), "region", pointer)

    async def owner(self, tenant: UUID, person: UUID, on: date, *, pointer: str | None = None) -> Owner:
        """The person with the team and region that the person belonged to on a day."""
        state = await self.person(tenant, person, pointer=pointer)
        place = assignment_on(state, on)
        return Owner(person=person, team=place.team, region=place.region) if place else Owner(person=person)

    async def rate(self, tenant: UUID, currency: str, on: date, *, pointer: str | None = None) -> PinnedRate:
        """The rate in force on a day; RateMissing when none was given for it or before."""
        state = await self.tenant(tenant)
        return rate_on(state, currency, on, pointer=pointer)

    async def moment(self, tenant: UUID, at: datetime) -> Moment:
        return Moment.of(at, (await self.tenant(tenant)).zone)

    async def today(self, tenant: UUID) -> date:
        """The day it is in the tenant's zone."""
        return (await self.moment(tenant, self._clock.now())).on

    async def working_time(self, tenant: UUID, person: UUID | None = None) -> WorkingTime:
        """When the firm works; with a person, when this person does, who may be on leave."""
        firm = await self.tenant(tenant)
        leaves = () if person is None else (await self.person(tenant, person)).leaves
        calendar = firm.working_calendar or WorkingCalendar()
        return working_time_of(firm, await holidays_of(country_of(calendar.holidays, firm.zone)), leaves)

    async def led_teams(self, tenant: UUID, person: UUID) -> tuple[UUID, ...]:
        return await store.led_teams(self._pool, tenant, person)

    async def api_key(self, key: UUID) -> tuple[UUID, ApiKeyState] | None:
        """A key with its tenant, by id alone: whoever presents it is not known yet. A new one may be on its way."""
        found: tuple[UUID, ApiKeyState] | None = await self._awaited_by(
            (ApiKeyState, None, key), lambda: store.api_key(self._pool, key)
        )
        return found

    async def is_only_tenant(self, tenant: UUID) -> bool:
        """Whether this installation serves nobody else: then what belongs to nobody is theirs as well."""
        return await store.tenants(self._pool) == [tenant]

    def forget(self, tenant: UUID, id_: UUID) -> None:
        """A record changed: read it again when asked next."""
        for key in [key for key in self._cache if id_ == key[2] or (key[1] == tenant and isinstance(key[2], str))]:
            del self._cache[key]
        self._wake()

    def forget_everything(self) -> None:
        """Notifications may have been missed."""
        self._cache.clear()
        self._wake()

    def _wake(self) -> None:
        self.generation += 1
        self._unknown.clear()
        self._changed.set()
        self._changed = asyncio.Event()

    async def _awaited(self, kind: type[State], tenant: UUID, id_: UUID | str) -> State | None:
        found: State | None = await self._awaited_by(
            (kind, tenant, id_), lambda: store.record(self._pool, kind, tenant, id_)
        )
        return found

    async def _awaited_by(self, key: _Key, read: Callable[[], Any]) -> Any:
        """What is read, for two seconds again and again; of callers with wrong ids only so many wait at a time."""
        found = await self._cached(key, read)
        if found is not None or self._unknown.get(key, 0) > time.monotonic() or self._waiting >= MOST_WAITING:
            return found
        self._waiting += 1
        try:
            return await self._comes(key, read)
        finally:
            self._waiting -= 1

    async def _comes(self, key: _Key, read: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + AWAIT_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            changed = self._changed
            if (found := await self._cached(key, read)) is not None:
                return found
            await _either(changed, min(left, 0.25))
        if len(self._unknown) >= MOST_CACHED:
            self._unknown.clear()
        self._unknown[key] = time.monotonic() + UNKNOWN_SECONDS
        return await self._cached(key, read)

    async def _cached(self, key: _Key, read: Callable[[], Any]) -> Any:
        entry = self._cache.get(key)
        if entry is not None and entry[0] > time.monotonic():
            return entry[1]
        generation = self.generation
        found = await read()
        if found is not None and generation == self.generation:
            if len(self._cache) >= MOST_CACHED:
                self._cache.clear()
            self._cache[key] = (time.monotonic() + TRUST_SECONDS, found)
        return found


def assignment_on(person: PersonState, on: date) -> Assignment | None:
    """Where the person belonged on a day; the first assignment also holds for all time before it."""
    current = person.assignments[0] if person.assignments else None
    for assignment in person.assignments:
        if assignment.from_on <= on:
            current = assignment
    return current


def rate_on(tenant: TenantState, currency: str, on: date, *, pointer: str | None = None) -> PinnedRate:
    """The tenant's rate for a currency in force on a day."""
    base = tenant.base_currency
    if currency == base:
        return PinnedRate(currency=currency, base=base, rate="1", on=on)
    in_force = [rate for rate in tenant.rates if rate.currency == currency and rate.on <= on]
    if not in_force:
        raise RateMissing(f"No exchange rate from {currency} to {base} is known for {on}.", pointer=pointer)
    newest = max(in_force, key=lambda rate: rate.on)
    return PinnedRate(currency=currency, base=base, rate=newest.rate, on=newest.on)


def _known(found: State | None, noun: str, pointer: str | None) -> State:
    if found is None:
        refusal: Refusal = Invalid(f"No such {noun} is known.", pointer=pointer)
        raise refusal
    return found


async def _either(changed: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(changed.wait(), seconds)
    except TimeoutError:
        return
