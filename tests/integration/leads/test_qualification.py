"""Checklists, reasons and recalls over HTTP: who says what, what is refused, and what the background does."""

import asyncio
from datetime import UTC, datetime, timedelta

from events.catalogue.leads import LeadAnswered, LeadQualified, LeadReopened
from events.catalogue.qualification import ChecklistChanged, ChecklistDefined, DisqualifyReasonDefined
from events.testing import FixedClock, published
from leads.qualification.recalling import recall_leads, recall_some

BUDGET = {"code": "budget", "text": "Is there a budget?", "required": True}
RIVAL = {"code": "rival", "text": "Whom do they buy from?", "required": False}
FOR_ALL = {"name": "All leads", "external_id": "all", "items": [BUDGET, RIVAL]}
OF_FAIRS = {"name": "Fairs", "source": "fair", "items": [{"code": "badge", "text": "Badge?"}]}


async def a_lead(world, done, **more):
    return done(await world.importer.post("/v1/leads", {"owner_external_id": "ana", **more}), 201)["id"]


def in_days(days):
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


async def test_sales_ops_say_what_must_be_known_and_qualifying_names_what_is_missing(world, done, assert_problem):
    checklist = done(await world.ops.post("/v1/checklists", FOR_ALL), 201)
    assert (checklist["edition"], checklist["items"], checklist["source"]) == (1, [BUDGET, RIVAL], None)
    lead = f"/v1/leads/{await a_lead(world, done)}"
    missing = assert_problem(await world.ana.post(f"{lead}/qualification"), 409, "checklist-incomplete", "/answers")
    assert (missing["missing"], missing["edition"]) == ([{"code": "budget", "text": "Is there a budget?"}], 1)
    answered = done(await world.ana.post(f"{lead}/answers", {"answers": {"budget": False, "rival": True}}))
    assert answered["answers"]["given"] == {"budget": False, "rival": True}
    assert_problem(await world.ana.post(f"{lead}/qualification"), 409, "checklist-incomplete")
    qualified = done(await world.ana.post(f"{lead}/qualification", {"answers": {"budget": True}}))
    assert qualified["status"] == "qualified"
    assert qualified["answers"] == {
        "checklist": checklist["id"],
        "edition": 1,
        "given": {"budget": True, "rival": True},
    }
    async with world.connect() as connection:
        assert len(await published(connection, ChecklistDefined)) == 1
        assert [len(event.given) for event in await published(connection, LeadAnswered)] == [2, 1]
        assert "Is there" not in (await published(connection, LeadQualified))[0].model_dump_json()


async def test_the_checklist_of_a_source_goes_before_the_one_for_all(world, done, assert_problem):
    done(await world.ops.post("/v1/checklists", FOR_ALL), 201)
    done(await world.ops.post("/v1/checklists", OF_FAIRS), 201)
    fair, web = [f"/v1/leads/{await a_lead(world, done, source=source)}" for source in ("fair", "web")]
    assert_problem(
        await world.ana.post(f"{fair}/qualification", {"answers": {"budget": True}}), 422, "unknown-item",
        "/answers/budget",
    )  # fmt: skip
    done(await world.ana.post(f"{fair}/qualification", {"answers": {"badge": True}}))
    done(await world.ana.post(f"{web}/qualification", {"answers": {"budget": True}}))


async def test_one_checklist_a_source_is_in_use(world, done, assert_problem):
    first = done(await world.ops.post("/v1/checklists", OF_FAIRS), 201)
    assert_problem(await world.ops.post("/v1/checklists", OF_FAIRS), 409, "already-exists", "/source")
    done(await world.ops.patch(f"/v1/checklists/{first['id']}", {"active": False}))
    done(await world.ops.post("/v1/checklists", OF_FAIRS), 201)
    assert_problem(
        await world.ops.patch(f"/v1/checklists/{first['id']}", {"active": True}), 409, "already-exists", "/source"
    )
    done(await world.ops.post("/v1/checklists", FOR_ALL), 201)
    again = {**FOR_ALL, "external_id": "other"}
    assert_problem(await world.ops.post("/v1/checklists", again), 409, "already-exists", "/source")
    listed = done(await world.ana.get("/v1/checklists", source="fair", active=True))["items"]
    assert [each["active"] for each in listed] == [True]


async def test_other_items_are_another_edition_and_old_answers_still_count(world, done, assert_problem):
    checklist = done(await world.ops.post("/v1/checklists", FOR_ALL), 201)
    lead = f"/v1/leads/{await a_lead(world, done)}"
    done(await world.ana.post(f"{lead}/answers", {"answers": {"budget": True}}))
    path = f"/v1/checklists/{checklist['id']}"
    changed = done(await world.ops.patch(path, {"items": [BUDGET, {"code": "decider", "text": "Who decides?"}]}))
    assert (changed["edition"], changed["version"]) == (2, 2)
    missing = assert_problem(await world.ana.post(f"{lead}/qualification"), 409, "checklist-incomplete")
    assert [each["code"] for each in missing["missing"]] == ["decider"]
    qualified = done(await world.ana.post(f"{lead}/qualification", {"answers": {"decider": True}}))
    assert (qualified["answers"]["edition"], qualified["answers"]["given"]) == (2, {"budget": True, "decider": True})
    async with world.connect() as connection:
        [event] = await published(connection, ChecklistChanged)
        assert event.checklist.edition == 2


