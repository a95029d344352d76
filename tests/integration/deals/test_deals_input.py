"""Bad input is refused with the field at fault, and nothing is written."""

from typing import Any

import pytest

USD = "USD"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": False}, "/name"),
        ({"name": "  "}, "/name"),
        ({"name": "a\nb"}, "/name"),
        ({"name": "a" * 201}, "/name"),
        ({"name": "x", "nmae": "y"}, "/nmae"),
        ({"name": "x", "amount": {"amount": "1.005", "currency": USD}}, "/amount"),
        ({"name": "x", "amount": {"amount": "1.5", "currency": "VND"}}, "/amount"),
        ({"name": "x", "amount": {"amount": "NaN", "currency": USD}}, "/amount/amount"),
        ({"name": "x", "amount": {"amount": "1e5", "currency": USD}}, "/amount/amount"),
        ({"name": "x", "amount": {"amount": 5, "currency": USD}}, "/amount/amount"),
        ({"name": "x", "amount": {"amount": "9" * 16, "currency": USD}}, "/amount/amount"),
        ({"name": "x", "amount": {"amount": "1", "currency": "XQX"}}, "/amount/currency"),
        ({"name": "x", "amount": {"amount": "-1", "currency": USD}}, "/amount"),
        ({"name": "x", "occurred_at": 5}, "/occurred_at"),
        ({"name": "x", "occurred_at": "2026-03-01"}, "/occurred_at"),
        ({"name": "x", "occurred_at": "9999-01-01T00:00:00Z"}, "/occurred_at"),
        ({"name": "x", "occurred_at": "0001-01-01T00:00:00Z"}, "/occurred_at"),
        ({"name": "x", "expected_close_on": "2101-01-01"}, "/expected_close_on"),
        ({"name": "x", "expected_close_on": 20260101}, "/expected_close_on"),
        ({"name": "x", "start_known": "yes"}, "/start_known"),
        ({"name": "x", "stage": "Bad Stage"}, "/stage"),
        ({"name": "x", "stage": "dreaming"}, "/stage"),
        ({"name": "x", "pipeline": "7"}, "/pipeline"),
        ({"name": "x", "pipeline_external_id": "no"}, "/pipeline_external_id"),
        ({"name": "x", "lines": [{"product_external_id": "a", "quantity": True}]}, "/lines/0/quantity"),
        ({"name": "x", "lines": [{"product_external_id": "a", "quantity": 0}]}, "/lines/0/quantity"),
        ({"name": "x", "lines": [{"quantity": 1}]}, "/lines/0"),
        ({"name": "x", "lines": [], "amount": {"amount": "1", "currency": USD}}, ""),
        ({"name": "x", "account_external_id": "unknown"}, "/account_external_id"),
        ({"name": "x", "owner_external_id": "nobody"}, "/owner_external_id"),
    ],
)
async def test_a_deal_to_open_is_checked_field_by_field(world: Any, body: dict[str, Any], pointer: str) -> None:
    refused = await world.post("/v1/deals", body, status=422)
    assert [error["pointer"] for error in refused["errors"]] == [pointer]
    async with world.database() as connection:
        assert await connection.fetchval("SELECT count(*) FROM deal") == 0
        assert await connection.fetchval("SELECT count(*) FROM outbox_event") == 0


async def test_names_may_be_in_any_script(world: Any) -> None:
    for name in ("Công ty Đông Á — ưu đãi", "上海销售机会", "صفقة", "🚀 deal"):
        assert (await world.open(name=name))["name"] == name


async def test_what_is_no_json_is_refused(world: Any) -> None:
    headers = {"Content-Type": "application/json"}
    for content in (b"{", b'{"name": NaN}', b"\xff"):
        response = await world.call("POST", "/v1/deals", content=content, headers=headers)
        assert (response.status_code, response.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/deals?colour=red", 400),
        ("/v1/deals?cursor=abc", 400),
        ("/v1/deals?limit=0", 422),
        ("/v1/deals?limit=201", 422),
        ("/v1/deals?owner=me", 422),
        ("/v1/deals?opened_from=5", 422),
        ("/v1/deals?sort=name", 422),
        ("/v1/deals?source=%00", 400),
        ("/v1/deals/no-id", 404),
        ("/v1/nothing", 404),
    ],
)
async def test_an_address_that_means_nothing_is_refused(world: Any, path: str, status: int) -> None:
    response = await world.call("GET", path)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")


async def test_a_closure_says_how_it_ended(world: Any) -> None:
    path = f"/v1/deals/{(await world.open())['id']}/closure"
    for body in ({"outcome": "maybe"}, {"outcome": "lost"}, {"outcome": "lost", "reason": " "}, {}):
        await world.post(path, body, by="ana", status=422)
    assert (await world.get(path.removesuffix("/closure")))["version"] == 1


async def test_a_method_that_is_not_there_is_told(world: Any) -> None:
    response = await world.call("DELETE", "/v1/deals", headers={"If-Match": "*"})
    assert (response.status_code, response.json()["code"]) == (405, "method-not-allowed")
