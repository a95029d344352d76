"""Signing in: tokens, renewal, theft, passwords, rotation of keys."""

import asyncio
from datetime import timedelta

import jwt

from chassis.principal import Principal
from chassis.tokens import KeySet, Tokens
from identity import sessions
from identity.founding import founded
from identity.signing import SigningKeys

PASSWORD = "correct horse battery"


async def a_person(world, done, **more):
    body = {"name": "Ana", "email": "Ana@firm.test", "roles": ["rep"], **more}
    person = done(await world.admin.post("/v1/people", body), 201)
    done(await world.admin.post(f"/v1/people/{person['id']}/password", {"password": PASSWORD}), 204)
    return person


async def a_session(world, done, **more):
    body = {"tenant": "firm", "email": "ana@FIRM.test", "password": PASSWORD, **more}
    return done(await world.nobody.post("/v1/sessions", body), 201)


async def test_a_token_says_who_and_where_and_every_service_can_verify_it(world, done):
    north = done(await world.admin.post("/v1/teams", {"name": "North"}), 201)["id"]
    below = done(await world.admin.post("/v1/teams", {"name": "Hanoi", "parent": north}), 201)["id"]
    hanoi = done(await world.admin.post("/v1/regions", {"name": "Hà Nội"}), 201)["id"]
    person = await a_person(world, done, roles=["manager"], team=north, region=hanoi)
    done(await world.admin.patch(f"/v1/teams/{north}", {"lead": person["id"]}))
    session = await a_session(world, done)
    keys = KeySet(f"{world.resources.settings.identity_url}/.well-known/jwks.json")
    principal: Principal = await Tokens(keys).principal(session["access_token"])
    assert (str(principal.person), str(principal.team), str(principal.region)) == (person["id"], north, hanoi)
    assert {str(team) for team in principal.led_teams} == {north, below}
    claims = jwt.decode(session["access_token"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == session["expires_in_seconds"] == 900
    me = done(await world.nobody.bearing(session["access_token"]).get("/v1/me"))
    assert (me["subject"], me["roles"], me["tenant_slug"]) == (f"person:{person['id']}", ["manager"], "firm")
    assert me["person"]["name"] == "Ana"


async def test_every_failure_to_sign_in_looks_alike(world, done, assert_problem):
    person = await a_person(world, done)
    wrong = [
        {"password": "wrong horse battery"},
        {"email": "nobody@firm.test"},
        {"tenant": "nowhere"},
        {"tenant": "other"},
    ]
    texts = set()
    for change in wrong:
        body = {"tenant": "firm", "email": "ana@firm.test", "password": PASSWORD, **change}
        found = assert_problem(await world.nobody.post("/v1/sessions", body), 401, "wrong-credentials")
        texts.add((found["title"], found["detail"]))
    done(await world.admin.post(f"/v1/people/{person['id']}/deactivation"))
    body = {"tenant": "firm", "email": "ana@firm.test", "password": PASSWORD}
    found = assert_problem(await world.nobody.post("/v1/sessions", body), 401, "wrong-credentials")
    assert texts == {(found["title"], found["detail"])}


async def test_too_many_failures_are_turned_away_until_the_window_ends(world, done, assert_problem, monkeypatch):
    monkeypatch.setattr(sessions, "FAILURES_MAX", 3)
    await a_person(world, done)
    body = {"tenant": "firm", "email": "ana@firm.test", "password": "wrong horse battery"}
    for _ in range(3):
        assert_problem(await world.nobody.post("/v1/sessions", body), 401, "wrong-credentials")
    right = {**body, "password": PASSWORD}
    refused = await world.nobody.post("/v1/sessions", right)
    assert_problem(refused, 429, "too-many-requests")
    assert int(refused.headers["Retry-After"]) > 0
    done(await world.nobody.post("/v1/sessions", {**right, "email": "root@firm.test"}), 201)
    async with world.connect() as connection:
        await connection.execute("UPDATE failed_sign_in SET since = since - interval '16 minutes'")
    done(await world.nobody.post("/v1/sessions", right), 201)


async def test_a_refresh_token_is_used_once_and_a_stolen_one_ends_the_session(world, done, assert_problem):
    await a_person(world, done)
    first = await a_session(world, done)
    second = done(await world.nobody.post("/v1/sessions/renewal", {"refresh_token": first["refresh_token"]}), 201)
    assert second["refresh_token"] != first["refresh_token"]
    again = await world.nobody.post("/v1/sessions/renewal", {"refresh_token": first["refresh_token"]})
    assert_problem(again, 401, "session-ended")
    ended = await world.nobody.post("/v1/sessions/renewal", {"refresh_token": second["refresh_token"]})
    assert_problem(ended, 401, "session-ended")


async def test_one_of_two_renewals_at_once_wins(world, done):
    await a_person(world, done)
    token = {"refresh_token": (await a_session(world, done))["refresh_token"]}
    answers = await asyncio.gather(*(world.nobody.post("/v1/sessions/renewal", token) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201] + [401] * 4


async def test_signing_out_leaving_and_a_new_password_end_sessions(world, done, assert_problem):
    person = await a_person(world, done)
    path = f"/v1/people/{person['id']}"
    renewal = "/v1/sessions/renewal"

    async def ended_by(action):
        token = {"refresh_token": (await a_session(world, done))["refresh_token"]}
        done(await action(token))
        assert_problem(await world.nobody.post(renewal, token), 401, "session-ended")

    await ended_by(lambda token: world.nobody.post("/v1/sessions/end", token))
    await ended_by(lambda _: world.admin.post(f"{path}/password", {"password": PASSWORD}))
    await ended_by(lambda _: world.admin.post(f"{path}/deactivation"))


async def test_made_up_refresh_tokens_are_refused(world, done, assert_problem):
    await a_person(world, done)
    right = (await a_session(world, done))["refresh_token"]
    for text in ("x", "dsr_", right[:-1], f"{right}x", right.replace("dsr", "dsk"), right.upper(), "dsr_1_2_3", "é"):
        answer = await world.nobody.post("/v1/sessions/renewal", {"refresh_token": text})
        assert_problem(answer, 401, "session-ended")
    done(await world.nobody.post("/v1/sessions/renewal", {"refresh_token": right}), 201)


async def test_passwords_are_set_by_an_admin_or_by_oneself(world, done, assert_problem):
    person, other = await a_person(world, done), await a_person(world, done, email="bao@firm.test")
    ana = await world.nobody.signed_in("ana@firm.test")
    path, body = f"/v1/people/{person['id']}/password", {"password": "another horse battery"}
    assert_problem(await ana.post(f"/v1/people/{other['id']}/password", body), 403, "forbidden")
    assert_problem(await ana.post(path, body), 403, "forbidden", "/current_password")
    wrong = {**body, "current_password": "wrong horse battery"}
    assert_problem(await ana.post(path, wrong), 403, "forbidden", "/current_password")
    for weak in ("short", "ANA@firm.test"):
        assert_problem(await world.admin.post(path, {"password": weak}), 422, "weak-password", "/password")
    assert_problem(await world.admin.post(path, body, Idempotency_Key="k"), 400, "malformed", "/Idempotency-Key")
    done(await ana.post(path, {**body, "current_password": PASSWORD}), 204)
    await world.nobody.signed_in("ana@firm.test", "another horse battery")


async def test_no_event_and_no_stored_reply_holds_a_secret(world, done):
    await a_person(world, done)
    await a_session(world, done)
    key = done(await world.admin.post("/v1/api-keys", {"name": "import", "roles": ["integration"]}), 201)["key"]
    secret = key.rpartition("_")[2]
    async with world.connect() as connection:
        rows = await connection.fetch("SELECT payload::text || headers::text AS text FROM outbox_event")
        assert len(rows) >= 4
        assert all(word not in row["text"] for row in rows for word in (PASSWORD, secret, "argon2", "dsr_"))
        hashes = await connection.fetch("SELECT password_hash FROM credential")
        assert all(row["password_hash"].startswith("$argon2id$") for row in hashes)
        assert await connection.fetchval("SELECT count(*) FROM idempotency_key") == 0


async def test_keys_rotate_while_old_tokens_stay_good(world, done):
    await a_person(world, done)
    old = (await a_session(world, done))["access_token"]
    now = world.resources.clock.now()
    keys = SigningKeys(world.resources.pool)
    key_id = await keys.rotate(now)
    token = keys.token({"sub": "x"}, now)
    assert jwt.get_unverified_header(token)["kid"] == key_id
    published = {key["kid"] for key in (await keys.public(now))["keys"]}
    assert {key_id, jwt.get_unverified_header(old)["kid"]} == published
    later = await SigningKeys(world.resources.pool).public(now + timedelta(hours=2))
    assert {key["kid"] for key in later["keys"]} == {key_id}


async def test_two_processes_that_start_at_once_share_one_key(world):
    now = world.resources.clock.now()
    sets = await asyncio.gather(*(SigningKeys(world.resources.pool).public(now) for _ in range(5)))
    assert len({key["kid"] for keys in sets for key in keys["keys"]}) == 1


async def test_founding_again_changes_nothing_and_mends_a_lost_key(world, done):
    file = world.wanted.api_key_file
    text = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    first = await founded(world.resources, world.wanted)
    assert (await founded(world.resources, world.wanted), file.read_text()) == (first, text)
    file.write_text("dsk_nonsense")
    await founded(world.resources, world.wanted)
    done(await world.nobody.bearing(file.read_text().strip()).get("/v1/me"))
    async with world.connect() as connection:
        assert await connection.fetchval("SELECT count(*) FROM tenant") == 2
        assert await connection.fetchval("SELECT count(*) FROM person") == 2
