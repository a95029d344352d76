"""Survey answers and market notes on the profile of a prospect, each with its past."""

from events.testing import published


async def a_contact(world, done):
    lead = done(await world.ana.post("/v1/leads", {"prospect": {"name": "Lan", "email": "lan@donga.example"}}), 201)
    return f"/v1/contacts/{lead['contact']}"


def answers(*pairs, **more):
    return {"survey": "Pumps", "answers": [{"question": q, "answer": a} for q, a in pairs], **more}


async def test_the_newest_answer_stands_and_the_older_ones_are_its_past(world, done):
    path = await a_contact(world, done)
    done(await world.ana.post(f"{path}/survey-answers", answers(("How many?", "Ten"), ("Which?", "Ebara"))), 201)
    late = answers(("Which?", "none"), occurred_at="2026-10-30T09:00:00Z")
    done(await world.ana.post(f"{path}/survey-answers", late), 201)
    done(await world.mai.post(f"{path}/survey-answers", answers(("How many?", "Twelve"))), 201)
    profile = done(await world.ana.get(f"{path}/profile"))
    assert {each["question"]: each["text"] for each in profile["answers"]} == {"How many?": "Twelve", "Which?": "Ebara"}
    past = done(await world.ana.get(f"{path}/profile-entries", kind="survey"))["items"]
    assert [each["text"] for each in past if each["question"] == "How many?"] == ["Twelve", "Ten"]
    assert past[0]["by"] != past[-1]["by"]
    page = done(await world.ana.get(f"{path}/profile-entries", limit=3))
    rest = done(await world.ana.get(f"{path}/profile-entries", limit=3, cursor=page["next_cursor"]))
    assert len(page["items"] + rest["items"]) == 4


async def test_notes_are_kept_with_their_author_and_stay_out_of_events(world, done):
    path = await a_contact(world, done)
    note = {"topic": "competitors", "note": "Two shops\nhave closed."}
    [entry] = done(await world.ana.post(f"{path}/market-notes", note), 201)["entries"]
    assert (entry["text"], entry["topic"], entry["question"]) == ("Two shops\nhave closed.", "competitors", None)
    profile = done(await world.ana.get(f"{path}/profile"))
    assert profile["notes"] == [entry]
    assert (profile["contact"]["name"], profile["reach"]["consents"]) == ("Lan", [])
    async with world.connect() as connection:
        assert all("have closed" not in each.model_dump_json() for each in await published(connection))


async def test_who_does_not_see_the_contact_sees_no_profile(world, done, assert_problem):
    path = await a_contact(world, done)
    for action, body in (("survey-answers", answers(("q", "a"))), ("market-notes", {"note": "x"})):
        assert_problem(await world.bao.post(f"{path}/{action}", body), 404, "not-found")
    for what in ("profile", "profile-entries"):
        assert_problem(await world.bao.get(f"{path}/{what}"), 404, "not-found")
    assert done(await world.dora.get(f"{path}/profile"))["contact"]["email"] == "l***@donga.example"
    done(await world.adam.get(f"{path}/profile"))
    done(await world.adam.get(f"{path}/profile-entries"))
    noted = done(await world.adam.get("/v1/personal-data-reads"))["items"]
    assert [each["operation"] for each in noted] == ["list_profile_entries", "get_profile"]
    assert_problem(await world.ana.post(f"{path}/market-notes", {"note": 5}), 422, "invalid", "/note")
