"""A person is erased: nothing that was said about it stands anywhere, and everything that was counted is as it was."""

import json
from uuid import UUID

import pytest

from chassis.unit_of_work import unit_of_work
from events.catalogue.contacts import ContactEvent
from events.catalogue.erasures import ContactErased, ErasureCompleted
from events.testing import published
from leads.customers import store_profile
from leads.erasing.sweeping import sweep_once

FIRM = UUID(int=0xF1)
NAME, MAIL, PHONE, DIGITS = "Trịnh Quỳnh Xạ", "quynh.xa@erase-me.example", "+84 912 000 777", "84912000777"
WORDS = ("Quỳnh", "quynh", "erase-me", "912 000 777", DIGITS, "secret-birthday", "whispered", "fair-crm-77")
ANA = str(UUID(int=0xA1))
TEXTS = """
SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""

ALL_IS_PUBLISHED = """
INSERT INTO outbox_cursor (shard, shards, from_snapshot, to_snapshot, system_identifier)
VALUES (0, 1, pg_current_snapshot(), pg_current_snapshot(), 1)
"""
"""What the relay notes once it has nothing left to send."""


async def found(world, words=WORDS):
    """Where in the database any of the words stands; bytes are read as text, too."""
    places = []
    async with world.connect() as connection:
        for table in [row["name"] for row in await connection.fetch(TEXTS)]:
            rows = [dict(row) for row in await connection.fetch(f"SELECT * FROM {table}")]
            text = "".join(str(value) + _read(value) for row in rows for value in row.values())
            places += [(table, word) for word in words if word in text]
    return places


def _read(value):
    return bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else ""


@pytest.fixture
async def person(world, done):
    """Somebody who came in by every door, twice with the same mail; the ids of the two contacts and of a lead."""
    field = {"record": "contact", "key": "birthday", "label": "Birthday", "type": "text", "personal": True}
    done(await world.ops.post("/v1/custom-fields", field), 201)
    prospect = {
        "name": NAME, "email": MAIL, "phone": PHONE, "custom": {"birthday": "secret-birthday"},
        "consents": [{"channel": "mail", "purpose": "sales", "given": False, "source": "fair", "text": "whispered no"}],
    }  # fmt: skip
    lead = done(await world.ana.post("/v1/leads", {"prospect": prospect}, idempotency_key="capture"), 201)
    contact = f"/v1/contacts/{lead['contact']}"
    done(await world.ana.patch(contact, {"job_title": "whispered boss"}))
    survey = {"survey": "s", "answers": [{"question": "who?", "answer": "whispered answer"}]}
    done(await world.ana.post(f"{contact}/survey-answers", survey, idempotency_key="survey"), 201)
    done(await world.ana.post(f"{contact}/market-notes", {"note": f"whispered by {NAME}"}), 201)
    done(await world.ana.post(f"{contact}/opt-out-links", {"channel": "mail", "purpose": "marketing"}), 201)
    call = {"kind": "call", "lead": lead["id"], "two_way": True, "title": f"Call {NAME}", "note": f"whispered {MAIL}"}
    called = done(await world.ana.post("/v1/activities", call, idempotency_key="call"), 201)
    script = {
        "title": "First talk",
        "questions": [{"code": "trouble", "text": "What is wrong?", "need": "reliability"}],
    }
    done(await world.ops.post("/v1/question-scripts", {"script": "first-talk", **script}))
    answers = {"script": "first-talk", "answers": [{"question": "trouble", "answer": "whispered trouble"}]}
    done(await world.ana.post(f"/v1/activities/{called['id']}/answers", answers), 201)
    item = {"item_id": "1", "name": NAME, "email": MAIL.upper(), "external_id": "fair-crm-77"}
    batch = done(await world.importer.post("/v1/contacts:batch", {"items": [item]}, idempotency_key="batch"))
    return lead["contact"], batch["results"][0]["id"], lead["id"]


async def erased(world, done, contact, reason="asked"):
    return done(await world.adam.post(f"/v1/contacts/{contact}/erasure", {"reason": reason}), 202)


async def test_nothing_that_was_said_stands_anywhere(world, person, done):
    assert {word for _, word in await found(world)} == set(WORDS)
    erasure = await erased(world, done, person[0])
    assert await found(world) == []
    assert sorted(erasure["contacts"]) == sorted(person[:2])
    counts = {each["part"]: each["erased"] for each in erasure["parts"]}
    assert counts == {
        "contacts": 2, "changes": 1, "profile": 2, "opt-out-links": 1, "activity-texts": 1, "needs": 1,
        "replies": 4, "outbox": 3,
    }  # fmt: skip


async def test_ids_and_counts_stay(world, person, done):
    lead = done(await world.ana.get(f"/v1/leads/{person[2]}"))
    activities = done(await world.ana.get("/v1/activities", lead=person[2]))["items"]
    await erased(world, done, person[0])
    assert done(await world.ana.get(f"/v1/leads/{person[2]}")) == lead
    after = done(await world.ana.get("/v1/activities", lead=person[2]))["items"]
    assert after == [{**activities[0], "title": None, "note": None}]
    [need] = done(await world.ana.get(f"/v1/leads/{person[2]}/needs"))["needs"]
    assert (need["need"], need["asked"], need["text"]) == ("reliability", "What is wrong?", "")


async def test_an_erased_contact_is_gone_for_whoever_saw_it(world, person, done, assert_problem):
    first, second, _ = person
    await erased(world, done, first)
    path = f"/v1/contacts/{first}"
    for read in (path, f"{path}/history", f"{path}/profile", f"{path}/profile-entries", f"{path}/consents"):
        assert_problem(await world.ana.get(read), 410, "contact-erased")
    asked = await world.ana.get(f"{path}/may-contact", channel="mail", purpose="sales")
    assert_problem(asked, 410, "contact-erased")
    assert_problem(await world.ana.patch(path, {"job_title": "x"}), 410, "contact-erased")
    assert_problem(await world.ana.post(f"{path}/market-notes", {"note": "x"}), 410, "contact-erased")
    assert_problem(await world.ana.post(f"{path}/do-not-contact", {"source": "x"}), 410, "contact-erased")
    assert_problem(await world.importer.get(f"/v1/contacts/{second}"), 410, "contact-erased")
    assert_problem(await world.bao.get(path), 404, "not-found")
    assert_problem(await world.zoe.get(path), 404, "not-found")
    assert done(await world.adam.get("/v1/contacts"))["items"] == []


async def test_what_names_an_erased_contact_is_refused(world, person, assert_problem, done):
    await erased(world, done, person[0])
    asked = {"title": "again", "contact": person[0]}
    assert_problem(await world.ana.post("/v1/leads", asked), 422, "invalid", "/contact")
    plan = {"kind": "call", "lead": person[2], "status": "planned", "planned_at": "2030-01-01T09:00:00Z"}
    refused = assert_problem(await world.ana.post("/v1/activities", plan), 409, "do-not-contact", "/lead")
    assert refused["reason"] == "erased"


async def test_nothing_that_comes_again_brings_the_person_back(world, person, done, assert_problem):
    await erased(world, done, person[0])
    survey = {"survey": "s", "answers": [{"question": "who?", "answer": "whispered answer"}]}
    again = await world.ana.post(f"/v1/contacts/{person[0]}/survey-answers", survey, idempotency_key="survey")
    assert_problem(again, 410, "contact-erased")
    item = {"item_id": "1", "name": NAME, "email": MAIL.upper(), "external_id": "fair-crm-77"}
    repeated = await world.importer.post("/v1/contacts:batch", {"items": [item]}, idempotency_key="batch")
    assert_problem(repeated, 410, "contact-erased")
    synchronised = done(await world.importer.post("/v1/contacts:batch", {"items": [item]}), 207)
    assert synchronised["results"][0]["problem"]["code"] == "contact-erased"
    single = {"name": NAME, "external_id": "fair-crm-77"}
    assert_problem(await world.importer.post("/v1/contacts", single), 410, "contact-erased", "/external_id")
    assert await found(world) == []


async def test_an_objection_holds_when_the_person_comes_again(world, person, done):
    done(await world.ana.post(f"/v1/contacts/{person[0]}/do-not-contact", {"source": "call", "reason": "whispered"}))
    await erased(world, done, person[0])
    prospects = [{"name": "Somebody", "email": MAIL}, {"name": "Else", "phone": "0912000777"}]
    single = done(await world.ana.post("/v1/leads", {"prospect": prospects[0]}), 201)["contact"]
    items = [{"item_id": "1", "command": "capture", "prospect": prospects[1], "external_id": "x"}]
    done(await world.importer.post("/v1/leads:batch", {"items": items}))
    batch = done(await world.importer.get("/v1/leads", external_id="x"))["items"][0]["contact"]
    for contact in (single, batch):
        said = done(await world.adam.get(f"/v1/contacts/{contact}/consents"))
        assert (said["do_not_contact"]["source"], said["do_not_contact"]["reason"]) == ("before erasure", None)
        assert [(each["channel"], each["given"], each["text"]) for each in said["consents"]] == [("mail", False, None)]
    other = done(await world.zoe.post("/v1/leads", {"prospect": prospects[0]}), 201)["contact"]
    assert done(await world.zoe.get(f"/v1/contacts/{other}/consents"))["do_not_contact"] is None


async def test_a_second_request_finds_the_first(world, person, done):
    first = await erased(world, done, person[0])
    assert await erased(world, done, person[0], "unlawful") == first
    assert await erased(world, done, person[1]) == first
    for contact in person[:2]:
        assert done(await world.ops.get(f"/v1/contacts/{contact}/erasure")) == first
    async with world.connect() as connection:
        assert [each.contact_id for each in await published(connection, ContactErased)] == sorted(map(UUID, person[:2]))
        assert await published(connection, ContactEvent) == []


async def test_who_may_erase(world, person, done, assert_problem):
    path = f"/v1/contacts/{person[0]}/erasure"
    for caller in (world.ana, world.mai, world.dora, world.importer):
        assert_problem(await caller.post(path, {"reason": "asked"}), 403, "forbidden")
        assert_problem(await caller.get(path), 403, "forbidden")
    assert_problem(await world.zoe.post(path, {"reason": "asked"}), 404, "not-found")
    assert_problem(await world.adam.get(path), 404, "not-found")
    bad = await world.adam.post(path, {"reason": f"because {NAME} asked"})
    assert assert_problem(bad, 422, "invalid")["errors"][0]["pointer"] == "/reason"
    assert NAME not in bad.text
    assert done(await world.ana.get(f"/v1/contacts/{person[0]}"))["name"] == NAME


async def test_who_is_only_alike_is_named_and_stays(world, person, done):
    colleague = {"name": "Lê Văn Khác", "phone": PHONE}
    other = done(await world.importer.post("/v1/contacts", colleague), 201)["id"]
    namesake = done(await world.importer.post("/v1/contacts", {"name": NAME}), 201)["id"]
    erasure = await erased(world, done, person[0])
    assert (sorted(erasure["contacts"]), erasure["alike"]) == (sorted(person[:2]), [other])
    for id_ in (other, namesake):
        done(await world.importer.get(f"/v1/contacts/{id_}"))


async def test_the_contacts_of_merged_leads_go_where_they_are_the_same_person(world, person, done):
    twin = done(await world.ana.post("/v1/leads", {"prospect": {"name": NAME}, "duplicates": "ignore"}), 201)
    done(await world.ana.post(f"/v1/leads/{twin['id']}/merge", {"lead": person[2]}))
    erasure = await erased(world, done, twin["contact"])
    assert sorted(erasure["contacts"]) == sorted((*person[:2], twin["contact"]))
    assert await found(world) == []
    more = {"prospect": {"name": "x", "phone": "0912000777"}, "duplicates": "link"}
    done(await world.ana.post("/v1/leads", more), 201)


async def test_what_was_under_way_is_found_after_it_and_then_it_is_complete(world, person, done):
    """A note is written by a request that had seen the contact before; no sweep is the last while it may come."""
    path = f"/v1/contacts/{person[0]}/erasure"
    async with unit_of_work(world.resources, tenant=FIRM) as work:
        await work.connection.execute("SELECT 1")
        await erased(world, done, person[0])
        await sweep_once(world.resources)
        await sweep_once(world.resources)
        assert done(await world.adam.get(path))["status"] == "running"
        late = store_profile.ProfileEntry(
            work.new_id(), UUID(person[0]), "note", None, None, "whispered late", work.now, work.now, "person:1"
        )
        await store_profile.write(work.connection, FIRM, [late])
    assert await found(world) != []
    await sweep_once(world.resources)
    assert done(await world.adam.get(path))["status"] == "running"
    async with world.connect() as connection:
        await connection.execute(ALL_IS_PUBLISHED)
    await sweep_once(world.resources)
    assert done(await world.adam.get(path))["status"] == "completed"
    assert await found(world) == []
    report = done(await world.adam.get(path))
    assert {each["part"]: each["erased"] for each in report["parts"]}["profile"] == 3
    async with world.connect() as connection:
        assert len(await published(connection, ErasureCompleted)) == 1
        assert json.loads(await connection.fetchval("SELECT state FROM erasure"))["completed_at"] is not None
