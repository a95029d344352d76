"""Bad input at every endpoint of every service: a problem with the right status and the place of the fault, never a
fault of ours, and nothing half-written: the rows of all tables are the same afterwards.

The requests are the examples of the OpenAPI documents with one thing wrong at a time.
"""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import httpx2
import pytest

from openapi_requests import Operation, changed, leaves, listed_ids, objects, operations, own_operations, pointer
from row_census import census
from two_firms import HERE, SERVICES, Standing, standing, wait_for_nobody

JSON = {"Content-Type": "application/json"}
BEYOND = 8 * 1024 * 1024 + 1
"""More than any endpoint takes."""

every_service = pytest.mark.parametrize("name", SERVICES)
pytestmark = pytest.mark.timeout(600)


class Fault(NamedTuple):
    """A request with one thing wrong, and what is to be said of it."""

    content: Any
    status: int
    code: str
    pointer: str | None = None


@pytest.fixture
def stands(new_database: Callable[[], Awaitable[str]], monkeypatch: pytest.MonkeyPatch) -> Any:
    wait_for_nobody(monkeypatch)

    async def stand(name: str) -> Any:
        return standing(name, await new_database(), HERE)

    return stand


def no_json() -> Iterator[Fault]:
    for content in (b"", b"{", b"\xff", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": ' + b"9" * 5000 + b"}"):
        yield Fault(content, 400 if content else 422, "malformed" if content else "invalid")
    yield Fault(b'{"a": "\\ud800"}', 400, "malformed")
    yield Fault(b"[" * 100_000, 400, "malformed")


def no_object() -> Iterator[Fault]:
    values: list[Any] = [None, False, 7, "text", []]
    for value in values:
        yield Fault(value, 422, "invalid", "")


def wrong_fields(operation: Operation) -> Iterator[Fault]:
    """Unknown names, and a value of another type in each field that there is."""
    example = operation.example
    for path, _ in objects(example):
        yield Fault(changed(example, (*path, "surplus"), 1), 422, "invalid", pointer((*path, "surplus")))
        yield Fault(changed(example, (*path, "a/b~c"), 1), 422, "invalid", f"{pointer(path)}/a~1b~0c")
    for name, schema in operation.fields().items():
        wrong = "true" if '"boolean"' in json.dumps(schema) else False
        yield Fault(changed(example, (name,), wrong), 422, "invalid", f"/{name}")


def wrong_values(operation: Operation) -> Iterator[Fault]:
    """Each value of the example replaced by one that must not be taken for it."""
    example = operation.example
    for path, value in leaves(example):
        for wrong in _instead_of(value):
            yield Fault(changed(example, path, wrong), 422, "invalid", pointer(path))
        if isinstance(value, str):
            yield Fault(json.dumps(changed(example, path, "a\ud800b")).encode(), 400, "malformed")


def _instead_of(value: Any) -> list[Any]:
    match value:
        case bool():
            return [0, 1, "true", None, {}]
        case int() | float():
            return [False, True, str(value), 1e300, -(2**70), [value]]
        case str() if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return ["0001-01-01", "9999-12-31", "2026-02-30", "2026-01-01T00:00:00Z", "1e3", 20260101, True]
        case str() if re.match(r"\d{4}-\d\d-\d\dT", value):
            return ["2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", "24:00", 1_700_000_000, True]
        case _:
            return [False, 5, ["a"], {"a": "b"}, "a\0b"]


def wrong_amounts(operation: Operation) -> Iterator[Fault]:
    example = operation.example
    for path, found in objects(example):
        if found.keys() == {"amount", "currency"}:
            for amount in ("NaN", "Infinity", "1e5", "9" * 16, "1.00000", "", " 1", "1,5", "٣", 5, 5.5, True):
                yield Fault(changed(example, (*path, "amount"), amount), 422, "invalid", pointer((*path, "amount")))
            for currency in ("XQX", "usd", "", "US", 840):
                there = (*path, "currency")
                yield Fault(changed(example, there, currency), 422, "invalid", pointer(there))
            for amount, currency in (("1.005", "USD"), ("1.5", "VND"), ("1.2345", "KWD")):
                money = {"amount": amount, "currency": currency}
                yield Fault(changed(example, path, money), 422, "invalid", pointer(path))


