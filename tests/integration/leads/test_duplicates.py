"""The duplicate check at entry: refuse, warn or link, asked for by each capture, alone and in a batch."""

# ruff: noqa: RUF001 - full-width letters are what is tested

import asyncio
from uuid import UUID

import pytest
from starlette.responses import Response

from chassis.unit_of_work import unit_of_work
from events.catalogue.contacts import ContactAdded
from events.catalogue.leads import LeadCaptured, LeadTouched
from events.testing import published
from leads.api_leads import capture_lead
from leads.inputs import LeadInput, Prospect

FIRM = UUID(int=0xF1)

MINH = {
    "name": "Phạm Minh",
    "email": "Minh@DongA.example",
    "phone": "0912 345 678",
    "company": "Công ty TNHH Thương mại Đông Á",
    "tax_code": "0312345678",
}


def capture(prospect=None, **more):
    return {"source": "fair", "prospect": prospect or MINH, **more}


def item(item_id, prospect, **more):
    return {"item_id": item_id, "command": "capture", **capture(prospect), **more}


def found(answer):
    """Lead, strength and fields of each duplicate."""
    return [
        (each["lead"], each["strength"], [field["field"] for field in each["fields"]]) for each in answer["duplicates"]
    ]


@pytest.fixture
async def minh(world, done):
    """A lead of Ana's."""
    return done(await world.importer.post("/v1/leads", capture(owner_external_id="ana")), 201)


async def count_of_leads(world):
    async with world.connect() as connection:
        return await connection.fetchval("SELECT count(*) FROM lead")


@pytest.mark.parametrize(
    ("prospect", "field"),
    [
        ({"name": "M", "email": "minh@donga.EXAMPLE"}, "email"),
        ({"name": "M", "phone": "+84 912 345 678"}, "phone"),
        ({"name": "M", "tax_code": "0312-345-678"}, "tax_code"),
    ],
)
async def test_refuse_names_the_lead_that_the_caller_sees(world, minh, assert_problem, prospect, field):
    answer = await world.importer.post("/v1/leads", capture(prospect, duplicates="refuse"))
    problem = assert_problem(answer, 409, "duplicate-lead", "/prospect")
    assert found(problem) == [(minh["id"], "certain", [field])]
    assert await count_of_leads(world) == 1


async def test_refuse_takes_a_company_of_the_same_name_for_the_same(world, minh, assert_problem):
    same = {"name": "Lan", "company": "CTCP TM DONG A"}
    problem = assert_problem(
        await world.importer.post("/v1/leads", capture(same, duplicates="refuse")), 409, "duplicate-lead"
    )
    assert found(problem) == [(minh["id"], "likely", ["company"])]


async def test_a_person_of_the_same_name_is_no_reason_to_refuse(world, minh, done):
    answer = done(await world.importer.post("/v1/leads", capture({"name": "PHAM MINH"}, duplicates="refuse")), 201)
    assert found(answer) == [(minh["id"], "possible", ["name"])]


async def test_chinese_names_are_found_in_any_width_and_form(world, done):
    first = done(
        await world.importer.post("/v1/leads", capture({"name": "王小明", "company": "深圳华为技术有限公司"})), 201
    )
    again = {"name": "王小明先生", "company": "深圳华为技术（集团）股份有限公司"}
    answer = done(await world.importer.post("/v1/leads", capture(again)), 201)
    assert found(answer) == [(first["id"], "likely", ["company", "name"])]


async def test_a_warning_is_what_one_gets_without_asking(world, minh, done):
    answer = done(await world.importer.post("/v1/leads", capture()), 201)
    assert found(answer) == [(minh["id"], "certain", ["email", "phone", "tax_code", "company", "name"])]
    assert answer["linked"] is False
    assert await count_of_leads(world) == 2


async def test_who_wants_no_check_gets_none(world, minh, done):
    assert found(done(await world.importer.post("/v1/leads", capture(duplicates="ignore")), 201)) == []