async def test_imports_and_firms_without_checklists_go_on_as_before(world, done, assert_problem):
    done(await world.ops.post("/v1/checklists", FOR_ALL), 201)
    done(await world.ops.post("/v1/disqualify-reasons", {"code": "later", "text": "Later"}), 201)
    history = {"occurred_at": "2024-03-01T09:00:00Z", "imported": True}
    items = [
        {"item_id": "1", "command": "capture", "external_id": "old-1", **history},
        {"item_id": "2", "command": "qualify", "external_id": "old-1", "occurred_at": "2024-03-02T09:00:00Z"},
        {"item_id": "3", "command": "capture", "external_id": "old-2", **history},
        {"item_id": "4", "command": "disqualify", "external_id": "old-2", "reason": "no budget",
         "occurred_at": "2024-03-02T09:00:00Z"},
        {"item_id": "5", "command": "capture", "external_id": "new"},
        {"item_id": "6", "command": "qualify", "external_id": "new"},
        {"item_id": "7", "command": "answer", "external_id": "new", "answers": {"budget": True}},
        {"item_id": "8", "command": "qualify", "external_id": "new"},
    ]  # fmt: skip
    results = (await world.importer.post("/v1/leads:batch", {"items": items})).json()["results"]
    assert [result["status"] for result in results] == [201, 200, 201, 200, 201, 409, 200, 200]
    elsewhere = done(await world.zoe.post("/v1/leads", {}), 201)["id"]
    done(await world.zoe.post(f"/v1/leads/{elsewhere}/qualification"))
    assert_problem(
        await world.zoe.post(f"/v1/leads/{elsewhere}/answers", {"answers": {"budget": True}}), 422, "no-checklist",
        "/answers",
    )  # fmt: skip


async def test_a_firm_with_reasons_takes_no_other(world, done, assert_problem):
    lead = f"/v1/leads/{await a_lead(world, done)}"
    reason = done(await world.ops.post("/v1/disqualify-reasons", {"code": "no-budget", "text": "No budget"}), 201)
    path = f"/v1/disqualify-reasons/{reason['id']}"
    refused = await world.ana.post(f"{lead}/disqualification", {"reason": "no money"})
    assert assert_problem(refused, 422, "unknown-reason", "/reason")["known"] == ["no-budget"]
    gone = done(await world.ana.post(f"{lead}/disqualification", {"reason": "no-budget"}))
    assert (gone["disqualified_reason"], gone["recall_on"]) == ("no-budget", None)
    done(await world.ana.post(f"{lead}/reopening"))
    done(await world.ops.patch(path, {"recall_after_days": 30}))
    gone = done(await world.ana.post(f"{lead}/disqualification", {"reason": "no-budget"}))
    assert gone["recall_on"] is not None
    done(await world.ana.post(f"{lead}/reopening"))
    done(await world.ops.patch(path, {"active": False}))
    done(await world.ana.post(f"{lead}/disqualification", {"reason": "any words"}))
    assert_problem(
        await world.ops.post("/v1/disqualify-reasons", {"code": "no-budget", "text": "x"}), 409, "already-exists",
        "/code",
    )  # fmt: skip
    async with world.connect() as connection:
        assert len(await published(connection, DisqualifyReasonDefined)) == 1


async def test_leads_are_recalled_on_their_day_whatever_dies_meanwhile(world, done):
    async def let_go(days):
        lead = await a_lead(world, done)
        body = {"reason": "next year", "recall_on": in_days(days)}
        done(await world.ana.post(f"/v1/leads/{lead}/disqualification", body))
        return lead

    soon, later = await let_go(2), await let_go(9)
    assert [each["id"] for each in done(await world.ana.get("/v1/recalls"))["items"]] == [soon, later]
    assert [each["id"] for each in done(await world.ana.get("/v1/recalls", to_on=in_days(5)))["items"]] == [soon]
    first = done(await world.ana.get("/v1/recalls", limit=1))
    second = done(await world.ana.get("/v1/recalls", limit=1, cursor=first["next_cursor"]))
    assert [each["id"] for page in (first, second) for each in page["items"]] == [soon, later]
    assert done(await world.bao.get("/v1/recalls"))["items"] == []

    assert await recall_some(world.resources) == 0
    world.resources.clock = FixedClock(datetime.now(UTC) + timedelta(days=3))
    async with world.connect() as held, held.transaction():
        # Somebody is at the lead: it is passed by, and comes next time.
        await held.execute("SELECT FROM lead WHERE id = $1 FOR UPDATE", soon)
        assert await recall_some(world.resources) == 0
    assert await asyncio.gather(*(recall_some(world.resources) for _ in range(3))) in ([1, 0, 0], [0, 1, 0], [0, 0, 1])
    assert await recall_some(world.resources) == 0
    lead = done(await world.ana.get(f"/v1/leads/{soon}"))
    assert (lead["status"], lead["recall_on"], lead["disqualified_reason"]) == ("open", None, None)
    assert [each["id"] for each in done(await world.ana.get("/v1/recalls"))["items"]] == [later]
    async with world.connect() as connection:
        assert [event.recalled for event in await published(connection, LeadReopened)] == [True]


