"""Lists: filters, order, pages."""

from typing import Any

import pytest


async def _names(world: Any, **params: Any) -> list[str]:
    response = await world.call("GET", "/v1/deals", params=params)
    return [deal["name"] for deal in response.json()["items"]]


async def _some_deals(world: Any) -> None:
    usd = {"amount": "10", "currency": "USD"}
    await world.open(name="a", source="fair", expected_close_on="2026-05-01", occurred_at="2026-03-01T00:00:00Z")
    await world.open(name="b", by="binh", external_id="x-b", stage="proposal", amount=usd)
    lost = await world.open(name="c", expected_close_on="2026-06-01")
    await world.post(f"/v1/deals/{lost['id']}/closure", {"outcome": "lost", "reason": "price"}, by="ana")


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({}, "abc"),
        ({"sort": "-created"}, "cba"),
        ({"status": "open"}, "ab"),
        ({"status": "lost"}, "c"),
        ({"stage": "proposal"}, "b"),
        ({"source": "fair"}, "a"),
        ({"external_id": "x-b"}, "b"),
        ({"opened_to": "2026-03-02"}, "a"),
        ({"opened_from": "2026-03-02"}, "bc"),
        ({"expected_close_from": "2026-05-01", "expected_close_to": "2026-06-01"}, "a"),
        ({"updated_after": "2999-01-01T00:00:00Z"}, ""),
        ({"updated_after": "2000-01-01T00:00:00+07:00"}, "abc"),
    ],
)
async def test_a_list_is_narrowed_by_each_filter(world: Any, params: dict[str, str], names: str) -> None:
    await _some_deals(world)
    assert await _names(world, **params) == list(names)


async def test_a_list_is_narrowed_by_people_teams_and_pipelines(world: Any) -> None:
    await _some_deals(world)
    (pipeline,) = (await world.get("/v1/pipelines"))["items"]
    assert await _names(world, owner=str(world.id("binh"))) == ["b"]
    assert await _names(world, team=str(world.north)) == ["a", "c"]
    assert await _names(world, pipeline=pipeline["id"]) == ["a", "b", "c"]
    assert await _names(world, account=str(world.id("none"))) == []


@pytest.mark.parametrize("sort", ["created", "-created"])
async def test_pages_cover_the_list_once_while_it_grows(world: Any, sort: str) -> None:
    for number in range(5):
        await world.open(name=str(number))
    seen, cursor = [], None
    while True:
        params = {"sort": sort, "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = await world.get("/v1/deals", **params)
        seen += [deal["name"] for deal in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
        if sort == "-created":
            await world.open(name="later")
    assert seen == sorted(map(str, range(5)), reverse=sort == "-created")


async def test_a_cursor_of_another_order_is_refused(world: Any) -> None:
    for _ in range(2):
        await world.open()
    cursor = (await world.get("/v1/deals", limit=1))["next_cursor"]
    refused = await world.get("/v1/deals", limit=1, sort="-created", cursor=cursor, status=400)
    assert refused["code"] == "wrong-cursor"
