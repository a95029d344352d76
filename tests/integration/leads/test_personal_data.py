"""Who is shown contact data, and the note of each read by an admin."""

import pytest

MAIL, PHONE = "minh@donga.example", "+84 912 345 567"
MASKS = ("m***@donga.example", "+84 *** 567", "+84 *** 567")


@pytest.fixture
async def contact(world, done):
    field = {"record": "contact", "key": "birthday", "label": "Birthday", "type": "day", "personal": True}
    done(await world.ops.post("/v1/custom-fields", field), 201)
    prospect = {"name": "Minh", "email": "old@donga.example", "phone": PHONE, "custom": {"birthday": "1990-05-01"}}
    lead = done(await world.ana.post("/v1/leads", {"prospect": prospect}), 201)
    path = f"/v1/contacts/{lead['contact']}"
    done(await world.ana.patch(path, {"email": MAIL, "custom": {"birthday": "1990-05-02"}}))
    return path


def shown(body):
    return body["email"], body["phone"], body["phone_e164"]


async def test_roles_without_the_right_see_masks_wherever_they_look(world, done, contact):
    assert shown(done(await world.ana.get(contact))) == (MAIL, PHONE, "+84912345567")
    for body in (done(await world.dora.get(contact)), done(await world.dora.get("/v1/contacts"))["items"][0]):
        assert shown(body) == MASKS
        assert (body["name"], body["custom"]) == ("Minh", {"birthday": "***"})
    renamed = done(await world.dora.patch(contact, {"job_title": "Buyer"}))
    assert shown(renamed) == MASKS
    past = (await world.dora.get(f"{contact}/history")).text
    assert "old@donga" not in past
    assert "1990" not in past
    assert "o***@donga.example" in past
    assert "old@donga" in (await world.ana.get(f"{contact}/history")).text
    for path in ("/v1/leads", "/v1/contacts", contact, f"{contact}/history", f"{contact}/consents"):
        assert MAIL not in (await world.dora.get(path)).text, path


async def test_who_sees_a_mask_does_not_write_it_back(world, contact, assert_problem, done):
    assert_problem(await world.dora.patch(contact, {"email": "m***@donga.example"}), 403, "forbidden", "/email")
    assert_problem(
        await world.dora.patch(contact, {"custom": {"birthday": None}}), 403, "forbidden", "/custom/birthday"
    )
    assert shown(done(await world.ana.get(contact)))[0] == MAIL


async def test_a_firm_says_who_sees(world, done, contact, assert_problem):
    rights = "/v1/contact-data-rights"
    assert "director" not in done(await world.ana.get(rights))["roles"]
    put = {"If_Match": "*"}
    denied = await world.ops._sent("PUT", rights, {"roles": ["director"]}, put)
    assert_problem(denied, 403, "forbidden")
    done(await world.adam._sent("PUT", rights, {"roles": ["director", "director"]}, put))
    assert done(await world.ana.get(rights))["roles"] == ["director"]
    assert shown(done(await world.dora.get(contact)))[0] == MAIL
    for caller in (world.ana, world.ops, world.adam, world.importer):
        assert shown(done(await caller.get(contact))) == MASKS
    assert "rep" in done(await world.zoe.get(rights))["roles"]


async def test_each_read_by_an_admin_is_noted(world, done, contact, assert_problem):
    reads = "/v1/personal-data-reads"
    for caller in (world.ana, world.ops, world.dora):
        done(await caller.get(contact))
    assert done(await world.adam.get(reads))["items"] == []
    answer = await world.adam.get(contact)
    done(await world.adam.get("/v1/contacts"))
    done(await world.adam.get(f"{contact}/history"))
    done(await world.adam.get(f"{contact}/consents"))
    done(await world.adam.patch(contact, {"job_title": "Buyer"}))
    found = done(await world.adam.get(reads))["items"]
    assert [each["operation"] for each in reversed(found)] == [
        "get_contact",
        "list_contacts",
        "get_contact_history",
        "get_consents",
        "change_contact",
    ]
    assert {each["contact"] for each in found} == {contact.rpartition("/")[2]}
    assert found[-1]["request_id"] == answer.headers["x-request-id"]
    page = done(await world.adam.get(reads, limit=2))
    rest = done(await world.adam.get(reads, limit=200, cursor=page["next_cursor"]))
    assert page["items"] + rest["items"] == found
    by = found[0]["reader"]
    assert len(done(await world.adam.get(reads, by=by, contact=found[0]["contact"]))["items"]) == 5
    for caller in (world.ops, world.mai):
        assert_problem(await caller.get(reads), 403, "forbidden")
    assert done(await world.zoe.get(reads))["items"] == []


async def test_what_was_not_shown_is_not_noted(world, done, contact):
    missing = await world.adam.get("/v1/contacts/00000000-0000-0000-0000-000000000001")
    assert missing.status_code == 404
    assert done(await world.zoe.get("/v1/contacts"))["items"] == []
    assert done(await world.adam.get("/v1/personal-data-reads"))["items"] == []


async def test_no_answer_without_its_note(world, done, contact):
    async with world.connect() as connection:
        await connection.execute("ALTER TABLE personal_data_read RENAME TO moved")
    answer = await world.adam.get(contact)
    assert answer.status_code >= 500
    assert MAIL not in answer.text
    async with world.connect() as connection:
        await connection.execute("ALTER TABLE moved RENAME TO personal_data_read")
    done(await world.adam.get(contact))
