"""People, teams, regions, the tenant and its keys over HTTP, with what is published."""

from uuid import UUID, uuid4

from events.catalogue.identity import (
    ApiKeyRevoked,
    ExchangeRatesSet,
    PersonChanged,
    PersonDeactivated,
    PersonJoined,
    PersonReactivated,
    PersonReassigned,
    RegionDefined,
    TeamChanged,
    TeamFormed,
    TenantFounded,
)
from events.testing import assert_published, published


def items(*some):
    return {"items": [{"item_id": str(number), **item} for number, item in enumerate(some, start=1)]}


def statuses(answer):
    return [result["status"] for result in answer.json()["results"]]


async def test_founding_is_published(world):
    async with world.connect() as connection:
        await assert_published(connection, TenantFounded, tenant__slug="firm", tenant__zone="Asia/Ho_Chi_Minh")
        await assert_published(connection, PersonJoined, person__email="root@firm.test")


async def test_an_organisation_is_loaded_and_loading_it_again_changes_nothing(world):
    regions = items(
        {"name": "Bắc", "external_id": "n"}, {"name": "Hà Nội", "external_id": "hn", "parent_external_id": "n"}
    )
    teams = items(
        {"name": "Sales", "external_id": "s"}, {"name": "Hanoi", "external_id": "h", "parent_external_id": "s"}
    )
    people = items(
        {"name": "Mai", "external_id": "mai", "roles": ["manager"], "team_external_id": "h"},
        {
            "name": "Ana",
            "external_id": "ana",
            "roles": ["rep", "sdr", "rep"],
            "manager_external_id": "mai",
            "team_external_id": "h",
            "region_external_id": "hn",
            "assigned_from": "2025-01-01",
        },
    )
    for path, body in (("regions", regions), ("teams", teams), ("people", people)):
        answer = await world.admin.post(f"/v1/{path}:batch", body)
        assert (answer.status_code, statuses(answer)) == (200, [201, 201]), answer.text
        again = await world.admin.post(f"/v1/{path}:batch", body)
        assert [result["existing"] for result in again.json()["results"]] == [True, True]
    ana = (await world.admin.get("/v1/people", external_id="ana")).json()["items"][0]
    assert (ana["roles"], ana["assignments"][0]["from_on"]) == (["rep", "sdr"], "2025-01-01")
    async with world.connect() as connection:
        assert len(await published(connection, RegionDefined)) == 2
        assert len(await published(connection, TeamFormed)) == 2
        joined = await assert_published(connection, PersonJoined, person__name="Ana")
        assert str(joined.person.assignments[0].team) == ana["team"]


async def test_a_batch_refuses_what_is_wrong_or_all_of_it(world):
    wrong = items({"name": "Ana", "roles": ["rep"]}, {"name": "Bao", "roles": ["rep"], "team_external_id": "nowhere"})
    answer = await world.admin.post("/v1/people:batch", wrong)
    assert (answer.status_code, statuses(answer)) == (207, [201, 422])
    answer = await world.admin.post("/v1/people:batch", {**wrong, "atomic": True})
    assert [result["problem"]["code"] for result in answer.json()["results"]] == ["not-applied", "invalid"]
    async with world.connect() as connection:
        assert await connection.fetchval("SELECT count(*) FROM person WHERE name = 'Ana'") == 1


