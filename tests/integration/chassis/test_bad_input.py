"""Whatever comes in, the answer is a problem document with the right 4xx and the place of the fault."""

from typing import Any
from uuid import uuid4

from chassis.principal import Principal
from chassis.testing import Running

BODIES: list[tuple[bytes, int, str, str | None]] = [
        (b"{", 400, "malformed", None),
        (b"\xff\xfe", 400, "malformed", None),
        (b'{"name": NaN}', 400, "malformed", None),
        (b'{"stars": ' + b"1" * 5000 + b"}", 400, "malformed", None),
        (b"[" * 100_000, 400, "malformed", None),
        (b"[]", 422, "invalid", ""),
        (b"null", 422, "invalid", ""),
        (b"{}", 422, "invalid", "/name"),
        (b'{"name": "A", "nome": 1}', 422, "invalid", "/nome"),
        (b'{"name": "A", "a/b~c": 1}', 422, "invalid", "/a~1b~0c"),
        (b'{"name": 5}', 422, "invalid", "/name"),
        (b'{"name": " "}', 422, "invalid", "/name"),
        (b'{"name": "a\\u0000b"}', 422, "invalid", "/name"),
        (b'{"name": "a\\u0007b"}', 422, "invalid", "/name"),
        (b'{"name": "\\ud800"}', 400, "malformed", None),
        (b'{"name": "A", "text": "x\\u0000"}', 422, "invalid", "/text"),
        (b'{"name": "A", "stars": false}', 422, "invalid", "/stars"),
        (b'{"name": "A", "stars": "5"}', 422, "invalid", "/stars"),
        (b'{"name": "A", "stars": 1.5}', 422, "invalid", "/stars"),
        (b'{"name": "A", "day": 20000}', 422, "invalid", "/day"),
        (b'{"name": "A", "day": "1899-01-01"}', 422, "invalid", "/day"),
        (b'{"name": "A", "day": "2026-02-30"}', 422, "invalid", "/day"),
        (b'{"name": "A", "occurred_at": 1700000000}', 422, "invalid", "/occurred_at"),
        (b'{"name": "A", "occurred_at": "2026-01-01T00:00:00"}', 422, "invalid", "/occurred_at"),
        (b'{"name": "A", "occurred_at": "9999-12-31T23:59:59-12:00"}', 422, "invalid", "/occurred_at"),
        (b'{"name": "A", "occurred_at": "0001-01-01T00:00:00+12:00"}', 422, "invalid", "/occurred_at"),
        (b'{"name": "A", "price": {"amount": "1.005", "currency": "USD"}}', 422, "invalid", "/price"),
        (b'{"name": "A", "price": {"amount": "1.0", "currency": "VND"}}', 422, "invalid", "/price"),
        (b'{"name": "A", "price": {"amount": "NaN", "currency": "USD"}}', 422, "invalid", "/price/amount"),
        (b'{"name": "A", "price": {"amount": "1e5", "currency": "USD"}}', 422, "invalid", "/price/amount"),
        (b'{"name": "A", "price": {"amount": 5, "currency": "USD"}}', 422, "invalid", "/price/amount"),
        (b'{"name": "A", "price": {"amount": "1234567890123456", "currency": "USD"}}', 422, "invalid", "/price/amount"),
        (b'{"name": "A", "price": {"amount": "1", "currency": "QQQ"}}', 422, "invalid", "/price/currency"),
    ]  # fmt: skip


async def test_a_wrong_body_is_refused_at_its_fault(notes: Running, rep: Principal) -> None:
    client = notes.client(rep, **{"Content-Type": "application/json"})
    for body, status, code, pointer in BODIES:
        reply = await client.post("/v1/notes", content=body)
        assert (reply.status_code, reply.json()["code"]) == (status, code), (body[:100], reply.text)
        assert reply.headers["content-type"] == "application/problem+json"
        if pointer is not None:
            assert pointer in [error["pointer"] for error in reply.json()["errors"]], (body, reply.text)
    assert await notes.outbox() == []


TEXT = {"Content-Type": "text/plain"}
REQUESTS: list[tuple[str, str, dict[str, Any], int, str]] = [
        ("GET", "/v1/nowhere", {}, 404, "no-such-address"),
        ("GET", "/v1/notes/", {}, 404, "no-such-address"),
        ("PUT", "/v1/notes", {"json": {}}, 405, "method-not-allowed"),
        ("GET", "/v1/notes/not-an-id", {}, 404, "not-found"),
        ("GET", f"/v1/notes/{uuid4()}", {}, 404, "not-found"),
        ("GET", "/v1/notes?limit=0", {}, 422, "invalid"),
        ("GET", "/v1/notes?limit=99999999999999999999999", {}, 422, "invalid"),
        ("GET", "/v1/notes?nmae=x", {}, 400, "unknown-parameter"),
        ("GET", "/v1/me?x=1", {}, 400, "unknown-parameter"),
        ("POST", "/v1/notes?dry=1", {"json": {"name": "A"}}, 400, "unknown-parameter"),
        ("GET", "/v1/notes?name=%00", {}, 400, "malformed"),
        ("GET", "/v1/notes/%00", {}, 400, "malformed"),
        ("GET", "/v1/notes?cursor=AAAA", {}, 400, "wrong-cursor"),
        ("GET", "/v1/notes?cursor=%C3%A4", {}, 400, "wrong-cursor"),
        ("POST", "/v1/notes", {"content": b"a=b", "headers": TEXT}, 415, "unsupported-media-type"),
        ("POST", "/v1/notes", {"content": b"{}"}, 415, "unsupported-media-type"),
        ("POST", "/v1/notes", {}, 422, "invalid"),
        ("POST", "/v1/notes", {"json": {"name": "A" * 2_000_000}}, 413, "too-large"),
    ]  # fmt: skip


async def test_a_wrong_request_is_refused(notes: Running, rep: Principal) -> None:
    for method, path, options, status, code in REQUESTS:
        reply = await notes.client(rep).request(method, path, **options)
        assert (reply.status_code, reply.json()["code"]) == (status, code), (method, path, reply.text)
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.json()["trace_id"] in reply.headers["traceparent"]


async def test_a_wrong_method_names_the_right_ones(notes: Running, rep: Principal) -> None:
    reply = await notes.client(rep).put("/v1/notes", json={})
    assert reply.headers["allow"] == "GET, POST"


async def test_a_body_without_a_length_is_counted(notes: Running, rep: Principal) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b" " * 65_536

    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    reply = await notes.client(rep).post("/v1/notes", content=endless(), headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (413, "too-large")


async def test_a_batch_may_be_larger(notes: Running, rep: Principal) -> None:
    body = b'{"items": [{"item_id": "1", "name": "A"}]' + b" " * 2_000_000 + b"}"
    headers = {"Content-Type": "application/json"}
    assert (await notes.client(rep).post("/v1/notes:batch", content=body, headers=headers)).status_code == 200


async def test_errors_in_a_batch_point_into_the_batch(notes: Running, rep: Principal) -> None:
    reply = await notes.client(rep).post("/v1/notes:batch", json={"items": [{"item_id": "1"}]})
    assert reply.json()["errors"][0]["pointer"] == "/items/0/name"
