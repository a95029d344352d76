"""Pipelines and products over HTTP."""

from typing import Any

import pytest

from events.catalogue.deals import PipelineChanged, ProductChanged
from events.testing import assert_published

STAGES = [
    {"key": "a", "title": "A", "probability_percent": 12.34, "exit_criteria": ["amount"], "stalled_after_days": 7},
    {"key": "b", "title": "B", "probability_percent": 100},
]


async def _pipeline(world: Any, **more: Any) -> Any:
    return await world.post("/v1/pipelines", {"name": "P", "stages": STAGES, **more}, status=201)


async def _patch(world: Any, path: str, body: object, *, match: str = "*", by: str = "oanh") -> Any:
    return await world.call("PATCH", path, body, by=by, headers={"If-Match": match})


async def test_a_pipeline_shows_its_stages_as_they_were_given(world: Any) -> None:
    pipeline = await _pipeline(world)
    found = await world.get(f"/v1/pipelines/{pipeline['id']}", by="ana")
    assert found["stages"][0] == STAGES[0]
    assert (found["version"], found["is_default"], found["active"]) == (1, False, True)


async def test_a_new_default_takes_the_place_of_the_old_one(world: Any) -> None:
    first = await _pipeline(world, is_default=True)
    second = await _pipeline(world, is_default=True)
    assert await _defaults(world) == [second["id"]]
    back = await _patch(world, f"/v1/pipelines/{first['id']}", {"is_default": True}, match='"2"')
    assert (back.status_code, back.headers["ETag"]) == (200, '"3"')
    assert await _defaults(world) == [first["id"]]
    refused = await _patch(world, f"/v1/pipelines/{first['id']}", {"is_default": False})
    assert (refused.status_code, refused.json()["code"]) == (409, "default-needed")
    assert (await world.open())["pipeline"] == first["id"]


async def test_a_changed_pipeline_keeps_the_probability_of_running_deals_until_they_move(world: Any) -> None:
    pipeline = await _pipeline(world)
    deal = await world.open(pipeline=pipeline["id"], amount={"amount": "1", "currency": "USD"})
    bolder = [STAGES[0] | {"probability_percent": 50}, STAGES[1] | {"probability_percent": 75}]
    await _patch(world, f"/v1/pipelines/{pipeline['id']}", {"stages": bolder}, match='"1"')
    assert (await world.get(f"/v1/deals/{deal['id']}"))["probability_percent"] == 12.34
    moved = await world.post(f"/v1/deals/{deal['id']}/stage", {"stage": "b"}, by="ana")
    assert moved["probability_percent"] == 75
    async with world.database() as connection:
        await assert_published(connection, PipelineChanged, pipeline__name="P")


async def test_a_stage_with_open_deals_stays(world: Any) -> None:
    pipeline = await _pipeline(world)
    deal = await world.open(pipeline=pipeline["id"])
    path = f"/v1/pipelines/{pipeline['id']}"
    refused = await _patch(world, path, {"stages": STAGES[1:]})
    assert (refused.status_code, refused.json()["code"]) == (409, "stage-in-use")
    await world.post(f"/v1/deals/{deal['id']}/closure", {"outcome": "lost", "reason": "price"}, by="ana")
    assert (await _patch(world, path, {"stages": STAGES[1:]})).status_code == 200


@pytest.mark.parametrize(
    ("stages", "pointer"),
    [
        ([], "/stages"),
        (STAGES + STAGES, "/stages"),
        ([{**STAGES[1], "key": f"k{number}"} for number in range(21)], "/stages"),
        ([{**STAGES[1], "probability_percent": 100.01}], "/stages/0/probability_percent"),
        ([{**STAGES[1], "probability_percent": 33.333}], "/stages/0/probability_percent"),
        ([{**STAGES[1], "probability_percent": True}], "/stages/0/probability_percent"),
        ([{**STAGES[1], "probability_percent": "5"}], "/stages/0/probability_percent"),
        ([{**STAGES[1], "exit_criteria": ["luck"]}], "/stages/0/exit_criteria/0"),
        ([{**STAGES[1], "key": "Không"}], "/stages/0/key"),
    ],
)
async def test_wrong_stages_are_refused(world: Any, stages: list[Any], pointer: str) -> None:
    refused = await world.post("/v1/pipelines", {"name": "P", "stages": stages}, status=422)
    assert refused["errors"][0]["pointer"] == pointer


async def test_products_are_listed_once_and_changed_under_if_match(world: Any) -> None:
    body = {"name": "GTX Pro", "external_id": "gtx", "family": "GTX", "list_prices": [_usd("4821")]}
    product = await world.post("/v1/products", body, status=201)
    again = await world.post("/v1/products", body, status=200)
    path = f"/v1/products/{product['id']}"
    stale = await _patch(world, path, {"active": False}, match='"7"')
    changed = await _patch(world, path, {"active": False, "family": None, "list_prices": [_usd("1.5")]}, match='"1"')
    assert (again["id"], stale.status_code, changed.status_code) == (product["id"], 412, 200)
    assert (changed.json()["family"], changed.json()["list_prices"]) == (None, [_usd("1.50")])
    refused = await world.open(lines=[{"product": product["id"]}], status=409)
    assert refused["code"] == "not-offered"
    async with world.database() as connection:
        await assert_published(connection, ProductChanged, product__active=False)


async def test_a_batch_of_products_answers_those_that_exist(world: Any) -> None:
    items = [
        {"item_id": "1", "name": "A", "external_id": "a"},
        {"item_id": "2", "name": "B", "external_id": "b", "list_prices": [_usd("1"), _usd("2")]},
    ]
    reply = await world.post("/v1/products:batch", {"items": items}, by="import", status=207)
    assert [result["status"] for result in reply["results"]] == [201, 422]
    reply = await world.post("/v1/products:batch", {"items": items[:1]}, by="import")
    assert reply["results"][0]["existing"] is True
    assert [product["name"] for product in (await world.get("/v1/products", external_id="a"))["items"]] == ["A"]
    assert (await world.get("/v1/products", active=False))["items"] == []


@pytest.mark.parametrize("by", ["ana", "minh"])
async def test_the_catalogue_is_kept_by_a_few(world: Any, by: str) -> None:
    pipeline = await _pipeline(world)
    await world.post("/v1/pipelines", {"name": "P", "stages": STAGES}, by=by, status=403)
    await world.post("/v1/products", {"name": "P"}, by=by, status=403)
    await world.post("/v1/products:batch", {"items": [{"item_id": "1", "name": "A"}]}, by=by, status=403)
    assert (await _patch(world, f"/v1/pipelines/{pipeline['id']}", {"name": "Q"}, by=by)).status_code == 403


async def _defaults(world: Any) -> list[str]:
    return [pipeline["id"] for pipeline in (await world.get("/v1/pipelines"))["items"] if pipeline["is_default"]]


def _usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}
