"""The life of a deal over HTTP."""

import asyncio
from typing import Any

from events.catalogue.deals import (
    DealAmountChanged,
    DealDetailsChanged,
    DealLost,
    DealOpened,
    DealReopened,
    DealStageChanged,
    DealWon,
    PipelineDefined,
)
from events.testing import assert_published, published


async def test_a_deal_lives_from_opening_to_reopening(world: Any) -> None:
    deal = await world.open(amount={"amount": "1200.50", "currency": "USD"}, expected_close_on="2026-06-30")
    path = f"/v1/deals/{deal['id']}"
    assert (deal["stage"], deal["probability_percent"], deal["status"], deal["version"]) == ("qualified", 10, "open", 1)
    assert deal["owner"] == {"person": str(world.id("ana")), "team": str(world.north), "region": None}

    world.clock.advance(days=2)
    moved = await world.post(f"{path}/stage", {"stage": "proposal"}, by="ana")
    assert (moved["stage"], moved["version"]) == ("proposal", 2)
    await world.post(f"{path}/next-step", {"next_step": {"what": "Gọi lại", "due_on": "2026-03-20"}}, by="ana")
    await world.post(f"{path}/expected-close", {"expected_close_on": None}, by="ana")
    world.clock.advance(hours=1)
    won = await world.post(
        f"{path}/closure", {"outcome": "won", "amount": {"amount": "1100", "currency": "USD"}}, by="ana"
    )
    assert (won["status"], won["amount"]["amount"], won["version"]) == ("won", "1100.00", 6)
    world.clock.advance(days=1)
    reopened = await world.post(f"{path}/reopening", {"reason": "credit refused"}, by="ana")
    assert (reopened["status"], reopened["closings"][0]["reopened_on"]) == ("open", "2026-03-18")
    lost = await world.post(
        f"{path}/closure", {"outcome": "lost", "reason": "no decision", "competitor": "竞争者"}, by="ana"
    )
    assert [closing["outcome"] for closing in lost["closings"]] == ["won", "lost"]

    history = await world.get(f"{path}/stages", by="ana")
    assert [(visit["stage"], visit["seconds"]) for visit in history["visits"]] == [
        ("qualified", 172_800),
        ("proposal", 3_600),
        ("proposal", 0),
    ]
    async with world.database() as connection:
        assert len(await published(connection, DealOpened)) == 1
        await assert_published(connection, DealLost, competitor="竞争者")
        await assert_published(connection, DealStageChanged, from_stage="qualified", seconds_in_stage=172_800)
        await assert_published(connection, DealAmountChanged, from_amount__minor=120_050, to_amount__minor=110_000)
        await assert_published(connection, DealWon, seconds_open=176_400, deal__status="won")
        await assert_published(connection, DealReopened, reason="credit refused", from_status="won")
        await assert_published(connection, PipelineDefined, pipeline__is_default=True)


async def test_the_events_of_a_deal_count_its_versions_and_name_the_actor(world: Any) -> None:
    deal = await world.open()
    await world.post(f"/v1/deals/{deal['id']}/closure", {"outcome": "won", "amount": _usd("5")}, by="ana")
    async with world.database() as connection:
        rows = await connection.fetch(
            "SELECT aggregateversion, headers FROM outbox_event WHERE aggregatetype = 'deals.deal' ORDER BY seq"
        )
        state = await connection.fetchval("SELECT state::text FROM deal")
        last = (await published(connection, DealWon))[-1]
    assert [row["aggregateversion"] for row in rows] == [1, 2, 3]
    assert all(str(world.id("key ana")) in row["headers"] for row in rows)
    assert type(last.deal).model_validate_json(state) == last.deal


async def test_a_business_day_is_the_day_of_the_tenants_zone(world: Any) -> None:
    deal = await world.open(occurred_at="2026-03-10T18:30:00Z")
    assert (deal["opened_at"], deal["opened_on"]) == ("2026-03-10T18:30:00Z", "2026-03-11")


async def test_an_amount_is_pinned_at_the_rate_of_its_day(world: Any) -> None:
    dong = {"amount": "30000000", "currency": "VND"}
    deal = await world.open(amount=dong, occurred_at="2026-03-09T00:00:00Z")
    assert (deal["base_amount"]["amount"], deal["exchange_rate_on"]) == ("1200.00", "2026-01-01")
    path = f"/v1/deals/{deal['id']}/amount"
    changed = await world.post(path, {"amount": {"amount": "40000000", "currency": "VND"}}, by="ana")
    assert (changed["base_amount"]["amount"], changed["exchange_rate"]) == ("1640.00", "0.000041")


async def test_a_currency_without_a_rate_is_refused(world: Any) -> None:
    refused = await world.open(amount={"amount": "1", "currency": "JPY"}, status=422)
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("rate-missing", "/amount/currency")