async def test_a_person_moves_leaves_and_comes_back(world, done, assert_problem):
    north, south = [done(await world.admin.post("/v1/teams", {"name": name}), 201)["id"] for name in ("N", "S")]
    body = {"name": "Ana", "roles": ["rep"], "team": north, "assigned_from": "2025-01-01", "external_id": "ana"}
    created = await world.admin.post("/v1/people", body)
    person = done(created, 201)
    path = created.headers["Location"]
    assert path == f"/v1/people/{person['id']}"
    moved = done(await world.admin.post(f"{path}/assignment", {"team": south, "from_on": "2026-01-01"}))
    assert (moved["team"], len(moved["assignments"])) == (south, 2)
    past = done(await world.admin.post(f"{path}/assignment", {"team": south, "from_on": "2024-06-01"}))
    assert [each["from_on"] for each in past["assignments"]] == ["2024-06-01", "2025-01-01", "2026-01-01"]
    found = done(await world.admin.get("/v1/people", team=south))["items"]
    assert [each["id"] for each in found] == [person["id"]]
    assert done(await world.admin.get("/v1/people", team=north))["items"] == []
    gone = done(await world.admin.post(f"{path}/deactivation"))
    assert gone["active"] is False
    assert_problem(await world.admin.post(f"{path}/assignment", {"from_on": "2026-02-01"}), 409, "person-is-inactive")
    assert [each["id"] for each in done(await world.admin.get("/v1/people", active="false"))["items"]] == [person["id"]]
    done(await world.admin.post(f"{path}/reactivation"))
    async with world.connect() as connection:
        event = await assert_published(connection, PersonReassigned, person__active=True)
        assert event.from_on.isoformat() == "2024-06-01"
        await assert_published(connection, PersonDeactivated, person__active=False)
        await assert_published(connection, PersonReactivated, person__active=True)


async def test_a_person_changes_with_the_version_that_was_read(world, done, assert_problem):
    person = done(await world.admin.post("/v1/people", {"name": "Ana", "roles": ["rep"], "email": "a@firm.test"}), 201)
    path = f"/v1/people/{person['id']}"
    changed = done(await world.admin.patch(path, {"name": "Anh", "email": None}, version=1))
    assert (changed["name"], changed["email"], changed["version"]) == ("Anh", None, 2)
    assert_problem(await world.admin.patch(path, {"name": "x"}, version=1), 412, "stale-version")
    assert_problem(await world.admin.send("PATCH", path, {"name": "x"}), 428, "precondition-required")
    assert_problem(await world.admin.patch(path, {"name": None}), 422, "invalid")
    async with world.connect() as connection:
        await assert_published(connection, PersonChanged, person__name="Anh")


async def test_the_same_external_id_or_mail_address_is_refused(world, done, assert_problem):
    body = {"name": "Ana", "roles": ["rep"], "external_id": "ana", "email": "ana@firm.test"}
    person = done(await world.admin.post("/v1/people", body), 201)
    again = assert_problem(await world.admin.post("/v1/people", body), 409, "already-exists", "/external_id")
    assert again["id"] == person["id"]
    other = {"name": "Bao", "roles": ["rep"], "email": "ANA@Firm.test"}
    assert_problem(await world.admin.post("/v1/people", other), 409, "already-exists", "/email")
    done(await world.stranger.post("/v1/people", body), 201)


async def test_trees_have_no_loops(world, done, assert_problem):
    for noun in ("teams", "regions"):
        top = done(await world.admin.post(f"/v1/{noun}", {"name": "top"}), 201)["id"]
        middle = done(await world.admin.post(f"/v1/{noun}", {"name": "middle", "parent": top}), 201)["id"]
        low = done(await world.admin.post(f"/v1/{noun}", {"name": "low", "parent": middle}), 201)["id"]
        loop = await world.admin.patch(f"/v1/{noun}/{top}", {"parent": low})
        assert_problem(loop, 422, "hierarchy-loop", "/parent")
        unknown = await world.admin.patch(f"/v1/{noun}/{top}", {"parent": str(uuid4())})
        assert_problem(unknown, 422, "invalid", "/parent")
        done(await world.admin.patch(f"/v1/{noun}/{low}", {"parent": top}))
    async with world.connect() as connection:
        await assert_published(connection, TeamChanged, team__name="low")