async def test_link_makes_a_touch_of_the_lead_that_is_there(world, minh, done):
    body = capture({"name": "Minh", "phone": "+84912345678"}, source="web", campaign="spring", duplicates="link")
    answer = done(await world.importer.post("/v1/leads", {**body, "external_id": "form-7"}), 200)
    assert (answer["id"], answer["linked"], answer["source"], answer["version"]) == (minh["id"], True, "fair", 3)
    assert [(touch["source"], touch["campaign"]) for touch in answer["later_touches"]] == [("web", "spring")]
    assert await count_of_leads(world) == 1
    async with world.connect() as connection:
        [touched] = await published(connection, LeadTouched)
        assert (touched.touch.source, touched.touch.external_id) == ("web", "form-7")
        assert len(await published(connection, ContactAdded)) == 1
    again = done(await world.importer.post("/v1/leads", {**body, "external_id": "form-7"}), 200)
    assert again["version"] == answer["version"]


async def test_link_warns_where_the_match_is_not_certain(world, minh, done):
    same_company = {"name": "Lan", "company": "Công ty Cổ phần Thương mại Đông Á"}
    answer = done(await world.importer.post("/v1/leads", capture(same_company, duplicates="link")), 201)
    assert (answer["linked"], found(answer)) == (False, [(minh["id"], "likely", ["company"])])


async def test_a_closed_lead_takes_no_touch(world, minh, done):
    done(await world.importer.post(f"/v1/leads/{minh['id']}/disqualification", {"reason": "no budget"}))
    answer = done(await world.importer.post("/v1/leads", capture(duplicates="link")), 201)
    assert answer["linked"] is False
    assert answer["duplicates"][0]["status"] == "disqualified"


async def test_what_one_may_not_see_is_never_named(world, minh, done, assert_problem):
    problem = assert_problem(await world.bao.post("/v1/leads", capture(duplicates="refuse")), 409, "duplicate-lead")
    assert problem["duplicates"] == []
    assert minh["id"] not in str(problem)
    linked = done(await world.bao.post("/v1/leads", capture(duplicates="link")), 201)
    assert (linked["linked"], linked["duplicates"]) == (False, [])
    assert done(await world.bao.post("/v1/leads:check-duplicates", MINH_ASKED))["duplicates"][0]["lead"] == linked["id"]


async def test_a_likely_match_that_one_may_not_see_refuses_nothing(world, minh, done):
    same_company = {"name": "Lan", "company": MINH["company"]}
    done(await world.bao.post("/v1/leads", capture(same_company, duplicates="refuse")), 201)


MINH_ASKED = {name: MINH[name] for name in ("name", "email", "phone", "company", "tax_code")}


async def test_the_question_alone_writes_nothing(world, minh, done):
    async with world.connect() as connection:
        before = len(await published(connection))
    answer = done(await world.ana.post("/v1/leads:check-duplicates", MINH_ASKED), 200)
    assert found(answer) == [(minh["id"], "certain", ["email", "phone", "tax_code", "company", "name"])]
    assert [field["score"] for field in answer["duplicates"][0]["fields"]] == [100.0] * 5
    assert done(await world.bao.post("/v1/leads:check-duplicates", MINH_ASKED)) == {"duplicates": []}
    async with world.connect() as connection:
        assert len(await published(connection)) == before


async def test_a_question_must_ask_something(world, assert_problem):
    assert_problem(await world.ana.post("/v1/leads:check-duplicates", {"country": "VN"}), 422, "invalid")


async def test_firms_do_not_meet(world, minh, done, assert_problem):
    assert done(await world.zoe.post("/v1/leads:check-duplicates", MINH_ASKED)) == {"duplicates": []}
    done(await world.zoe.post("/v1/leads", capture(duplicates="refuse")), 201)
    async with world.connect() as connection:
        names = await connection.fetchval(
            "SELECT count(*) FROM (SELECT set_config('role', 'dealstream_tenant', true),"
            " set_config('dealstream.tenant', $1, true)) AS bound, contact_resembling('a dong mai thuong', 'a+dong')",
            "00000000-0000-0000-0000-0000000000ff",
        )
    assert names == 0


