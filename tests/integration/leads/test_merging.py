"""Leads of one prospect are merged and parted over HTTP: both change or neither, and only for whom both are theirs."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from events.catalogue.merges import LeadAbsorbed, LeadMerged, LeadReleased, LeadUnmerged
from events.testing import assert_published, published

BAO = str(UUID(int=0xB1))


async def captured(caller, done, **body):
    return done(await caller.post("/v1/leads", body), 201)["id"]


async def merged(caller, survivor, other, **more):
    return await caller.post(f"/v1/leads/{survivor}/merge", {"lead": other, **more})


@pytest.fixture
async def pair(world, done):
    """Two of Ana's: the later one first."""
    early = {"title": "Máy bơm", "source": "fair", "occurred_at": "2026-11-01T09:00:00Z"}
    return await captured(world.ana, done, source="web"), await captured(world.ana, done, **early)


def plain(lead):
    return {name: value for name, value in lead.items() if name not in {"version", "changed_at"}}


async def test_two_leads_become_one_and_two_again(world, pair, done):
    survivor, other = pair
    before = [done(await world.ana.get(f"/v1/leads/{id_}")) for id_ in pair]
    one = done(await merged(world.ana, survivor, other))
    assert (one["source"], one["created_at"], one["title"]) == ("fair", "2026-11-01T09:00:00Z", "Máy bơm")
    assert [each["lead"] for each in one["merges"]] == [other]
    assert [(touch["source"], touch["from_lead"]) for touch in one["later_touches"]] == [("web", survivor)]
    listed = done(await world.ana.get("/v1/leads"))["items"]
    assert [each["id"] for each in listed] == [survivor]
    gone = done(await world.ana.get("/v1/leads", merged_into=survivor))["items"]
    assert [(each["id"], each["merged_into"]) for each in gone] == [(other, survivor)]
    done(await merged(world.ana, survivor, other))
    done(await world.ana.post(f"/v1/leads/{survivor}/unmerge", {"lead": other}))
    after = [done(await world.ana.get(f"/v1/leads/{id_}")) for id_ in pair]
    assert [plain(lead) for lead in after] == [plain(lead) for lead in before]
    async with world.connect() as connection:
        for kind in (LeadAbsorbed, LeadReleased, LeadMerged, LeadUnmerged):
            await assert_published(connection, kind)
            assert len(await published(connection, kind)) == 1


async def test_nothing_happens_to_a_merged_lead(world, pair, done, assert_problem):
    survivor, other = pair
    done(await merged(world.ana, survivor, other))
    path = f"/v1/leads/{other}"
    assert_problem(await world.ana.post(f"{path}/qualification"), 409, "lead-is-merged")
    assert_problem(await world.ana.patch(path, {"title": "x"}), 409, "lead-is-merged")
    assert_problem(await world.importer.post(f"{path}/assignment", {"owner": BAO}), 409, "lead-is-merged")


async def test_a_refused_merge_leaves_both_as_they_were(world, pair, done, assert_problem):
    survivor, other = pair
    done(await world.ana.post(f"/v1/leads/{other}/qualification"))
    handoff = done(await world.ana.post(f"/v1/leads/{other}/handoff", {"offered_to": BAO}), 201)["id"]
    before = [done(await world.importer.get(f"/v1/leads/{id_}")) for id_ in pair]
    assert_problem(await merged(world.ana, survivor, other), 409, "merge-under-offer")
    assert [done(await world.importer.get(f"/v1/leads/{id_}")) for id_ in pair] == before
    done(await world.bao.post(f"/v1/handoffs/{handoff}/acceptance"))
    assert_problem(await merged(world.importer, survivor, other), 409, "converted-survives")
    one = done(await merged(world.importer, other, survivor))
    assert one["status"] == "converted"
    found = done(await world.importer.get("/v1/handoffs", lead=other))["items"]
    assert [each["id"] for each in found] == [handoff]


async def test_the_survivor_has_the_handoffs_of_both(world, pair, done):
    survivor, other = pair
    done(await world.ana.post(f"/v1/leads/{other}/qualification"))
    handoff = done(await world.ana.post(f"/v1/leads/{other}/handoff", {"offered_to": BAO}), 201)["id"]
    done(await world.bao.post(f"/v1/handoffs/{handoff}/return", {"reason": "too early"}))
    done(await merged(world.ana, survivor, other))
    found = done(await world.ana.get("/v1/handoffs", lead=survivor))["items"]
    assert [each["id"] for each in found] == [handoff]


