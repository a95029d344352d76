"""Batches: one by one to the caller, a handful of statements to the database."""

from uuid import uuid4

from chassis.aggregates import Loaded
from chassis.principal import Principal
from chassis.refusals import AlreadyExists, NotApplied, NotFound
from chassis.testing import Running
from chassis.unit_of_work import unit_of_work
from events.catalogue.identity import TenantState
from integration.chassis.notes import NOTE, NameTaboo, RenameNote, WriteNote


async def test_a_batch_answers_each_item_by_its_own_id(notes: Running, rep: Principal) -> None:
    client = notes.client(rep)
    items = [
        {"item_id": "a", "name": "A"},
        {"item_id": "b", "name": "taboo"},
        {"item_id": "c", "id": str(uuid4()), "name": "C"},
    ]
    reply = await client.post("/v1/notes:batch", json={"items": items})
    assert reply.status_code == 207
    results = reply.json()["results"]
    assert [(each["item_id"], each["status"]) for each in results] == [("a", 201), ("b", 409), ("c", 404)]
    assert (results[0]["version"], results[1]["problem"]["code"]) == (1, "name-taboo")
    assert len(await notes.outbox()) == 1


async def test_an_atomic_batch_is_done_as_a_whole_or_not_at_all(notes: Running, rep: Principal) -> None:
    client = notes.client(rep)
    items = [{"item_id": "a", "name": "A"}, {"item_id": "b", "name": "taboo"}]
    reply = await client.post("/v1/notes:batch", json={"items": items, "atomic": True})
    assert reply.status_code == 207
    assert [each["problem"]["code"] for each in reply.json()["results"]] == ["not-applied", "name-taboo"]
    assert await notes.outbox() == []
    whole = await client.post("/v1/notes:batch", json={"items": items[:1], "atomic": True})
    assert whole.status_code == 200


async def test_only_the_item_that_the_database_refuses_is_refused(notes: Running, rep: Principal) -> None:
    client = notes.client(rep)
    items = [{"item_id": str(n), "name": f"N{n}", "external_id": f"x{n % 3}"} for n in range(5)]
    reply = await client.post("/v1/notes:batch", json={"items": items})
    assert [each["status"] for each in reply.json()["results"]] == [201, 201, 201, 409, 409]
    assert len(await notes.outbox()) == 3
    again = await client.post("/v1/notes:batch", json={"items": items[:1], "atomic": True})
    assert again.status_code == 409
    assert len(await notes.outbox()) == 3


async def test_commands_on_one_aggregate_build_on_each_other(notes: Running, tenant: TenantState) -> None:
    id_ = uuid4()
    async with unit_of_work(notes.resources, tenant=tenant.id) as work:
        moment = await work.moment()
        done = await work.execute_many(
            NOTE,
            [
                (id_, WriteNote(id=id_, name="A", external_id="a", moment=moment)),
                (id_, RenameNote(name="taboo", moment=moment)),
                (id_, RenameNote(name="B", moment=moment)),
                (id_, RenameNote(name="B", moment=moment)),
                (uuid4(), RenameNote(name="B", moment=moment)),
            ],
        )
    assert [type(each) for each in done] == [Loaded, NameTaboo, Loaded, Loaded, NotFound]
    last = done[3]
    assert isinstance(last, Loaded)
    assert (last.version, last.state.name) == (2, "B")
    assert [event["aggregateversion"] for event in await notes.outbox()] == [1, 2]
    async with unit_of_work(notes.resources, tenant=tenant.id) as work:
        found = await work.find(NOTE, "external_id", "a")
        assert found == last
        assert await work.find_many(NOTE, "external_id", ["zzz"]) == {}
        assert await work.load(NOTE, id_) == last


async def test_an_attempt_that_fails_leaves_the_rest(notes: Running, tenant: TenantState) -> None:
    async with unit_of_work(notes.resources, tenant=tenant.id) as work:
        moment = await work.moment()
        for name in ("A", "taboo", "B"):
            id_ = work.new_id()
            try:
                async with work.attempt():
                    await work.execute(NOTE, id_, WriteNote(id=id_, name=name, external_id="one", moment=moment))
            except (NameTaboo, AlreadyExists):
                continue
    assert len(await notes.outbox()) == 1
    assert NotApplied.slug == "not-applied"
