"""New leads find their owners by the firm's rules: in turn, within limits, and only who is there."""

import asyncio
from collections import Counter
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest

from events.catalogue.assignment import AssignmentPolicyChanged
from events.catalogue.identity import Assignment, Leave, PersonState, RegionState, Role
from events.catalogue.leads import LeadAssigned, LeadPooled
from events.testing import FixedClock, assert_published, published
from leads.assignment import store

ANA, BAO, MAI, HANOI, DISTRICT = (UUID(int=number) for number in (0xA1, 0xB1, 0xC1, 0x21, 0x22))
FRIDAY_EVENING = datetime(2026, 3, 6, 19, tzinfo=UTC)
MONDAY = datetime(2026, 3, 9, 3, tzinfo=UTC)
POLICY = "/v1/assignment-policy"


def rule(*people, **changes):
    members = [{"person_external_id": name, **({"weight": weight} if weight else {})} for name, weight in people]
    distribution = "weighted" if any(weight for _, weight in people) else "round-robin"
    return {"name": "everything", "distribution": distribution, "members": members, **changes}


BOTH = (("ana", None), ("bao", None))


@pytest.fixture
def set_rules(world, done):
    async def give(*rules, **more):
        body = {"rules": list(rules), **more}
        return done(await put(world.ops, body))

    return give


async def put(caller, body, tag="*"):
    return await caller._sent("PUT", POLICY, body, {"If-Match": tag})


async def captured(world, done, **body):
    return done(await world.importer.post("/v1/leads", {"title": "x", **body}), 201)


def owner_of(lead):
    return None if lead["owner"] is None else UUID(lead["owner"]["person"])


async def away(world, person, *, active=True, leave=None):
    places = (Assignment(from_on=date(2020, 1, 1), team=UUID(int=0x11)),)
    days = () if leave is None else (Leave(from_on=leave, to_on=leave),)
    state = PersonState(id=person, name="x", roles=(Role.REP,), assignments=places, active=active, leaves=days)
    await world.know(state)


async def test_turns_go_round_and_each_lead_names_its_rule(world, done, set_rules):
    version = (await set_rules(rule(*BOTH)))["version"]
    leads = [await captured(world, done) for _ in range(4)]
    assert [owner_of(lead) for lead in leads] == [ANA, BAO, ANA, BAO]
    assert leads[0]["assigned_by_rule"] | {"id": None} == {"id": None, "name": "everything", "revision": version}
    assert (leads[0]["first_owner"], leads[0]["held_since"]) == (leads[0]["owner"], leads[0]["created_at"])
    by_hand = done(await world.ops.post(f"/v1/leads/{leads[0]['id']}/assignment", {"owner": str(BAO)}))
    assert by_hand["assigned_by_rule"] is None
    [first, second] = done(await world.ops.get(f"/v1/leads/{leads[0]['id']}/custody"))["items"]
    assert (first["how"], first["rule"]["name"], first["until"]) == ("rule", "everything", second["from_at"])
    assert (second["how"], second["rule"], second["until"], second["owner"]["person"]) == ("hand", None, None, str(BAO))
    async with world.connect() as connection:
        [first, *_] = await published(connection, LeadAssigned)
    assert (first.how, first.rule.name, first.rule) == ("rule", "everything", first.lead.assigned_by_rule)


async def test_a_batch_takes_turns_as_single_leads_do(world, done, set_rules):
    await set_rules(rule(("ana", 3), ("bao", 1)))
    items = [{"item_id": str(number), "command": "capture", "title": "x"} for number in range(8)]
    answer = done(await world.importer.post("/v1/leads:batch", {"items": items}))
    leads = [done(await world.ops.get(f"/v1/leads/{result['id']}")) for result in answer["results"]]
    assert Counter(map(owner_of, leads)) == {ANA: 6, BAO: 2}
    assert owner_of(await captured(world, done)) == ANA, "single leads go on where the batch ended"


async def test_what_is_refused_takes_no_turn(world, done, set_rules):
    await set_rules(rule(*BOTH))
    items = [
        {"item_id": "1", "command": "capture", "title": "x"},
        {"item_id": "2", "command": "qualify", "id": str(uuid4())},
    ]
    refused = await world.importer.post("/v1/leads:batch", {"items": items, "atomic": True})
    assert [result["problem"]["code"] for result in refused.json()["results"]] == ["not-applied", "not-found"]
    mixed = await world.importer.post("/v1/leads:batch", {"items": items})
    assert [result["status"] for result in mixed.json()["results"]] == [201, 404]
    assert owner_of(await captured(world, done)) == BAO


async def test_turns_are_fair_however_many_come_at_once(world, done, set_rules):
    await set_rules(rule(*BOTH, limit={"leads": 6, "per": "day"}), rule(("mai", None), name="the rest"))
    leads = await asyncio.gather(*(captured(world, done) for _ in range(14)))
    assert Counter(map(owner_of, leads)) == {ANA: 6, BAO: 6, MAI: 2}


async def test_only_who_works_gets_leads(world, done, set_rules):
    world.resources.clock = FixedClock(MONDAY)
    await set_rules(rule(*BOTH))
    await away(world, ANA, leave=date(2026, 3, 9))
    assert [owner_of(await captured(world, done)) for _ in range(2)] == [BAO, BAO]
    world.resources.clock = FixedClock(FRIDAY_EVENING)
    assert owner_of(await captured(world, done)) == BAO, "it will be worked on when Ana is away"
    world.resources.clock = FixedClock(datetime(2026, 3, 10, 3, tzinfo=UTC))
    assert owner_of(await captured(world, done)) == ANA
    await away(world, BAO, active=False)
    assert [owner_of(await captured(world, done)) for _ in range(2)] == [ANA, ANA]


