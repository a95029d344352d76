"""A person comes in by every door and becomes a deal; then is forgotten, everywhere, and no figure moves."""

import asyncio
import json
import secrets
import time
from contextlib import contextmanager
from urllib.parse import quote

import asyncpg
import httpx2
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from dealstream.platform import plan_from_environment, service_environment
from e2e.every_event import Caller
from events.kafka import KafkaAdmin, KafkaConsumer, KafkaSettings
from events.kafka.admin import configuration
from events.topics import LEADS_CONTACT, TOPICS

SERVICES = ("identity", "leads", "deals", "analytics", "notifications")
TABLES = """
SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
HOLDS = "SELECT count(*) FROM {table} AS row WHERE row::text ~* $1"
AT_ONCE = {
    "max.compaction.lag.ms": "1",
    "segment.ms": "1",
    "min.cleanable.dirty.ratio": "0",
}


@pytest.fixture(scope="module")
def tenant(platform):
    return platform.found("forgetting")


@pytest.fixture(scope="module")
def admin(tenant):
    return Caller(tenant.platform.addresses, tenant.key)


@pytest.fixture(scope="module")
def plan(tenant):
    return plan_from_environment(tenant.platform.home, tenant.platform.port_base)


@pytest.fixture(scope="module")
def kafka(plan):
    return KafkaSettings(bootstrap_servers=plan.bootstrap)


class Words:
    """What is known of the person, nowhere else in the world; ``pattern`` finds it as text and as bytes."""

    def __init__(self):
        token = secrets.token_hex(4)
        self.name, self.mail, self.secret = f"Xq{token} Quỳnh", f"xq{token}@forget.example", f"whisper{token}"
        self.phone = f"+84 9{secrets.randbelow(90_000_000) + 10_000_000}"
        self.plain = [f"xq{token}", self.secret, self.phone.replace(" ", "").removeprefix("+84")]

    @property
    def pattern(self):
        written = [*self.plain, self.plain[0].capitalize()]
        return "|".join([*self.plain, *(word.encode().hex() for word in written)])


def by_every_door(admin, words, rep):
    """The ids of the contacts that the person is."""
    prospect = {"name": words.name, "email": words.mail, "phone": words.phone, "job_title": words.secret}
    prospect["consents"] = [
        {"channel": "mail", "purpose": "sales", "given": False, "source": "fair", "text": words.secret}
    ]
    lead = admin.post("leads", "/v1/leads", {"title": "12 pumps", "source": "fair", "owner": rep, "prospect": prospect})
    path = f"/v1/contacts/{lead['contact']}"
    item = {"item_id": "1", "command": "capture", "external_id": "bulk 1", "prospect": prospect}
    admin.post("leads", "/v1/leads:batch", {"items": [item]})
    fields = [{"input": "ten", "to": "name", "required": True}, {"input": "thu", "to": "email"}]
    form = admin.post(
        "leads", "/v1/forms", {"name": "Page", "fields": fields, "source": "web-form", "fill_seconds_min": 0}
    )
    entry = {"fields": {"ten": words.name, "thu": words.mail}}
    sent = httpx2.post(f"{admin.addresses['leads']}/v1/public/forms/{form['key']}", json=entry, timeout=60)
    assert sent.status_code == 202, sent.text
    admin.post("leads", "/v1/contacts:batch", {"items": [{"item_id": "1", "name": words.name, "phone": words.phone}]})
    admin.patch("leads", path, {"job_title": f"{words.secret} 2"})
    answers = [{"question": "who?", "answer": words.secret}]
    admin.post("leads", f"{path}/survey-answers", {"survey": "s", "answers": answers})
    admin.post("leads", f"{path}/market-notes", {"note": f"{words.secret} {words.name}"})
    call = {"kind": "call", "lead": lead["id"], "performer": rep, "title": f"Call {words.name}", "note": words.mail}
    admin.post("leads", "/v1/activities", {**call, "outcome": "interested", "two_way": True})
    becomes_a_deal(admin, lead, rep)
    return [each["id"] for each in admin.get("leads", "/v1/contacts", limit=200)["items"]]


def becomes_a_deal(admin, lead, rep):
    path = f"/v1/leads/{lead['id']}"
    admin.post("leads", f"{path}/qualification", {})
    handoff = admin.post("leads", f"{path}/handoff", {"offered_to": rep})
    deal = admin.post("leads", f"/v1/handoffs/{handoff['id']}/acceptance", {})["deal"]
    admin.until("deals", f"/v1/deals/{deal}")
    admin.post("deals", f"/v1/deals/{deal}/closure", {"outcome": "won"})


def in_databases(plan, pattern):
    """Tables with rows that hold any of the words."""
    return asyncio.run(_in_databases(plan, pattern))


async def _in_databases(plan, pattern):
    places = []
    for service in SERVICES:
        connection = await asyncpg.connect(service_environment(plan, service)["DATABASE_URL"])
        try:
            tables = [row["name"] for row in await connection.fetch(TABLES)]
            holding = [table for table in tables if await connection.fetchval(HOLDS.format(table=table), pattern)]
            places += [f"{service}: {table}" for table in holding]
        finally:
            await connection.close()
    return places


def in_topics(kafka, words):
    """Topics whose logs hold any of the words, in keys, values or headers."""
    return asyncio.run(_in_topics(kafka, [word.lower().encode() for word in words.plain]))


async def _in_topics(kafka, words):
    places = set()
    async for record in _records(kafka):
        text = b" ".join([record.key or b"", record.value or b"", *(value for _, value in record.headers)]).lower()
        if any(word in text for word in words):
            places.add(record.topic)
    return places


async def _records(kafka):
    consumer = KafkaConsumer(kafka)
    await consumer.start()
    try:
        async with KafkaAdmin(kafka) as known:
            partitions = await known.partitions([topic.name for topic in TOPICS])
        consumer.assign(partitions)
        first, last = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        for partition, offset in first.items():
            consumer.seek(partition, offset)
        unread = {partition for partition in partitions if first[partition] < last[partition]}
        while unread:
            for records in (await consumer.poll(timeout_seconds=0.2)).values():
                for record in records:
                    yield record
            unread = {place for place in unread if await consumer.position(place) < last[place]}
    finally:
        await consumer.stop()


@contextmanager
def compacted_at_once(kafka):
    """What a day does otherwise."""
    asyncio.run(configure(kafka, {**configuration(LEADS_CONTACT), **AT_ONCE}))
    try:
        yield
    finally:
        asyncio.run(configure(kafka, configuration(LEADS_CONTACT)))


async def configure(kafka, settings):
    client = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await client.start()
    try:
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, LEADS_CONTACT.name, settings)])
    finally:
        await client.close()


def figures(tenant, plan):
    """Every KPI, once analytics has folded all there is."""
    wait_until_folded(plan)
    slugs = [each["slug"] for each in tenant.get("analytics", "/v1/kpis")["items"]]
    return {slug: tenant.get("analytics", f"/v1/kpis/{slug}")["rows"] for slug in slugs if slug != "kpi-freshness"}


def wait_until_folded(plan):
    """Nothing was added to the ledger for two seconds."""
    count, since = -1, time.monotonic()
    deadline = since + 60
    while time.monotonic() - since < 2:
        assert time.monotonic() < deadline
        time.sleep(0.2)
        found = asyncio.run(_ledger(plan))
        if found != count:
            count, since = found, time.monotonic()


async def _ledger(plan):
    connection = await asyncpg.connect(service_environment(plan, "analytics")["DATABASE_URL"])
    try:
        return await connection.fetchval("SELECT count(*) FROM ledger_v1.ledger")
    finally:
        await connection.close()


def test_a_person_is_forgotten_everywhere_and_no_figure_moves(tenant, admin, plan, kafka):
    words = Words()
    rep = admin.post("identity", "/v1/people", {"name": "Bình", "roles": ["rep"], "email": "binh@forgetting.example"})
    admin.until("leads", f"/v1/leads?owner={rep['id']}")
    contacts = by_every_door(admin, words, rep["id"])
    before = figures(tenant, plan)
    assert any(row["value"] for rows in before.values() for row in rows)
    assert "leads: public.contact" in in_databases(plan, words.pattern)
    assert {place.partition(":")[0] for place in in_databases(plan, words.pattern)} == {"leads"}
    assert in_topics(kafka, words) == {"leads.contact"}

    path = f"/v1/contacts/{contacts[0]}/erasure"
    assert sorted(admin.post("leads", path, {"reason": "asked"})["contacts"]) == sorted(contacts)
    deadline = time.monotonic() + 60
    while admin.get("leads", path)["status"] != "completed":
        assert time.monotonic() < deadline, admin.get("leads", path)
        time.sleep(0.2)

    assert in_databases(plan, words.pattern) == []
    assert figures(tenant, plan) == before
    with compacted_at_once(kafka):
        deadline = time.monotonic() + 120
        while in_topics(kafka, words):
            assert time.monotonic() < deadline, "the log was not compacted"
            for _ in range(40):  # a segment that is written to is closed, and can be compacted
                admin.post("leads", "/v1/contacts", {"name": "Somebody else"})
            time.sleep(2)
    for contact in contacts:
        gone = httpx2.get(
            f"{admin.addresses['leads']}/v1/contacts/{quote(contact)}",
            headers={"Authorization": f"Bearer {admin.token}"},
            timeout=60,
        )
        assert (gone.status_code, json.loads(gone.content)["code"]) == (410, "contact-erased")
