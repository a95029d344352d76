"""Who is asking: tokens of identity, whose keys change, and API keys, by what the directory knows of them."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest

from chassis import directory, directory_store, tokens
from chassis.api_keys import secret_sha256
from chassis.principal import Principal
from chassis.refusals import Unauthenticated, Unavailable
from chassis.testing import Running, Signer
from chassis.tokens import KeySet, Tokens
from events.catalogue.identity import ApiKeyState, Assignment, PersonState, Role, TeamState, TenantState

SECRET = "s" * 43


def bearer(credential: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential}"}


async def test_without_good_credentials_nobody_is_let_in(notes: Running, rep: Principal) -> None:
    client = notes.client()
    none = jwt.encode({"sub": str(rep.person)}, key="", algorithm="none")
    stranger = Signer().token(rep)
    for headers in (
        {},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer"},
        bearer("rubbish"),
        bearer(none),
        bearer(stranger),
        bearer(notes.signer.token(rep, lifetime_seconds=-10)),
        bearer(notes.signer.token(rep, aud="another")),
        bearer(notes.signer.token(rep, tid="not-an-id")),
        bearer(notes.signer.token(rep, roles=["emperor"])),
        bearer("dsk_x_y"),
        bearer(f"dsk_{uuid4().hex}_{SECRET}"),
    ):
        reply = await client.get("/v1/me", headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (401, "unauthenticated"), headers
        assert reply.headers["www-authenticate"] == "Bearer"


async def test_a_token_is_not_believed_beyond_its_end(notes: Running, rep: Principal) -> None:
    short = bearer(notes.signer.token(rep, lifetime_seconds=1))
    client = notes.client()
    assert (await client.get("/v1/me", headers=short)).status_code == 200
    await asyncio.sleep(2.1)
    assert (await client.get("/v1/me", headers=short)).status_code == 401


async def test_an_api_key_has_the_place_of_its_person(notes: Running, tenant: TenantState) -> None:
    person, north, south = (uuid4() for _ in range(3))
    led, below, deeper = sorted(uuid4() for _ in range(3))
    assignments = (Assignment(from_on=date(2020, 1, 1), team=south), Assignment(from_on=date(2021, 1, 1), team=north))
    ana = PersonState(id=person, name="Ana", roles=(Role.MANAGER,), assignments=assignments)
    key = ApiKeyState(id=uuid4(), name="k", secret_sha256=secret_sha256(SECRET), roles=(Role.MANAGER,), person=person)
    teams = (
        TeamState(id=led, name="Led", lead=person, parent=north),
        TeamState(id=below, name="Below", lead=uuid4(), parent=led),
        TeamState(id=deeper, name="Deeper", parent=below),
        TeamState(id=north, name="Above"),
    )
    await notes.know(tenant.id, ana, key, *teams)
    client = notes.client(None, **bearer(f"dsk_{key.id.hex}_{SECRET}"))
    me = (await client.get("/v1/me")).json()
    assert me == {
        "subject": f"key:{key.id}",
        "roles": ["manager"],
        "team": str(north),
        "led": [str(led), str(below), str(deeper)],
    }
    wrong = notes.client(None, **bearer(f"dsk_{key.id.hex}_{SECRET[:-1]}t"))
    assert (await wrong.get("/v1/me")).status_code == 401
    revoked = key.model_copy(update={"revoked_at": datetime.now(UTC)})
    await notes.know(tenant.id, revoked, version=2)
    assert (await client.get("/v1/me")).status_code == 401


async def test_a_key_whose_event_is_on_its_way_is_awaited(notes: Running, tenant: TenantState) -> None:
    key = ApiKeyState(id=uuid4(), name="k", secret_sha256=secret_sha256(SECRET), roles=(Role.ADMIN,))
    client = notes.client(None, **bearer(f"dsk_{key.id.hex}_{SECRET}"))
    asking = asyncio.create_task(client.get("/v1/me"))
    await asyncio.sleep(0.3)
    assert not asking.done()
    await notes.know(tenant.id, key)
    assert (await asking).status_code == 200


async def test_a_key_that_never_comes_is_remembered_as_unknown(notes: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "AWAIT_SECONDS", 0.3)
    monkeypatch.setattr(directory, "MOST_WAITING", 1)
    asked: list[UUID] = []
    read = directory_store.api_key

    async def counted(pool: Any, id_: UUID) -> Any:
        asked.append(id_)
        return await read(pool, id_)

    monkeypatch.setattr(directory_store, "api_key", counted)
    first, second = uuid4(), uuid4()
    clients = [notes.client(None, **bearer(f"dsk_{id_.hex}_{SECRET}")) for id_ in (first, second)]
    replies = await asyncio.gather(*(client.get("/v1/me") for client in clients))
    assert [reply.status_code for reply in replies] == [401, 401]
    assert (asked.count(first) > 1) != (asked.count(second) > 1), "only one of them may wait"
    slow, quick = (first, second) if asked.count(first) > 1 else (second, first)
    assert asked.count(quick) == 1
    before = asked.count(slow)
    assert (await clients[slow == second].get("/v1/me")).status_code == 401
    assert asked.count(slow) == before + 1


async def test_a_key_without_the_form_of_one_is_not_awaited(notes: Running) -> None:
    with pytest.raises(Unauthenticated):
        async with asyncio.timeout(1):
            await notes.resources.authenticator.principal(f"Bearer dsk_{uuid4().hex}")


async def test_the_key_of_a_person_who_left_is_refused(notes: Running, tenant: TenantState) -> None:
    ana = PersonState(id=uuid4(), name="Ana", roles=(Role.REP,), active=False)
    key = ApiKeyState(id=uuid4(), name="k", secret_sha256=secret_sha256(SECRET), roles=(Role.REP,), person=ana.id)
    await notes.know(tenant.id, ana, key)
    assert (await notes.client(None, **bearer(f"dsk_{key.id.hex}_{SECRET}")).get("/v1/me")).status_code == 401


class Identity:
    """Serves public keys as identity does, over a real socket."""

    def __init__(self) -> None:
        self.signers: list[Signer] = []
        self.asked = 0
        self.broken = False

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        await reader.readuntil(b"\r\n\r\n")
        keys = [
            json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(signer.private.public_key())) | {"kid": signer.key_id}
            for signer in self.signers
        ]
        body = b"<html>" if self.broken else json.dumps({"keys": keys}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def serving(identity: Identity) -> AsyncIterator[KeySet]:
    server = await asyncio.start_server(identity.answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield KeySet(f"http://127.0.0.1:{port}/.well-known/jwks.json")


async def test_keys_may_rotate(rep: Principal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "REFETCH_SECONDS", 1_000.0)
    identity = Identity()
    old, new = Signer("old"), Signer("new")
    identity.signers = [old]
    async with serving(identity) as keys:
        verifier = Tokens(keys)
        await asyncio.gather(*(verifier.principal(old.token(rep, n=n)) for n in range(10)))
        assert identity.asked == 1
        for n in range(5):
            with pytest.raises(Unauthenticated):
                await verifier.principal(new.token(rep, n=n))
        assert identity.asked == 1
        identity.signers = [old, new]
        monkeypatch.setattr(tokens, "REFETCH_SECONDS", 0.0)
        assert (await verifier.principal(new.token(rep))).person == rep.person
        identity.broken = True
        with pytest.raises(Unauthenticated):
            await verifier.principal(Signer("unknown").token(rep))
        assert (await verifier.principal(old.token(rep, n=99))).person == rep.person


async def test_without_any_key_the_answer_is_later(rep: Principal) -> None:
    with pytest.raises(Unavailable):
        await Tokens(KeySet("http://127.0.0.1:9/jwks.json")).principal(Signer().token(rep))


def test_the_signature_of_another_algorithm_is_refused(rep: Principal) -> None:
    claims: dict[str, Any] = {"sub": str(rep.person), "tid": str(UUID(int=0))}
    token = jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"kid": "test"})
    with pytest.raises(Unauthenticated):
        asyncio.run(Tokens(Signer()).principal(token))
