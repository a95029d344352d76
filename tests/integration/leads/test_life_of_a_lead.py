"""A lead from capture to conversion, over HTTP, with what is published on the way."""

import asyncio
from datetime import UTC, date, datetime
from uuid import UUID, uuid5

from chassis.unit_of_work import UnitOfWork
from events.catalogue.contacts import ContactAdded
from events.catalogue.identity import Assignment, PersonState, Role
from events.catalogue.leads import (
    CustomerOpened,
    HandoffAccepted,
    HandoffOffered,
    HandoffReturned,
    LeadAssigned,
    LeadCaptured,
    LeadConverted,
    LeadDetailsChanged,
    LeadDisqualified,
    LeadQualified,
    LeadReopened,
    LeadReturned,
)
from events.testing import FixedClock, assert_nothing_published, assert_published, published

ANA, BAO, MAI = UUID(int=0xA1), UUID(int=0xB1), UUID(int=0xC1)
NORTH, SOUTH, HANOI = UUID(int=0x11), UUID(int=0x12), UUID(int=0x21)


async def a_qualified_lead(world, done, **more):
    lead = done(await world.importer.post("/v1/leads", {"source": "fair", "owner_external_id": "ana", **more}))
    done(await world.ana.post(f"/v1/leads/{lead['id']}/qualification"))
    return lead["id"]


async def offered(world, done, lead, **more):
    return done(await world.ana.post(f"/v1/leads/{lead}/handoff", {"offered_to_external_id": "bao", **more}))["id"]


async def test_personal_data_goes_to_the_contact_only(world, done):
    prospect = {"name": "Nguyễn Thị Lan", "email": "lan@acme.test", "phone": "+84 912 345 678"}
    lead = done(await world.ana.post("/v1/leads", {"source": "fair", "prospect": prospect}), 201)
    assert lead["owner"] == {"person": str(ANA), "team": str(NORTH), "region": str(HANOI)}
    contact = done(await world.ana.get(f"/v1/contacts/{lead['contact']}"))
    assert (contact["name"], contact["email"], contact["phone"]) == tuple(prospect.values())
    async with world.connect() as connection:
        captured = await assert_published(connection, LeadCaptured, lead__contact_id=UUID(lead["contact"]))
        await assert_published(connection, ContactAdded, contact__email="lan@acme.test")
        assert "Lan" not in captured.model_dump_json()
        texts = await connection.fetch("SELECT payload::text AS text FROM outbox_event WHERE type LIKE '%.lead.%'")
        assert all("lan@" not in row["text"] for row in texts)


async def test_history_keeps_its_own_days_teams_and_flag(world, done):
    body = {
        "external_id": "mql-1",
        "owner_external_id": "ana",
        "occurred_at": "2024-03-01T18:00:00+00:00",
        "imported": True,
    }
    lead = done(await world.importer.post("/v1/leads", body), 201)
    assert lead["created_on"] == "2024-03-02"
    assert lead["owner"] == {"person": str(ANA), "team": str(SOUTH), "region": None}
    async with world.connect() as connection:
        event = await assert_published(connection, LeadAssigned, from_owner=None, lead__imported=True)
        assert event.occurred_at.isoformat() == "2024-03-01T18:00:00+00:00"


async def test_from_capture_to_deal(world, done):
    lead = await a_qualified_lead(world, done, title="Industrial pumps")
    opportunity = {"name": "Pumps", "amount": {"amount": "1250000000", "currency": "VND"}}
    handoff = await offered(world, done, lead, opportunity=opportunity)
    answer = done(await world.bao.post(f"/v1/handoffs/{handoff}/acceptance"))
    deal, account = uuid5(UUID(handoff), "deal"), UUID(answer["account"])
    assert (answer["status"], answer["deal"]) == ("accepted", str(deal))
    after = done(await world.bao.get(f"/v1/leads/{lead}"))
    assert (after["status"], after["deal"], after["first_owner"]["person"]) == ("converted", str(deal), str(ANA))
    assert done(await world.bao.get(f"/v1/accounts/{account}"))["name"] == "Industrial pumps"
    async with world.connect() as connection:
        await assert_published(connection, LeadQualified, lead__status="qualified")
        await assert_published(connection, HandoffOffered, handoff__opportunity__amount__minor=1_250_000_000)
        await assert_published(
            connection,
            HandoffAccepted,
            handoff__deal_id=deal,
            handoff__offered_by__person=ANA,
            handoff__offered_to__person=BAO,
            handoff__lead_owner__person=ANA,
        )
        await assert_published(connection, CustomerOpened, customer__id=account, customer__owner__person=BAO)
        await assert_published(connection, LeadConverted, deal_id=deal, account_id=account)


