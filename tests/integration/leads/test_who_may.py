"""Who sees and who changes what: scope by role, other firms, the rows themselves."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from events.catalogue.identity import Assignment, PersonState, Role, TeamState

FIRM, OTHER = UUID(int=0xF1), UUID(int=0xF2)
BAO = str(UUID(int=0xB1))
NORTH, SOUTH = UUID(int=0x11), UUID(int=0x12)


async def titles(caller, **query):
    return [lead["title"] for lead in (await caller.get("/v1/leads", **query)).json()["items"]]


@pytest.fixture
async def leads(world, done):
    """One of Ana's, one of Bao's, one that nobody holds."""
    made = {}
    for title, owner in (("of ana", "ana"), ("of bao", "bao"), ("of nobody", None)):
        body = {"title": title, "prospect": {"name": title}, **({"owner_external_id": owner} if owner else {})}
        made[title] = done(await world.importer.post("/v1/leads", body), 201)
    return made


async def test_everybody_sees_their_own_part(world, leads):
    assert await titles(world.ana) == ["of ana"]
    assert await titles(world.bao) == ["of bao"]
    assert await titles(world.mai) == ["of ana"]
    assert await titles(world.importer) == ["of ana", "of bao", "of nobody"]
    assert await titles(world.zoe) == []


async def test_what_is_not_seen_is_not_found_by_any_verb(world, leads, assert_problem):
    path = f"/v1/leads/{leads['of ana']['id']}"
    for caller in (world.bao, world.zoe):
        assert_problem(await caller.get(path), 404, "not-found")
        assert_problem(await caller.patch(path, {"title": "x"}), 404, "not-found")
        assert_problem(await caller.post(f"{path}/qualification"), 404, "not-found")
        assert_problem(await caller.post(f"{path}/disqualification", {"reason": "x"}), 404, "not-found")
        assert_problem(await caller.get(f"/v1/contacts/{leads['of ana']['contact']}"), 404, "not-found")
        contact = f"/v1/contacts/{leads['of ana']['contact']}"
        assert_problem(await caller.patch(contact, {"name": "x"}), 404, "not-found")
        assert_problem(await caller.post(f"{path}/handoff", {"offered_to": BAO}), 404, "not-found")


async def test_naming_a_record_that_one_does_not_see_opens_nothing(world, leads, done, assert_problem):
    contact = leads["of ana"]["contact"]
    account = done(
        await world.importer.post("/v1/accounts", {"name": "A", "external_id": "a", "owner_external_id": "ana"}), 201
    )
    for body in ({"contact": contact}, {"account": account["id"]}, {"account_external_id": "a"}):
        assert_problem(await world.bao.post("/v1/leads", {"title": "mine", **body}), 422, "invalid")
        assert_problem(await world.bao.patch(f"/v1/leads/{leads['of bao']['id']}", body), 422, "invalid")
    assert_problem(await world.bao.post("/v1/contacts", {"name": "x", "account": account["id"]}), 422, "invalid")
    assert_problem(await world.bao.get(f"/v1/contacts/{contact}"), 404, "not-found")
    mine = done(await world.bao.post("/v1/accounts", {"name": "mine"}), 201)["id"]
    below = {"parent": account["id"]}
    assert_problem(await world.bao.patch(f"/v1/accounts/{mine}", below), 422, "invalid", "/parent")
    assert_problem(await world.bao.post("/v1/accounts", {"name": "n", **below}), 422, "invalid", "/parent")


async def test_the_external_id_of_a_record_that_one_does_not_see_tells_nothing_but_that_it_is_taken(world, done):
    leads, owner = "/v1/leads", {"owner_external_id": "bao"}
    lead = done(await world.importer.post(leads, {"external_id": "x", **owner}), 201)["id"]
    account = done(await world.importer.post("/v1/accounts", {"name": "A", "external_id": "x", **owner}), 201)["id"]
    contact = done(await world.bao.post("/v1/contacts", {"name": "Z", "external_id": "x"}), 201)["id"]
    mine = done(await world.ana.post(leads, {"title": "mine"}), 201)["id"]
    for each in (lead, mine):
        done(await world.importer.post(f"{leads}/{each}/qualification"))
    offer = {"offered_to": BAO, "external_id": "x"}
    handoff = done(await world.bao.post(f"{leads}/{lead}/handoff", offer), 201)["id"]
    handoffs = {"command": "offer", "lead": mine, **offer}
    named = {"name": "N", "external_id": "x"}
    hidden = {
        leads: ({"external_id": "x"}, {"command": "capture", "external_id": "x"}, lead),
        "/v1/accounts": (named, named, account),
        "/v1/contacts": (named, named, contact),
        "/v1/handoffs": (offer, handoffs, handoff),
    }
    for path, (body, item, id_) in hidden.items():
        one = f"{leads}/{mine}/handoff" if path == "/v1/handoffs" else path
        batch = {"items": [{"item_id": "1", **item}]}
        for answer in (await world.ana.post(one, body), await world.ana.post(f"{path}:batch", batch)):
            assert ("already-exists" in answer.text, id_ in answer.text) == (True, False), answer.text
        assert id_ in (await world.bao.post(f"{path}:batch", batch)).text


async def test_a_lead_and_its_contact_are_seen_by_whom_it_is_offered_to(world, leads, done, assert_problem):
    lead = leads["of ana"]
    done(await world.ana.post(f"/v1/leads/{lead['id']}/qualification"))
    handoff = done(await world.ana.post(f"/v1/leads/{lead['id']}/handoff", {"offered_to": BAO}))["id"]
    assert await titles(world.bao) == ["of ana", "of bao"]
    done(await world.bao.get(f"/v1/contacts/{lead['contact']}"))
    assert [each["id"] for each in (await world.bao.get("/v1/handoffs")).json()["items"]] == [handoff]
    accept = f"/v1/handoffs/{handoff}/acceptance"
    assert_problem(await world.ana.post(accept), 403, "forbidden")
    assert_problem(await world.mai.post(accept), 403, "forbidden")
    assert_problem(await world.zoe.post(accept), 404, "not-found")
    assert_problem(await world.zoe.get(f"/v1/handoffs/{handoff}"), 404, "not-found")
    done(await world.bao.post(accept))
    assert [each["name"] for each in (await world.bao.get("/v1/contacts")).json()["items"]] == ["of ana", "of bao"]


async def test_only_some_give_leads_to_others(world, leads, done, assert_problem):
    path = f"/v1/leads/{leads['of ana']['id']}/assignment"
    assert_problem(await world.ana.post(path, {"owner": BAO}), 403, "forbidden")
    assert_problem(await world.ana.post("/v1/leads", {"owner": BAO}), 403, "forbidden")
    given = done(await world.mai.post(path, {"owner": BAO}))
    assert (given["owner"]["person"], given["first_owner"]["person"]) == (BAO, str(UUID(int=0xA1)))


async def test_backdating_far_needs_the_right(world, assert_problem, done):
    body = {"occurred_at": "2020-01-01T00:00:00Z"}
    assert_problem(await world.ana.post("/v1/leads", body), 403, "forbidden", "/occurred_at")
    done(await world.importer.post("/v1/leads", body), 201)


async def test_the_company_owns_accounts_that_nobody_holds(world, done, assert_problem):
    held = done(await world.importer.post("/v1/accounts", {"name": "Held", "owner_external_id": "ana"}), 201)
    free = done(await world.importer.post("/v1/accounts", {"name": "Free"}), 201)
    assert [each["name"] for each in (await world.bao.get("/v1/accounts")).json()["items"]] == ["Free"]
    assert [each["name"] for each in (await world.mai.get("/v1/accounts")).json()["items"]] == ["Held", "Free"]
    assert_problem(await world.bao.get(f"/v1/accounts/{held['id']}"), 404, "not-found")
    assert_problem(await world.bao.patch(f"/v1/accounts/{held['id']}", {"name": "x"}), 404, "not-found")
    assert_problem(await world.bao.patch(f"/v1/accounts/{free['id']}", {"owner": BAO}), 403, "forbidden")
    assert done(await world.mai.patch(f"/v1/accounts/{free['id']}", {"owner": BAO}))["owner"]["person"] == BAO
    assert_problem(await world.zoe.get(f"/v1/accounts/{free['id']}"), 404, "not-found")


async def test_strangers_are_turned_away(world, assert_problem):
    unknown_key = f"Bearer dsk_{uuid4().hex}_{'x' * 43}"
    for authorization in (None, "Basic abc", "Bearer nonsense", unknown_key, "Bearer dsk__"):
        world.nobody.headers = {"Authorization": authorization} if authorization else {}
        answer = await world.nobody.get("/v1/leads")
        assert_problem(answer, 401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_the_database_itself_keeps_firms_apart(world, leads, done):
    lead = leads["of ana"]["id"]
    done(await world.ana.post(f"/v1/leads/{lead}/qualification"))
    handoff = done(await world.ana.post(f"/v1/leads/{lead}/handoff", {"offered_to": BAO}))["id"]
    done(await world.bao.post(f"/v1/handoffs/{handoff}/acceptance"))

    async def seen(tenant, table):
        async with world.connect() as connection, connection.transaction():
            await connection.execute("SET LOCAL ROLE dealstream_tenant")
            await connection.execute("SELECT set_config('dealstream.tenant', $1, true)", str(tenant or ""))
            return await connection.fetchval(f"SELECT count(*) FROM {table}")

    for table in ("lead", "handoff", "customer", "contact"):
        assert await seen(FIRM, table) > 0
        assert await seen(OTHER, table) == 0
        assert await seen(None, table) == 0


async def test_a_manager_sees_the_teams_below_the_led_ones_and_no_longer_when_they_move(world, done, assert_problem):
    district, street, chi = UUID(int=0x13), UUID(int=0x14), UUID(int=0xA2)
    places = (Assignment(from_on=date(2020, 1, 1), team=street),)
    await world.know(
        TeamState(id=district, name="District", parent=NORTH),
        TeamState(id=street, name="Street", parent=district),
        PersonState(id=chi, name="Chi", roles=(Role.REP,), assignments=places),
        version=1,
    )
    body = {"title": "of chi", "owner": str(chi), "prospect": {"name": "Lan"}}
    lead = done(await world.importer.post("/v1/leads", body), 201)
    paths = [f"/v1/leads/{lead['id']}", f"/v1/leads/{lead['id']}/custody", f"/v1/contacts/{lead['contact']}"]
    assert await titles(world.mai) == ["of chi"]
    for path in paths:
        done(await world.mai.get(path))
        assert_problem(await world.bao.get(path), 404, "not-found")
    done(await world.mai.post(f"/v1/leads/{lead['id']}/qualification"))
    await world.know(TeamState(id=district, name="District", parent=SOUTH))
    assert await titles(world.mai) == []
    for path in paths:
        assert_problem(await world.mai.get(path), 404, "not-found")
    assert_problem(await world.mai.post(f"/v1/leads/{lead['id']}/disqualification", {"reason": "x"}), 404, "not-found")


async def test_nobody_who_is_held_to_the_rules_passes_them_by_calling_it_history(world, done, assert_problem):
    done(await world.ops.post("/v1/time-limits", {"kind": "handoff-answer", "working_minutes": 480}), 201)
    lead = done(await world.ana.post("/v1/leads", {"title": "x"}), 201)["id"]
    visit = {"kind": "visit", "lead": lead, "imported": True}
    offer = {"offered_to": BAO, "imported": True}
    done(await world.ana.post(f"/v1/leads/{lead}/qualification"))
    for path, body in (("leads", {"imported": True}), ("activities", visit), (f"leads/{lead}/handoff", offer)):
        assert_problem(await world.ana.post(f"/v1/{path}", body), 403, "forbidden", "/imported")
    items = {
        "leads": {"command": "capture", "imported": True},
        "activities": visit,
        "handoffs": {"command": "offer", "lead": lead, **offer},
    }
    for path, item in items.items():
        [result] = done(await world.mai.post(f"/v1/{path}:batch", {"items": [{"item_id": "1", **item}]}), 207)[
            "results"
        ]
        assert (result["status"], result["problem"]["errors"][0]["pointer"]) == (403, "/imported")
    assert done(await world.ana.post(f"/v1/leads/{lead}/handoff", {"offered_to": BAO}), 201)["due_at"] is not None
    assert done(await world.ops.post("/v1/leads", {"imported": True}), 201)["imported"]