async def test_the_tenant_and_its_rates(world, done, assert_problem):
    tenant = done(await world.admin.get("/v1/tenant"))
    assert (tenant["slug"], tenant["base_currency"], tenant["version"]) == ("firm", "VND", 1)
    wrong_zone = await world.admin.patch("/v1/tenant", {"zone": "Mars/Olympus"})
    assert_problem(wrong_zone, 422, "unknown-zone", "/zone")
    rates = {"rates": [{"currency": "USD", "on": "2026-01-01", "rate": "25400.5"}]}
    after = done(await world.admin.send("PUT", "/v1/tenant/rates", rates, If_Match='"1"'))
    assert after["rates"] == rates["rates"]
    assert_problem(await world.admin.send("PUT", "/v1/tenant/rates", rates, If_Match='"1"'), 412, "stale-version")
    assert_problem(await world.admin.patch("/v1/tenant", {"base_currency": "USD"}), 409, "base-currency-has-rates")
    for rate in ("0", "-1", 1, "NaN"):
        body = {"rates": [{"currency": "USD", "on": "2026-01-01", "rate": rate}]}
        answer = await world.admin.send("PUT", "/v1/tenant/rates", body, If_Match="*")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/rates/0/rate"
    async with world.connect() as connection:
        await assert_published(connection, ExchangeRatesSet, tenant__slug="firm")


async def test_a_key_works_until_it_is_revoked(world, done, assert_problem):
    issued = done(await world.admin.post("/v1/api-keys", {"name": "crm", "roles": ["sales-ops"]}), 201)
    holder = world.nobody.bearing(issued["key"])
    assert done(await holder.get("/v1/me"))["roles"] == ["sales-ops"]
    listed = done(await world.admin.get("/v1/api-keys"))["items"]
    assert [each["name"] for each in listed] == ["founding", "crm"]
    assert "key" not in listed[1]
    assert_problem(await holder.get("/v1/api-keys"), 403, "forbidden")
    done(await world.admin.post(f"/v1/api-keys/{issued['id']}/revocation"))
    world.resources.directory.forget_everything()
    assert_problem(await holder.get("/v1/me"), 401, "unauthenticated")
    async with world.connect() as connection:
        await assert_published(connection, ApiKeyRevoked, api_key__name="crm")


async def test_the_directory_follows_within_the_transaction(world, done):
    person = done(await world.admin.post("/v1/people", {"name": "Ana", "roles": ["rep"], "external_id": "ana"}), 201)
    tenant = UUID(done(await world.admin.get("/v1/me"))["tenant"])
    found = await world.resources.directory.find_person(tenant, "ana")
    assert str(found.id) == person["id"]


async def test_only_some_look_after_people_and_only_admins_after_admins(world, done, assert_problem):
    keys = {}
    for role in ("rep", "sales-ops"):
        body = {"name": role, "roles": [role]}
        keys[role] = world.nobody.bearing(done(await world.admin.post("/v1/api-keys", body), 201)["key"])
    rep, operations = keys["rep"], keys["sales-ops"]
    ana = {"name": "Ana", "roles": ["rep"]}
    assert_problem(await rep.post("/v1/people", ana), 403, "forbidden")
    assert_problem(await rep.post("/v1/teams", {"name": "x"}), 403, "forbidden")
    assert_problem(await rep.post("/v1/regions:batch", items({"name": "x"})), 403, "forbidden")
    assert_problem(await rep.patch("/v1/tenant", {"name": "x"}), 403, "forbidden")
    assert_problem(await operations.post("/v1/people", {"name": "x", "roles": ["admin"]}), 403, "forbidden")
    person = done(await operations.post("/v1/people", ana), 201)["id"]
    assert_problem(await operations.patch(f"/v1/people/{person}", {"roles": ["admin"]}), 403, "forbidden")
    root = done(await world.admin.get("/v1/people", role="admin"))["items"][0]["id"]
    assert_problem(await operations.patch(f"/v1/people/{root}", {"email": "x@y.test"}), 403, "forbidden")
    assert_problem(await operations.post(f"/v1/people/{root}/deactivation"), 403, "forbidden")
    assert_problem(await operations.post(f"/v1/people/{person}/password", {"password": "x" * 12}), 403, "forbidden")
    assert_problem(await world.admin.post(f"/v1/people/{root}/deactivation"), 409, "last-admin")
    assert_problem(await world.admin.patch(f"/v1/people/{root}", {"roles": ["rep"]}), 409, "last-admin", "/roles")