def wrong_times(operation: Operation) -> Iterator[Fault]:
    """Days that exist, and nobody did business on."""
    example = operation.example
    if "occurred_at" in operation.fields():
        for at in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1989-12-31T00:00:00Z"):
            yield Fault({**example, "occurred_at": at}, 422, "invalid", "/occurred_at")


@every_service
async def test_a_body_at_fault_is_refused_where_it_is_at_fault(name: str, stands: Any) -> None:
    async with await stands(name) as here:
        client = here.client(HERE, **JSON)
        for operation in own_operations(SERVICES[name]):
            if operation.example is None:
                continue
            ids, before = await listed_ids(here.client(HERE), SERVICES[name]), await census(here.pool)
            of_values = [wrong_fields, wrong_values, wrong_amounts]
            faults = [*no_json(), *no_object(), *(fault for of in of_values for fault in of(operation))]
            for fault in faults:
                reply = await asked(client, operation, fault.content, **ids)
                assert_refused(reply, fault, operation)
            assert await census(here.pool) == before, operation.name


@every_service
async def test_a_time_beyond_business_is_refused(name: str, stands: Any) -> None:
    async with await stands(name) as here:
        client = here.client(HERE, **JSON)
        ids, before = await listed_ids(here.client(HERE), SERVICES[name]), await census(here.pool)
        for operation in own_operations(SERVICES[name]):
            if operation.example is not None:
                for fault in wrong_times(operation):
                    assert_refused(await asked(client, operation, fault.content, **ids), fault, operation)
        assert await census(here.pool) == before


@every_service
async def test_what_is_asked_wrongly_is_refused(name: str, stands: Any) -> None:
    async with await stands(name) as here:
        before = await census(here.pool)
        for operation in operations(SERVICES[name]):
            for reply, fault in [one async for one in wrongly_asked(here, operation)]:
                assert_refused(reply, fault, operation)
        assert await census(here.pool) == before


async def wrongly_asked(here: Standing, operation: Operation) -> AsyncIterator[tuple[httpx2.Response, Fault]]:
    """Everything around the body: address, credentials, headers, length, type."""
    address, method, body = operation.address(), operation.method, operation.example
    admin, json_ = here.client(HERE), {"json": body} if body is not None else {}
    headers = operation.headers()

    async def ask(by: Any, to: str = address, **options: Any) -> httpx2.Response:
        reply: httpx2.Response = await by.request(method, to, **{"headers": headers, **json_, **options})
        return reply

    yield await ask(admin, f"{address}?surplus=1"), Fault("?", 400, "unknown-parameter", "/surplus")
    yield await ask(admin, f"{address}?surplus=%00"), Fault("?", 400, "malformed")
    if not operation.public:
        yield await ask(here.running.client()), Fault("stranger", 401, "unauthenticated")
        for credential in ("Bearer x", "Basic eDp4", "Bearer dsk_x", f"Bearer dsk_{'0' * 32}_{'s' * 43}"):
            forged = here.running.client(Authorization=credential)
            yield await ask(forged), Fault(credential, 401, "unauthenticated")
    if "Idempotency-Key" in operation.parameters("header"):
        for key in ("a b", "k" * 256):
            reply = await ask(admin, headers={**headers, "Idempotency-Key": key})
            yield reply, Fault(key, 400, "malformed", "/Idempotency-Key")
    if headers:
        yield await ask(admin, headers={}), Fault("no If-Match", 428, "precondition-required", "/If-Match")
        reply = await ask(admin, headers={"If-Match": "7"})
        yield reply, Fault("If-Match", 400, "malformed", "/If-Match")
    if body is not None:
        yield await ask(admin, json=None, content=b"a=b", headers=headers), Fault("no type", 415, TYPE)
        form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        if form["Content-Type"] not in operation.spec["requestBody"]["content"]:
            yield await ask(admin, json=None, content=b"a=b", headers=form), Fault("form", 415, TYPE)
        yield (
            await ask(admin, json=None, content=b" " * BEYOND, headers=headers | JSON),
            Fault("long", 413, "too-large"),
        )
        chunked = {**headers, **JSON, "Transfer-Encoding": "chunked"}
        yield await ask(admin, json=None, content=_chunks(), headers=chunked), Fault("chunks", 413, "too-large")


