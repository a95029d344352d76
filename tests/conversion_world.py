"""Leads and deals on databases of their own, and between them the logs of their topics, moved by hand.

What Kafka and the relays do is done here step by step, so that a test says when a record arrives, how often, and at
which moment a process dies. All else is the real thing: endpoints, transactions, outboxes, and the batches of consumers
with their offsets and watermarks.
"""

import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID, uuid4, uuid5

from chassis.principal import Principal
from chassis.testing import Running, running
from deals import app as deals_app
from deals import reactions as deals_reactions
from events import offsets
from events.batch import Slice, Subscription, commit
from events.catalogue.identity import Assignment, PersonState, Role, TeamState, TenantState
from events.codec import Message, Received
from events.envelope import source_of
from events.partition import Partition
from events.publication import outgoing
from events.topics import Topic
from events.window import PUBLISHED_COLUMNS
from leads import app as leads_app
from leads.conversions import reactions as leads_reactions

OUTBOX = f"SELECT {PUBLISHED_COLUMNS} FROM outbox_event AS event WHERE event.tenantid = $1 ORDER BY seq"


class Died(Exception):
    """The process that had the batch in hand is gone, and its transaction with it."""


@dataclass
class Side:
    """A service as a consumer of the other: what has arrived, and how far it is."""

    name: str
    running: Running
    subscription: Subscription
    source: "Side | None" = None
    place: int = 0
    logs: dict[str, list[Received]] = field(default_factory=dict)
    taken: int = 0
    """So many rows of the other's outbox are in the logs."""
    generation: int = 0
    dies: bool = False

    @property
    def pool(self) -> Any:
        return self.running.resources.pool

    react: Any = None

    async def handle(self, connection: Any, messages: Sequence[Message]) -> None:
        await self.react(connection, messages)
        if self.dies:
            raise Died

    async def begin(self, place: int) -> None:
        """Fresh logs, in partitions that nobody has read."""
        self.place, self.taken, self.logs = place, 0, {topic.name: [] for topic in self.subscription.topics}
        async with self.pool.acquire() as connection:
            begins = {Partition(name, place): 0 for name in self.logs}
            await offsets.claim(connection, self.subscription.group, "the test", begins)

    async def forget(self) -> None:
        """Positions and watermarks are lost: everything comes once more, to a group of another name."""
        self.generation += 1
        group = f"{self.subscription.group.partition(' ')[0]} {self.generation}"
        self.subscription = replace(self.subscription, group=group)
        async with self.pool.acquire() as connection:
            begins = {Partition(name, self.place): 0 for name in self.logs}
            await offsets.claim(connection, group, "the test", begins)

    async def fetch(self, tenant: UUID) -> None:
        """The other's relay has published all that is committed."""
        assert self.source is not None
        rows = await self.source.pool.fetch(OUTBOX, tenant)
        for row in rows[self.taken :]:
            record = outgoing(row, source_of(self.source.name))
            if record.topic in self.logs:
                self.append(record.topic, record.key, record.value, tuple(record.headers))
        self.taken = len(rows)

    def append(self, topic: str, key: Any, value: Any, headers: Any) -> None:
        log = self.logs[topic]
        log.append(Received(topic, self.place, len(log), 0, key, value, headers))

    def repeat(self, pick: int) -> None:
        """A relay that did not know it had sent a record sends it again."""
        sent = [record for log in self.logs.values() for record in log]
        if sent:
            record = sent[pick % len(sent)]
            self.append(record.topic, record.key, record.value, record.headers)

    async def consume(self, most: int, *, dies: bool = False) -> int:
        """The next records of each topic in a transaction; one that dies leaves everything as it was."""
        stored = await offsets.positions(self.pool, self.subscription.group)
        moved = 0
        for name, log in self.logs.items():
            place = Partition(name, self.place)
            records = log[stored[place] :][:most]
            if not records:
                continue
            self.dies = dies
            try:
                await commit(self.pool, self.subscription, [Slice(place, records[0].offset, records)])
                moved += len(records)
            except Died:
                assert dies
            finally:
                self.dies = False
        return moved