async def test_only_whose_leads_they_are_merge_them(world, pair, done, assert_problem):
    survivor, other = pair
    baos = await captured(world.bao, done, title="of bao")
    assert_problem(await merged(world.ana, survivor, baos), 422, "invalid", "/lead")
    assert_problem(await merged(world.bao, survivor, other), 404, "not-found")
    assert_problem(await merged(world.zoe, survivor, other), 404, "not-found")
    assert_problem(await merged(world.ana, survivor, str(uuid4())), 422, "invalid", "/lead")
    assert_problem(await merged(world.ana, survivor, survivor), 422, "same-lead", "/lead")
    unmerge = await world.ana.post(f"/v1/leads/{survivor}/unmerge", {"lead": other})
    assert_problem(unmerge, 409, "lead-is-not-merged")
    done(await world.ana.post(f"/v1/leads/{survivor}/qualification"))
    done(await world.ana.post(f"/v1/leads/{survivor}/handoff", {"offered_to": BAO}), 201)
    assert_problem(await merged(world.bao, baos, survivor), 403, "forbidden")
    done(await merged(world.importer, baos, other))


async def test_a_new_capture_of_a_merged_prospect_belongs_to_the_survivor(world, done):
    minh = {"name": "Minh", "email": "minh@donga.example"}
    survivor = await captured(world.ana, done, title="survivor")
    other = await captured(world.ana, done, title="other", prospect=minh)
    done(await merged(world.ana, survivor, other))
    again = {"source": "web", "prospect": minh, "duplicates": "link"}
    linked = done(await world.ana.post("/v1/leads", again), 200)
    assert (linked["id"], linked["linked"]) == (survivor, True)
    named = done(await world.ana.post("/v1/leads:check-duplicates", {"email": minh["email"]}))["duplicates"]
    assert [each["lead"] for each in named] == [survivor]


async def test_a_stale_merge_is_refused(world, pair, assert_problem):
    survivor, other = pair
    stale = await world.ana.post(f"/v1/leads/{survivor}/merge", {"lead": other}, if_match='"99"')
    assert_problem(stale, 412, "stale-version")


def call_to(lead, **more):
    return {"kind": "call", "lead": lead, "two_way": True, **more}


async def test_what_was_planned_with_a_merged_lead_is_done_with_its_survivor(world, pair, done):
    survivor, other = pair
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    call = done(await world.ana.post("/v1/activities", call_to(other, status="planned", planned_at=soon)), 201)
    done(await merged(world.ana, survivor, other))
    step = {"what": "send-offer", "due_on": "2030-03-09"}
    done(await world.ana.post(f"/v1/activities/{call['id']}/completion", {"two_way": True, "next_step": step}))
    one = done(await world.ana.get(f"/v1/leads/{survivor}"))
    assert (one["first_talk_at"] is not None, one["next_step"]["what"]) == (True, "send-offer")


async def test_what_is_said_of_a_merged_lead_is_said_of_its_survivor_item_by_item(world, pair, done):
    survivor, other = pair
    done(await merged(world.ana, survivor, other))
    items = [{"item_id": lead, **call_to(lead)} for lead in (survivor, other)]
    done(await world.ana.post("/v1/activities:batch", {"items": items}), 200)
    found = done(await world.ana.get("/v1/activities"))["items"]
    assert [each["lead"] for each in found] == [survivor, survivor]


async def test_the_survivor_shows_the_activities_of_both_and_they_are_prior_contact(world, done):
    survivor = await captured(world.importer, done, owner_external_id="bao")
    other = await captured(world.ana, done)
    day_before = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    done(await world.ana.post("/v1/activities", call_to(other, occurred_at=day_before)), 201)
    done(await merged(world.importer, survivor, other))
    done(await world.bao.post("/v1/activities", {"kind": "visit", "lead": survivor}), 201)
    found = done(await world.bao.get("/v1/activities", lead=survivor))["items"]
    assert [each["kind"] for each in found] == ["call", "visit"]
