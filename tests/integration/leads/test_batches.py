"""Batches: repeatable, mixed, all or nothing; what imports rely on."""

import asyncio

from events.catalogue.contacts import ContactAdded
from events.catalogue.leads import HandoffAccepted, LeadCaptured, LeadQualified
from events.testing import assert_nothing_published, published


def items(*some):
    return {"items": [{"item_id": str(number), **item} for number, item in enumerate(some, start=1)]}


def statuses(answer):
    return [result["status"] for result in answer.json()["results"]]


def codes(answer):
    return [(result["problem"] or {}).get("code") for result in answer.json()["results"]]


def capture(external_id, **more):
    return {
        "command": "capture",
        "external_id": external_id,
        "occurred_at": "2025-01-05T08:00:00Z",
        "imported": True,
        **more,
    }


HISTORY = items(
    capture("a", source="social", owner_external_id="ana", prospect={"name": "A"}),
    capture("b", owner_external_id="ana"),
    {"command": "qualify", "external_id": "a", "occurred_at": "2025-01-06T08:00:00Z"},
    {"command": "disqualify", "external_id": "b", "reason": "junk", "occurred_at": "2025-01-06T08:00:00Z"},
    {"command": "assign", "external_id": "a", "owner_external_id": "mai", "occurred_at": "2025-01-07T08:00:00Z"},
)
HANDED_OVER = items(
    {
        "command": "offer",
        "external_id": "h",
        "lead_external_id": "a",
        "offered_to_external_id": "bao",
        "offered_by_external_id": "ana",
        "occurred_at": "2025-01-08T08:00:00Z",
    },
    {"command": "accept", "external_id": "h", "account_name": "Acme", "occurred_at": "2025-01-09T08:00:00Z"},
)


async def test_a_history_is_loaded_and_loading_it_again_changes_nothing(world, done):
    first = await world.importer.post("/v1/leads:batch", HISTORY)
    assert (first.status_code, statuses(first)) == (200, [201, 201, 200, 200, 200])
    handed = await world.importer.post("/v1/handoffs:batch", HANDED_OVER)
    assert statuses(handed) == [201, 200]
    async with world.connect() as connection:
        before = len(await published(connection))
        accepted = await published(connection, HandoffAccepted)
        assert [(event.seconds_to_answer, event.handoff.imported) for event in accepted] == [(86_400, False)]
    again = await world.importer.post("/v1/leads:batch", HISTORY)
    assert [result["existing"] for result in again.json()["results"][:2]] == [True, True]
    assert statuses(again) == [200] * 5
    repeated = await world.importer.post("/v1/handoffs:batch", HANDED_OVER)
    assert [result["existing"] for result in repeated.json()["results"]] == [True, True]
    async with world.connect() as connection:
        assert len(await published(connection)) == before


async def test_only_the_items_at_fault_are_refused(world):
    answer = await world.importer.post(
        "/v1/leads:batch",
        items(
            capture("a"),
            capture("a", title="once more"),
            {"command": "qualify", "external_id": "nowhere"},
            capture("c", owner_external_id="nobody"),
            capture("d", account_external_id="nowhere"),
            {"command": "qualify", "external_id": "a", "occurred_at": "2025-01-04T08:00:00Z"},
            {"command": "qualify", "external_id": "a", "occurred_at": "2025-01-06T08:00:00Z"},
        ),
    )
    assert answer.status_code == 207
    assert statuses(answer) == [201, 200, 404, 422, 422, 422, 200]
    assert codes(answer)[3:6] == ["invalid", "invalid", "out-of-sequence"]
    pointers = [result["problem"]["errors"][0]["pointer"] for result in answer.json()["results"][3:6]]
    assert pointers == ["/owner_external_id", "/account_external_id", "/occurred_at"]
    async with world.connect() as connection:
        assert len(await published(connection, LeadCaptured)) == 1
        assert len(await published(connection, LeadQualified)) == 1


async def test_an_atomic_batch_is_done_whole_or_not_at_all(world):
    for wrong in ({"command": "qualify", "external_id": "nowhere"}, capture("z", owner_external_id="nobody")):
        body = {**items(capture("a", prospect={"name": "A"}), wrong), "atomic": True}
        answer = await world.importer.post("/v1/leads:batch", body)
        assert codes(answer)[0] == "not-applied"
        assert answer.status_code == 207
    late = {"command": "qualify", "external_id": "a", "occurred_at": "2024-01-01T08:00:00Z"}
    answer = await world.importer.post("/v1/leads:batch", {**items(capture("a"), late), "atomic": True})
    assert codes(answer) == ["not-applied", "out-of-sequence"]
    async with world.connect() as connection:
        await assert_nothing_published(connection)
        assert await connection.fetchval("SELECT count(*) FROM lead") == 0


