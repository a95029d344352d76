"""Who holds accounts, who decides there, and the trees they stand in: over HTTP, each within what one sees."""

import asyncio
from uuid import UUID

import pytest

from leads import store

FIRM = UUID(int=0xF1)
ANA, BAO, MAI = str(UUID(int=0xA1)), str(UUID(int=0xB1)), str(UUID(int=0xC1))


async def opened(caller, done, name, **more):
    return done(await caller.post("/v1/accounts", {"name": name, **more}), 201)["id"]


async def test_the_history_of_who_held_an_account(world, done, assert_problem):
    path = f"/v1/accounts/{await opened(world.importer, done, 'Sao Mai', occurred_at='2026-01-05T03:00:00Z')}/custody"
    assert done(await world.bao.get(path)) == {
        **done(await world.importer.get(path)),
        "holder": None,
        "spans": [],
        "complete": True,
    }
    done(await world.importer.post(path, {"owner_external_id": "ana", "occurred_at": "2026-02-01T03:00:00Z"}))
    done(await world.importer.post(path, {"owner": BAO, "occurred_at": "2026-03-01T20:00:00Z"}))
    ended = done(await world.bao.post(f"{path}-end", {}))
    assert (ended["holder"], [span["owner"]["person"] for span in ended["spans"]]) == (None, [BAO, ANA])
    days = [(span["from_on"], span["to_on"]) for span in ended["spans"]]
    assert days[1] == ("2026-02-01", "2026-03-02"), days
    assert days[0][0] == "2026-03-02"
    early = {"owner": ANA, "occurred_at": "2026-03-01T00:00:00Z"}
    assert_problem(await world.importer.post(path, early), 422, "out-of-sequence", "/occurred_at")


async def test_a_rep_takes_what_is_free_for_itself_and_no_more(world, done, assert_problem):
    free = await opened(world.importer, done, "Free")
    held = await opened(world.importer, done, "Held", owner_external_id="bao")
    assert_problem(await world.ana.post(f"/v1/accounts/{free}/custody", {"owner": BAO}), 403, "forbidden")
    taken = done(await world.ana.post(f"/v1/accounts/{free}/custody"))
    assert taken["holder"]["person"] == ANA
    assert_problem(await world.bao.post(f"/v1/accounts/{free}/custody"), 404, "not-found")
    for path in ("custody", "tree", "buying-roles"):
        assert_problem(await world.ana.get(f"/v1/accounts/{held}/{path}"), 404, "not-found")
        assert_problem(await world.zoe.get(f"/v1/accounts/{held}/{path}"), 404, "not-found")
    assert_problem(await world.ana.post(f"/v1/accounts/{held}/custody-end"), 404, "not-found")
    assert_problem(await world.importer.post(f"/v1/accounts/{held}/custody"), 422, "invalid", "/owner")
    assert done(await world.mai.post(f"/v1/accounts/{free}/custody", {"owner": BAO}))["holder"]["person"] == BAO


async def test_a_patch_of_the_owner_is_part_of_the_history(world, done):
    account = await opened(world.ana, done, "Mine")
    done(await world.mai.patch(f"/v1/accounts/{account}", {"owner": BAO}))
    spans = done(await world.bao.get(f"/v1/accounts/{account}/custody"))["spans"]
    assert [span["owner"]["person"] for span in spans] == [BAO, ANA]


async def test_buying_roles_name_only_whom_one_sees(world, done, assert_problem):
    account = await opened(world.importer, done, "Sao Mai")
    path = f"/v1/accounts/{account}/buying-roles"
    lan = done(await world.ana.post("/v1/contacts", {"name": "Lan", "job_title": "CFO"}), 201)["id"]
    minh = done(await world.bao.post("/v1/contacts", {"name": "Minh", "account": account}), 201)["id"]
    done(await world.ana.post(path, {"contact": lan, "roles": ["user", "economic_buyer"]}))
    done(await world.bao.post(path, {"contact": minh, "roles": ["blocker"]}))
    assert_problem(await world.bao.post(path, {"contact": lan, "roles": []}), 422, "invalid", "/contact")
    assert_problem(await world.bao.post(path, {"contact": minh, "roles": ["boss"]}), 422, "invalid", "/roles/0")

    def shown(answer):
        return [(each["name"], each["job_title"], each["roles"]) for each in answer["items"]]

    roles = (["economic_buyer", "user"], ["blocker"])
    assert shown(done(await world.ana.get(path))) == [("Lan", "CFO", roles[0]), (None, None, roles[1])]
    assert shown(done(await world.bao.get(path))) == [(None, None, roles[0]), ("Minh", None, roles[1])]
    done(await world.bao.post(path, {"contact": minh, "roles": []}))
    assert [each["contact"] for each in done(await world.bao.get(path))["items"]] == [lan]


@pytest.fixture
async def group(world, done):
    """A holding with two daughters, one of them Ana's with a free branch below it."""
    top = await opened(world.importer, done, "Holding", owner_external_id="bao")
    hers = await opened(world.importer, done, "B daughter", parent=top, owner_external_id="ana")
    await opened(world.importer, done, "A daughter", parent=top, owner_external_id="bao")
    branch = await opened(world.importer, done, "Branch", parent=hers)
    return top, hers, branch


async def test_the_tree_is_shown_as_far_as_one_sees_it(world, group, done, assert_problem):
    _top, hers, branch = group

    async def tree(caller, account):
        return [
            (each["name"], each["depth"]) for each in done(await caller.get(f"/v1/accounts/{account}/tree"))["items"]
        ]

    whole = [("Holding", 0), ("A daughter", 1), ("B daughter", 1), ("Branch", 2)]
    assert await tree(world.importer, branch) == whole
    assert await tree(world.ana, hers) == [("B daughter", 1), ("Branch", 2)]
    assert await tree(world.bao, branch) == [("Holding", 0), ("A daughter", 1), ("Branch", 2)]
    assert_problem(await world.bao.get(f"/v1/accounts/{hers}/tree"), 404, "not-found")


async def test_two_changes_at_once_make_no_loop_together(world, done):
    """Both are asked for while the tree is held; each alone would be no loop."""
    one, two = [await opened(world.importer, done, name) for name in ("One", "Two")]
    async with world.connect() as connection, connection.transaction():
        await store.line_above(connection, FIRM, UUID(one))
        pairs = ((one, two), (two, one))
        changes = [
            asyncio.create_task(world.importer.patch(f"/v1/accounts/{id_}", {"parent": above})) for id_, above in pairs
        ]
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = $1"
        here = await connection.fetchval("SELECT oid FROM pg_database WHERE datname = current_database()")
        while await connection.fetchval(waiting, here) < len(changes) and not all(each.done() for each in changes):
            await asyncio.sleep(0.01)
    answers = sorted([await each for each in changes], key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [200, 422]
    assert answers[1].json()["code"] == "hierarchy-loop"
