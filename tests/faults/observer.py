"""Looks at a running platform: waits until nothing moves any more, then writes down its history for the checker.

It reads the databases and Kafka themselves; of the services' own words it takes only the figures and the audit.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from typing import Any, Final

import asyncpg
import httpx2

from dealstream.commands.events import kafka_settings
from dealstream.home import SERVICES
from dealstream.platform import plan_from_environment
from events.codec import Received
from events.kafka import KafkaAdmin, KafkaConsumer, KafkaSettings
from events.topics import TOPICS
from faults.history import Event, History, Letter, Notice
from running_platform import RunningPlatform

QUIET_SECONDS: Final = 150.0
LOOK_SECONDS: Final = 0.5
PERIOD: Final = {"from": "2020-01-01", "to": "2100-01-01"}
TABLES: Final = {
    "leads": {"leads.lead": "lead", "leads.handoff": "handoff", "leads.customer": "customer"},
    "deals": {"deals.deal": "deal"},
    "notifications": {"notifications.notification": "notification"},
}
"""Rows of aggregates, by their topic."""

UNPUBLISHED: Final = """
SELECT count(*) FROM outbox_event AS event, outbox_cursor AS cursor
WHERE NOT pg_visible_in_snapshot(event.xid, cursor.from_snapshot)
"""
UNPUBLISHED_OF: Final = f"{UNPUBLISHED} AND pg_visible_in_snapshot(event.xid, $1::text::pg_snapshot)"
POSITIONS: Final = "SELECT grp, topic, part, next_offset FROM consumer_offset WHERE grp NOT LIKE '%.ledger_v%'"
COMMITTED: Final = """
SELECT id::text, aggregatetype, aggregateid::text, aggregateversion::int, type, payload FROM outbox_event ORDER BY seq
"""
LETTERS: Final = """
SELECT grp, topic, reason, error_class || ': ' || error_detail,
    encode(header_values[array_position(header_names, 'ce_id')], 'escape')
