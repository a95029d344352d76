"""A firm's own fields over HTTP: defined, given, refused, retired; and who changed what."""

import pytest

from events.catalogue.contacts import ContactAdded
from events.catalogue.custom_fields import CustomFieldChanged, CustomFieldDefined
from events.catalogue.leads import LeadCaptured
from events.testing import assert_published, published


@pytest.fixture
async def defined(world, done):
    async def define(key, type_="text", record="lead", **more):
        body = {"record": record, "key": key, "label": key.title(), "type": type_, **more}
        return done(await world.ops.post("/v1/custom-fields", body), 201)

    return define


async def test_values_travel_with_the_lead_and_personal_ones_with_the_contact(world, done, defined):
    await defined("segment", "choice", choices=["Hotel", "Retail"])
    await defined("staff", "number")
    await defined("birthday", "day", record="contact", personal=True)
    prospect = {"name": "Lan", "custom": {"birthday": "1990-05-01"}}
    body = {"custom": {"segment": "Hotel", "staff": 12}, "prospect": prospect}
    lead = done(await world.ana.post("/v1/leads", body), 201)
    assert lead["custom"] == {"segment": "Hotel", "staff": 12}
    assert lead["custom_revisions"] == {"segment": 1, "staff": 1}
    contact = done(await world.ana.get(f"/v1/contacts/{lead['contact']}"))
    assert contact["custom"] == {"birthday": "1990-05-01"}
    async with world.connect() as connection:
        captured = await assert_published(connection, LeadCaptured)
        assert captured.lead.custom == {"segment": "Hotel", "staff": 12}
        assert "1990-05-01" not in captured.model_dump_json()
        assert (await assert_published(connection, ContactAdded)).contact.custom == {"birthday": "1990-05-01"}


async def test_a_value_at_fault_is_refused_where_it_stands(world, assert_problem, defined):
    await defined("segment", "choice", choices=["Hotel"])
    await defined("budget", "number", required=True)
    good = {"budget": 5}
    for custom, code, key in (
        ({"segment": "Hut", **good}, "not-a-choice", "segment"),
        ({"segment": 5, **good}, "wrong-type", "segment"),
        ({"nothing": 5, **good}, "field-unknown", "nothing"),
        ({}, "field-required", "budget"),
        ({"budget": None}, "field-required", "budget"),
        ({"Budget": 5}, "invalid", "Budget"),
        ({"budget": [5]}, "invalid", "budget"),
    ):
        found = await world.importer.post("/v1/leads", {"custom": custom})
        assert_problem(found, 422, code, f"/custom/{key}")
    async with world.connect() as connection:
        assert await connection.fetchval("SELECT count(*) FROM lead") == 0


async def test_a_batch_refuses_only_the_item_at_fault(world, defined):
    await defined("budget", "number", required=True)
    captures = [
        {"custom": {"budget": 1}},
        {"custom": {"budget": "1"}},
        {},
        {"imported": True},
        {"custom": {"budget": 2}, "prospect": {"name": "A", "custom": {"x": 1}}},
    ]
    items = [{"item_id": str(place), "command": "capture", **each} for place, each in enumerate(captures)]
    results = (await world.importer.post("/v1/leads:batch", {"items": items})).json()["results"]
    assert [each["status"] for each in results] == [201, 422, 422, 201, 422]
    found = [each["problem"]["errors"][0] for each in results if each["problem"]]
    assert [(each["pointer"], each["code"]) for each in found] == [
        ("/custom/budget", "wrong-type"),
        ("/custom/budget", "field-required"),
        ("/prospect/custom/x", "field-unknown"),
    ]


async def test_a_changed_definition_is_a_revision_and_values_keep_theirs(world, done, assert_problem, defined):
    field = await defined("segment", "choice", choices=["Hotel"])
    lead = done(await world.ana.post("/v1/leads", {"custom": {"segment": "Hotel"}}), 201)
    path = f"/v1/custom-fields/{field['id']}"
    changed = done(await world.ops.patch(path, {"choices": ["Retail"]}))
    assert (changed["revision"], changed["choices"]) == (2, ["Retail"])
    patch = f"/v1/leads/{lead['id']}"
    assert_problem(await world.ana.patch(patch, {"custom": {"segment": "Hotel"}}), 422, "not-a-choice")
    kept = done(await world.ana.patch(patch, {"title": "x"}))
    assert (kept["custom"], kept["custom_revisions"]) == ({"segment": "Hotel"}, {"segment": 1})
    now = done(await world.ana.patch(patch, {"custom": {"segment": "Retail"}}))
    assert now["custom_revisions"] == {"segment": 2}
    last = done(await world.ana.get(f"{patch}/history"))["items"][-1]["changes"]
    assert last == [{"field": "custom/segment", "from": "Hotel", "to": "Retail", "revision": 2}]
    done(await world.ops.patch(path, {"active": False}))
    assert_problem(await world.ana.patch(patch, {"custom": {"segment": "Retail"}}), 422, "field-retired")
    assert done(await world.ana.get(patch))["custom"] == {"segment": "Retail"}
    gone = done(await world.ana.patch(patch, {"custom": {"segment": None}}))
    assert gone["custom"] == {}
    async with world.connect() as connection:
        assert len(await published(connection, CustomFieldDefined)) == 1
        assert [each.custom_field.revision for each in await published(connection, CustomFieldChanged)] == [2, 3]


