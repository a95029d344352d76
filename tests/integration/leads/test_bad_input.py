"""Bad input: a problem with the right status and pointer, never a fault, nothing half-written."""

import json
from uuid import uuid4

from events.testing import assert_nothing_published

FIELDS_AT_FAULT = [
    ({"imported": "true"}, "/imported"),
    ({"imported": 1}, "/imported"),
    ({"title": 5}, "/title"),
    ({"title": False}, "/title"),
    ({"title": ""}, "/title"),
    ({"title": "  "}, "/title"),
    ({"title": "a\u0000b"}, "/title"),
    ({"title": "a\nb"}, "/title"),
    ({"title": "x" * 201}, "/title"),
    ({"titel": "x"}, "/titel"),
    ({"owner": "ana"}, "/owner"),
    ({"owner": str(uuid4())}, "/owner"),
    ({"owner_external_id": "nobody"}, "/owner_external_id"),
    ({"contact": str(uuid4())}, "/contact"),
    ({"account": str(uuid4())}, "/account"),
    ({"account_external_id": "nowhere"}, "/account_external_id"),
    ({"prospect": {"name": "Lan", "email": "no mail"}}, "/prospect/email"),
    ({"prospect": {"name": "Lan", "phone": "call me"}}, "/prospect/phone"),
    ({"prospect": {}}, "/prospect/name"),
    ({"occurred_at": 1735689600}, "/occurred_at"),
    ({"occurred_at": "2025-01-01"}, "/occurred_at"),
    ({"occurred_at": "2025-01-01T00:00:00"}, "/occurred_at"),
    ({"occurred_at": "2999-01-01T00:00:00Z"}, "/occurred_at"),
    ({"occurred_at": "1989-12-31T23:59:59Z"}, "/occurred_at"),
    ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "/occurred_at"),
    ({"occurred_at": "9999-12-31T23:59:59-14:00"}, "/occurred_at"),
]


async def test_a_field_at_fault_is_named(world, assert_problem):
    for body, pointer in FIELDS_AT_FAULT:
        found = assert_problem(await world.importer.post("/v1/leads", body), 422, "invalid", pointer)
        assert found["request_id"]
        async with world.connect() as connection:
            await assert_nothing_published(connection)
            assert await connection.fetchval("SELECT count(*) FROM lead") == 0
            assert await connection.fetchval("SELECT count(*) FROM contact") == 0


NO_BODIES = [
    ("{", 400, "malformed"),
    ("", 422, "invalid"),
    ("[]", 422, "invalid"),
    ("null", 422, "invalid"),
    ('{"title": NaN}', 400, "malformed"),
    ('{"title": 1e999}', 400, "malformed"),
    ('{"title": "\xff"}', 400, "malformed"),
    (json.dumps({"title": "x" * 2_000_000}), 413, "too-large"),
    ("[" * 100_000, 400, "malformed"),
    (r'{"title": "\ud800"}', 400, "malformed"),
]


async def test_what_is_no_body_is_refused(world, assert_problem):
    for text, status, code in NO_BODIES:
        answer = await world.importer.raw("/v1/leads", text.encode("latin-1"))
        if status == 400 and "1e999" in text:
            assert answer.status_code in {400, 422}
            continue
        assert_problem(answer, status, code)


async def test_another_type_of_body_is_refused(world, assert_problem):
    answer = await world.importer.raw("/v1/leads", b"title=x", "application/x-www-form-urlencoded")
    assert_problem(answer, 415, "unsupported-media-type")


SCRIPTS = [
    "Nguyễn Văn Ánh",
    "苹果电脑",
    "Ωμέγα & Söhne",
    "شركة",
    "🍎" * 100,
    "a\u200db",
]


async def test_text_in_any_script_comes_back_as_it_went(world, done):
    for text in SCRIPTS:
        lead = done(await world.importer.post("/v1/leads", {"title": text, "source": text, "external_id": text}), 201)
        assert (lead["title"], lead["source"]) == (text, text)
        found = done(await world.importer.get("/v1/leads", source=text, external_id=text))["items"]
        assert [each["id"] for each in found] == [lead["id"]]


AMOUNTS = [
    ({"amount": "10.00", "currency": "USD"}, "rate-missing"),
    ({"amount": "10", "currency": "VND"}, None),
    ({"amount": "10.5", "currency": "VND"}, "invalid"),
    ({"amount": 10, "currency": "USD"}, "invalid"),
    ({"amount": "NaN", "currency": "USD"}, "invalid"),
    ({"amount": "1e9", "currency": "USD"}, "invalid"),
    ({"amount": "1" * 16, "currency": "USD"}, "invalid"),
    ({"amount": "1.00", "currency": "usd"}, "invalid"),
    ({"amount": "1.00"}, "invalid"),
]


async def test_amounts_of_an_opportunity(world, done, assert_problem):
    for amount, code in AMOUNTS:
        lead = done(await world.importer.post("/v1/leads", {"owner_external_id": "ana"}), 201)["id"]
        done(await world.ana.post(f"/v1/leads/{lead}/qualification"))
        body = {"offered_to_external_id": "bao", "opportunity": {"amount": amount}}
        answer = await world.ana.post(f"/v1/leads/{lead}/handoff", body)
        if code is None:
            done(answer, 201)
        else:
            assert_problem(answer, 422, code)


QUERIES_AT_FAULT = ["colour=red", "limit=0", "limit=201", "limit=x", "status=won", "owner=ana", "sort=x"]


async def test_a_query_at_fault_is_refused(world):
    for query in QUERIES_AT_FAULT:
        answer = await world.importer.client.get(f"/v1/leads?{query}", headers=world.importer.headers)
        assert answer.status_code in {400, 422}, answer.text
        assert answer.json()["errors"][0]["pointer"] == "/" + query.partition("=")[0]


CURSORS = ["x", "", "AAAA", "é", "x" * 3000]


async def test_a_made_up_cursor_is_refused(world):
    for cursor in CURSORS:
        answer = await world.importer.get("/v1/leads", cursor=cursor)
        assert answer.status_code in {400, 422}, answer.text


async def test_a_cursor_of_another_list_or_firm_is_refused(world, done, assert_problem):
    for _ in range(2):
        done(await world.importer.post("/v1/leads", {}), 201)
    cursor = done(await world.importer.get("/v1/leads", limit=1))["next_cursor"]
    done(await world.importer.get("/v1/leads", limit=1, cursor=cursor))
    other_order = await world.importer.get("/v1/leads", sort="-created_at", cursor=cursor)
    assert_problem(other_order, 400, "wrong-cursor", "/cursor")
    assert_problem(await world.zoe.get("/v1/leads", cursor=cursor), 400, "wrong-cursor")
    assert_problem(await world.importer.get("/v1/accounts", cursor=cursor), 400, "wrong-cursor")


ADDRESSES = ["/v1/leads/7", "/v1/leads/x", f"/v1/leads/{uuid4()}", "/v1/handoffs/x", "/v1/nothing"]


async def test_what_is_not_there_is_not_found(world):
    for path in ADDRESSES:
        answer = await world.importer.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