async def test_a_changed_job_title_does_not_change_the_phone(world, done):
    prospect = {"name": "Li", "phone": "021 6234 5678", "country": "CN"}
    lead = done(await world.ana.post("/v1/leads", {"prospect": prospect}), 201)
    before = done(await world.ana.get(f"/v1/contacts/{lead['contact']}"))
    after = done(await world.ana.patch(f"/v1/contacts/{lead['contact']}", {"job_title": "Buyer"}))
    assert before["phone_e164"] == after["phone_e164"], (before, after)
    assert after["country"] == "CN"


async def test_national_numbers_are_dialled_as_in_the_country_given(world, done):
    first = done(
        await world.importer.post("/v1/leads", capture({"name": "王", "phone": "138 0013 8000", "country": "CN"})), 201
    )
    answer = done(await world.importer.post("/v1/leads:check-duplicates", {"phone": "+86 13800138000"}))
    assert found(answer) == [(first["id"], "certain", ["phone"])]
    contact = done(await world.importer.get(f"/v1/contacts/{first['contact']}"))
    assert (contact["phone"], contact["phone_e164"]) == ("138 0013 8000", "+8613800138000")


async def test_a_changed_contact_is_found_by_what_it_is_now(world, minh, done):
    path = f"/v1/contacts/{minh['contact']}"
    done(await world.importer.patch(path, {"email": "new@donga.example", "phone": "0987 654 321"}))
    ask = world.importer.post
    assert done(await ask("/v1/leads:check-duplicates", {"email": MINH["email"]}))["duplicates"] == []
    now = done(await ask("/v1/leads:check-duplicates", {"email": "new@donga.example", "phone": "+84987654321"}))
    assert found(now) == [(minh["id"], "certain", ["email", "phone"])]


