"""Lists: filters, order, pages that stay right while rows are added."""

from datetime import UTC, datetime, timedelta

import pytest

START = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
async def seven(world):
    """Seven leads, two of them of the same instant."""
    hours = (0, 1, 2, 2, 3, 4, 5)
    items = [
        {
            "item_id": str(number),
            "command": "capture",
            "title": str(number),
            "source": "fair" if number % 2 else None,
            "campaign": "spring" if number > 4 else None,
            "owner_external_id": "ana" if number < 3 else "bao",
            "occurred_at": (START + timedelta(hours=hour)).isoformat(),
        }
        for number, hour in enumerate(hours)
    ]
    assert (await world.importer.post("/v1/leads:batch", {"items": items})).status_code == 200


async def all_pages(caller, path, **query):
    found, cursor = [], None
    while True:
        page = (await caller.get(path, **query, **({"cursor": cursor} if cursor else {}))).json()
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
async def test_pages_hold_each_lead_once_in_order(world, seven, limit):
    up = [lead["title"] for lead in await all_pages(world.importer, "/v1/leads", limit=limit)]
    down = [lead["title"] for lead in await all_pages(world.importer, "/v1/leads", limit=limit, sort="-created_at")]
    assert sorted(up) == [str(number) for number in range(7)]
    assert up == down[::-1]
    assert (up[:2], up[4:]) == (["0", "1"], ["4", "5", "6"])


async def test_filters(world, seven):
    async def titles(**query):
        return sorted(lead["title"] for lead in await all_pages(world.importer, "/v1/leads", limit=2, **query))

    assert await titles(source="fair") == ["1", "3", "5"]
    assert await titles(campaign="spring", source="fair") == ["5"]
    assert await titles(owner="00000000-0000-0000-0000-0000000000a1") == ["0", "1", "2"]
    assert await titles(status="qualified") == []
    assert await titles(created_from="2025-01-01T02:00:00Z", created_to="2025-01-01T04:00:00Z") == ["2", "3", "4"]
    assert await titles(created_from="2025-01-01T09:00:00+07:00", created_to="2025-01-01T10:00:00+07:00") == ["2", "3"]


async def test_a_page_that_is_read_stays_right_while_leads_come_in(world, seven):
    first = (await world.importer.get("/v1/leads", limit=3)).json()
    await world.importer.post("/v1/leads", {"occurred_at": "2024-12-31T00:00:00Z", "title": "before"})
    second = (await world.importer.get("/v1/leads", limit=200, cursor=first["next_cursor"])).json()
    assert len({lead["id"] for lead in first["items"] + second["items"]}) == 7


async def test_a_copy_that_is_still_good_is_not_sent_again(world, done):
    lead = done(await world.ana.post("/v1/leads", {}), 201)
    path = f"/v1/leads/{lead['id']}"
    tag = (await world.ana.get(path)).headers["ETag"]
    again = await world.ana.client.get(path, headers={**world.ana.headers, "If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)


async def test_accounts_contacts_and_handoffs_are_paged_too(world, done):
    for number in range(5):
        account = done(await world.importer.post("/v1/accounts", {"name": str(number)}), 201)["id"]
        done(await world.importer.post("/v1/contacts", {"name": str(number), "account": account}), 201)
        lead = done(await world.importer.post("/v1/leads", {"owner_external_id": "ana"}), 201)["id"]
        done(await world.ana.post(f"/v1/leads/{lead}/qualification"))
        done(await world.ana.post(f"/v1/leads/{lead}/handoff", {"offered_to_external_id": "bao"}), 201)
    for path in ("/v1/accounts", "/v1/contacts", "/v1/handoffs"):
        assert len({each["id"] for each in await all_pages(world.importer, path, limit=2)}) == 5
    assert len(await all_pages(world.bao, "/v1/handoffs", limit=2, sort="-offered_at", status="offered")) == 5
    assert len((await world.importer.get("/v1/contacts", account=account)).json()["items"]) == 1


async def test_an_account_that_an_acceptance_opens_stands_after_those_before_it(world, done):
    done(await world.importer.post("/v1/accounts", {"name": "first"}), 201)
    names = [f"opened {number}" for number in range(6)]
    for name in names:
        lead = done(await world.importer.post("/v1/leads", {"owner_external_id": "ana", "title": name}), 201)["id"]
        done(await world.ana.post(f"/v1/leads/{lead}/qualification"))
        offer = {"offered_to_external_id": "bao"}
        handoff = done(await world.ana.post(f"/v1/leads/{lead}/handoff", offer), 201)["id"]
        done(await world.bao.post(f"/v1/handoffs/{handoff}/acceptance"))
    found = done(await world.importer.get("/v1/accounts"))["items"]
    assert [each["name"] for each in found] == ["first", *names]
