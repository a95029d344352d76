"""Figures over HTTP: names, exact numbers, the caller's view, read your writes, and what is refused."""

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

import kpi_oracle
import kpi_seen
from analytics import gauges
from analytics.api_kpis import router
from analytics.kpis import KPIS
from analytics.names import names_of
from chassis.directory_consumer import keep
from chassis.principal import Principal
from chassis.service import Service
from chassis.settings import Settings
from chassis.testing import Running, running
from events.catalogue.deals import PipelineState, ProductListed, ProductState
from events.catalogue.identity import PersonState, RegionState, Role, TeamState, TenantState
from events.codec import Message
from events.envelope import Envelope
from folded_world import BEGAN, MIGRATIONS, TENANT, a_database, fold_all
from sales_world import PIPELINES, PRODUCTS, a_world, name

FIRM = a_world(14, size=40)
SERVICE = Service(
    name="analytics", title="Analytics", settings=Settings, routers=[router], migrations=MIGRATIONS,
)  # fmt: skip
HOME = TenantState(id=TENANT, slug="acme", name="Acme", zone="UTC", base_currency="USD", fiscal_year_start_month=4)
LAMP = ProductState(id=PRODUCTS[0] or TENANT, external_id="LAMP-1", name="Lamp")
PEOPLE = [
    PersonState(id=name(f"rep {rep}"), name=f"Rep {rep}", external_id=f"r{rep}", roles=(Role.REP,))
    for rep in range(1, 5)
]
PLACES = [
    TeamState(id=name("sales"), name="Sales"),
    TeamState(id=name("team 1"), name="Đội Một", parent=name("sales")),
    TeamState(id=name("team 2"), name="Đội Hai", parent=name("team 1")),
    RegionState(id=name("north"), name="North", parent=name("country")),
    RegionState(id=name("country"), name="Country", external_id="vn"),
]

DIRECTOR = Principal(TENANT, "person:d", name("director"), frozenset({Role.DIRECTOR}))
REP = Principal(TENANT, "person:r", name("rep 1"), frozenset({Role.REP}))
MANAGER = Principal(TENANT, "person:m", name("manager"), frozenset({Role.MANAGER}), name("team 1"))


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def analytics(postgres_url: str) -> AsyncIterator[Running]:
    async with a_database(postgres_url) as url, running(SERVICE, url, tenants=[HOME]) as service:
        await service.know(TENANT, *PEOPLE, *PLACES)
        async with service.resources.pool.acquire() as connection:
            await keep(connection, [listed(LAMP)])
        service.resources.directory.forget_everything()
        await fold_all(url, FIRM)
        yield service


def listed(product: ProductState) -> Message:
    event = ProductListed().stamped(BEGAN, product)
    envelope = Envelope(
        id=name("event"), type=event.type, source="/dealstream/deals", subject=str(product.id), time=BEGAN,
        tenant=TENANT, aggregate_version=1, partition_key=f"{TENANT}:{product.id}",
    )  # fmt: skip
    return Message(envelope, event, "deals.product", 0, 0, product.id)


async def get(analytics: Running, path: str, who: Principal = DIRECTOR, status: int = 200, **query: Any) -> Any:
    reply = await analytics.client(who).get(f"/v1{path}", params=query)
    assert reply.status_code == status, reply.text
    return json.loads(reply.text, parse_float=Decimal)


async def test_win_rate_by_rep_has_names_parts_and_its_definition(analytics: Running) -> None:
    found = await get(analytics, "/kpis/win-rate", by="rep")
    assert (found["kpi"], found["version"], found["unit"]) == ("win-rate", 1, "ratio")
    by_rep = {row["dimensions"]["rep"]: row for row in found["rows"]}
    assert set(by_rep) <= {"Rep 1", "Rep 2", "Rep 3", "Rep 4"}
    for row in found["rows"]:
        seen = [one for one in kpi_seen.closes(FIRM, kpi_seen.FOREVER) if one.where["rep"] == row["ids"]["rep"]]
        assert row["numerator"] == kpi_oracle.total("won")(seen)
        assert row["denominator"] == row["count"] == kpi_oracle.total("won")(seen) + kpi_oracle.total("lost")(seen)


async def test_money_is_written_with_the_digits_of_its_currency(analytics: Running) -> None:
    reply = await analytics.client(DIRECTOR).get("/v1/kpis/revenue-won")
    due = kpi_oracle.total("revenue")(list(kpi_seen.closes(FIRM, kpi_seen.FOREVER)))
    assert f'"value":{due.numerator // 100}.{due.numerator % 100:02d},' in reply.text
    assert reply.json()["currency"] == "USD"


