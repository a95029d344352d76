"""Many commands in one request: what imports do."""

from typing import Any

import pytest

from events.catalogue.deals import DealStageChanged, DealWon
from events.testing import assert_nothing_published, assert_published, published


def _open(number: int, **more: Any) -> dict[str, Any]:
    return {"item_id": f"o{number}", "command": "open", "name": f"Deal {number}", "external_id": f"x{number}", **more}


async def _send(world: Any, *items: dict[str, Any], by: str = "oanh", status: int = 200, **more: Any) -> Any:
    reply = await world.post("/v1/deals:batch", {"items": list(items), **more}, by=by, status=status)
    return reply["results"]


async def test_a_year_of_a_deal_is_loaded_in_one_batch_with_its_own_dates(world: Any) -> None:
    product = {"item_id": "p", "name": "GTX Pro", "external_id": "p1", "list_prices": [_usd("4821")]}
    await world.post("/v1/products:batch", {"items": [product]}, by="import")
    results = await _send(
        world,
        _open(
            1,
            occurred_at="2016-10-20T00:00:00Z",
            owner_external_id="e-binh",
            lines=[{"product_external_id": "p1"}],
            imported=True,
        ),
        {"item_id": "a", "command": "move", "external_id": "x1", "stage": "proposal",
         "occurred_at": "2016-11-01T00:00:00Z"},
        {"item_id": "b", "command": "change_expected_close", "external_id": "x1", "expected_close_on": "2017-03-01",
         "occurred_at": "2016-11-02T00:00:00Z"},
        {"item_id": "c", "command": "plan_next_step", "external_id": "x1", "next_step": None,
         "occurred_at": "2016-11-02T00:00:00Z"},
        {"item_id": "d", "command": "win", "external_id": "x1", "occurred_at": "2017-03-01T00:00:00Z",
         "lines": [{"product_external_id": "p1", "net_price": _usd("5000")}]},
        by="import",
    )  # fmt: skip
    assert [result["status"] for result in results] == [201, 200, 200, 200, 200]
    assert [result["version"] for result in results] == [1, 2, 3, 3, 5]
    deal = await world.get(f"/v1/deals/{results[0]['id']}")
    assert (deal["opened_on"], deal["closings"][0]["on"]) == ("2016-10-20", "2017-03-01")
    assert deal["amount"]["amount"] == "5000.00"
    assert (deal["owner"]["team"], deal["imported"]) == (str(world.north), True)
    async with world.database() as connection:
        won = await assert_published(connection, DealWon, deal__imported=True)
    assert (won.deal.lines[0].list_minor, won.deal.lines[0].net_minor) == (482_100, 500_000)


async def test_every_command_has_its_item(world: Any) -> None:
    await _send(world, _open(1))
    deal = {"external_id": "x1"}
    results = await _send(
        world,
        {"item_id": "1", "command": "change_amount", **deal, "amount": _usd("7.50")},
        {"item_id": "2", "command": "change_owner", **deal, "owner_external_id": "e-ana"},
        {"item_id": "3", "command": "change_details", **deal, "campaign": "spring"},
        {"item_id": "4", "command": "lose", **deal, "reason": "budget"},
        {"item_id": "5", "command": "reopen", **deal, "reason": "budget came", "stage": "needs"},
        {"item_id": "6", "command": "change_lines", **deal, "lines": [], "currency": "USD"},
    )
    assert [result["status"] for result in results] == [200] * 6
    found = await world.get(f"/v1/deals/{results[0]['id']}")
    assert (found["campaign"], found["stage"], found["status"]) == ("spring", "needs", "open")
    assert found["owner"]["person"] == str(world.id("ana"))


async def test_a_batch_sent_again_finds_its_deals(world: Any) -> None:
    batch = [_open(number) for number in range(3)]
    first = await _send(world, *batch)
    again = await _send(world, *batch)
    assert [result["status"] for result in first] == [201] * 3
    assert [(result["id"], result["status"], result["existing"]) for result in again] == [
        (result["id"], 200, True) for result in first
    ]
    twice = await _send(world, _open(9), _open(9) | {"item_id": "again"})
    assert [(result["status"], result["existing"]) for result in twice] == [(201, None), (200, True)]
    async with world.database() as connection:
        assert await connection.fetchval("SELECT count(*) FROM deal") == 4


