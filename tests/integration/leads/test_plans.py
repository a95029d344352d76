"""However many leads there are, captures and lists read a few of them by an index: the plans say so."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from chassis.database import begin_as_tenant, rolled_back
from chassis.principal import Scope
from leads import store
from leads.duplicates.match_keys import MatchKeys
from leads.responses import store as responses

FIRM = UUID(int=0xF1)
REP = Scope(person=UUID(int=0xA1))
MANAGER = Scope(person=UUID(int=0xC1), teams=(UUID(int=0x11),))
SCOPES = [REP, MANAGER, Scope(everything=True)]
RARE: list[dict[str, Any]] = [{"source": "embassy"}, {"campaign": "spring"}, {"owner_id": REP.person}]
KEYS = MatchKeys("minh@donga.example", "+84912345678", "0312345678", "pham minh", "dong a thuong mai")
CONTACTS = """
INSERT INTO contact
  (tenant_id, id, version, state, name, mail_key, phone_key, tax_code_key, person_key, company_key, company_blocks)
SELECT $1, uuidv7(), 1, '{}', 'M', 'mail' || n, 'phone' || n, 'code' || n, 'person' || n, 'firm' || n, ARRAY['b' || n]
FROM generate_series(1, 10000) AS n
"""
LEADS = """
INSERT INTO lead
  (tenant_id, id, version, state, status, source, campaign, contact_id, owner_id, owner_team_id, created_at,
   response_due_at, response_status)
SELECT tenant_id, uuidv7(), 1, '{}', 'open', CASE n % 1000 WHEN 0 THEN 'embassy' ELSE 'fair' END,
  CASE n % 1000 WHEN 1 THEN 'spring' END, id, uuidv7(), uuidv7(), now(),
  now(), CASE n % 1000 WHEN 2 THEN 'overdue' ELSE 'met' END
FROM (SELECT *, row_number() OVER () AS n FROM contact WHERE tenant_id = $1)
"""


class Plans:
    """Stands for a connection, and answers each question with nothing but its plan."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.asked = 0
        self.whole_tables: list[str] = []

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        plan = await self._connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *values)
        self.asked += 1
        self.whole_tables += [node["Relation Name"] for node in nodes(json.loads(plan)[0]["Plan"]) if is_whole(node)]
        return []


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def is_whole(node: dict[str, Any]) -> bool:
    """All rows of a tenant: read from the table, or by an index that is asked for nothing else."""
    scans = "Relation Name" in node and node["Node Type"] != "Bitmap Heap Scan"
    return scans and " AND " not in node.get("Index Cond", "")


@pytest.fixture
async def reading(world: Any) -> AsyncIterator[Any]:
    """A transaction as reads have it, with ten thousand leads to read."""
    async with world.connect() as connection:
        await connection.execute(CONTACTS, FIRM)
        await connection.execute(LEADS, FIRM)
        await connection.execute("ANALYZE contact, lead")
        await connection.execute(begin_as_tenant(FIRM, read_only=True))
        try:
            yield connection
        finally:
            await rolled_back(connection)


async def test_duplicates_are_found_by_indexes(reading: Any) -> None:
    plans = Plans(reading)
    for scope in SCOPES:
        await store.resembling(plans, FIRM, scope, [KEYS])
    assert plans.asked == len(SCOPES)
    assert plans.whole_tables == []


async def test_a_list_of_few_leads_among_many_reads_those_few(reading: Any) -> None:
    plans = Plans(reading)
    for rare in RARE:
        for scope in SCOPES:
            query = store.Query(FIRM)
            query.equal(rare)
            query.within(scope, *store.LEAD_OWNERS)
            await store.leads(plans, query, after=None, created=(None, None), descending=True, limit=50)
    assert plans.asked == len(RARE) * len(SCOPES)
    assert plans.whole_tables == []


async def test_a_manager_of_few_leads_among_many_reads_those_few(reading: Any) -> None:
    plans = Plans(reading)
    query = store.Query(FIRM)
    query.within(MANAGER, *store.LEAD_OWNERS)
    await store.leads(plans, query, after=None, created=(None, None), descending=True, limit=50)
    assert plans.asked == 1
    assert plans.whole_tables == []


async def test_first_responses_of_few_leads_among_many_are_read_by_an_index(reading: Any) -> None:
    plans = Plans(reading)
    for rare in ({"source": "embassy"}, {"owner_id": REP.person}, {"response_status": "overdue"}):
        for scope in SCOPES:
            query = store.Query(FIRM)
            query.equal(rare)
            query.within(scope, *store.LEAD_OWNERS)
            await responses.by_deadline(plans, query, after=None, limit=50)
    await responses.late_responses(plans, FIRM, datetime(2026, 3, 1, tzinfo=UTC), 100)
    assert plans.asked == 3 * len(SCOPES) + 1
    assert plans.whole_tables == []


async def test_a_list_is_planned_for_the_one_who_asks(reading: Any) -> None:
    """However often it was asked: after five times PostgreSQL would take one plan for all values."""
    assert await reading.fetchval("SHOW plan_cache_mode") == "force_custom_plan"
