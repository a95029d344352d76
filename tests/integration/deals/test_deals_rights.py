"""Who sees and changes which deal."""

from typing import Any

import pytest


async def test_reps_see_their_own_managers_their_team_sales_operations_all(world: Any) -> None:
    await world.open(by="ana", name="Of Ana")
    await world.open(by="binh", name="Of Binh")
    seen = {
        by: [deal["name"] for deal in (await world.get("/v1/deals", by=by))["items"]] for by in ("ana", "minh", "oanh")
    }
    assert seen == {"ana": ["Of Ana"], "minh": ["Of Ana"], "oanh": ["Of Ana", "Of Binh"]}


@pytest.mark.parametrize("by", ["binh", "stranger"])
async def test_what_one_may_not_see_does_not_exist(world: Any, by: str) -> None:
    deal = await world.open(by="ana")
    path = f"/v1/deals/{deal['id']}"
    assert (await world.get(path, by=by, status=404))["code"] == "not-found"
    await world.get(f"{path}/stages", by=by, status=404)
    await world.post(f"{path}/stage", {"stage": "needs"}, by=by, status=404)
    await world.post(f"{path}/closure", {"outcome": "won"}, by=by, status=404)
    patched = await world.call("PATCH", path, {"name": "Mine"}, by=by, headers={"If-Match": '"1"'})
    assert patched.status_code == 404
    assert (await world.get(path, by="ana"))["version"] == 1


async def test_another_tenants_pipeline_and_product_cannot_be_used(world: Any) -> None:
    stages = [{"key": "a", "title": "A", "probability_percent": 1}]
    pipeline = await world.post("/v1/pipelines", {"name": "P", "stages": stages}, by="stranger", status=201)
    product = await world.post("/v1/products", {"name": "P"}, by="stranger", status=201)
    refused = await world.open(pipeline=pipeline["id"], status=422)
    assert refused["errors"][0]["pointer"] == "/pipeline"
    refused = await world.open(lines=[{"product": product["id"], "net_total": _usd("1")}], status=422)
    assert refused["errors"][0]["pointer"] == "/product"
    await world.get(f"/v1/pipelines/{pipeline['id']}", status=404)
    await world.get(f"/v1/products/{product['id']}", status=404)


async def test_a_rep_opens_deals_for_nobody_else(world: Any) -> None:
    await world.open(by="ana", owner=str(world.id("binh")), status=403)
    await world.open(by="minh", owner=str(world.id("ana")))
    await world.open(by="minh", owner=str(world.id("binh")), status=403)
    await world.open(by="sam", status=403)
    refused = await world.open(by="import", status=422)
    assert refused["errors"][0]["pointer"] == "/owner"


async def test_giving_a_deal_away_is_the_managers_right(world: Any) -> None:
    deal = await world.open(by="ana")
    path = f"/v1/deals/{deal['id']}/owner"
    await world.post(path, {"owner_external_id": "e-binh"}, by="ana", status=403)
    given = await world.post(path, {"owner_external_id": "e-binh"}, by="minh")
    assert given["owner"] == {"person": str(world.id("binh")), "team": str(world.south), "region": None}
    await world.get(f"/v1/deals/{deal['id']}", by="ana", status=404)


async def test_an_owner_holds_it_for_the_team_of_that_day(world: Any) -> None:
    deal = await world.open(by="oanh", owner_external_id="e-binh", occurred_at="2026-01-31T10:00:00Z")
    assert deal["owner"]["team"] == str(world.north)


async def test_older_history_is_the_right_of_those_who_look_after_the_data(world: Any) -> None:
    await world.open(by="ana", occurred_at="2026-01-01T00:00:00Z", status=403)
    await world.open(by="ana", occurred_at="2026-03-01T00:00:00Z")
    await world.open(by="oanh", occurred_at="2001-01-01T00:00:00Z")
    await world.open(by="oanh", occurred_at="1989-12-31T00:00:00Z", status=422)
    await world.open(by="oanh", occurred_at="2026-03-17T00:00:00Z", status=422)


async def test_history_does_not_run_backwards(world: Any) -> None:
    deal = await world.open(occurred_at="2026-03-10T00:00:00Z")
    path = f"/v1/deals/{deal['id']}/stage"
    refused = await world.post(path, {"stage": "needs", "occurred_at": "2026-03-09T00:00:00Z"}, by="ana", status=422)
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("out-of-sequence", "/occurred_at")
    await world.post(path, {"stage": "needs", "occurred_at": "2026-03-10T00:00:00Z"}, by="ana")


async def test_nobody_gets_in_without_a_key(world: Any) -> None:
    response = await world.call("GET", "/v1/deals", headers={"Authorization": "Bearer nonsense"})
    assert (response.status_code, response.headers["content-type"]) == (401, "application/problem+json")


def _usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}