async def test_an_account_that_is_known_is_not_opened_again(world, done):
    account = done(await world.importer.post("/v1/accounts", {"name": "Acme", "external_id": "acme"}))["id"]
    lead = await a_qualified_lead(world, done)
    handoff = await offered(world, done, lead)
    body = {"account_external_id": "acme"}
    assert done(await world.bao.post(f"/v1/handoffs/{handoff}/acceptance", body))["account"] == account
    async with world.connect() as connection:
        assert len(await published(connection, CustomerOpened)) == 1


async def test_a_returned_lead_may_be_offered_again(world, done, assert_problem):
    lead = await a_qualified_lead(world, done)
    first = await offered(world, done, lead)
    done(await world.bao.post(f"/v1/handoffs/{first}/return", {"reason": "no budget yet"}))
    assert done(await world.ana.get(f"/v1/leads/{lead}"))["status"] == "open"
    again = {"offered_to_external_id": "bao"}
    assert_problem(await world.ana.post(f"/v1/leads/{lead}/handoff", again), 409, "lead-is-not-qualified")
    done(await world.ana.post(f"/v1/leads/{lead}/qualification"))
    second = await offered(world, done, lead)
    assert second != first
    async with world.connect() as connection:
        await assert_published(connection, HandoffReturned, reason="no budget yet")
        await assert_published(connection, LeadReturned, reason="no budget yet", lead__open_handoff=None)


async def test_a_handoff_is_answered_once(world, done, assert_problem):
    lead = await a_qualified_lead(world, done)
    handoff = await offered(world, done, lead)
    done(await world.bao.post(f"/v1/handoffs/{handoff}/acceptance"))
    again = await world.bao.post(f"/v1/handoffs/{handoff}/acceptance")
    assert assert_problem(again, 409, "handoff-already-answered")["current_status"] == "accepted"
    back = await world.bao.post(f"/v1/handoffs/{handoff}/return", {"reason": "changed my mind"})
    assert_problem(back, 409, "handoff-already-answered")
    async with world.connect() as connection:
        assert len(await published(connection, HandoffAccepted)) == 1
        await assert_nothing_published(connection, HandoffReturned)


