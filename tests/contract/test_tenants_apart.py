"""Two firms in every service, and everybody of one firm trying every endpoint with the ids of the other.

No name of the other firm is ever in an answer, no row of it changes, and no id of it comes to stand in a row of one's
own. Within a firm, a list shows to each role what may be read one by one, and no more. All endpoints are drawn from the
OpenAPI documents: one that is added later is walked as well.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest

from events.testing import FixedClock
from openapi_requests import Operation, changed, listed_ids, objects, operations
from row_census import TABLES, census
from two_firms import ELSEWHERE, HERE, SERVICES, THERE, Firm, Standing, settle, standing, wait_for_nobody

pytestmark = pytest.mark.timeout(600)

every_service = pytest.mark.parametrize("name", SERVICES)
THEIR_IDS = {str(id_) for id_ in (THERE.id, THERE.north, THERE.south, *map(THERE.person, THERE.everybody))}
NOT_BY_ID = frozenset({"directory_record", "outbox_event"})


@pytest.fixture
def stands(new_database: Callable[[], Awaitable[str]], monkeypatch: pytest.MonkeyPatch) -> Any:
    wait_for_nobody(monkeypatch)

    async def stand(name: str) -> Any:
        return standing(name, await new_database())

    return stand


@every_service
async def test_the_ids_of_another_firm_open_nothing(name: str, stands: Any) -> None:
    async with await stands(name) as here:
        theirs = await ids_of(here, THERE)
        before = await census(here.pool, of(THERE))
        for who in HERE.everybody:
            client = here.client(HERE, who)
            for operation in operations(SERVICES[name]):
                for target in theirs if operation.parameters("path") else [None]:
                    request = plainly(operation, dict.fromkeys(operation.parameters("path"), target))
                    assert_apart(await client.request(operation.method, **request), operation, request, target)
        assert await census(here.pool, of(THERE)) == before
        await assert_not_mentioned(here, theirs)


@every_service
async def test_what_refers_to_another_firm_is_not_done(name: str, stands: Any) -> None:
    async with await stands(name) as here:
        theirs = await ids_of(here, THERE)
        before = await census(here.pool, of(THERE))
        for who in ("admin", "rep"):
            client = here.client(HERE, who)
            mine = await listed_ids(client, SERVICES[name])
            for operation in operations(SERVICES[name]):
                for request in referring(operation, mine, theirs):
                    assert_apart(await client.request(operation.method, **request), operation, request, None)
        assert await census(here.pool, of(THERE)) == before
        await assert_not_mentioned(here, theirs)


def plainly(operation: Operation, ids: dict[str, Any]) -> dict[str, Any]:
    """The request as the document shows it."""
    found: dict[str, Any] = {"url": operation.address(**ids), "headers": operation.headers()}
    return found | ({} if operation.example is None else {"json": operation.example})


def referring(operation: Operation, mine: dict[str, str], theirs: list[UUID]) -> Iterator[dict[str, Any]]:
    """To a record of one's own, with each reference in query or body being to one of theirs."""
    plain = plainly(operation, mine)
    for parameter, spec in operation.parameters("query").items():
        if is_id(spec["schema"]):
            for id_ in theirs:
                yield {**plain, "params": {parameter: str(id_)}}
    for body in bodies_with(operation, theirs):
        yield {**plain, "json": body}


def bodies_with(operation: Operation, theirs: list[UUID]) -> Iterator[Any]:
    """The example with their ids in each field that takes an id, also within the items of a batch."""
    if operation.example is None:
        return
    body = operation.example
    fields = operation.fields()
    for path, found in objects(body):
        for noun in sorted({*found, *fields}) if not path else sorted(found):
            reference = noun.removesuffix("_external_id")
            if path == () and is_id(fields.get(reference, {})):
                own = {key: value for key, value in body.items() if key not in {noun, f"{reference}_external_id"}}
                for id_ in theirs:
                    yield {**own, reference: str(id_)}
            elif path and noun.endswith("_external_id"):
                for id_ in theirs:
                    yield renamed(body, path, noun, reference, str(id_))


def renamed(body: Any, path: Any, noun: str, reference: str, id_: str) -> Any:
    here = body
    for step in path:
        here = here[step]
    return changed(body, path, {**{key: value for key, value in here.items() if key != noun}, reference: id_})


def is_id(schema: dict[str, Any]) -> bool:
    return '"format": "uuid"' in json.dumps(schema)


def assert_apart(reply: httpx2.Response, operation: Operation, request: Any, target: UUID | None) -> None:
    said = f"{operation.name} {request}: {reply.status_code} {reply.text[:500]}"
    assert reply.status_code < 500, said
    assert THERE.mark.casefold() not in reply.text.casefold(), said
    told = {id_ for id_ in THEIR_IDS if id_ in reply.text and id_ not in str(request)}
    assert not told, said
    if target is not None:
        assert not reply.is_success, said
    if reply.status_code >= 400:
        assert reply.headers["content-type"] == "application/problem+json", said