async def test_products_are_known_by_name_and_by_external_id(analytics: Running) -> None:
    by_name = await get(analytics, "/kpis/deals-opened", filter="product:lamp")
    by_external_id = await get(analytics, "/kpis/deals-opened", filter="product=LAMP-1")
    seen = [one for one in kpi_seen.opened(FIRM, kpi_seen.FOREVER) if one.where["product"] == str(LAMP.id)]
    assert by_name["rows"][0]["value"] == by_external_id["rows"][0]["value"] == len(seen) > 0


async def test_missing_values_are_a_row_and_can_be_asked_for(analytics: Running) -> None:
    rows = (await get(analytics, "/kpis/leads-created", by="source"))["rows"]
    assert {row["dimensions"]["source"] for row in rows} == {"web", "fair", "unknown", "(none)"}
    none = await get(analytics, "/kpis/leads-created", filter="source:(none)")
    assert none["rows"][0]["value"] == next(row["value"] for row in rows if row["dimensions"]["source"] == "(none)")


async def test_periods_are_named_in_the_tenants_calendar(analytics: Running) -> None:
    rows = (await get(analytics, "/kpis/deals-won", by="fiscal-quarter"))["rows"]
    assert {row["dimensions"]["fiscal-quarter"] for row in rows} <= {"FY2026-Q3", "FY2026-Q4", "FY2027-Q1"}
    months = (await get(analytics, "/kpis/open-pipeline", by="month", **{"from": "2026-01-01", "to": "2026-04-01"}))[
        "rows"
    ]
    assert [row["dimensions"]["month"] for row in months] == ["2026-01", "2026-02", "2026-03"]


async def test_what_belongs_to_nobody_is_told_to_those_who_see_everything(analytics: Running) -> None:
    """A rep's own leads over all that was spent would be no cost of anything."""
    for slug in ("cost-per-lead", "cost-per-conversion"):
        for who in (REP, MANAGER):
            for path in (f"/kpis/{slug}", f"/kpis/{slug}/explain"):
                assert (await get(analytics, path, who, 403))["code"] == "forbidden"
        found = await get(analytics, f"/kpis/{slug}", by="source")
        nobody_came = next(row for row in found["rows"] if row["dimensions"]["source"] == "nobody came")
        assert (nobody_came["value"], nobody_came["denominator"]) == (None, 0)
        seen = [one for one in kpi_seen.spent(FIRM, kpi_seen.FOREVER) if one.where["source"] == "nobody came"]
        assert nobody_came["numerator"] * 100 == kpi_oracle.total("spent")(seen) > 0


async def test_a_rep_sees_the_own_figures_and_a_manager_those_of_the_team(analytics: Running) -> None:
    seen = list(kpi_seen.opened(FIRM, kpi_seen.FOREVER))
    mine = [one for one in seen if one.where["rep"] == str(name("rep 1"))]
    ours = [one for one in seen if one.where["team"] == str(name("team 1"))]
    assert (await get(analytics, "/kpis/deals-opened", REP))["rows"][0]["value"] == len(mine)
    assert (await get(analytics, "/kpis/deals-opened", MANAGER))["rows"][0]["value"] == len(ours)
    assert (await get(analytics, "/kpis/deals-opened"))["rows"][0]["value"] == len(seen)
    explained = await get(analytics, "/kpis/deals-opened/explain", REP)
    assert {item["dimensions"]["rep"] for item in explained["items"]} == {"Rep 1"}


async def test_a_team_or_region_rolls_up_what_is_below_it_and_nobody_sees_more_by_that(analytics: Running) -> None:
    seen = list(kpi_seen.opened(FIRM, kpi_seen.FOREVER))
    teams = {team: sum(one.where["team"] == str(name(team)) for one in seen) for team in ("team 1", "team 2")}
    north = sum(one.where["region"] == str(name("north")) for one in seen)
    assert min(*teams.values(), north) > 0

    async def value(who: Principal = DIRECTOR, **asked: str) -> Any:
        return (await get(analytics, "/kpis/deals-opened", who, **asked))["rows"][0]["value"]

    assert await value(filter="team:Sales") == 0
    assert await value(filter="team:Sales", roll_up="true") == sum(teams.values())
    assert await value(filter="team:Đội Một") == teams["team 1"]
    assert await value(filter="team:Đội Một", roll_up="true") == sum(teams.values())
    assert await value(filter="region:vn", roll_up="true") == north
    assert await value(filter="team:Đội Hai", roll_up="true") == teams["team 2"]
    assert await value(MANAGER, filter="team:Sales", roll_up="true") == teams["team 1"]