async def test_an_atomic_batch_of_handoffs_undoes_its_offers(world):
    await world.importer.post("/v1/leads:batch", HISTORY)
    wrong = {"command": "accept", "external_id": "nowhere"}
    body = {"items": [*HANDED_OVER["items"], {"item_id": "x", **wrong}], "atomic": True}
    answer = await world.importer.post("/v1/handoffs:batch", body)
    assert codes(answer) == ["not-applied", "not-applied", "not-found"]
    async with world.connect() as connection:
        assert await connection.fetchval("SELECT count(*) FROM handoff") == 0
        assert await connection.fetchval("SELECT count(*) FROM lead WHERE status = 'converted'") == 0
        await assert_nothing_published(connection, HandoffAccepted)


async def test_offers_and_answers_in_one_batch_see_each_other(world):
    await world.importer.post("/v1/leads:batch", HISTORY)
    offer, accept = HANDED_OVER["items"]
    other = {**offer, "external_id": "h2"}
    back = {"command": "return", "external_id": "h", "reason": "no", "occurred_at": "2025-01-10T08:00:00Z"}
    body = items(offer, other, accept, accept, back)
    for number, item in enumerate(body["items"]):
        item["item_id"] = str(number)
    answer = await world.importer.post("/v1/handoffs:batch", body)
    assert codes(answer) == [
        None,
        "handoff-is-open",
        None,
        "handoff-already-answered",
        "handoff-already-answered",
    ]


async def test_the_same_batch_twice_at_once_captures_each_lead_once(world):
    body = items(*(capture(f"x{number}", prospect={"name": "P"}) for number in range(30)))
    answers = await asyncio.gather(*(world.importer.post("/v1/leads:batch", body) for _ in range(3)))
    assert all(set(statuses(answer)) <= {200, 201, 409} for answer in answers), [each.text for each in answers]
    assert sum(statuses(answer).count(201) for answer in answers) == 30
    async with world.connect() as connection:
        assert await connection.fetchval("SELECT count(*) FROM lead") == 30
        assert len(await published(connection, LeadCaptured)) == 30
        assert len(await published(connection, ContactAdded)) == 30


async def test_reps_capture_for_themselves(world, assert_problem):
    answer = await world.ana.post("/v1/leads:batch", items({"command": "capture", "external_id": "m"}))
    assert statuses(answer) == [201]
    lead = (await world.ana.get("/v1/leads", external_id="m")).json()["items"][0]
    assert lead["owner"]["person"].endswith("a1")
    foreign = await world.bao.post(
        "/v1/leads:batch",
        items({"command": "capture", "external_id": "m"}, {"command": "qualify", "external_id": "m"}),
    )
    assert codes(foreign) == ["already-exists", "not-found"]


async def test_accounts_and_contacts_in_batches(world):
    accounts = items(
        {"name": "Group", "external_id": "group"}, {"name": "Daughter", "parent_external_id": "group", "country": "VN"}
    )
    assert statuses(await world.importer.post("/v1/accounts:batch", accounts)) == [201, 201]
    assert statuses(await world.importer.post("/v1/accounts:batch", accounts))[0] == 200
    contacts = items(
        {"name": "Lan", "external_id": "lan", "account_external_id": "group"},
        {"name": "Minh", "account_external_id": "nowhere"},
    )
    answer = await world.importer.post("/v1/contacts:batch", contacts)
    assert (answer.status_code, statuses(answer)) == (207, [201, 422])
    assert (await world.importer.post("/v1/contacts:batch", contacts)).json()["results"][0]["existing"] is True


async def test_item_ids_are_distinct_and_at_most_two_hundred(world, assert_problem):
    twice = {"items": [{"item_id": "1", "command": "capture"}] * 2}
    assert_problem(await world.importer.post("/v1/leads:batch", twice), 422, "invalid")
    many = items(*({"command": "capture"} for _ in range(201)))
    assert_problem(await world.importer.post("/v1/leads:batch", many), 422, "invalid", "/items")