async def test_the_loop_recalls_until_told_to_stop(world, done):
    lead = await a_lead(world, done)
    done(await world.ana.post(f"/v1/leads/{lead}/disqualification", {"reason": "x", "recall_on": in_days(2)}))
    world.resources.clock = FixedClock(datetime.now(UTC) + timedelta(days=3))
    stop = asyncio.Event()
    task = asyncio.create_task(recall_leads(world.resources, stop))
    while done(await world.ana.get(f"/v1/leads/{lead}"))["status"] != "open":
        await asyncio.sleep(0.05)
    stop.set()
    await task


async def test_only_sales_ops_make_the_rules_and_of_their_own_firm(world, done, assert_problem):
    checklist = done(await world.ops.post("/v1/checklists", FOR_ALL), 201)["id"]
    reason = done(await world.ops.post("/v1/disqualify-reasons", {"code": "later", "text": "Later"}), 201)["id"]
    for caller in (world.ana, world.mai, world.importer):
        for answer in (
            await caller.post("/v1/checklists", OF_FAIRS),
            await caller.patch(f"/v1/checklists/{checklist}", {"name": "x"}),
            await caller.post("/v1/disqualify-reasons", {"code": "x", "text": "x"}),
            await caller.patch(f"/v1/disqualify-reasons/{reason}", {"text": "x"}),
        ):
            assert_problem(answer, 403, "forbidden")
        assert done(await caller.get(f"/v1/checklists/{checklist}"))["id"] == checklist
        assert done(await caller.get(f"/v1/disqualify-reasons/{reason}"))["id"] == reason
    for path in (f"/v1/checklists/{checklist}", f"/v1/disqualify-reasons/{reason}"):
        assert_problem(await world.zoe.get(path), 404, "not-found")
    assert done(await world.zoe.get("/v1/checklists"))["items"] == []
    assert done(await world.zoe.get("/v1/disqualify-reasons"))["items"] == []


async def test_bad_rules_are_refused_at_the_field(world, done, assert_problem):
    async def refused(path, pointer, why, **body):
        assert_problem(await world.ops.post(path, body), 422, why, pointer)

    item = {"code": "budget", "text": "Budget?"}
    await refused("/v1/checklists", "/items", "item-twice", name="x", items=[item, item])
    await refused("/v1/checklists", "/items", "invalid", name="x", items=[])
    await refused("/v1/checklists", "/items/0/code", "invalid", name="x", items=[{**item, "code": "No spaces"}])
    await refused("/v1/disqualify-reasons", "/recall_after_days", "invalid", code="x", text="x", recall_after_days=0)
    lead = await a_lead(world, done)
    yesterday = {"reason": "x", "recall_on": in_days(-1)}
    answer = await world.ana.post(f"/v1/leads/{lead}/disqualification", yesterday)
    assert_problem(answer, 422, "recall-not-ahead", "/recall_on")
    assert_problem(await world.ana.post(f"/v1/leads/{lead}/answers", {"answers": {}}), 422, "invalid", "/answers")
    words = {"answers": {"budget": "yes"}}
    assert_problem(await world.ana.post(f"/v1/leads/{lead}/answers", words), 422, "invalid", "/answers/budget")


async def test_imported_history_is_not_opened_again_but_on_the_day_it_names(world, done):
    reason = {"code": "no-budget", "text": "No budget", "recall_after_days": 30}
    done(await world.ops.post("/v1/disqualify-reasons", reason), 201)
    history = {"imported": True, "occurred_at": "2024-01-01T03:00:00Z"}
    closed, due = [await a_lead(world, done, **history) for _ in range(2)]
    let_go = {"reason": "no-budget", "occurred_at": "2024-02-01T03:00:00Z"}
    done(await world.importer.post(f"/v1/leads/{closed}/disqualification", let_go))
    done(await world.importer.post(f"/v1/leads/{due}/disqualification", {**let_go, "recall_on": "2024-06-01"}))
    await recall_some(world.resources)
    status = [done(await world.ana.get(f"/v1/leads/{lead}"))["status"] for lead in (closed, due)]
    assert status == ["disqualified", "open"]