async def test_a_comparison_shows_the_value_of_the_period_before(analytics: Running) -> None:
    january = {"from": "2026-01-01", "to": "2026-02-01"}
    found = await get(analytics, "/kpis/deals-opened", compare="previous", **january)
    before = await get(analytics, "/kpis/deals-opened", **{"from": "2025-12-01", "to": "2026-01-01"})
    assert found["compared"] == {"from": "2025-12-01", "to": "2026-01-01"}
    assert found["rows"][0]["compared_value"] == before["rows"][0]["value"]


async def test_several_questions_are_answered_from_one_state(analytics: Running) -> None:
    queries = [{"kpi": "win-rate", "by": ["rep"]}, {"kpi": "revenue-won", "from": "2026-01-01"}]
    reply = await analytics.client(DIRECTOR).post("/v1/kpis:batch", json={"queries": queries})
    assert reply.status_code == 200, reply.text
    assert [answer["kpi"] for answer in reply.json()["answers"]] == ["win-rate", "revenue-won"]


async def test_every_kpi_answers(analytics: Running) -> None:
    listed = (await get(analytics, "/kpis"))["items"]
    assert [kpi["slug"] for kpi in listed] == [kpi.slug for kpi in KPIS]
    for kpi in listed:
        found = await get(analytics, f"/kpis/{kpi['slug']}")
        assert all(row["value"] is not None or row["reason"] for row in found["rows"])


async def test_an_explanation_is_paged_and_adds_up(analytics: Running) -> None:
    found = await get(analytics, "/kpis/win-rate/explain", limit=10)
    items, cursor = found["items"], found["next_cursor"]
    while cursor:
        page = await get(analytics, "/kpis/win-rate/explain", limit=10, cursor=cursor)
        items, cursor = items + page["items"], page["next_cursor"]
    for part, total in found["totals"].items():
        assert sum(item["adds"].get(part, 0) for item in items) == total


async def test_the_waterfall_adds_up(analytics: Running) -> None:
    found = await get(analytics, "/waterfall", **{"from": "2025-12-10", "to": "2026-01-20"})
    changes = [found["start"], *found["terms"]]
    assert sum(change["value"] for change in changes) == found["end"]["value"]
    known = await get(analytics, "/waterfall", known_from="2026-06-01T00:40:00Z", known_to="2026-06-01T03:00:00Z")
    assert sum(change["count"] for change in (known["start"], *known["terms"])) == known["end"]["count"]


async def test_more_may_wait_for_a_change_than_there_are_connections(analytics: Running) -> None:
    deal = FIRM.deals[0]
    id_, version = deal[-1].id, len(deal)
    at_once = 3 * analytics.resources.settings.pool_size
    waiting = [
        asyncio.create_task(get(analytics, "/kpis/deals-opened", after=f"deal:{id_}@{version + 1}"))
        for _ in range(at_once)
    ]
    await asyncio.sleep(0.2)
    assert (await get(analytics, "/kpis/win-rate"))["rows"], "others are answered meanwhile"
    assert not any(task.done() for task in waiting)
    await analytics.resources.pool.execute("UPDATE ledger_v1.fact SET version = version + 1 WHERE id = $1", id_)
    assert all(found["rows"] for found in await asyncio.gather(*waiting))
    await analytics.resources.pool.execute("UPDATE ledger_v1.fact SET version = version - 1 WHERE id = $1", id_)