class ConversionWorld:
    """Both services, and the firm of the moment."""

    def __init__(self, leads: Side, deals: Side, stack: AsyncExitStack) -> None:
        self.leads, self.deals, self._stack = leads, deals, stack
        self._places = count(1)
        self.tenant = uuid4()

    @classmethod
    async def open(cls, leads_url: str, deals_url: str) -> "ConversionWorld":
        stack = AsyncExitStack()
        found = []
        for app, reactions, url in (
            (leads_app, leads_reactions, leads_url),
            (deals_app, deals_reactions, deals_url),
        ):
            service = await stack.enter_async_context(running(app.SERVICE, url))
            side = Side(app.SERVICE.name, service, Subscription.to("x", (), None))  # type: ignore[arg-type]
            topics: tuple[Topic, ...] = app.TOPICS
            side.react = partial(reactions.react, service.resources)
            side.subscription = Subscription.to(
                f"{side.name}.reactions", topics, side.handle, types=tuple(reactions.REACTIONS)
            )
            found.append(side)
        leads, deals = found
        leads.source, deals.source = deals, leads
        return cls(leads, deals, stack)

    async def close(self) -> None:
        await self._stack.aclose()

    async def new_firm(self) -> None:
        """A firm that nothing has happened to: Ana offers, Bao takes over, Oanh may do everything."""
        self.tenant = uuid4()
        tenant = TenantState(
            id=self.tenant, slug=f"t{self.tenant.hex}", name="Firm", zone="Asia/Ho_Chi_Minh", base_currency="USD"
        )
        places = (Assignment(from_on=date(2020, 1, 1), team=self.id("team")),)
        people = [
            PersonState(id=self.id(name), external_id=name, name=name, roles=(role,), assignments=places)
            for name, role in (("ana", Role.SDR), ("bao", Role.REP), ("oanh", Role.ADMIN))
        ]
        for side in (self.leads, self.deals):
            await side.running.know(self.tenant, tenant, TeamState(id=self.id("team"), name="Team"), *people)
        place = next(self._places)
        await self.leads.begin(place)
        await self.deals.begin(place)

    def id(self, name: str) -> UUID:
        return uuid5(self.tenant, name)

    async def call(self, side: Side, method: str, path: str, body: Any = None) -> Any:
        person = self.id("oanh")
        principal = Principal(self.tenant, f"person:{person}", person, frozenset({Role.ADMIN}), self.id("team"))
        headers = {"If-Match": "*"} if method == "PATCH" else {}
        client = side.running.client(principal)
        try:
            answer = await client.request(method, path, json=body, headers=headers)
        finally:
            await client.aclose()
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def a_pipeline(self, *, active: bool) -> str:
        stages = [{"key": "first", "title": "First", "probability_percent": 10}]
        found = await self.call(self.deals, "POST", "/v1/pipelines", {"name": "Partners", "stages": stages})
        if not active:
            await self.call(self.deals, "PATCH", f"/v1/pipelines/{found['id']}", {"active": False})
        name: str = found["id"]
        return name

    async def a_qualified_lead(self, **more: Any) -> str:
        body = {"source": "fair", "owner_external_id": "ana", "prospect": {"name": "Lan"}, **more}
        lead: str = (await self.call(self.leads, "POST", "/v1/leads", body))["id"]
        await self.call(self.leads, "POST", f"/v1/leads/{lead}/qualification", {})
        return lead

    async def accepted(self, lead: str, pipeline: str | None = None) -> str:
        """The lead is offered to Bao and taken over; answers the handoff."""
        offer = {"offered_to_external_id": "bao", "opportunity": {"name": "Pumps", "pipeline": pipeline}}
        handoff: str = (await self.call(self.leads, "POST", f"/v1/leads/{lead}/handoff", offer))["id"]
        await self.call(self.leads, "POST", f"/v1/handoffs/{handoff}/acceptance", {})
        return handoff

    async def merged(self, survivor: str, other: str) -> None:
        """One lead stands for the other, too."""
        await self.call(self.leads, "POST", f"/v1/leads/{survivor}/merge", {"lead": other})

    async def settle(self) -> None:
        """Everything that is to be told is told."""
        while True:
            await self.deals.fetch(self.tenant)
            await self.leads.fetch(self.tenant)
            if not await self.deals.consume(50) + await self.leads.consume(50):
                return

    async def states(self, side: Side, table: str) -> list[Any]:
        """The rows of the firm as dictionaries of their states."""
        rows = await side.pool.fetch(f"SELECT state::text FROM {table} WHERE tenant_id = $1 ORDER BY id", self.tenant)
        return [json.loads(row["state"]) for row in rows]

    async def published(self, side: Side, kind: str) -> int:
        """How many events of the firm; ``%`` stands for anything."""
        statement = "SELECT count(*) FROM outbox_event WHERE tenantid = $1 AND type LIKE $2"
        return int(await side.pool.fetchval(statement, self.tenant, kind))