async def test_what_is_refused_says_why_and_the_rest_is_done(world: Any) -> None:
    results = await _send(
        world,
        _open(1),
        _open(2, lines=[{"product_external_id": "unknown"}]),
        {"item_id": "nobody", "command": "win", "external_id": "never"},
        {"item_id": "stage", "command": "move", "external_id": "x1", "stage": "dreaming"},
        status=207,
    )
    assert [result["status"] for result in results] == [201, 422, 404, 422]
    assert results[1]["problem"]["detail"] == "No product unknown is known."
    assert results[3]["problem"]["code"] == "unknown-stage"


async def test_an_atomic_batch_is_done_whole_or_not_at_all(world: Any) -> None:
    bad = {"item_id": "bad", "command": "move", "external_id": "x1", "stage": "dreaming"}
    results = await _send(world, _open(1), bad, atomic=True, status=207)
    assert [result["problem"]["code"] for result in results] == ["not-applied", "unknown-stage"]
    missing = {"item_id": "bad", "command": "win", "external_id": "never"}
    results = await _send(world, _open(2), missing, atomic=True, status=207)
    assert [result["problem"]["code"] for result in results] == ["not-applied", "not-found"]
    async with world.database() as connection:
        assert await connection.fetchval("SELECT count(*) FROM deal") == 0
        await assert_nothing_published(connection, DealWon)


async def test_a_rep_reaches_only_own_deals_in_a_batch(world: Any) -> None:
    theirs = await world.open(by="binh", external_id="x7")
    results = await _send(
        world,
        _open(1),
        {"item_id": "own", "command": "change_amount", "external_id": "x1", "amount": _usd("1")},
        {"item_id": "id", "command": "win", "id": theirs["id"]},
        {"item_id": "ext", "command": "win", "external_id": "x7"},
        {"item_id": "give", "command": "change_owner", "external_id": "x1", "owner_external_id": "e-binh"},
        _open(7),
        _open(8, owner_external_id="e-binh"),
        by="ana",
        status=207,
    )
    assert [result["status"] for result in results] == [201, 200, 404, 404, 403, 409, 403]


async def test_versions_in_the_outbox_run_on_through_a_batch(world: Any) -> None:
    moves = [
        {"item_id": f"m{place}", "command": "move", "external_id": "x1", "stage": stage}
        for place, stage in enumerate(["needs", "proposal", "needs"])
    ]
    await _send(world, _open(1), *moves)
    async with world.database() as connection:
        rows = await connection.fetch(
            "SELECT aggregateversion FROM outbox_event WHERE aggregatetype = 'deals.deal' ORDER BY seq"
        )
        (last,) = (await published(connection, DealStageChanged))[-1:]
    assert [row["aggregateversion"] for row in rows] == [1, 2, 3, 4]
    assert last.deal.stage == "needs"


@pytest.mark.parametrize(
    ("item", "pointer"),
    [
        ({"item_id": "1", "command": "fly"}, "/items/0/command"),
        ({"item_id": "1", "command": "win"}, "/items/0"),
        ({"item_id": "1", "command": "win", "id": 5}, "/items/0/id"),
        ({"item_id": "1", "command": "open", "name": "x", "colour": "red"}, "/items/0/colour"),
        ({"item_id": "1", "command": "change_amount", "external_id": "x",
          "amount": {"amount": "NaN", "currency": "USD"}}, "/items/0/amount/amount"),
    ],
)  # fmt: skip
async def test_a_malformed_item_refuses_the_batch(world: Any, item: dict[str, Any], pointer: str) -> None:
    refused = await world.post("/v1/deals:batch", {"items": [item]}, status=422)
    assert refused["errors"][0]["pointer"] == pointer


def _usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}
