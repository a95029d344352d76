"""Open questions over HTTP: scripts in editions, answers of conversations as needs of lead, account and contact."""

import asyncio

import pytest

from events.testing import published

SCRIPT = {
    "script": "first-talk",
    "title": "Nói chuyện lần đầu",
    "questions": [
        {"code": "trouble", "text": "Anh chị gặp khó khăn gì?", "need": "reliability"},
        {"code": "decides", "text": "Ai quyết định?"},
    ],
}


@pytest.fixture
async def script(world, done):
    return done(await world.ops.post("/v1/question-scripts", SCRIPT))


@pytest.fixture
async def lead(world, done):
    return done(await world.ana.post("/v1/leads", {"external_id": "lead", "prospect": {"name": "Minh"}}), 201)


@pytest.fixture
async def call(world, lead, done):
    called = {"kind": "call", "lead": lead["id"], "two_way": True}
    return f"/v1/activities/{done(await world.ana.post('/v1/activities', called), 201)['id']}"


def said(**answers):
    return {"script": "first-talk", "answers": [{"question": q, "answer": a} for q, a in answers.items()]}


def texts(found):
    return {each["question"]: each["text"] for each in found["needs"]}


async def test_other_questions_make_an_edition_and_old_answers_keep_theirs(world, script, call, done, assert_problem):
    assert (script["edition"], script["questions"][1]["need"]) == (1, None)
    done(await world.ana.post(f"{call}/answers", said(trouble="Rò rỉ", decides="Giám đốc")), 201)
    renamed = done(await world.ops.post("/v1/question-scripts", {**SCRIPT, "title": "First"}))
    assert (renamed["edition"], renamed["title"]) == (1, "First")
    fewer = {**SCRIPT, "questions": [{**SCRIPT["questions"][0], "text": "Máy có hay hỏng không?"}]}
    assert done(await world.ops.post("/v1/question-scripts", fewer))["edition"] == 2
    assert [each["edition"] for each in done(await world.ana.get("/v1/question-scripts"))["items"]] == [2]
    assert len(done(await world.ana.get("/v1/question-scripts/first-talk", edition=1))["questions"]) == 2
    refused = await world.ana.post(f"{call}/answers", said(decides="Kế toán"))
    assert_problem(refused, 422, "invalid", "/answers/0/question")
    done(await world.ana.post(f"{call}/answers", {**said(decides="Kế toán"), "edition": 1}), 201)
    [now] = done(await world.ana.post(f"{call}/answers", said(trouble="Ồn")), 201)["needs"]
    assert (now["edition"], now["asked"], now["need"]) == (2, "Máy có hay hỏng không?", "reliability")
    assert_problem(await world.ana.post("/v1/question-scripts", SCRIPT), 403, "forbidden")
    assert_problem(await world.zoe.get("/v1/question-scripts/first-talk"), 404, "not-found")


async def test_answers_are_needs_of_lead_account_and_contact(world, script, lead, call, done):
    done(await world.ana.post(f"{call}/answers", said(trouble="Rò rỉ", decides="Giám đốc")), 201)
    done(await world.ana.post(f"{call}/answers", said(trouble="Ồn")), 201)
    path = f"/v1/leads/{lead['id']}"
    assert texts(done(await world.ana.get(f"{path}/needs"))) == {"trouble": "Ồn", "decides": "Giám đốc"}
    assert texts(done(await world.mai.get(f"/v1/contacts/{lead['contact']}/profile")))["trouble"] == "Ồn"
    past = done(await world.ana.get(f"{path}/need-history", need="reliability"))["items"]
    assert [each["text"] for each in past] == ["Ồn", "Rò rỉ"]
    page = done(await world.ana.get(f"{path}/need-history", limit=1))
    rest = done(await world.ana.get(f"{path}/need-history", cursor=page["next_cursor"]))
    assert len(rest["items"]) == 2
    account = done(await world.ana.post("/v1/accounts", {"name": "Đông Á"}), 201)["id"]
    done(await world.ana.patch(path, {"account": account}))
    assert texts(done(await world.ana.get(f"/v1/accounts/{account}/needs")))["trouble"] == "Ồn"
    assert len(done(await world.ana.get(f"/v1/accounts/{account}/need-history"))["items"]) == 3
    async with world.connect() as connection:
        assert all("Giám đốc" not in each.model_dump_json() for each in await published(connection))


async def test_who_does_not_see_the_conversation_neither_reads_nor_writes(world, script, lead, call, assert_problem):
    assert_problem(await world.bao.post(f"{call}/answers", said(trouble="x")), 404, "not-found")
    for path in (f"/v1/leads/{lead['id']}/needs", f"/v1/leads/{lead['id']}/need-history"):
        assert_problem(await world.bao.get(path), 404, "not-found")
        assert_problem(await world.zoe.get(path), 404, "not-found")


@pytest.mark.usefixtures("script")
async def test_what_is_no_conversation_or_no_script_has_no_answers(world, lead, call, done, assert_problem):
    note = done(await world.ana.post("/v1/activities", {"kind": "note", "lead": lead["id"]}), 201)["id"]
    assert_problem(await world.ana.post(f"/v1/activities/{note}/answers", said(trouble="x")), 422, "no-conversation")
    unknown = {**said(trouble="x"), "script": "second-talk"}
    assert_problem(await world.ana.post(f"{call}/answers", unknown), 422, "invalid", "/script")
    assert_problem(
        await world.ana.post(f"{call}/answers", {**said(trouble="x"), "edition": 9}), 422, "invalid", "/edition"
    )
    assert_problem(await world.ana.post(f"{call}/answers", said(trouble="")), 422, "invalid", "/answers/0/answer")
    twice = {**SCRIPT, "questions": [SCRIPT["questions"][0]] * 2}
    assert_problem(await world.ops.post("/v1/question-scripts", twice), 422, "invalid", "/questions")
    done(await world.ops.post("/v1/question-scripts", {**SCRIPT, "active": False}))
    assert_problem(await world.ana.post(f"{call}/answers", said(trouble="x")), 409, "script-not-in-use", "/script")


async def test_editions_made_at_once_are_one_after_the_other(world, script, done):
    bodies = [{**SCRIPT, "questions": [{"code": f"q{number}", "text": "?"}]} for number in range(3)]
    made = await asyncio.gather(*(world.ops.post("/v1/question-scripts", body) for body in bodies))
    assert sorted(done(each)["edition"] for each in made) == [2, 3, 4]
