"""Any service on a real PostgreSQL with two firms in it, each with one person for every role and a few records.

Firms, people and records have fixed ids and names, so that a test can tell whose they are: every name of a firm holds
its ``mark``. The records are made by the service's own endpoints, or by its own handlers where it only listens.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

from analytics.app import SERVICE as ANALYTICS
from chassis.principal import Principal
from chassis.service import Service
from chassis.testing import Running, running
from chassis.unit_of_work import unit_of_work
from deals.app import SERVICE as DEALS
from events.catalogue.identity import ApiKeyState, Assignment, PersonState, RegionState, Role, TeamState, TenantState
from events.catalogue.leads import HandoffOffered, HandoffState, Owner
from events.codec import Message
from events.envelope import Envelope
from events.event import Event
from events.ids import uuid7
from events.moment import Moment
from folded_world import fold_all
from identity.api_key import API_KEY, IssueApiKey
from identity.app import SERVICE as IDENTITY
from identity.person import PERSON, JoinPerson
from identity.region import REGION, DefineRegion
from identity.team import TEAM, FormTeam
from identity.tenant import TENANT, FoundTenant
from leads.app import SERVICE as LEADS
from notifications.app import SERVICE as NOTIFICATIONS
from notifications.reactions import Reactions
from sales_world import a_world

SERVICES = {service.name: service for service in (IDENTITY, LEADS, DEALS, ANALYTICS, NOTIFICATIONS)}
LONG_AGO = date(2020, 1, 1)
ELSEWHERE = "southerner"
"""A rep of the other team."""


@dataclass(frozen=True)
class Firm:
    """A tenant and who works there."""

    id: UUID
    mark: str
    seed: int
    """Of its random history in the figures."""

    @property
    def tenant(self) -> TenantState:
        return TenantState(id=self.id, slug=self.mark.lower(), name=self.mark, zone="UTC", base_currency="USD")

    @property
    def north(self) -> UUID:
        return uuid5(self.id, "north")

    @property
    def south(self) -> UUID:
        return uuid5(self.id, "south")

    def person(self, name: str) -> UUID:
        return uuid5(self.id, name)

    def team_of(self, name: str) -> UUID:
        return self.south if name == ELSEWHERE else self.north

    def owner(self, name: str) -> Owner:
        return Owner(person=self.person(name), team=self.team_of(name))

    def principal(self, name: str) -> Principal:
        """Whoever holds the role of that name, or the rep of the other team."""
        role = Role.REP if name == ELSEWHERE else Role(name)
        person, led = self.person(name), (self.north,) if role is Role.MANAGER else ()
        return Principal(self.id, f"person:{person}", person, frozenset({role}), self.team_of(name), None, led)

    @property
    def everybody(self) -> list[str]:
        return [*(role.value for role in Role), ELSEWHERE]

    def states(self) -> list[Any]:
        """What the directory knows of the firm."""
        return [
            RegionState(id=self.person("region"), external_id="region", name=f"{self.mark} region"),
            TeamState(id=self.north, external_id="north", name=f"{self.mark} north", lead=self.person("manager")),
            TeamState(id=self.south, external_id="south", name=f"{self.mark} south"),
            *(self._member(name) for name in self.everybody),
            ApiKeyState(id=self.person("key"), name=f"{self.mark} key", secret_sha256="0" * 64, roles=(Role.REP,)),
        ]

    def _member(self, name: str) -> PersonState:
        return PersonState(
            id=self.person(name),
            external_id=name,
            name=f"{self.mark} {name}",
            email=f"{name}@{self.mark.lower()}.test",
            roles=tuple(self.principal(name).roles),
            assignments=(Assignment(from_on=LONG_AGO, team=self.team_of(name)),),
        )


HERE = Firm(UUID("0193a000-0000-7000-8000-0000000000aa"), "Heron", 14)
THERE = Firm(UUID("0193a000-0000-7000-8000-0000000000bb"), "Tortoise", 15)


@dataclass
class Standing:
    """A service with the two firms in it."""

    service: Service
    running: Running
    url: str
    made: dict[UUID, list[UUID]] = field(default_factory=dict)
    """The records of a firm that its seeding made."""

    @property
    def pool(self) -> Any:
        return self.running.resources.pool

    def client(self, firm: Firm, name: str = "admin", **headers: str) -> Any:
        return self.running.client(firm.principal(name), **headers)

    async def post(self, firm: Firm, path: str, body: Any, name: str = "admin") -> Any:
        reply = await self.client(firm, name).post(path, json=body)
        assert reply.is_success, f"{path}: {reply.text}"
        found = reply.json()
        self.made.setdefault(firm.id, []).append(UUID(found["id"]))
        return found


def wait_for_nobody(patch: Any) -> None:
    """What is unknown here may be on its way elsewhere; where nothing is on its way, waiting only takes time."""
    patch.setattr("chassis.directory.AWAIT_SECONDS", 0.0)
    patch.setattr("deals.lookups.ACCOUNT_SECONDS", 0.0)


@asynccontextmanager
async def standing(name: str, url: str, *firms: Firm) -> AsyncIterator[Standing]:
    """The service with these firms, or with both."""
    service = SERVICES[name]
    async with running(service, url, tenants=[firm.tenant for firm in (HERE, THERE)]) as found:
        here = Standing(service, found, url)
        for firm in firms or (HERE, THERE):
            await settle(here, firm)
        yield here


async def settle(here: Standing, firm: Firm) -> None:
    """Put a firm and its records into the service."""
    await here.running.know(firm.id, *firm.states())
    await _SEEDING[here.service.name](here, firm)


async def _identity(here: Standing, firm: Firm) -> None:
    moment = Moment.of(datetime.now(UTC), "UTC")
    async with unit_of_work(here.running.resources, tenant=firm.id) as work:
        await work.execute(TENANT, firm.id, FoundTenant(moment=moment, tenant=firm.tenant))
        for state in firm.states():
            match state:
                case RegionState():
                    await work.execute(REGION, state.id, DefineRegion(moment=moment, region=state))
                case TeamState():
                    await work.execute(TEAM, state.id, FormTeam(moment=moment, team=state))
                case PersonState():
                    await work.execute(PERSON, state.id, JoinPerson(moment=moment, person=state))
                case ApiKeyState():
                    await work.execute(API_KEY, state.id, IssueApiKey(moment=moment, api_key=state))


async def _leads(here: Standing, firm: Firm) -> None:
    account = await here.post(firm, "/v1/accounts", {"name": f"{firm.mark} buyer", "external_id": "buyer"}, "rep")
    contact = {"name": f"{firm.mark} Lan", "account": account["id"], "external_id": "lan"}
    await here.post(firm, "/v1/contacts", contact, "rep")
    campaign = {"name": f"{firm.mark} fair", "external_id": "fair", "source": firm.mark, "first_on": "2026-03-01"}
    await here.post(firm, "/v1/campaigns", campaign)
    cost = {"amount": "10.00", "currency": "USD"}
    bill = {"campaign_external_id": "fair", "external_id": "bill", "on": "2026-03-02", "amount": cost}
    await here.post(firm, "/v1/spends", bill)
    for name in ("rep", ELSEWHERE, "sdr"):
        body = {"title": f"{firm.mark} lead", "owner_external_id": name, "external_id": f"lead {name}"}
        lead = await here.post(firm, "/v1/leads", body)
        call = {"kind": "call", "lead": lead["id"], "performer_external_id": name, "note": f"{firm.mark} was called"}
        await here.post(firm, "/v1/activities", {**call, "external_id": f"call {name}"})
        await here.client(firm).post(f"/v1/leads/{lead['id']}/qualification", json={})
        if name != "sdr":
            offer = {"offered_to_external_id": name, "external_id": f"handoff {name}"}
            await here.post(firm, f"/v1/leads/{lead['id']}/handoff", offer)
    await _rules_and_a_conversion(here, firm)


async def _rules_and_a_conversion(here: Standing, firm: Firm) -> None:
    item = {"code": "budget", "text": f"{firm.mark} budget?"}
    await here.post(firm, "/v1/checklists", {"name": f"{firm.mark} list", "source": "nowhere", "items": [item]})
    reason = {"code": "no-budget", "text": f"{firm.mark} reason", "active": False}
    await here.post(firm, "/v1/disqualify-reasons", reason)
    lead = await here.post(firm, "/v1/leads", {"title": f"{firm.mark} done", "owner_external_id": "sdr"})
    await here.client(firm).post(f"/v1/leads/{lead['id']}/qualification", json={})
    handoff = await here.post(firm, f"/v1/leads/{lead['id']}/handoff", {"offered_to_external_id": "rep"})
    await here.post(firm, f"/v1/handoffs/{handoff['id']}/acceptance", {})


async def _deals(here: Standing, firm: Firm) -> None:
    stages = [
        {"key": key, "title": f"{firm.mark} {key}", "probability_percent": percent}
        for key, percent in (("first", 10), ("second", 50))
    ]
    pipeline = {"name": f"{firm.mark} sales", "external_id": "sales", "stages": stages, "is_default": True}
    await here.post(firm, "/v1/pipelines", pipeline)
    price = {"amount": "10.00", "currency": "USD"}
    product = {"name": f"{firm.mark} lamp", "external_id": "lamp", "list_prices": [price]}
    await here.post(firm, "/v1/products", product)
    for name in ("rep", ELSEWHERE):
        deal = {"name": f"{firm.mark} deal", "owner_external_id": name, "external_id": f"deal {name}"}
        await here.post(firm, "/v1/deals", {**deal, "lines": [{"product_external_id": "lamp"}]})


async def _analytics(here: Standing, firm: Firm) -> None:
    await fold_all(here.url, a_world(firm.seed, size=6), firm.id)
    await here.post(firm, "/v1/seals", {"from_on": "2026-01-01", "to_on": "2026-02-01"})
    await here.post(firm, "/v1/audits", None)
    if firm is THERE:
        await here.post(firm, "/v1/rebuilds", None)


async def _notifications(here: Standing, firm: Firm) -> None:
    messages = [_offered(firm, name) for name in ("rep", ELSEWHERE)]
    async with here.pool.acquire() as connection, connection.transaction():
        await Reactions(here.running.resources).handle(connection, messages)


def _offered(firm: Firm, name: str) -> Message:
    now = datetime.now(UTC)
    handoff = HandoffState(
        id=uuid5(firm.id, f"handoff {name}"),
        lead_id=uuid5(firm.id, f"lead {name}"),
        source=firm.mark,
        offered_by=firm.owner("sdr"),
        offered_to=firm.owner(name),
        offered_at=now,
        offered_on=now.date(),
        lead_created_on=now.date(),
    )
    return _message(firm, HandoffOffered().stamped(now, handoff), handoff.id)


def _message(firm: Firm, event: Event, aggregate: UUID) -> Message:
    envelope = Envelope(
        id=uuid7(),
        type=event.type,
        source="/dealstream/test",
        subject=str(aggregate),
        time=datetime.now(UTC),
        tenant=firm.id,
        aggregate_version=1,
        partition_key=f"{firm.id}:{aggregate}",
    )
    return Message(envelope, event, event.topic.name, partition=0, offset=0, aggregate_id=aggregate)


_SEEDING: dict[str, Callable[[Standing, Firm], Awaitable[None]]] = {
    "identity": _identity,
    "leads": _leads,
    "deals": _deals,
    "analytics": _analytics,
    "notifications": _notifications,
}