async def test_other_firms_people_do_not_exist(world, done, assert_problem):
    team = done(await world.admin.post("/v1/teams", {"name": "North"}), 201)["id"]
    person = done(await world.admin.post("/v1/people", {"name": "Ana", "roles": ["rep"]}), 201)["id"]
    stranger = world.stranger
    for path in (f"/v1/people/{person}", f"/v1/teams/{team}"):
        assert_problem(await stranger.get(path), 404, "not-found")
        assert_problem(await stranger.patch(path, {"name": "x"}), 404, "not-found")
    assert_problem(await stranger.post(f"/v1/people/{person}/deactivation"), 404, "not-found")
    assert_problem(await stranger.post(f"/v1/people/{person}/password", {"password": "x" * 12}), 404, "not-found")
    body = {"name": "x", "roles": ["rep"], "team": team}
    assert_problem(await stranger.post("/v1/people", body), 422, "invalid", "/team")
    assert [each["name"] for each in done(await stranger.get("/v1/people"))["items"]] == ["Administrator"]
    firm = UUID(done(await world.admin.get("/v1/me"))["tenant"])
    async with world.connect() as connection, connection.transaction():
        await connection.execute("SET LOCAL ROLE dealstream_tenant")
        await connection.execute("SELECT set_config('dealstream.tenant', $1, true)", str(firm))
        for table in ("tenant", "person", "team", "api_key", "credential"):
            tenants = await connection.fetch(f"SELECT DISTINCT tenant_id FROM {table}")
            assert [row["tenant_id"] for row in tenants] == [firm]


async def test_fields_at_fault_are_named(world, assert_problem):
    wrong = [
        ({"roles": ["rep"]}, "/name"),
        ({"name": "x", "roles": []}, "/roles"),
        ({"name": "x", "roles": ["boss"]}, "/roles/0"),
        ({"name": "x", "roles": "rep"}, "/roles"),
        ({"name": False, "roles": ["rep"]}, "/name"),
        ({"name": "x\u0007", "roles": ["rep"]}, "/name"),
        ({"name": "x", "roles": ["rep"], "email": "no mail"}, "/email"),
        ({"name": "x", "roles": ["rep"], "locale": "english please"}, "/locale"),
        ({"name": "x", "roles": ["rep"], "assigned_from": "1989-01-01"}, "/assigned_from"),
        ({"name": "x", "roles": ["rep"], "assigned_from": 20250101}, "/assigned_from"),
        ({"name": "x", "roles": ["rep"], "team": str(uuid4())}, "/team"),
        ({"name": "x", "roles": ["rep"], "manager_external_id": "nobody"}, "/manager_external_id"),
        ({"name": "x", "roles": ["rep"], "password": "secret words here"}, "/password"),
    ]
    for body, pointer in wrong:
        assert_problem(await world.admin.post("/v1/people", body), 422, "invalid", pointer)
    async with world.connect() as connection:
        assert await connection.fetchval("SELECT count(*) FROM person") == 2


async def test_pages_of_people(world, done):
    for number in range(5):
        done(await world.admin.post("/v1/people", {"name": f"人{number}", "roles": ["rep"]}), 201)
    found, cursor = [], {}
    while cursor is not None:
        page = done(await world.admin.get("/v1/people", limit=2, role="rep", **cursor))
        found += [person["name"] for person in page["items"]]
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
    assert found == [f"人{number}" for number in range(5)]
