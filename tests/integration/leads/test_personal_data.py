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


@pytest.fixture
async def written(world, done, contact):
    """What somebody wrote of Minh: a call, a survey answer, a market note; and a part in what an account buys."""
    [lead] = done(await world.ana.get("/v1/leads"))["items"]
    account = done(await world.ana.post("/v1/accounts", {"name": "A"}), 201)["id"]
    done(await world.ana.patch(f"/v1/leads/{lead['id']}", {"account": account}))
    role = {"contact": lead["contact"], "roles": ["champion"]}
    done(await world.ana.post(f"/v1/accounts/{account}/buying-roles", role))
    call = {"kind": "call", "lead": lead["id"], "title": f"Ring {PHONE}", "note": f"mobile {PHONE}"}
    done(await world.ana.post("/v1/activities", call), 201)
    answers = [{"question": "Your number?", "answer": PHONE}]
    done(await world.ana.post(f"{contact}/survey-answers", {"survey": "s", "answers": answers}), 201)
    done(await world.ana.post(f"{contact}/market-notes", {"note": f"ask at {PHONE}"}), 201)
    noted = {
        "list_activities": f"/v1/activities?lead={lead['id']}",
        "get_profile": f"{contact}/profile",
        "list_profile_entries": f"{contact}/profile-entries",
    }
    return noted, {"get_buying_roles": f"/v1/accounts/{account}/buying-roles"}


async def test_what_somebody_wrote_of_a_contact_is_masked_and_its_reads_are_noted(world, done, written):
    texts, names = written
    for path in texts.values():
        assert PHONE in (await world.ana.get(path)).text
        masked = await world.dora.get(path)
        assert (masked.status_code, PHONE in masked.text, "***" in masked.text) == (200, False, True), masked.text
    for path in (texts | names).values():
        assert (await world.adam.get(path)).status_code == 200
    found = done(await world.adam.get("/v1/personal-data-reads"))["items"]
    assert {each["operation"] for each in found} == set(texts | names)


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