async def test_what_was_written_is_waited_for(analytics: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    deal = FIRM.deals[0]
    assert (await get(analytics, "/kpis/win-rate", after=f"deal:{deal[-1].id}@{len(deal)}"))["rows"]
    monkeypatch.setattr("analytics.query.freshness.AWAIT_SECONDS", 0.05)
    late = await get(analytics, "/kpis/win-rate", status=503, after=f"deal:{deal[-1].id}@{len(deal) + 1}")
    assert late["code"] == "not-folded-yet"


async def test_several_figures_wait_together(analytics: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    deal = FIRM.deals[0]

    async def ask(version: int) -> Any:
        body = {"queries": [{"kpi": "win-rate"}, {"kpi": "deals-won"}], "after": [f"deal:{deal[-1].id}@{version}"]}
        return await analytics.client(DIRECTOR).post("/v1/kpis:batch", json=body)

    assert len((await ask(len(deal))).json()["answers"]) == 2
    monkeypatch.setattr("analytics.query.freshness.AWAIT_SECONDS", 0.05)
    late = await ask(len(deal) + 1)
    assert (late.status_code, late.json()["code"]) == (503, "not-folded-yet")


async def test_gauges_show_every_figure_that_has_a_value(analytics: Running) -> None:
    gauges.VALUE.labels(HOME.slug, "time-in-stage", "days", "a stage that nobody left lately").set(3)
    await gauges.draw(analytics.resources)
    drawn = {
        (sample.labels["kpi"], sample.labels["stage"]): sample.value
        for sample in gauges.VALUE.collect()[0].samples
        if sample.labels["tenant"] == HOME.slug
    }
    value = (await get(analytics, "/kpis/open-pipeline"))["rows"][0]["value"]
    assert drawn["open-pipeline", ""] == float(value) > 0
    assert ("win-rate", "") not in drawn
    assert ("time-in-stage", "a stage that nobody left lately") not in drawn
    expected = (await get(analytics, "/kpis/weighted-pipeline"))["rows"][0]["value"]
    assert drawn["weighted-pipeline", ""] == float(expected)


async def test_freshness_is_unknown_until_the_ledger_has_caught_up_once(analytics: Running) -> None:
    [row] = (await get(analytics, "/kpis/kpi-freshness"))["rows"]
    assert (row["value"], row["reason"]) == (None, "the ledger has not caught up with the events yet")


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("/kpis/luck", {}, 404, "not-found"),
        ("/kpis/win-rate", {"by": "weather"}, 422, "invalid"),
        ("/kpis/leads-created", {"by": "product"}, 422, "invalid"),
        ("/kpis/leads-created", {"by": ["month", "week"]}, 422, "invalid"),
        ("/kpis/win-rate", {"filter": "rep"}, 422, "invalid"),
        ("/kpis/win-rate", {"filter": "team:Nobody"}, 422, "invalid"),
        ("/kpis/win-rate", {"from": "2026-02-01", "to": "2026-01-01"}, 422, "invalid"),
        ("/kpis/win-rate", {"from": "1066-10-14"}, 422, "invalid"),
        ("/kpis/win-rate", {"form": "2026-01-01"}, 400, "unknown-parameter"),
        ("/kpis/win-rate", {"after": "deal:1@2"}, 422, "invalid"),
        ("/kpis/win-rate", {"compare": "previous"}, 422, "invalid"),
        (
            "/kpis/open-pipeline",
            {"compare": "previous", "from": "2026-01-01", "to": "2026-02-01"},
            422,
            "invalid",
        ),
        ("/kpis/sales-cycle", {"as_of": "2026-01-01", "known_at": "2026-06-01T00:00:00Z"}, 422, "invalid"),
        ("/kpis/win-rate/explain", {"by": "rep"}, 422, "invalid"),
        ("/kpis/win-rate/explain", {"cursor": "bm9uc2Vuc2U"}, 400, "wrong-cursor"),
        ("/waterfall", {"from": "2026-01-01"}, 422, "invalid"),
        ("/waterfall", {"from": "2026-01-01", "to": "2026-02-01", "known_to": "2026-06-01T00:00:00Z"}, 422, "invalid"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    analytics: Running, path: str, query: Any, status: int, code: str
) -> None:
    found = await get(analytics, path, status=status, **query)
    assert found["code"] == code


async def test_pipelines_and_products_get_their_names_from_their_topics(analytics: Running) -> None:
    pipeline = PipelineState(id=PIPELINES[0], name="Neugeschäft", stages=())
    await analytics.know(TENANT, *PEOPLE)
    pool: asyncpg.Pool[asyncpg.Record] = analytics.resources.pool
    async with pool.acquire() as connection:
        names = await names_of(connection, analytics.resources.directory, TENANT)
    assert names.shown("product", str(LAMP.id)) == "Lamp"
    assert names.shown("pipeline", str(pipeline.id)) == str(pipeline.id)
    assert names.shown("team", None) == "(none)"
    assert names.values("rep", "rep 1") == names.values("rep", "r1") == {str(name("rep 1"))}
    assert names.values("rep", str(UUID(int=7))) == {str(UUID(int=7))}
