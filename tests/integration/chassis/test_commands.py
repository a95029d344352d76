"""A command through HTTP: state, event and reply commit together, or nothing does."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from chassis.principal import Principal
from chassis.refusals import Unavailable
from chassis.testing import Running
from chassis.unit_of_work import unit_of_work
from events.catalogue.identity import Role, TenantState
from integration.chassis.conftest import caller
from integration.chassis.notes import NOTE, WriteNote, tenant_state


async def test_a_command_writes_its_state_and_its_event(notes: Running, rep: Principal) -> None:
    reply = await notes.client(rep).post(
        "/v1/notes",
        json={"name": "Nguyễn Văn Á"},
        headers={"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
    )
    assert reply.status_code == 201, reply.text
    body = reply.json()
    assert reply.headers["etag"] == '"1"'
    assert reply.headers["location"] == f"/v1/notes/{body['id']}"
    assert body["name"] == "Nguyễn Văn Á"
    [event] = await notes.outbox()
    assert (str(event["aggregateid"]), event["aggregateversion"]) == (body["id"], 1)
    assert event["type"] == "dealstream.region.defined.v1"
    headers = event["headers"]
    assert f'"ce_actor":"person:{rep.person}"' in headers
    assert '"ce_correlationid":"0af76519-16cd-43dd-8448-eb211c80319c"' in headers
    assert "00-0af7651916cd43dd8448eb211c80319c-" in headers


async def test_a_refused_command_leaves_nothing(notes: Running, rep: Principal) -> None:
    reply = await notes.client(rep).post("/v1/notes", json={"name": "taboo"})
    assert reply.status_code == 409
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert problem["type"] == "/problems/name-taboo"
    assert problem["errors"][0]["pointer"] == "/name"
    assert problem["request_id"] == reply.headers["x-request-id"]
    assert await notes.outbox() == []


async def test_a_commit_that_fails_is_not_a_success(notes: Running, rep: Principal) -> None:
    await notes.resources.pool.execute(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no commit today'; END $$;"
        "CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION fail()"
    )
    reply = await notes.client(rep).post("/v1/notes", json={"name": "A"}, headers={"Idempotency-Key": "k"})
    assert reply.status_code == 500
    assert await notes.outbox() == []
    assert await notes.resources.pool.fetchval("SELECT count(*) FROM idempotency_key") == 0


async def test_a_transaction_that_the_database_gave_up_is_not_taken_for_committed(
    notes: Running, tenant: TenantState
) -> None:
    with pytest.raises(Unavailable):
        async with unit_of_work(notes.resources, tenant=tenant.id) as work:
            id_ = work.new_id()
            await work.execute(NOTE, id_, WriteNote(id=id_, name="A", moment=await work.moment()))
            with contextlib.suppress(asyncpg.DivisionByZeroError):
                await work.connection.execute("SELECT 1 / 0")
    assert await notes.outbox() == []


async def test_a_lost_race_with_the_same_version_is_decided_on_the_newer_state(notes: Running, rep: Principal) -> None:
    client = notes.client(rep)
    note = (await client.post("/v1/notes", json={"name": "A"})).json()
    replies = await asyncio.gather(
        *(
            client.patch(f"/v1/notes/{note['id']}", json={"name": f"B{n}"}, headers={"If-Match": '"1"'})
            for n in range(6)
        )
    )
    assert sorted(reply.status_code for reply in replies) == [200, 412, 412, 412, 412, 412]
    stale = next(reply for reply in replies if reply.status_code == 412)
    assert stale.headers["etag"] == '"2"'
    assert stale.json()["current_version"] == 2
    assert [event["aggregateversion"] for event in await notes.outbox()] == [1, 2]


async def test_changes_need_the_version_that_was_read(notes: Running, rep: Principal) -> None:
    client = notes.client(rep)
    note = (await client.post("/v1/notes", json={"name": "A"})).json()
    path = f"/v1/notes/{note['id']}"
    missing = await client.patch(path, json={"name": "B"})
    assert (missing.status_code, missing.json()["code"]) == (428, "precondition-required")
    assert (await client.patch(path, json={"name": "B"}, headers={"If-Match": "1"})).status_code == 400
    assert (await client.patch(path, json={"name": "B"}, headers={"If-Match": 'W/"1"'})).status_code == 412
    done = await client.patch(path, json={"name": "B"}, headers={"If-Match": '"7", "1"'})
    assert (done.status_code, done.headers["etag"]) == (200, '"2"')
    assert (await client.patch(path, json={"name": "C"}, headers={"If-Match": "*"})).status_code == 200


async def test_a_command_that_changes_nothing_publishes_nothing(notes: Running, rep: Principal) -> None:
    client = notes.client(rep)
    note = (await client.post("/v1/notes", json={"name": "A"})).json()
    again = await client.patch(f"/v1/notes/{note['id']}", json={"name": "A"}, headers={"If-Match": '"1"'})
    assert (again.status_code, again.headers["etag"]) == (200, '"1"')
    assert len(await notes.outbox()) == 1


async def test_what_others_own_or_other_tenants_have_is_not_found(
    notes: Running, rep: Principal, tenant: TenantState, admin: Principal
) -> None:
    elsewhere = tenant_state()
    await notes.know(elsewhere.id, elsewhere)
    note = (await notes.client(rep).post("/v1/notes", json={"name": "A"})).json()
    path = f"/v1/notes/{note['id']}"
    change: dict[str, Any] = {"json": {"name": "B"}, "headers": {"If-Match": "*"}}
    colleague = notes.client(caller(tenant.id, Role.REP))
    stranger = notes.client(caller(elsewhere.id, Role.ADMIN))
    assert (await colleague.patch(path, **change)).status_code == 404
    assert (await stranger.patch(path, **change)).status_code == 404
    assert (await stranger.get(path)).status_code == 404
    assert (await notes.client(admin).patch(path, **change)).status_code == 200
    missing = await notes.client(admin).patch(f"/v1/notes/{uuid4()}", **change)
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")


async def test_the_role_of_a_tenant_sees_nothing_without_a_tenant(notes: Running, rep: Principal) -> None:
    await notes.client(rep).post("/v1/notes", json={"name": "A"}, headers={"Idempotency-Key": "k"})
    async with notes.resources.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL ROLE dealstream_tenant")
        for table in ("note", "idempotency_key", "directory_record"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0
        await connection.execute(f"SET LOCAL dealstream.tenant = '{rep.tenant}'")
        for table in ("note", "idempotency_key", "directory_record"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 1
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "INSERT INTO note (tenant_id, id, version, state) VALUES ($1, $2, 1, '{}')", uuid4(), uuid4()
            )


async def test_a_duplicate_external_id_names_the_field(notes: Running, rep: Principal) -> None:
    client = notes.client(rep)
    body = {"name": "A", "external_id": "crm-1"}
    assert (await client.post("/v1/notes", json=body)).status_code == 201
    again = await client.post("/v1/notes", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "already-exists")
    assert again.json()["errors"][0]["pointer"] == "/external_id"
    assert len(await notes.outbox()) == 1


async def test_backdating_is_for_those_who_load_history(notes: Running, rep: Principal, admin: Principal) -> None:
    def at(days: float) -> dict[str, str]:
        return {"name": "A", "occurred_at": (datetime.now(UTC) + timedelta(days=days)).isoformat()}

    assert (await notes.client(rep).post("/v1/notes", json=at(-30))).status_code == 201
    assert (await notes.client(rep).post("/v1/notes", json=at(-40))).status_code == 403
    assert (await notes.client(admin).post("/v1/notes", json=at(-4000))).status_code == 201
    assert (await notes.client(admin).post("/v1/notes", json=at(2))).status_code == 422
    early = await notes.client(admin).post("/v1/notes", json={"name": "A", "occurred_at": "1980-01-01T00:00:00Z"})
    assert (early.status_code, early.json()["errors"][0]["pointer"]) == (422, "/occurred_at")


async def test_more_requests_than_connections_do_not_block_each_other(
    notes: Running, rep: Principal, tenant: TenantState
) -> None:
    client = notes.client(rep)
    notes.resources.directory.forget_everything()
    replies = await asyncio.gather(*(client.post("/v1/notes", json={"name": f"N{n}"}) for n in range(40)))
    assert {reply.status_code for reply in replies} == {201}
    assert len(await notes.outbox()) == 40
    assert tenant.id == rep.tenant