async def test_history_says_who_changed_what_from_what_to_what(world, done, defined):
    await defined("staff", "number")
    lead = done(await world.ana.post("/v1/leads", {"title": "Pumps", "custom": {"staff": 1}}), 201)
    path = f"/v1/leads/{lead['id']}"
    assert lead["captured_by"].startswith("key:")
    done(await world.ana.patch(path, {"custom": {"staff": 2}, "title": "14 pumps"}))
    done(await world.mai.post(f"{path}/assignment", {"owner_external_id": "mai"}))
    done(await world.mai.patch(path, {"title": "14 pumps"}))
    first, second = done(await world.mai.get(f"{path}/history"))["items"]
    assert first["by"] == lead["captured_by"] != second["by"]
    assert first["changes"] == [
        {"field": "custom/staff", "from": 1, "to": 2, "revision": None},
        {"field": "title", "from": "Pumps", "to": "14 pumps", "revision": None},
    ]
    assert [each["field"] for each in second["changes"]] == ["owner"]
    page = done(await world.mai.get(f"{path}/history", limit=1))
    rest = done(await world.mai.get(f"{path}/history", limit=1, cursor=page["next_cursor"]))
    assert [page["items"], rest["items"], rest["next_cursor"]] == [[first], [second], None]


async def test_a_batch_keeps_each_change(world, done):
    lead = done(await world.importer.post("/v1/leads", {"external_id": "x", "owner_external_id": "ana"}), 201)
    items = [
        {"item_id": "1", "command": "qualify", "external_id": "x"},
        {"item_id": "2", "command": "disqualify", "external_id": "x", "reason": "junk"},
        {"item_id": "3", "command": "capture", "external_id": "y"},
        {"item_id": "4", "command": "qualify", "external_id": "y"},
    ]
    answer = (await world.importer.post("/v1/leads:batch", {"items": items})).json()["results"]
    assert [each["status"] for each in answer] == [200, 200, 201, 200]
    for id_, changes in ((lead["id"], 2), (answer[2]["id"], 1)):
        found = done(await world.importer.get(f"/v1/leads/{id_}/history"))["items"]
        assert len(found) == changes
        assert {"field": "status", "from": "open", "to": "qualified", "revision": None} in found[0]["changes"]


async def test_accounts_and_contacts_have_a_past_as_well(world, done, defined):
    await defined("tier", "text", record="account")
    account = done(await world.ana.post("/v1/accounts", {"name": "Acme", "custom": {"tier": "A"}}), 201)
    done(await world.ana.patch(f"/v1/accounts/{account['id']}", {"custom": {"tier": "B"}}))
    [change] = done(await world.ana.get(f"/v1/accounts/{account['id']}/history"))["items"]
    assert change["changes"] == [{"field": "custom/tier", "from": "A", "to": "B", "revision": None}]
    contact = done(await world.ana.post("/v1/contacts", {"name": "Lan", "email": "lan@x.example"}), 201)
    done(await world.ana.patch(f"/v1/contacts/{contact['id']}", {"email": "lan@y.example"}))
    [change] = done(await world.ana.get(f"/v1/contacts/{contact['id']}/history"))["items"]
    [field] = change["changes"]
    assert (field["field"], field["from"], field["to"]) == ("email", "lan@x.example", "lan@y.example")


async def test_who_may_define_and_who_may_look_back(world, done, assert_problem, defined):
    body = {"record": "lead", "key": "a", "label": "A", "type": "text"}
    for caller in (world.ana, world.mai, world.importer):
        assert_problem(await caller.post("/v1/custom-fields", body), 403, "forbidden")
    field = await defined("a")
    assert_problem(await world.ops.post("/v1/custom-fields", body), 409, "already-exists", "/key")
    done(await world.ops.post("/v1/custom-fields", {**body, "record": "account"}), 201)
    assert [each["key"] for each in done(await world.ana.get("/v1/custom-fields", record="lead"))["items"]] == ["a"]
    assert_problem(await world.zoe.get(f"/v1/custom-fields/{field['id']}"), 404, "not-found")
    assert done(await world.zoe.get("/v1/custom-fields"))["items"] == []
    lead = done(await world.importer.post("/v1/leads", {"owner_external_id": "ana"}), 201)["id"]
    account = done(await world.mai.post("/v1/accounts", {"name": "Acme"}), 201)["id"]
    contact = done(await world.ana.post("/v1/contacts", {"name": "Lan"}), 201)["id"]
    for path in (f"/v1/leads/{lead}", f"/v1/accounts/{account}", f"/v1/contacts/{contact}"):
        assert_problem(await world.bao.get(f"{path}/history"), 404, "not-found")


FAULTS = [
    ({"choices": ["x"]}, "choices-not-fitting", "/choices"),
    ({"type": "choice"}, "choices-not-fitting", "/choices"),
    ({"personal": True}, "personal-on-contacts", "/personal"),
    ({"key": "A"}, "invalid", "/key"),
    ({"type": "money"}, "invalid", "/type"),
    ({"record": "deal"}, "invalid", "/record"),
    ({"required": "yes"}, "invalid", "/required"),
]


async def test_a_definition_at_fault_is_refused(world, assert_problem):
    body = {"record": "lead", "key": "a", "label": "A", "type": "text"}
    for fault, code, pointer in FAULTS:
        assert_problem(await world.ops.post("/v1/custom-fields", {**body, **fault}), 422, code, pointer)
