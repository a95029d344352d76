"""Nothing falls through: list and gauge of what nobody follows up are, at each step, what one counts by hand."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from chassis import directory_store
from events.catalogue.identity import PersonState, Role
from events.testing import FixedClock
from leads.activities import gauges

FIRM, ANA, BAO, MAI = UUID(int=0xF1), UUID(int=0xA1), UUID(int=0xB1), UUID(int=0xC1)
MORNING = datetime(2026, 3, 2, 2, tzinfo=UTC)
KINDS = {"lead": "/v1/leads", "account": "/v1/accounts"}
STATES = ("missing", "overdue", "unowned")


@pytest.fixture
def clock(world):
    world.resources.clock = FixedClock(MORNING)
    return world.resources.clock


def today(clock):
    """In Ho Chi Minh City."""
    return (clock.at + timedelta(hours=7)).date()


async def every(caller, path, **query):
    """All pages of a list."""
    found, cursor = [], {}
    while True:
        page = (await caller.get(path, limit=7, **query, **cursor)).json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


def by_hand(kind, record, left, on):
    """The rule, told once more: an active owner, and a next step whose day is not past, unless paused."""
    if kind == "lead" and record["status"] not in {"open", "qualified"}:
        return set()
    if kind == "account" and record["customer_class"] is None:
        return set()
    wrong = set()
    if record["owner"] is None or UUID(record["owner"]["person"]) in left:
        wrong.add("unowned")
    if record["paused"] is not None and date.fromisoformat(record["paused"]["until"]) > on:
        return wrong
    if record["next_step"] is None:
        wrong.add("missing")
    elif date.fromisoformat(record["next_step"]["due_on"]) < on:
        wrong.add("overdue")
    return wrong


async def compare(world, left, on):
    """List, filtered lists and gauge against every record there is."""
    await gauges.count(world.resources)
    for kind, path in KINDS.items():
        expected = {}
        for record in await every(world.importer, path):
            if wrong := by_hand(kind, record, left, on):
                expected[record["id"]] = wrong
        shown = await every(world.importer, "/v1/follow-ups", kind=kind)
        assert {each["id"]: set(each["violations"]) for each in shown} == expected
        for state in STATES:
            ours = {id_ for id_, wrong in expected.items() if state in wrong}
            listed = await every(world.importer, "/v1/follow-ups", kind=kind, state=state)
            assert {each["id"] for each in listed} == ours
            assert gauges.VIOLATIONS.labels("firm", kind, state)._value.get() == len(ours)


class Life:
    """Records that anything may happen to, people who leave, days that pass."""

    def __init__(self, world, clock, dice):
        self.world, self.clock, self.dice = world, clock, dice
        self.ids = {"lead": [], "account": []}
        self.left = set()

    async def step(self):
        happens = (
            self.capture,
            self.open,
            self.plan,
            self.plan,
            self.pause,
            self.assign,
            self.close,
            self.leave,
            self.wait,
        )
        await self.dice.choice(happens)()

    def some(self):
        kinds = [kind for kind, ids in self.ids.items() if ids]
        kind = self.dice.choice(kinds)
        return kind, f"{KINDS[kind]}/{self.dice.choice(self.ids[kind])}"

    async def capture(self):
        owner = self.dice.choice(({}, {"owner": str(ANA)}, {"owner": str(BAO)}))
        self.ids["lead"].append((await self.world.importer.post("/v1/leads", owner)).json()["id"])

    async def open(self):
        classed = {"customer_class": self.dice.choice(("a", "b", None)), "owner": self.dice.choice((None, str(ANA)))}
        body = {"name": "x", **{name: value for name, value in classed.items() if value}}
        self.ids["account"].append((await self.world.importer.post("/v1/accounts", body)).json()["id"])

    async def plan(self):
        due = (today(self.clock) + timedelta(days=self.dice.randrange(-2, 5))).isoformat()
        step = self.dice.choice(({"what": "call", "due_on": due}, {"what": "visit", "due_on": due}, None))
        await self.world.importer.post(f"{self.some()[1]}/next-step", {"next_step": step})

    async def pause(self):
        until = (today(self.clock) + timedelta(days=self.dice.randrange(4))).isoformat()
        body = self.dice.choice(({"until": until, "reason": "ill"}, {"until": until, "reason": "ill"}, {}))
        await self.world.importer.post(f"{self.some()[1]}/pause", body)

    async def assign(self):
        kind, path = self.some()
        owner = str(self.dice.choice((ANA, BAO)))
        if kind == "lead":
            await self.world.importer.post(f"{path}/assignment", {"owner": owner})
        else:
            await self.world.importer.patch(path, {"owner": owner, "customer_class": self.dice.choice(("a", None))})

    async def close(self):
        kind, path = self.some()
        step = self.dice.choice(("disqualification", "reopening", "qualification"))
        if kind == "lead":
            await self.world.importer.post(f"{path}/{step}", {"reason": "no budget"} if step[0] == "d" else {})

    async def leave(self):
        """Somebody leaves, or comes back."""
        person = self.dice.choice((ANA, BAO))
        self.left ^= {person}
        await set_active(self.world, person, active=person not in self.left)

    async def wait(self):
        self.clock.at += timedelta(days=self.dice.choice((0.5, 1, 3)))


async def set_active(world, person, *, active):
    state = PersonState(id=person, name="x", roles=(Role.REP,), active=active)
    async with world.connect() as connection:
        await directory_store.drop(connection, FIRM, "person", person)
        await directory_store.keep(connection, [(FIRM, "person", person, 9, None, state.model_dump_json())])
    world.resources.directory.forget_everything()


@pytest.mark.parametrize("seed", range(3))
async def test_what_nobody_follows_up_is_at_each_step_what_one_counts_by_hand(world, clock, seed):
    life = Life(world, clock, Random(seed))  # noqa: S311 - repeatable, not secret
    await life.capture()
    await life.open()
    for _ in range(40):
        await life.step()
        await compare(world, life.left, today(clock))


async def test_a_list_shows_what_the_caller_may_see(world, clock, done):
    hers = done(await world.ana.post("/v1/leads", {}), 201)["id"]
    done(await world.importer.post("/v1/leads", {"owner": str(BAO)}), 201)
    assert [each["id"] for each in done(await world.ana.get("/v1/follow-ups"))["items"]] == [hers]
    assert [each["id"] for each in done(await world.mai.get("/v1/follow-ups"))["items"]] == [hers]
    assert len(done(await world.importer.get("/v1/follow-ups"))["items"]) == 2
    assert done(await world.importer.get("/v1/follow-ups", owner=str(ANA)))["items"][0]["id"] == hers
    assert done(await world.zoe.get("/v1/follow-ups"))["items"] == []


async def test_the_next_step_comes_with_the_activity(world, clock, done, assert_problem):
    lead = done(await world.ana.post("/v1/leads", {}), 201)
    step = {"what": "send-offer", "due_on": "2026-03-09"}
    done(await world.ana.post("/v1/activities", {"kind": "call", "lead": lead["id"], "next_step": step}), 201)
    assert done(await world.ana.get(f"/v1/leads/{lead['id']}"))["next_step"] == step
    account = done(await world.ana.post("/v1/accounts", {"name": "x", "customer_class": "a"}), 201)
    planned = {"kind": "call", "account": account["id"], "status": "planned", "planned_at": "2026-03-03T02:00:00Z"}
    path = f"/v1/activities/{done(await world.ana.post('/v1/activities', planned), 201)['id']}/completion"
    done(await world.ana.post(path, {"next_step": step}))
    assert done(await world.ana.get(f"/v1/accounts/{account['id']}"))["next_step"] == step
    alone = {"kind": "task", "next_step": step}
    assert_problem(await world.ana.post("/v1/activities", alone), 422, "invalid", "/next_step")
    done(await world.ana.post(f"/v1/leads/{lead['id']}/disqualification", {"reason": "no budget"}))
    late = {"kind": "call", "lead": lead["id"], "next_step": {**step, "what": "call"}, "external_id": "late"}
    assert_problem(await world.ana.post("/v1/activities", late), 409, "nothing-to-follow-up")
    assert done(await world.ana.get("/v1/activities", external_id="late"))["items"] == []


async def test_pauses_and_steps_of_others_are_not_ours(world, clock, done, assert_problem):
    lead = done(await world.ana.post("/v1/leads", {}), 201)
    account = done(await world.ana.post("/v1/accounts", {"name": "x"}), 201)
    for path in (f"/v1/leads/{lead['id']}", f"/v1/accounts/{account['id']}"):
        assert_problem(await world.bao.post(f"{path}/next-step", {"next_step": None}), 404, "not-found")
        assert_problem(await world.bao.post(f"{path}/pause", {}), 404, "not-found")
        assert_problem(await world.ana.post(f"{path}/pause", {"until": "2026-03-09"}), 422, "invalid", "")
        past = {"until": "2026-03-02", "reason": "ill"}
        assert_problem(await world.ana.post(f"{path}/pause", past), 422, "pause-is-over", "/until")


async def test_a_completed_activity_plans_nothing_for_what_one_sees_no_more(world, done, assert_problem):
    ana = {"owner_external_id": "ana"}
    lead = done(await world.importer.post("/v1/leads", {"title": "x", **ana}), 201)["id"]
    account = done(await world.importer.post("/v1/accounts", {"name": "A", **ana}), 201)["id"]
    planned = {"kind": "call", "status": "planned", "planned_at": "2030-01-10T09:00:00Z"}
    calls = [
        done(await world.ana.post("/v1/activities", {**planned, noun: id_}), 201)["id"]
        for noun, id_ in (("lead", lead), ("account", account))
    ]
    done(await world.importer.post(f"/v1/leads/{lead}/assignment", {"owner_external_id": "bao"}))
    done(await world.importer.patch(f"/v1/accounts/{account}", {"owner": str(BAO)}))
    for path, call in zip((f"/v1/leads/{lead}", f"/v1/accounts/{account}"), calls, strict=True):
        theirs = {"next_step": {"what": "of-bao", "due_on": "2030-03-09"}}
        done(await world.bao.post(f"{path}/next-step", theirs))
        mine = {"next_step": {"what": "of-ana", "due_on": "2030-01-11"}}
        refused = await world.ana.post(f"/v1/activities/{call}/completion", mine)
        assert_problem(refused, 422, "invalid", "/next_step")
        assert done(await world.bao.get(path))["next_step"]["what"] == "of-bao"
        assert done(await world.ana.get(f"/v1/activities/{call}"))["status"] == "planned"