FROM dead_letter
"""
WAITING: Final = """
SELECT format('%s: %s/%s stopped: %s', grp, topic, part, stopped_reason) FROM consumer_offset
WHERE stopped_at IS NOT NULL
UNION ALL SELECT format('quarantined: %s %s', type, aggregateid) FROM outbox_quarantine
"""
MARKS: Final = {
    "leads": "SELECT state ->> 'campaign', id::text FROM lead UNION ALL "
    "SELECT 'handoff ' || (state -> 'opportunity' ->> 'name'), id::text FROM handoff",
    "deals": "SELECT state ->> 'name', id::text FROM deal",
}
ACCEPTED: Final = "SELECT id::text, state ->> 'deal_id' FROM handoff WHERE status = 'accepted'"
DEALS: Final = "SELECT id::text, state ->> 'handoff_id' FROM deal WHERE state ->> 'handoff_id' IS NOT NULL"
NOTICES: Final = "SELECT state ->> 'rule', state ->> 'cause', state ->> 'recipient' FROM notification"
RECOUNT: Final = {
    "leads": {
        "leads-created": "SELECT count(*) FROM lead",
        "handoffs offered": "SELECT count(*) FROM handoff",
        "handoffs accepted": "SELECT count(*) FROM handoff WHERE status = 'accepted'",
    },
    "deals": {
        "deals-opened": "SELECT count(*) FROM deal",
        "open-deals": "SELECT count(*) FROM deal WHERE status = 'open'",
        "deals-won": "SELECT count(*) FROM deal WHERE status = 'won'",
        "deals-lost": "SELECT count(*) FROM deal WHERE status = 'lost'",
        "revenue-won": "SELECT coalesce(sum((state ->> 'base_minor')::bigint), 0) / 100.0 FROM deal"
        " WHERE status = 'won'",
    },
}
"""The figures, counted by those who own the records."""


class NeverQuiet(AssertionError):
    """Something did not come to its end in time."""


class Observer:
    """One platform, seen from outside."""

    def __init__(self, platform: RunningPlatform, key: str) -> None:
        self._platform = platform
        self._key = key
        self._plan = plan_from_environment(platform.home, platform.port_base)

    @property
    def kafka(self) -> KafkaSettings:
        """How to reach the platform's Kafka."""
        found: KafkaSettings = kafka_settings(self._platform.home.running())
        return found

    @asynccontextmanager
    async def database(self, service: str) -> AsyncIterator[Any]:
        """A connection of one's own to a service's database."""
        connection = await asyncpg.connect(self._plan.database(service), timeout=10)
        try:
            yield connection
        finally:
            await connection.close(timeout=5)

    async def quiet(self) -> float:
        """Returns when all is published and all is read, after how many seconds; bounded."""
        began = time.monotonic()
        still = 0
        moving = ["nothing was seen"]
        while still < 2:  # a reaction may have written new events between two looks
            if time.monotonic() - began > QUIET_SECONDS:
                raise NeverQuiet(f"after {QUIET_SECONDS:.0f} s: {moving[:10]}")
            moving = await self._moving()
            still = 0 if moving else still + 1
            await asyncio.sleep(LOOK_SECONDS)
        return time.monotonic() - began

    async def caught_up(self) -> None:
        """Returns when what is committed now has been published and read, whatever comes after it; bounded."""
        async with AsyncExitStack() as stack:
            open_ = [await stack.enter_async_context(self.database(service)) for service in SERVICES]
            snapshots = [await each.fetchval("SELECT pg_current_snapshot()::text") for each in open_]
            async with asyncio.timeout(QUIET_SECONDS):
                for connection, snapshot in zip(open_, snapshots, strict=True):
                    while await connection.fetchval(UNPUBLISHED_OF, snapshot):
                        await asyncio.sleep(LOOK_SECONDS)
                async with KafkaAdmin(self.kafka) as admin:
                    ends = await admin.end_offsets(await admin.partitions([topic.name for topic in TOPICS]))
                for connection in open_:
                    while _behind(await connection.fetch(POSITIONS), ends):
                        await asyncio.sleep(LOOK_SECONDS)

    async def _moving(self) -> list[str]:
        """What is still on its way; a server that does not answer is on its way too."""
        try:
            async with asyncio.timeout(20), AsyncExitStack() as stack:
                admin = await stack.enter_async_context(KafkaAdmin(self.kafka))
                open_ = {service: await stack.enter_async_context(self.database(service)) for service in SERVICES}
                moving = [f"unpublished in {name}" for name, each in open_.items() if await each.fetchval(UNPUBLISHED)]
                partitions = await admin.partitions([topic.name for topic in TOPICS])
                ends = await admin.end_offsets(partitions)
                for connection in open_.values():
                    moving += _behind(await connection.fetch(POSITIONS), ends)
                return moving
        except (OSError, RuntimeError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            return [repr(error)]

    async def history(self, **told: Any) -> History:
        """Everything as it is now; the rest is told by the test."""
        history = History(compacted=frozenset(topic.name for topic in TOPICS if topic.compacted), **told)
        async with AsyncExitStack() as stack:
            open_ = {service: await stack.enter_async_context(self.database(service)) for service in SERVICES}
            rows = [row for each in open_.values() for row in await each.fetch(COMMITTED)]
            history.committed = [Event(*row[:5]) for row in rows]
            history.due = list(due_notices(rows))
            history.letters = [Letter(*row) for each in open_.values() for row in await each.fetch(LETTERS)]
            history.waiting = [row[0] for each in open_.values() for row in await each.fetch(WAITING)]
            history.states = await _states(open_)
            history.marks = await _marks(open_)
            history.accepted = {str(h): str(d) for h, d in await open_["leads"].fetch(ACCEPTED)}
            history.deals = [(str(d), str(h)) for d, h in await open_["deals"].fetch(DEALS)]
            history.notices = [Notice(*row) for row in await open_["notifications"].fetch(NOTICES)]
            history.recount = {
                name: Decimal(await open_[service].fetchval(sql))
                for service, figures in RECOUNT.items()
                for name, sql in figures.items()
            }
        history.published = await self.published()
        history.figures = await self._figures()
        history.audit = await self._audit()
        return history

    async def published(self) -> list[Event]:
        """All that Kafka has, each partition in its order."""
        return [event_of(received) for received in await self.received()]

    async def received(self) -> list[Received]:
        """The records themselves, in the order of topic, partition and offset."""
        settings = self.kafka
        async with KafkaAdmin(settings) as admin:
            ends = await admin.end_offsets(await admin.partitions([topic.name for topic in TOPICS]))
        found: list[Received] = []
        consumer = KafkaConsumer(settings)
        await consumer.start()
        try:
            consumer.assign(ends)
            for partition in ends:
                consumer.seek(partition, 0)
            async with asyncio.timeout(60):
                while any([await consumer.position(partition) < end for partition, end in ends.items()]):
                    polled = await consumer.poll(timeout_seconds=0.2, max_records=5_000)
                    found += [received for records in polled.values() for received in records]
        finally:
            await consumer.stop()
        return sorted(found, key=lambda received: received[:3])

    async def _figures(self) -> dict[str, Decimal]:
        slugs = [name for figures in RECOUNT.values() for name in figures if " " not in name]
        async with self._api() as api:
            rows = {slug: await _row(api, slug) for slug in slugs}
            acceptance = await _row(api, "handoff-acceptance")
        pending = acceptance.get("apart", {}).get("pending", 0)
        figures = {slug: Decimal(str(row["value"])) for slug, row in rows.items()}
        figures["handoffs accepted"] = Decimal(acceptance["numerator"])
        figures["handoffs offered"] = Decimal(acceptance["denominator"]) + Decimal(pending)
        return figures

    async def _audit(self) -> list[str]:
        async with self._api() as api:
            answer = await api.post("/v1/audits")
        assert answer.status_code == httpx2.codes.CREATED, answer.text
        found = answer.json()
        return [json.dumps(difference) for difference in found["shown"]] if not found["agrees"] else []

    def _api(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            base_url=self._platform.addresses["analytics"],
            headers={"Authorization": f"Bearer {self._key}"},
            timeout=60,
            trust_env=False,
        )


def due_notices(rows: Iterable[Sequence[Any]]) -> Iterable[Notice]:
    """Whom the rules on events tell, from the events themselves: nobody here has a manager or a team."""
    for id_, _, _, _, type_, payload in rows:
        if type_ == "dealstream.handoff.offered.v1":
            yield Notice("handoff-offered", id_, json.loads(payload)["handoff"]["offered_to"]["person"])
        elif type_ == "dealstream.deal.won.v1":
            yield Notice("deal-won", id_, json.loads(payload)["deal"]["owner"]["person"])


def event_of(received: Received) -> Event:
    """By its headers alone, also where they are not what they should be."""
    headers = {name: value.decode("utf-8", "replace") for name, value in received.headers}
    version = headers.get("ce_aggregateversion", "")
    return Event(
        headers.get("ce_id", ""),
        received.topic,
        headers.get("ce_subject", ""),
        int(version) if version.isdigit() else 0,
        headers.get("ce_type", ""),
    )


def _behind(rows: Iterable[Any], ends: Any) -> list[str]:
    """Partitions of which a group has not read all; one of its topics' that it has no position in counts as unread."""
    stored = {(row["grp"], row["topic"], row["part"]): row["next_offset"] for row in rows}
    subscribed = {(group, topic) for group, topic, _ in stored}
    return [
        f"{group} in {partition}: {stored.get((group, *partition), 'nowhere')} of {end}"
        for group, topic in subscribed
        for partition, end in ends.items()
        if partition.topic == topic and end > 0 and stored.get((group, *partition), -1) < end
    ]


async def _states(databases: Any) -> dict[tuple[str, str], int]:
    return {
        (topic, str(row["id"])): int(row["version"])
        for service, tables in TABLES.items()
        for topic, table in tables.items()
        for row in await databases[service].fetch(f"SELECT id, version FROM {table}")
    }


async def _marks(databases: Any) -> dict[str, list[str]]:
    marks: dict[str, list[str]] = defaultdict(list)
    for service, sql in MARKS.items():
        for mark, id_ in await databases[service].fetch(sql):
            # The deal of a handoff bears its lead's mark as its name.
            if mark is not None and not (service == "deals" and mark.startswith("lead ")):
                marks[mark].append(id_)
    return marks


async def _row(api: httpx2.AsyncClient, slug: str) -> Any:
    answer = await api.get(f"/v1/kpis/{slug}", params=PERIOD)
    assert answer.status_code == httpx2.codes.OK, answer.text
    return answer.json()["rows"][0]
