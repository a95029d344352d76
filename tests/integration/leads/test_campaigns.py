"""Campaigns over HTTP: their budget, what was spent, imports that may be sent again, and who may."""

import asyncio
from datetime import date
from uuid import UUID

import pytest

from chassis import directory_store
from events.catalogue.campaigns import CampaignPlanned, SpendBooked, SpendReversed
from events.catalogue.identity import ExchangeRate, TenantState
from events.testing import published

FIRM = UUID(int=0xF1)
FAIR = {
    "name": "Spring fair",
    "external_id": "fair",
    "source": "fair",
    "first_on": "2026-03-01",
    "last_on": "2026-03-31",
    "budget": {"amount": "1000000", "currency": "VND"},
}


def vnd(amount):
    return {"amount": str(amount), "currency": "VND"}


def a_bill(external_id="bill", amount=300_000, **more):
    return {"campaign_external_id": "fair", "external_id": external_id, "amount": vnd(amount), **more}


def items(*some):
    return {"items": [{"item_id": str(number), **item} for number, item in enumerate(some, start=1)]}


def answered(answer):
    return [
        (result["status"], result["existing"], (result["problem"] or {}).get("code"))
        for result in answer.json()["results"]
    ]


@pytest.fixture
async def fair(world, done):
    return done(await world.mai.post("/v1/campaigns", FAIR), 201)


async def test_a_campaign_is_planned_found_and_changed(world, fair, done, assert_problem):
    path = f"/v1/campaigns/{fair['id']}"
    assert fair["budget"] == vnd(1_000_000)
    assert done(await world.ana.get(path)) == fair
    assert_problem(await world.mai.post("/v1/campaigns", FAIR), 409, "already-exists", "/external_id")
    changed = done(await world.mai.patch(path, {"budget": None, "last_on": None, "active": False}, version=1))
    assert (changed["version"], changed["budget"], changed["last_on"], changed["active"]) == (2, None, None, False)
    assert_problem(await world.mai.patch(path, {"first_on": None}), 422, "invalid", "/first_on")
    assert_problem(await world.mai.patch(path, {"last_on": "2026-02-01"}), 422, "days-backwards", "/last_on")
    assert_problem(await world.mai.patch(path, {"name": "x"}, version=1), 412, "stale-version")
    assert [each["id"] for each in (await world.ana.get("/v1/campaigns", active=False)).json()["items"]] == [fair["id"]]
    assert (await world.ana.get("/v1/campaigns", source="web")).json()["items"] == []


async def test_what_is_spent_adds_up_against_the_budget_and_a_reversal_takes_it_back(world, fair, done, assert_problem):
    path = f"/v1/campaigns/{fair['id']}/spending"
    assert done(await world.mai.get(path))["left"] == vnd(1_000_000)
    first = done(await world.mai.post("/v1/spends", a_bill(on="2026-03-04", note="stand")), 201)
    whole = done(await world.mai.post("/v1/spends", a_bill("whole", 900_000)), 201)
    assert (first["from_on"], first["to_on"], first["source"]) == ("2026-03-04", "2026-03-04", "fair")
    assert (whole["from_on"], whole["to_on"]) == ("2026-03-01", "2026-03-31")
    spending = done(await world.mai.get(path))
    assert (spending["spent"], spending["left"], spending["spends"]) == (vnd(1_200_000), vnd(-200_000), 2)
    reversal = f"/v1/spends/{whole['id']}/reversal"
    done(await world.mai.post(reversal, {"reason": "typing error"}))
    assert_problem(await world.mai.post(reversal, {"reason": "again"}), 409, "spend-already-reversed")
    [listed] = (await world.mai.get("/v1/spending")).json()["items"]
    assert (listed["spent"], listed["left"], listed["reversed_spends"]) == (vnd(300_000), vnd(700_000), 1)
    shown = done(await world.mai.get(f"/v1/spends/{whole['id']}"))
    assert (shown["amount"], shown["reversal"]["reason"]) == (vnd(900_000), "typing error")
    async with world.connect() as connection:
        [event] = await published(connection, SpendReversed)
        assert (event.reason, event.spend.base_minor, event.spend.reversal.reason) == (
            "typing error",
            900_000,
            "typing error",
        )


