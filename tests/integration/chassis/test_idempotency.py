"""Idempotency-Key: one effect and one reply, however often and however concurrently a request is repeated."""

import asyncio
from uuid import uuid4

from chassis.idempotency import forget_old
from chassis.principal import Principal
from chassis.testing import Running
from events.catalogue.identity import Role, TenantState
from integration.chassis.conftest import caller


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


async def test_a_repeated_request_answers_the_stored_reply(notes: Running, rep: Principal) -> None:
    client, headers = notes.client(rep), key()
    first = await client.post("/v1/notes", json={"name": "A"}, headers=headers)
    again = await client.post("/v1/notes", json={"name": "A"}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    for name in ("etag", "location", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len(await notes.outbox()) == 1


async def test_another_body_or_address_under_the_same_key_is_refused(notes: Running, rep: Principal) -> None:
    client, headers = notes.client(rep), key()
    note = (await client.post("/v1/notes", json={"name": "A"}, headers=headers)).json()
    other = await client.post("/v1/notes", json={"name": "B"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    address = await client.patch(f"/v1/notes/{note['id']}", json={"name": "A"}, headers={**headers, "If-Match": "*"})
    assert (address.status_code, address.json()["code"]) == (422, "idempotency-key-reused")
    assert len(await notes.outbox()) == 1


async def test_two_keys_are_refused(notes: Running, rep: Principal) -> None:
    lines = [("Idempotency-Key", "one"), ("Idempotency-Key", "other")]
    answer = await notes.client(rep).post("/v1/notes", json={"name": "A"}, headers=lines)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/Idempotency-Key")


async def test_a_key_belongs_to_its_principal(notes: Running, rep: Principal, tenant: TenantState) -> None:
    headers = key()
    mine = await notes.client(rep).post("/v1/notes", json={"name": "A"}, headers=headers)
    theirs = await notes.client(caller(tenant.id, Role.REP)).post("/v1/notes", json={"name": "B"}, headers=headers)
    assert (mine.status_code, theirs.status_code) == (201, 201)


async def test_a_request_in_flight_is_said_to_be(notes: Running, rep: Principal) -> None:
    client, headers = notes.client(rep), key()
    first = asyncio.create_task(client.post("/v1/notes", json={"name": "slow 0.6"}, headers=headers))
    await asyncio.sleep(0.2)
    meanwhile = await client.post("/v1/notes", json={"name": "slow 0.6"}, headers=headers)
    assert (meanwhile.status_code, meanwhile.json()["code"]) == (409, "idempotency-key-in-flight")
    assert meanwhile.headers["retry-after"] == "1"
    assert (await first).status_code == 201
    assert (await client.post("/v1/notes", json={"name": "slow 0.6"}, headers=headers)).status_code == 201
    assert len(await notes.outbox()) == 1


async def test_concurrent_doubles_have_one_effect(notes: Running, rep: Principal) -> None:
    client = notes.client(rep)
    for _ in range(5):
        headers = key()
        replies = await asyncio.gather(
            *(client.post("/v1/notes", json={"name": "A"}, headers=headers) for _ in range(8))
        )
        assert {reply.status_code for reply in replies} <= {201, 409}
        done = {reply.json()["id"] for reply in replies if reply.status_code == 201}
        assert len(done) == 1
    assert len(await notes.outbox()) == 5


async def test_a_refusal_is_not_kept(notes: Running, rep: Principal) -> None:
    client, headers = notes.client(rep), key()
    body = {"name": "A", "external_id": "x"}
    first = (await client.post("/v1/notes", json=body)).json()
    assert (await client.post("/v1/notes", json=body, headers=headers)).status_code == 409
    await notes.resources.pool.execute("DELETE FROM note WHERE id = $1", first["id"])
    assert (await client.post("/v1/notes", json=body, headers=headers)).status_code == 201


async def test_a_key_is_forgotten_after_a_day(notes: Running, rep: Principal) -> None:
    client, headers, pool = notes.client(rep), key(), notes.resources.pool
    await client.post("/v1/notes", json={"name": "A"}, headers=headers)
    await pool.execute("UPDATE idempotency_key SET created_at = created_at - interval '25 hours'")
    assert (await client.post("/v1/notes", json={"name": "B"}, headers=headers)).status_code == 201
    assert len(await notes.outbox()) == 2
    await pool.execute("UPDATE idempotency_key SET created_at = created_at - interval '25 hours'")
    assert await forget_old(pool) == 1


async def test_a_key_that_is_no_key_is_refused(notes: Running, rep: Principal) -> None:
    client = notes.client(rep)
    for wrong in ("", "a b", "x" * 256):
        reply = await client.post("/v1/notes", json={"name": "A"}, headers={"Idempotency-Key": wrong})
        assert reply.status_code == 400, wrong
    assert await notes.outbox() == []