async def test_what_fits_nobody_waits_in_the_queue_and_somebody_hears_of_it(world, done, set_rules):
    fairs = rule(("ana", None), when={"sources": ["fair"]}, limit={"leads": 1, "per": "week"})
    await set_rules(fairs, alert_to=[str(MAI)])
    assert owner_of(await captured(world, done, source="Fair")) == ANA
    queued = [await captured(world, done, source=source) for source in ("fair", "web")]
    assert [lead["pool"]["why"] for lead in queued] == ["nobody-fits", "nobody-fits"]
    waiting = done(await world.bao.get("/v1/pool"))["items"]
    assert [lead["id"] for lead in waiting] == [lead["id"] for lead in queued]
    async with world.connect() as connection:
        told = await published(connection, LeadPooled)
    assert [event.alert_to for event in told] == [(MAI,), (MAI,)]


async def test_a_rule_for_a_region_holds_for_all_below_it(world, done, set_rules, assert_problem):
    await world.know(RegionState(id=DISTRICT, name="Ba Dinh", parent=HANOI), version=1)
    await set_rules(
        rule(("bao", None), when={"regions": [str(HANOI)], "countries": ["VN"]}), rule(("ana", None), name="2")
    )
    prospect = {"name": "Lan", "country": "VN"}
    assert owner_of(await captured(world, done, region=str(DISTRICT), prospect=prospect)) == BAO
    assert owner_of(await captured(world, done, region=str(DISTRICT))) == ANA
    assert owner_of(await captured(world, done, prospect=prospect)) == ANA
    unknown = await world.importer.post("/v1/leads", {"title": "x", "region": str(uuid4())})
    assert_problem(unknown, 422, "invalid", "/region")


async def test_an_owner_that_is_named_and_history_that_is_loaded_are_left_alone(world, done, set_rules):
    assert (await captured(world, done))["pool"] is None, "without rules nothing is distributed"
    await set_rules(rule(("bao", None)))
    assert owner_of(await captured(world, done, owner_external_id="ana")) == ANA
    loaded = await captured(world, done, imported=True)
    assert (owner_of(loaded), loaded["pool"]) == (None, None)
    own = done(await world.ana.post("/v1/leads", {"title": "mine"}), 201)
    assert (owner_of(own), own["assigned_by_rule"]) == (ANA, None)


async def test_rules_are_versioned_and_only_some_give_them(world, done, assert_problem):
    body = {"rules": [rule(*BOTH)]}
    assert done(await world.ops.get(POLICY))["version"] == 0
    for caller in (world.ana, world.mai, world.importer):
        assert_problem(await put(caller, body), 403, "forbidden")
    first = done(await put(world.ops, body))
    body["rules"][0]["id"] = first["rules"][0]["id"]
    assert done(await put(world.ops, body, '"1"'))["version"] == 1, "the same again is no revision"
    body["pool"] = {"recycle_after_days": 3}
    assert done(await put(world.ops, body, '"1"'))["version"] == 2
    assert_problem(await put(world.ops, body, '"1"'), 412, "stale-version")
    revisions = done(await world.mai.get(f"{POLICY}/revisions"))["items"]
    assert [(each["version"], each["pool"]["recycle_after_days"]) for each in revisions] == [(2, 3), (1, None)]
    assert all(each["by"].startswith("key:") for each in revisions)
    assert done(await world.zoe.get(POLICY))["version"] == 0
    assert_problem(await world.ana.get(POLICY), 403, "forbidden")
    async with world.connect() as connection:
        await assert_published(connection, AssignmentPolicyChanged, assignment_policy__revision=2)


@pytest.mark.parametrize(
    ("wrong", "code", "pointer"),
    [
        (rule(("nobody", None)), "invalid", "/rules/0/members/0/person_external_id"),
        (rule(*BOTH, distribution="person"), "rule-not-usable", "/rules/0/members"),
        (rule(*BOTH, distribution="lottery"), "invalid", "/rules/0/distribution"),
        (rule(*BOTH, limit={"leads": 0, "per": "day"}), "invalid", "/rules/0/limit/leads"),
        (rule(*BOTH, when={"countries": ["Viet Nam"]}), "invalid", "/rules/0/when/countries/0"),
        (rule(*BOTH, when={"regions": [str(uuid4())]}), "invalid", "/rules/0/when/regions/0"),
        (rule(), "invalid", "/rules/0/members"),
    ],
)
async def test_rules_that_cannot_work_are_refused(world, assert_problem, wrong, code, pointer):
    assert_problem(await put(world.ops, {"rules": [wrong]}), 422, code, pointer)


async def test_rules_that_are_replaced_while_a_lead_comes_in_find_its_owner_all_the_same(world, done, monkeypatch):
    async def replaced(number):
        rules = [rule(("ana", None), id=str(UUID(int=number)), when={})]
        done(await world.ops.put(POLICY, {"rules": rules, "pool": {}}))

    await replaced(1)
    lock, replacing = store.turns_for_update, [2]

    async def late(*given):
        while replacing:
            await replaced(replacing.pop())
        return await lock(*given)

    monkeypatch.setattr(store, "turns_for_update", late)
    lead = done(await world.importer.post("/v1/leads", {"title": "x"}), 201)
    assert (lead["owner"] or {}).get("person") == str(ANA), lead["pool"]
