"""Scores over HTTP: rules, a scorecard learnt from outcomes, ranked work lists, estimates of those who sell."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from analytics.measures.scores import postings
from events.catalogue.leads import LeadState
from events.catalogue.scoring import (
    ScoreEstimated,
    ScoreFrozen,
    ScoreModelRefused,
    ScoreModelRequested,
    ScoreModelTrained,
    ScoreRulesSet,
    ScoreSettled,
    ScoreState,
    ScoreUnsettled,
)
from events.testing import published
from leads.scoring import keeping_scores, store
from leads.scoring.features import learnable
from leads.scoring.keeping_scores import keep_scores, score_some
from leads.scoring.serving import Scorer
from leads.scoring.store import closed_leads, outcomes
from leads.scoring.training_models import train_models, train_next

FIRM, OTHER, ANA, BAO = UUID(int=0xF1), UUID(int=0xF2), UUID(int=0xA1), UUID(int=0xB1)
RULES = {
    "rules": [
        {"name": "fair", "points": 45, "when": [{"field": "source", "test": "one_of", "values": ["FAIR"]}]},
        {"name": "campaign", "points": 20, "when": [{"field": "campaign", "test": "given"}]},
        {"name": "food", "points": 5, "when": [{"field": "account_sector", "test": "one_of", "values": ["food"]}]},
    ],
    "classes": {"hot_points": 60, "warm_points": 20},
}


async def capture(world, done, source, owner=ANA, **more):
    return done(await world.importer.post("/v1/leads", {"source": source, "owner": str(owner), **more}), 201)["id"]


async def score_all(world):
    while await score_some(world.resources):
        pass


async def rank(caller, done, **query):
    return [each["lead"] for each in done(await caller.get("/v1/work-list", **query))["items"]]


async def close_leads(world, done, count=120, sources=("fair", "web")):
    """So many leads of each source; those of the first convert, the others are disqualified, but for each tenth."""
    async with world.connect() as connection:
        await connection.execute("ALTER TABLE lead DISABLE TRIGGER USER")
    first = datetime(2026, 1, 1, tzinfo=UTC)
    for source in sources:
        items = [
            {
                "item_id": str(number),
                "command": "capture",
                "external_id": f"{source} {number}",
                "source": source,
                "occurred_at": (first + timedelta(hours=number)).isoformat().replace("+00:00", "Z"),
            }
            for number in range(count)
        ]
        assert (await world.importer.post("/v1/leads:batch", {"items": items})).status_code == 200
    await set_outcomes(world, sources[0])
    async with world.connect() as connection:
        await connection.execute("ALTER TABLE lead ENABLE TRIGGER USER")


async def set_outcomes(world, winning):
    """As handoffs that were accepted would leave them: what counts for learning is the state."""
    statement = """
        UPDATE lead SET status = outcome, state = state || jsonb_build_object('status', outcome,
               CASE outcome WHEN 'converted' THEN 'converted_on' ELSE 'disqualified_on' END, '2026-02-01')
          FROM (SELECT id AS closed, CASE WHEN (source = $1) <> (abs(hashtext(external_id)) % 10 = 0)
                       THEN 'converted' ELSE 'disqualified' END AS outcome
                  FROM lead WHERE external_id LIKE '% %' AND status = 'open') AS closing
         WHERE id = closed"""
    async with world.connect() as connection:
        await connection.execute(statement, winning)


@pytest.fixture
async def rules(world, done):
    return done(await world.importer.post("/v1/score-rules", RULES), 201)


async def test_rules_are_versioned_and_the_score_shows_the_points_of_each(world, done, rules):
    account = done(await world.importer.post("/v1/accounts", {"name": "A", "sector": "Food"}), 201)["id"]
    lead = await capture(world, done, "fair", campaign="spring", account=account)
    score = done(await world.ana.get(f"/v1/leads/{lead}/score"))
    assert [(each["what"], each["points"]) for each in score["rules"]] == [
        (["fair"], 45),
        (["campaign"], 20),
        (["food"], 5),
    ]
    assert (score["points"], score["class_name"], score["rules_version"], score["probability"]) == (70, "hot", 1, None)
    fewer = {**RULES, "rules": RULES["rules"][:1]}
    assert done(await world.importer.post("/v1/score-rules", fewer), 201)["version"] == 2
    assert done(await world.importer.post("/v1/score-rules", fewer), 201)["version"] == 2
    score = done(await world.ana.get(f"/v1/leads/{lead}/score"))
    assert (score["points"], score["class_name"], score["rules_version"]) == (45, "warm", 2)
    assert [each["version"] for each in done(await world.ana.get("/v1/score-rules"))["items"]] == [2, 1]
    assert [each["version"] for each in done(await world.ana.get("/v1/score-rules", limit=1))["items"]] == [2]
    assert done(await world.ana.get("/v1/score-rules/1")) == rules
    async with world.connect() as connection:
        assert [len(event.score_rules.rules) for event in await published(connection, ScoreRulesSet)] == [3, 1]


async def test_a_work_list_is_ranked_with_reasons_and_follows_leads_and_rules(world, done, rules):
    plain = await capture(world, done, "web")
    best = await capture(world, done, "fair", campaign="spring")
    good = await capture(world, done, "fair")
    others = await capture(world, done, "fair", owner=BAO)
    await score_all(world)
    assert await rank(world.ana, done) == [best, good, plain]
    assert await rank(world.ana, done, class_name="hot") == [best]
    [first] = done(await world.ana.get("/v1/work-list", limit=1))["items"]
    assert [(each["what"], each["points"]) for each in first["reasons"]] == [(["fair"], 45), (["campaign"], 20)]
    assert (first["class_name"], first["points"], first["status"]) == ("hot", 65, "open")
    page = done(await world.ana.get("/v1/work-list", limit=2))
    assert await rank(world.ana, done, limit=2, cursor=page["next_cursor"]) == [plain]
    done(await world.ana.post(f"/v1/leads/{best}/disqualification", {"reason": "no budget"}))
    done(await world.ana.patch(f"/v1/leads/{plain}", {"campaign": "spring"}))
    await score_all(world)
    assert await rank(world.ana, done) == [good, plain]
    rule = {"name": "web", "points": 90, "when": [{"field": "source", "test": "one_of", "values": ["web"]}]}
    done(await world.importer.post("/v1/score-rules", {"rules": [rule]}), 201)
    await score_all(world)
    assert await rank(world.ana, done) == [plain, good]
    assert await rank(world.bao, done) == [others]


async def test_the_loop_scores_until_told_to_stop(world, done, rules):
    stop = asyncio.Event()
    loop = asyncio.create_task(keep_scores(world.resources, stop))
    lead = await capture(world, done, "fair")
    while lead not in await rank(world.ana, done):
        await asyncio.sleep(0.05)
    stop.set()
    await loop


async def test_who_sees_which_scores(world, done, rules, assert_problem):
    lead = await capture(world, done, "fair")
    await score_all(world)
    assert_problem(await world.bao.get(f"/v1/leads/{lead}/score"), 404, "not-found")
    assert_problem(await world.bao.put(f"/v1/leads/{lead}/probability", {"percent": 5}), 404, "not-found")
    assert await rank(world.bao, done, owner=str(ANA)) == []
    assert await rank(world.mai, done, owner=str(ANA)) == [lead]
    assert await rank(world.zoe, done, owner=str(ANA)) == []
    assert done(await world.zoe.get("/v1/score-rules"))["items"] == []
    assert_problem(await world.importer.get("/v1/work-list"), 422, "invalid", "/owner")
    for caller in (world.ana, world.bao, world.mai):
        assert_problem(await caller.post("/v1/score-rules", RULES), 403, "forbidden")
        assert_problem(await caller.post("/v1/score-models:train"), 403, "forbidden")


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({"field": "shoe size", "test": "given"}, "/rules/0/when/0/field"),
        ({"field": "custom.", "test": "given"}, "/rules/0/when/0/field"),
        ({"field": "source", "test": "one_of"}, "/rules/0/when/0/values"),
        ({"field": "source", "test": "given", "values": ["x"]}, "/rules/0/when/0/values"),
        ({"field": "touches", "test": "at_least"}, "/rules/0/when/0/number"),
        ({"field": "touches", "test": "at_least", "number": "3"}, "/rules/0/when/0/number"),
        ({"field": "touches", "test": "is"}, "/rules/0/when/0/test"),
    ],
)
async def test_rules_that_say_nothing_are_refused(world, assert_problem, rule, pointer):
    body = {"rules": [{"name": "x", "points": 1, "when": [rule]}]}
    answer = await world.importer.post("/v1/score-rules", body)
    found = assert_problem(answer, 422, "invalid")
    assert any(error["pointer"].startswith(pointer) for error in found["errors"]), found


async def test_rules_need_names_points_and_order(world, assert_problem):
    rule = RULES["rules"][0]
    for body, pointer in (
        ({"rules": [rule, rule]}, "/rules"),
        ({"rules": [{**rule, "points": 1001}]}, "/rules/0/points"),
        ({"rules": [{**rule, "when": []}]}, "/rules/0/when"),
        ({"rules": [], "classes": {"hot_points": 1, "warm_points": 2}}, "/classes/warm_points"),
        ({"rules": [], "classes": {"hot_percent": 10, "warm_percent": 20}}, "/classes/warm_percent"),
    ):
        assert_problem(await world.importer.post("/v1/score-rules", body), 422, "invalid", pointer)


async def test_the_own_estimate_stands_beside_the_systems(world, done, assert_problem):
    lead = await capture(world, done, "fair")
    path = f"/v1/leads/{lead}/probability"
    said = done(await world.ana.put(path, {"percent": 35}))
    assert (said["estimate"]["probability"], said["system"], said["version"]) == ("0.35", None, 1)
    assert done(await world.ana.put(path, {"percent": 40}, version=1))["version"] == 2
    assert_problem(await world.ana.put(path, {"percent": 45}, version=1), 412, "stale-version")
    assert done(await world.ana.get(f"/v1/leads/{lead}/score"))["estimate"]["probability"] == "0.4"
    assert done(await world.ana.put(path, {"percent": None}))["estimate"] is None
    for percent in (101, -1, 1.5, True, "5"):
        assert_problem(await world.ana.put(path, {"percent": percent}), 422, "invalid", "/percent")
    done(await world.ana.post(f"/v1/leads/{lead}/disqualification", {"reason": "no budget"}))
    assert_problem(await world.ana.put(path, {"percent": 1}), 409, "lead-is-settled")
    async with world.connect() as connection:
        events = await published(connection, ScoreEstimated)
        assert [event.probability for event in events] == [3500, 4000, None]
        assert events[-1].score.rep_first.probability == 3500


async def test_training_is_refused_where_the_outcomes_do_not_suffice(world, done, assert_problem):
    problem = assert_problem(await world.importer.post("/v1/score-models:train"), 409, "outcomes-do-not-suffice")
    assert (problem["closed"], problem["converted"]) == (0, 0)
    await close_leads(world, done, count=60, sources=("fair", "web", "mail"))
    assert_problem(await world.importer.post("/v1/score-models:train"), 409, "outcomes-do-not-suffice")


async def test_a_scorecard_is_learnt_published_served_and_held_against_what_came(world, done, rules, assert_problem):
    await close_leads(world, done)
    asked = done(await world.importer.post("/v1/score-models:train"), 202)
    assert_problem(await world.importer.post("/v1/score-models:train"), 409, "training-goes-on")
    stopping = asyncio.Event()
    stopping.set()
    assert await train_next(world.resources, stopping) is False
    assert done(await world.ana.get(f"/v1/score-models/{asked['id']}"))["status"] == "requested"
    await run_training(world, done, asked["id"])
    model = done(await world.ana.get(f"/v1/score-models/{asked['id']}"))
    assert model["status"] == "trained"
    assert "source" in model["columns"]
    assert model["training"]["leads"] == 240
    assert model["training"]["held_out_brier"] < 0.5 * model["training"]["average_brier"]
    assert [each["id"] for each in done(await world.ana.get("/v1/score-models", status="trained"))["items"]] == [
        asked["id"]
    ]
    await check_serving(world, done, asked["id"])


async def run_training(world, done, model):
    stop = asyncio.Event()
    loop = asyncio.create_task(train_models(world.resources, stop))
    while done(await world.ana.get(f"/v1/score-models/{model}"))["status"] == "requested":
        await asyncio.sleep(0.1)
    stop.set()
    await loop


async def check_serving(world, done, model):
    """What the event says, the service says; it is frozen, settled by the outcome and unsettled by a reopening."""
    web, fair = await capture(world, done, "web"), await capture(world, done, "fair")
    await score_all(world)
    assert await rank(world.ana, done) == [fair, web]
    score = done(await world.ana.get(f"/v1/leads/{fair}/score"))
    assert (score["model"], score["class_name"]) == (model, "hot")
    reason = next(each for each in score["contributions"] if each["what"] == ["source"])
    assert (reason["what"], reason["values"], reason["points"] > 0) == (["source"], ["fair"], True)
    done(await world.ana.post(f"/v1/leads/{fair}/disqualification", {"reason": "no budget"}))
    await score_all(world)
    done(await world.ana.post(f"/v1/leads/{fair}/reopening", {}))
    await score_all(world)
    async with world.connect() as connection:
        assert len(await published(connection, ScoreModelRequested)) == 1
        [trained] = await published(connection, ScoreModelTrained)
        frozen = {str(event.score.id): event.score.system for event in await published(connection, ScoreFrozen)}
        [settled] = await published(connection, ScoreSettled)
        [unsettled] = await published(connection, ScoreUnsettled)
    row = learnable(LeadState.model_validate_json(await state_of(world, fair)), "Asia/Ho_Chi_Minh")
    told = Scorer(trained.score_model.scorecard).score(row).probability
    assert frozen[fair].probability == pytest.approx(10_000 * told, abs=1)
    assert score["probability"] == f"{frozen[fair].probability / 10_000:.4f}".rstrip("0")
    assert (settled.converted, str(settled.score.id), unsettled.score.converted) == (False, fair, None)
    assert set(frozen) == {web, fair}


async def state_of(world, lead):
    async with world.connect() as connection:
        return await connection.fetchval("SELECT state FROM lead WHERE id = $1", UUID(lead))


async def test_a_scorecard_that_says_nothing_is_refused_and_says_so(world, done):
    await close_leads(world, done, count=120, sources=("fair", "web"))
    async with world.connect() as connection:
        await connection.execute('UPDATE lead SET state = state || \'{"source": "same"}\'::jsonb')
    asked = done(await world.importer.post("/v1/score-models:train"), 202)
    await run_training(world, done, asked["id"])
    model = done(await world.ana.get(f"/v1/score-models/{asked['id']}"))
    assert (model["status"], model["reason"]) == ("refused", "no-better-than-average")
    async with world.connect() as connection:
        [refused] = await published(connection, ScoreModelRefused)
        assert refused.reason == "no-better-than-average"


async def test_a_scorer_that_read_a_lead_before_it_was_closed_does_not_unsettle_it(world, done, monkeypatch):
    """One worker read the lead while it was open; another settles it; the first goes on."""
    lead = await capture(world, done, "fair")
    done(await world.ana.put(f"/v1/leads/{lead}/probability", {"percent": 35}))
    real, first = keeping_scores.store.leads_as_they_are, [True]

    async def slow(connection, tenant, ids):
        found = await real(connection, tenant, ids)
        if first:
            first.pop()
            done(await world.ana.post(f"/v1/leads/{lead}/disqualification", {"reason": "no"}))
            assert await score_some(world.resources) == 1
        return found

    monkeypatch.setattr(keeping_scores.store, "leads_as_they_are", slow)
    await score_all(world)
    async with world.connect() as connection:
        state = await connection.fetchval("SELECT state FROM score WHERE id = $1", UUID(lead))
        assert await connection.fetchval("SELECT count(*) FROM lead_to_score") == 0
    assert ScoreState.model_validate_json(state).converted is False


async def test_the_work_list_shows_no_lead_that_is_anothers_by_now(world, done):
    lead = await capture(world, done, "fair")
    await score_all(world)
    assert [each["lead"] for each in done(await world.ana.get("/v1/work-list"))["items"]] == [lead]
    done(await world.importer.post(f"/v1/leads/{lead}/assignment", {"owner_external_id": "bao"}))
    done(await world.bao.patch(f"/v1/leads/{lead}", {"title": "secret of bao"}))
    assert done(await world.ana.get("/v1/work-list"))["items"] == []
    assert done(await world.mai.get("/v1/work-list", owner=str(ANA)))["items"] == []


async def test_tenants_are_scored_in_turn_and_what_changed_before_what_is_scored_anew(world, done):
    first, second = [await capture(world, done, "fair") for _ in range(2)]
    await score_all(world)
    other = done(await world.zoe.post("/v1/leads", {"title": "x"}), 201)["id"]
    async with world.connect() as connection:
        await store.score_all_anew(connection, FIRM)
        done(await world.ana.patch(f"/v1/leads/{second}", {"title": "changed"}))
        order = [(await store.taken_to_score(connection, FIRM, 1))[0] for _ in range(3)]
        assert (order[0], set(order[1:])) == (UUID(second), {UUID(first), UUID(second)})
        await store.score_all_anew(connection, FIRM)
        turns = [await store.tenant_to_score(connection, after) for after in (UUID(int=0), FIRM, OTHER)]
        assert turns == [FIRM, OTHER, FIRM]
        assert await store.taken_to_score(connection, OTHER, 9) == [UUID(other)]


async def test_a_merged_lead_is_not_held_against_scorecard_and_person(world, done):
    survivor, other = [await capture(world, done, "fair") for _ in range(2)]
    for lead in (survivor, other):
        done(await world.ana.put(f"/v1/leads/{lead}/probability", {"percent": 35}))
    done(await world.ana.post(f"/v1/leads/{other}/disqualification", {"reason": "duplicate"}))
    await score_all(world)
    done(await world.ana.post(f"/v1/leads/{survivor}/merge", {"lead": other}))
    await score_all(world)
    async with world.connect() as connection:
        [unsettled] = await published(connection, ScoreUnsettled)
        assert (str(unsettled.score.id), list(postings(unsettled.score))) == (other, [])
        assert (await closed_leads(connection, FIRM, 10), await outcomes(connection, FIRM)) == ([], (0, 0))


async def test_a_score_of_an_older_version_does_not_hide_a_newer_one(world, done):
    lead = await capture(world, done, "fair")
    done(await world.ana.patch(f"/v1/leads/{lead}", {"title": "newer"}))
    await score_all(world)
    async with world.connect() as connection:
        row = dict(await connection.fetchrow("SELECT * FROM lead_score WHERE lead_id = $1", UUID(lead)))
        row["reasons"] = json.loads(row["reasons"])
        await store.keep_scores(connection, [{**row, "class": "hot"}])
        await store.keep_scores(connection, [{**row, "lead_version": row["lead_version"] - 1, "rank": 99}])
        kept = await connection.fetchrow("SELECT rank, class FROM lead_score WHERE lead_id = $1", UUID(lead))
    assert tuple(kept) == (row["rank"], "hot")