async def test_spends_are_listed_by_campaign_source_day_and_standing(world, fair, done):
    await world.mai.post("/v1/spends", a_bill("early", on="2026-03-04"))
    await world.mai.post("/v1/spends", a_bill("late", from_on="2026-03-20", to_on="2026-03-25"))

    async def found(**query):
        return [each["external_id"] for each in done(await world.mai.get("/v1/spends", **query))["items"]]

    assert await found() == ["early", "late"]
    assert await found(campaign=fair["id"], source="fair", limit=1) == ["early"]
    assert await found(from_on="2026-03-05") == ["late"]
    assert await found(from_on="2026-03-25", to_on="2026-03-26") == ["late"]
    assert await found(to_on="2026-03-20") == ["early"]
    assert await found(external_id="late", reversed=False) == ["late"]
    assert await found(reversed=True) == []


async def test_days_and_campaign_must_be_right(world, fair, assert_problem):
    async def refused(code, pointer=None, **more):
        body = {**a_bill(None), **more}
        del body["external_id"]
        assert_problem(await world.mai.post("/v1/spends", body), 422, code, pointer)

    await refused("outside-campaign", on="2026-04-01")
    await refused("days-backwards", from_on="2026-03-05", to_on="2026-03-04")
    await refused("invalid", from_on="2026-03-05")
    await refused("invalid", on="2026-03-05", from_on="2026-03-05", to_on="2026-03-06")
    await refused("invalid", "/campaign_external_id", campaign_external_id="nowhere")
    await refused("invalid", "/amount", amount=vnd(-1))
    await refused("rate-missing", "/amount", amount={"amount": "1.00", "currency": "EUR"})
    done = await world.mai.patch(f"/v1/campaigns/{fair['id']}", {"last_on": None})
    assert done.status_code == 200
    await refused("campaign-without-end")
    await refused("too-many-days", from_on="2026-03-05", to_on="2027-03-06")


async def test_an_import_may_be_sent_again_but_never_changes_what_is_booked(world, fair):
    bills = items(a_bill("a", on="2026-03-04"), a_bill("b", from_on="2026-03-04", to_on="2026-03-09"))
    assert answered(await world.importer.post("/v1/spends:batch", bills)) == [(201, None, None)] * 2
    assert answered(await world.importer.post("/v1/spends:batch", bills)) == [(200, True, None)] * 2
    other = items(a_bill("a", 300_001, on="2026-03-04"), a_bill("b", on="2026-03-04"), a_bill("c"), a_bill("c"))
    answer = await world.importer.post("/v1/spends:batch", other)
    exists = (409, None, "already-exists")
    assert (answer.status_code, answered(answer)) == (207, [exists, exists, (201, None, None), exists])
    atomic = await world.importer.post("/v1/spends:batch", {**items(a_bill("d"), a_bill("e", -1)), "atomic": True})
    assert [code for _, _, code in answered(atomic)] == ["not-applied", "invalid"]
    async with world.connect() as connection:
        booked = await published(connection, SpendBooked)
        assert [event.spend.external_id for event in booked] == ["a", "b", "c"]


async def test_the_same_import_twice_at_once_books_each_bill_once(world, fair):
    body = items(*(a_bill(f"x{number}", on="2026-03-04") for number in range(30)))
    answers = await asyncio.gather(*(world.importer.post("/v1/spends:batch", body) for _ in range(3)))
    assert sum(status == 201 for answer in answers for status, _, _ in answered(answer)) == 30
    async with world.connect() as connection:
        assert await connection.fetchval("SELECT count(*) FROM spend") == 30