async def test_lines_come_from_the_price_list_or_as_given(world: Any) -> None:
    laptop = await world.post(
        "/v1/products", {"name": "GTX Pro", "external_id": "GTX Pro", "list_prices": [_usd("4821")]}, status=201
    )
    lines = [
        {"product_external_id": "GTX Pro", "quantity": 2, "net_price": _usd("4500.50")},
        {"product": laptop["id"], "list_price": _usd("10"), "net_total": _usd("0")},
    ]
    deal = await world.open(lines=lines)
    assert deal["amount"]["amount"] == "9001.00"
    assert [line["list_total"]["amount"] for line in deal["lines"]] == ["9642.00", "10.00"]
    path = f"/v1/deals/{deal['id']}"
    conflict = await world.post(f"{path}/amount", {"amount": _usd("1")}, by="ana", status=409)
    assert conflict["code"] == "amount-follows-lines"
    emptied = await world.post(f"{path}/lines", {"lines": []}, by="ana")
    assert (emptied["amount"]["amount"], emptied["lines"]) == ("0.00", [])


async def test_exit_criteria_name_what_is_missing(world: Any) -> None:
    stages = [
        {"key": "a", "title": "A", "probability_percent": 10, "exit_criteria": ["customer", "amount"]},
        {"key": "b", "title": "B", "probability_percent": 62.5},
    ]
    pipeline = await world.post("/v1/pipelines", {"name": "Strict", "stages": stages}, status=201)
    deal = await world.open(pipeline=pipeline["id"])
    refused = await world.post(f"/v1/deals/{deal['id']}/stage", {"stage": "b"}, by="ana", status=409)
    assert (refused["code"], refused["missing"]) == ("exit-criteria-missing", ["customer", "amount"])


async def test_details_change_under_if_match(world: Any) -> None:
    deal = await world.open(source="fair")
    path = f"/v1/deals/{deal['id']}"
    missing = await world.call("PATCH", path, {"name": "New"}, by="ana")
    stale = await world.call("PATCH", path, {"name": "New"}, by="ana", headers={"If-Match": '"9"'})
    good = await world.call("PATCH", path, {"name": "Mới", "source": None}, by="ana", headers={"If-Match": '"1"'})
    assert (missing.status_code, stale.status_code, good.status_code) == (428, 412, 200)
    assert (stale.headers["ETag"], good.headers["ETag"]) == ('"1"', '"2"')
    assert (good.json()["name"], good.json()["source"]) == ("Mới", None)
    async with world.database() as connection:
        await assert_published(connection, DealDetailsChanged, from_details__source="fair", to_details__name="Mới")


async def test_a_copy_that_is_still_good_is_not_sent_again(world: Any) -> None:
    path = f"/v1/deals/{(await world.open())['id']}"
    first = await world.call("GET", path, by="ana")
    again = await world.call("GET", path, by="ana", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.headers["ETag"], again.status_code, again.content) == ('"1"', 304, b"")


async def test_a_request_repeated_with_its_key_has_one_effect(world: Any) -> None:
    headers = {"Idempotency-Key": "open-1"}
    first = await world.call("POST", "/v1/deals", {"name": "Once"}, by="ana", headers=headers)
    again = await world.call("POST", "/v1/deals", {"name": "Once"}, by="ana", headers=headers)
    other = await world.call("POST", "/v1/deals", {"name": "Other"}, by="ana", headers=headers)
    assert (again.status_code, again.json(), again.headers["Idempotency-Replayed"]) == (201, first.json(), "true")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_an_external_id_that_exists_answers_the_deal_that_is_there(world: Any) -> None:
    first = await world.open(external_id="crm-1", by="oanh")
    again = await world.open(external_id="crm-1", by="oanh", status=200)
    hidden = await world.open(external_id="crm-1", by="ana", status=409)
    assert (again["id"], hidden["code"]) == (first["id"], "already-exists")


def _usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


async def test_a_command_that_waited_for_another_happens_after_it(world: Any) -> None:
    deal = await world.open()
    world.clock.advance(seconds=-3)
    moved = await world.post(f"/v1/deals/{deal['id']}/stage", {"stage": "needs"}, by="ana")
    assert moved["changed_at"] == deal["opened_at"]
    async with world.database() as connection:
        event = await assert_published(connection, DealStageChanged)
    assert event.occurred_at == event.deal.opened_at


async def test_two_who_move_a_deal_at_once_are_served_one_after_the_other(world: Any) -> None:
    path = f"/v1/deals/{(await world.open())['id']}/stage"
    stages = ["needs", "proposal", "negotiation"]
    replies = await asyncio.gather(*(world.post(path, {"stage": stage}, by="ana") for stage in stages))
    assert sorted(reply["version"] for reply in replies) == [2, 3, 4]