async def test_one_of_two_answers_at_once_wins(world, done):
    lead = await a_qualified_lead(world, done)
    handoff = await offered(world, done, lead)
    answers = await asyncio.gather(
        *(world.bao.post(f"/v1/handoffs/{handoff}/acceptance") for _ in range(4)),
        *(world.bao.post(f"/v1/handoffs/{handoff}/return", {"reason": "no"}) for _ in range(4)),
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    async with world.connect() as connection:
        assert (
            len(await published(connection, HandoffAccepted)) + len(await published(connection, HandoffReturned)) == 1
        )


async def test_one_of_two_offers_at_once_wins(world, done):
    lead = await a_qualified_lead(world, done)
    body = {"offered_to_external_id": "bao"}
    answers = await asyncio.gather(*(world.ana.post(f"/v1/leads/{lead}/handoff", body) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    async with world.connect() as connection:
        assert len(await published(connection, HandoffOffered)) == 1


async def test_disqualified_and_reopened(world, done, assert_problem):
    lead = done(await world.ana.post("/v1/leads", {}), 201)["id"]
    done(await world.ana.post(f"/v1/leads/{lead}/disqualification", {"reason": "competitor"}))
    assert_problem(await world.ana.post(f"/v1/leads/{lead}/qualification"), 409, "lead-is-closed")
    done(await world.ana.post(f"/v1/leads/{lead}/reopening"))
    assert_problem(await world.ana.post(f"/v1/leads/{lead}/reopening"), 409, "lead-is-not-disqualified")
    async with world.connect() as connection:
        await assert_published(connection, LeadDisqualified, reason="competitor")
        await assert_published(connection, LeadReopened, lead__disqualified_reason=None)


async def test_nothing_happens_before_the_last_change(world, done, assert_problem):
    lead = done(await world.importer.post("/v1/leads", {"occurred_at": "2025-03-02T09:00:00Z"}), 201)["id"]
    early = await world.importer.post(f"/v1/leads/{lead}/qualification", {"occurred_at": "2025-03-02T08:59:59Z"})
    assert_problem(early, 422, "out-of-sequence", "/occurred_at")


async def test_details_change_with_the_version_that_was_read(world, done, assert_problem):
    created = await world.ana.post("/v1/leads", {"title": "Pump"})
    lead = done(created, 201)
    path = f"/v1/leads/{lead['id']}"
    assert created.headers["ETag"] == f'"{lead["version"]}"'
    assert created.headers["Location"] == path
    changed = done(await world.ana.patch(path, {"title": "工业泵", "medium": None}, version=lead["version"]))
    assert (changed["title"], changed["version"]) == ("工业泵", lead["version"] + 1)
    stale = assert_problem(await world.ana.patch(path, {"title": "x"}, version=lead["version"]), 412, "stale-version")
    assert stale["current_version"] == changed["version"]
    without = await world.ana.client.patch(path, json={"title": "x"}, headers=world.ana.headers)
    assert_problem(without, 428, "precondition-required")
    async with world.connect() as connection:
        await assert_published(connection, LeadDetailsChanged, lead__title="工业泵")


async def test_a_request_repeated_with_its_key_has_one_effect(world, done, assert_problem):
    first = await world.ana.post("/v1/leads", {"title": "Pump"}, Idempotency_Key="k-1")
    again = await world.ana.post("/v1/leads", {"title": "Pump"}, Idempotency_Key="k-1")
    assert done(first) == done(again)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await world.ana.post("/v1/leads", {"title": "Other"}, Idempotency_Key="k-1")
    assert_problem(other, 422, "idempotency-key-reused")
    async with world.connect() as connection:
        assert len(await published(connection, LeadCaptured)) == 1


async def test_every_event_has_its_version_and_the_one_who_did_it(world, done):
    lead = await a_qualified_lead(world, done)
    async with world.connect() as connection:
        rows = await connection.fetch(
            """SELECT aggregateversion, headers ->> 'ce_actor' AS actor FROM outbox_event
                WHERE aggregateid = $1 ORDER BY seq""",
            UUID(lead),
        )
    assert [row["aggregateversion"] for row in rows] == [1, 2, 3]
    assert rows[0]["actor"] == rows[1]["actor"] != rows[2]["actor"]
    assert rows[2]["actor"].startswith("key:")


async def test_whoever_takes_a_lead_over_does_so_with_the_team_of_that_day(world, done):
    clock = world.resources.clock = FixedClock(datetime(2026, 3, 5, 3, tzinfo=UTC))
    moves = (Assignment(from_on=date(2020, 1, 1), team=SOUTH), Assignment(from_on=date(2026, 3, 10), team=NORTH))
    await world.know(PersonState(id=BAO, external_id="bao", name="Bao", roles=(Role.REP,), assignments=moves))
    lead = await a_qualified_lead(world, done)
    handoff = done(await world.ana.post(f"/v1/leads/{lead}/handoff", {"offered_to": str(BAO)}), 201)["id"]
    clock.at = datetime(2026, 3, 12, 3, tzinfo=UTC)
    account = done(await world.bao.post(f"/v1/handoffs/{handoff}/acceptance"))["account"]
    assert done(await world.ops.get(f"/v1/accounts/{account}"))["owner"]["team"] == str(NORTH)
    async with world.connect() as connection:
        [accepted] = await published(connection, HandoffAccepted)
        [converted] = await published(connection, LeadConverted)
    assert (accepted.handoff.offered_to.team, accepted.handoff.answered_by.team) == (SOUTH, NORTH)
    assert converted.lead.offered_to.team == NORTH


async def test_an_acceptance_leaves_the_account_that_somebody_gave_the_contact_meanwhile(world, done, monkeypatch):
    prospect = {"prospect": {"name": "Minh"}}
    lead = await a_qualified_lead(world, done, **prospect)
    contact = done(await world.importer.get(f"/v1/leads/{lead}"))["contact"]
    right = done(await world.importer.post("/v1/accounts", {"name": "right one"}), 201)["id"]
    handoff = await offered(world, done, lead)
    find_many = UnitOfWork.find_many

    async def meanwhile(self, kind, column, values):
        found = await find_many(self, kind, column, values)
        if kind.noun == "contact":
            done(await world.importer.patch(f"/v1/contacts/{contact}", {"account": right}))
        return found

    monkeypatch.setattr(UnitOfWork, "find_many", meanwhile)
    done(await world.bao.post(f"/v1/handoffs/{handoff}/acceptance"))
    assert done(await world.importer.get(f"/v1/contacts/{contact}"))["account"] == right