@every_service
async def test_a_key_used_again_for_something_else_is_refused(name: str, stands: Any) -> None:
    async with await stands(name) as here:
        client, ids = here.client(HERE), await listed_ids(here.client(HERE), SERVICES[name])
        for operation in own_operations(SERVICES[name]):
            if operation.example is None or "Idempotency-Key" not in operation.parameters("header"):
                continue
            headers = {**operation.headers(), "Idempotency-Key": operation.name}
            request = {"method": operation.method, "url": operation.address(**ids), "headers": headers}
            first = await client.request(**request, json=operation.example)
            kept = await census(here.pool)
            again = await client.request(**request, json=operation.example)
            if not first.is_success:
                assert again.status_code == first.status_code, operation.name
                continue
            assert (again.content, again.headers["Idempotency-Replayed"]) == (first.content, "true")
            for body in others(operation):
                fault = Fault(body, 422, "idempotency-key-reused", "/Idempotency-Key")
                assert_refused(await client.request(**request, json=body), fault, operation)
            assert await census(here.pool) == kept, operation.name


def others(operation: Operation) -> Iterator[Any]:
    """Bodies as good as the example."""
    for path, value in leaves(operation.example):
        said = path[-1] in {"name", "title", "item_id"} or (path == ("reason",) and not operation.chooses("reason"))
        if isinstance(value, str) and said:
            yield changed(operation.example, path, f"{value} again")


@every_service
async def test_a_change_of_what_has_changed_is_refused(name: str, stands: Any) -> None:
    async with await stands(name) as here:
        client, ids = here.client(HERE), await listed_ids(here.client(HERE), SERVICES[name])
        before = await census(here.pool)
        for operation in own_operations(SERVICES[name]):
            parameters = operation.parameters("path")
            if "If-Match" in operation.parameters("header") and parameters and parameters.keys() <= ids.keys():
                request = {"method": operation.method, "url": operation.address(**ids), "json": operation.example}
                for tag in ('"999"', 'W/"1"', '"0", "998"', '"x"'):
                    reply = await client.request(**request, headers={"If-Match": tag})
                    assert reply.status_code >= 400, (operation.name, tag, reply.text)
                    assert_refused(reply, Fault(tag, *stale_or_not_now(reply)), operation)
        assert await census(here.pool) == before


def stale_or_not_now(reply: httpx2.Response) -> tuple[int, str]:
    """A reference in the body may be looked at before the record: then that is what is refused."""
    code = reply.json()["code"]
    return (422, "invalid") if (reply.status_code, code) == (422, "invalid") else (412, "stale-version")


TYPE = "unsupported-media-type"


async def _chunks() -> AsyncIterator[bytes]:
    for _ in range(BEYOND // 2**20 + 1):
        yield b" " * 2**20


async def asked(client: Any, operation: Operation, content: Any, **ids: object) -> httpx2.Response:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    address, headers = operation.address(**ids), operation.headers()
    reply: httpx2.Response = await client.request(operation.method, address, content=raw, headers=headers)
    return reply


def assert_refused(reply: httpx2.Response, fault: Fault, operation: Operation) -> None:
    sent = f"{operation.name} {str(fault.content)[:300]}: {reply.status_code} {reply.text[:600]}"
    assert reply.status_code == fault.status, sent
    assert reply.headers["content-type"] == "application/problem+json", sent
    found = reply.json()
    assert found["code"] == fault.code, sent
    assert found["request_id"], sent
    assert found["trace_id"], sent
    if fault.pointer is not None:
        places = [error["pointer"] for error in found["errors"]]
        assert any(place == fault.pointer or place.startswith(f"{fault.pointer}/") for place in places), sent