async def test_campaigns_are_imported_and_may_be_sent_again(world, done):
    batch = items(FAIR, {**FAIR, "external_id": "mail", "source": "mail", "last_on": "2026-02-01"})
    first = await world.importer.post("/v1/campaigns:batch", batch)
    assert answered(first) == [(201, None, None), (422, None, "days-backwards")]
    assert answered(await world.importer.post("/v1/campaigns:batch", batch))[0] == (200, True, None)
    async with world.connect() as connection:
        assert len(await published(connection, CampaignPlanned)) == 1


async def test_another_currency_takes_the_rate_of_the_last_day_spent(world, fair, done):
    await set_rates(world, {"2026-01-01": "25000", "2026-03-10": "26000"})
    two = {"amount": "2.05", "currency": "USD"}

    async def book(name, to_on):
        body = a_bill(name, from_on="2026-03-01", to_on=to_on) | {"amount": two}
        spend = done(await world.mai.post("/v1/spends", body), 201)
        assert spend["amount"] == two
        return spend["base_amount"], spend["exchange_rate"], spend["exchange_rate_on"]

    assert await book("before", "2026-03-09") == (vnd(51_250), "25000", "2026-01-01")
    assert await book("after", "2026-03-10") == (vnd(53_300), "26000", "2026-03-10")


async def test_what_cannot_be_counted_is_refused(world, fair, assert_problem):
    greatest = {"2026-01-01": "999999999999.999999999999"}
    for currency, base, amount in (("USD", "VND", "1000000.00"), ("VND", "USD", "999999999999999")):
        await set_rates(world, greatest, currency, base)
        body = a_bill(on="2026-03-01") | {"amount": {"amount": amount, "currency": currency}}
        assert_problem(await world.mai.post("/v1/spends", body), 422, "invalid", "/amount")


async def set_rates(world, rates, currency="USD", base="VND"):
    given = tuple(ExchangeRate(currency=currency, on=date.fromisoformat(on), rate=rate) for on, rate in rates.items())
    firm = TenantState(id=FIRM, slug="firm", name="firm", zone="Asia/Ho_Chi_Minh", base_currency=base, rates=given)
    async with world.connect() as connection:
        await directory_store.drop(connection, FIRM, "tenant", FIRM)
        await directory_store.keep(connection, [(FIRM, "tenant", FIRM, 2, None, firm.model_dump_json())])
    world.resources.directory.forget_everything()


async def test_only_who_looks_after_others_plans_books_and_sees_costs(world, fair, done, assert_problem):
    spend = done(await world.mai.post("/v1/spends", a_bill()), 201)
    path = f"/v1/campaigns/{fair['id']}"
    for caller in (world.ana, world.bao):
        for answer in (
            await caller.post("/v1/campaigns", FAIR),
            await caller.post("/v1/campaigns:batch", items(FAIR)),
            await caller.patch(path, {"name": "x"}),
            await caller.post("/v1/spends", a_bill("other")),
            await caller.post("/v1/spends:batch", items(a_bill("other"))),
            await caller.post(f"/v1/spends/{spend['id']}/reversal", {"reason": "x"}),
            await caller.get("/v1/spends"),
            await caller.get(f"/v1/spends/{spend['id']}"),
            await caller.get("/v1/spending"),
            await caller.get(f"{path}/spending"),
        ):
            assert_problem(answer, 403, "forbidden")
    assert done(await world.ana.get("/v1/campaigns"))["items"] == [fair]
    assert done(await world.zoe.get("/v1/campaigns"))["items"] == []
    assert done(await world.zoe.get("/v1/spends"))["items"] == []
    for address in (path, f"{path}/spending", f"/v1/spends/{spend['id']}"):
        assert_problem(await world.zoe.get(address), 404, "not-found")
    foreign = a_bill("z") | {"campaign_external_id": "fair"}
    assert_problem(await world.zoe.post("/v1/spends", foreign), 422, "invalid", "/campaign_external_id")