async def test_two_at_the_same_moment_do_not_both_pass(world):
    bodies = [capture({**MINH, "name": f"M{number}"}, duplicates="refuse") for number in range(8)]
    answers = await asyncio.gather(*(world.importer.post("/v1/leads", body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert await count_of_leads(world) == 1


@pytest.mark.parametrize("mode", ["refuse", "link"])
async def test_who_may_not_pass_twice_waits_for_a_capture_that_is_not_committed(world, mode):
    first = LeadInput(prospect=Prospect(name="M", email="m@x.example"), duplicates=mode)
    second = capture({"name": "N", "email": "M@X.example"}, duplicates=mode)
    async with unit_of_work(world.resources, tenant=FIRM) as work:
        await capture_lead(first, work, Response())
        task = asyncio.create_task(world.importer.post("/v1/leads", second))
        async with world.connect() as connection:
            while not task.done() and not await connection.fetchval(WAITING):
                await asyncio.sleep(0.01)
    assert (await task).status_code == {"refuse": 409, "link": 200}[mode]
    assert await count_of_leads(world) == 1


WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


async def test_two_that_link_at_the_same_moment_are_one_lead(world):
    answers = await asyncio.gather(
        *(world.importer.post("/v1/leads", capture(duplicates="link", external_id=f"f{n}")) for n in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert await count_of_leads(world) == 1
    async with world.connect() as connection:
        assert len(await published(connection, LeadTouched)) == 5


async def test_batches_are_checked_against_leads_and_among_themselves(world, minh, done):
    lan = {"name": "Lan", "email": "lan@new.example"}
    items = [
        item("refused", MINH, duplicates="refuse"),
        item("warned", MINH, duplicates="warn"),
        item("linked", MINH, duplicates="link", source="web"),
        item("first", lan, duplicates="refuse"),
        item("second", {**lan, "name": "Lan T"}, duplicates="refuse"),
        item("third", {**lan, "name": "Lan"}, duplicates="link"),
        item("unchecked", lan),
    ]
    answer = await world.importer.post("/v1/leads:batch", {"items": items})
    results = {result["item_id"]: result for result in answer.json()["results"]}
    statuses = {name: result["status"] for name, result in results.items()}
    assert statuses == {
        "refused": 409, "warned": 201, "linked": 200, "first": 201, "second": 409, "third": 200, "unchecked": 201,
    }  # fmt: skip
    assert (results["linked"]["id"], results["linked"]["linked"]) == (minh["id"], True)
    assert results["third"]["id"] == results["first"]["id"]
    assert found(results["refused"]["problem"])[0][:2] == (minh["id"], "certain")
    assert found(results["second"]["problem"]) == [(results["first"]["id"], "certain", ["email"])]
    assert found(results["warned"])[0][0] == minh["id"]
    assert results["unchecked"]["duplicates"] == []


async def test_a_batch_asks_once_however_many_it_holds(world, minh):
    asked = []
    async with world.connect() as connection:
        await connection.execute("SELECT 1")
    items = [
        item(str(n), {"name": f"P{n}", "email": f"p{n}@x.example", "company": f"Sao {n}"}, duplicates="refuse")
        for n in range(50)
    ]
    listener = lambda query: asked.append(query.query)  # noqa: E731
    held = [await world.pool.acquire() for _ in range(world.pool.get_size())]
    for connection in held:
        connection.add_query_logger(listener)
    for connection in held:
        await world.pool.release(connection)
    answer = await world.importer.post("/v1/leads:batch", {"items": items})
    assert answer.status_code == 200, answer.text
    assert len([query for query in asked if "contact_resembling" in query]) <= 1


async def test_an_atomic_batch_with_a_duplicate_is_not_done(world, minh):
    items = [item("new", {"name": "Lan", "email": "lan@new.example"}), item("old", MINH, duplicates="refuse")]
    async with world.connect() as connection:
        before = len(await published(connection, LeadCaptured))
    answer = await world.importer.post("/v1/leads:batch", {"items": items, "atomic": True})
    assert [result["problem"]["code"] for result in answer.json()["results"]] == ["not-applied", "duplicate-lead"]
    async with world.connect() as connection:
        assert len(await published(connection, LeadCaptured)) == before


async def test_no_personal_data_reaches_the_topic_of_leads(world, minh, done):
    done(await world.importer.post("/v1/leads", capture(duplicates="link", source="web")), 200)
    async with world.connect() as connection:
        values = await connection.fetch("SELECT payload::text FROM outbox_event WHERE aggregatetype LIKE '%lead'")
        assert len(values) > 1
    for secret in ("donga.example", "912345678", "912 345 678", "Phạm Minh", "0312345678", "Đông Á"):
        assert not [value for value in values if secret.casefold() in str(value["payload"]).casefold()]


async def test_a_linked_capture_sent_again_is_neither_a_second_lead_nor_a_second_touch(world, done):
    """Not when the lead was closed since, nor after more touches than a lead keeps."""
    minh = {"name": "Minh", "email": "minh@donga.example"}
    lead = done(await world.ana.post("/v1/leads", {"prospect": minh}), 201)["id"]

    def linked(number):
        return {"source": "web", "external_id": f"crm-{number}", "prospect": minh, "duplicates": "link"}

    items = [{"item_id": str(number), "command": "capture", **linked(number)} for number in range(20)]
    for result in done(await world.ana.post("/v1/leads:batch", {"items": items}))["results"]:
        assert (result["id"], result["linked"]) == (lead, True)
    for number in (20, 21):
        assert done(await world.ana.post("/v1/leads", linked(number)), 200)["id"] == lead

    async def sent_again():
        for number in (0, 20):
            again = done(await world.ana.post("/v1/leads", linked(number)), 200)
            assert (again["id"], again["linked"]) == (lead, True)
            item = {"item_id": "1", "command": "capture", **linked(number)}
            [result] = done(await world.ana.post("/v1/leads:batch", {"items": [item]}))["results"]
            assert (result["status"], result["id"], result["existing"]) == (200, lead, True)
        return again["version"]

    before = done(await world.ana.get(f"/v1/leads/{lead}"))["version"]
    assert await sent_again() == before
    done(await world.ana.post(f"/v1/leads/{lead}/disqualification", {"reason": "no budget"}))
    assert await sent_again() == before + 1
    assert (await world.bao.post("/v1/leads", linked(0))).json()["code"] == "already-exists"
    assert len(done(await world.importer.get("/v1/leads"))["items"]) == 1