async def ids_of(here: Standing, firm: Firm) -> list[UUID]:
    """The newest and the oldest record of each table that the firm has records in."""
    found: set[UUID] = set()
    async with here.pool.acquire() as connection:
        for table in await connection.fetch(TABLES):
            if table["name"].removeprefix("public.") not in NOT_BY_ID and await has_ids(connection, table["name"]):
                select = f"SELECT id FROM {table['name']} WHERE tenant_id = $1"
                for order in ("ASC", "DESC"):
                    found |= {
                        row["id"] for row in await connection.fetch(f"{select} ORDER BY id {order} LIMIT 1", firm.id)
                    }
    return sorted(found | {firm.person("rep"), firm.north})


async def has_ids(connection: Any, table: str) -> bool:
    columns = await connection.fetch(
        "SELECT attname, atttypid::regtype::text AS type FROM pg_attribute WHERE attrelid = $1::regclass", table
    )
    return {("tenant_id", "uuid"), ("id", "uuid")} <= {(row["attname"], row["type"]) for row in columns}


def of(firm: Firm) -> str:
    """A condition that holds for the firm's rows in any table, also where the tenant is only inside."""
    return f"WHERE row::text LIKE '%{firm.id}%'"


async def assert_not_mentioned(here: Standing, theirs: list[UUID]) -> None:
    for id_ in theirs:
        mixed = await census(here.pool, f"WHERE row::text LIKE '%{HERE.id}%' AND row::text LIKE '%{id_}%'")
        kept = {table: found for table, (found, _) in mixed.items() if found}
        assert not kept, f"{id_} of the other firm stands in rows of this one: {kept}"


@every_service
async def test_a_list_shows_to_each_what_each_may_read(name: str, stands: Any) -> None:
    lists = dict(lists_of(name))
    async with await stands(name) as here:
        for path, item in lists.items():
            everything = await listed(here, "admin", path)
            for who in HERE.everybody:
                shown = await listed(here, who, path)
                client = here.client(HERE, who)
                readable = {id_ for id_ in everything | shown if (await client.get(f"{item}/{id_}")).status_code == 200}
                assert shown == readable, (path, who)


def lists_of(name: str) -> Iterator[tuple[str, str]]:
    """Each list of records that can also be read one by one: its path, and that of a record without the id."""
    paths = {operation.path for operation in operations(SERVICES[name]) if not operation.writes}
    for path in paths:
        if any(other.startswith(f"{path}/{{") and other.endswith("}") for other in paths) and path != "/v1/kpis":
            yield path, path


async def listed(here: Standing, who: str, path: str) -> set[str]:
    """The ids that a list shows; none where the role may not see the list."""
    reply = await here.client(HERE, who).get(path, params={"limit": 200} if path != "/v1/seals" else {})
    assert reply.status_code in {200, 403}, reply.text
    return {str(item["id"]) for item in reply.json()["items"]} if reply.status_code == 200 else set()


NARROWED = {
    ("leads", "/v1/leads"): {"rep": 2, ELSEWHERE: 1, "sdr": 2, "manager": 3, "director": 4},
    ("leads", "/v1/activities"): {"rep": 1, ELSEWHERE: 1, "sdr": 1, "manager": 2, "director": 3},
    ("leads", "/v1/handoffs"): {"rep": 2, ELSEWHERE: 1, "sdr": 1, "director": 3},
    ("deals", "/v1/deals"): {"rep": 1, ELSEWHERE: 1, "sdr": 0, "manager": 1, "sales-ops": 2},
}


@pytest.mark.parametrize(("name", "path"), NARROWED)
async def test_a_role_sees_its_own(name: str, path: str, stands: Any) -> None:
    async with await stands(name) as here:
        shown = {who: len(await listed(here, who, path)) for who in NARROWED[name, path]}
    assert shown == NARROWED[name, path]


async def test_the_figures_of_one_firm_do_not_know_of_the_other(
    new_database: Callable[[], Awaitable[str]],
) -> None:
    reads = [each for each in operations(SERVICES["analytics"]) if each.path.startswith("/v1/kpis") and not each.writes]
    async with standing("analytics", await new_database(), HERE) as here:
        here.running.resources.clock = FixedClock(datetime(2026, 9, 1, tzinfo=UTC))
        client = here.client(HERE)
        slugs = [item["slug"] for item in (await client.get("/v1/kpis")).json()["items"]]
        addresses = [each.address(slug=slug) for each in reads for slug in slugs]

        async def answers() -> list[Any]:
            return [without_clock((await client.get(address)).json()) for address in addresses]

        alone = await answers()
        await settle(here, THERE)
        assert await answers() == alone


def without_clock(answer: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in answer.items() if name not in {"freshness_seconds", "request_id", "trace_id"}
    }
