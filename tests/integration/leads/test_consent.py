"""Consent, opting out and do-not-contact over HTTP."""

import asyncio

from events.catalogue.contacts import ContactAdded, ContactConsentChanged
from events.testing import assert_published, published

NEWS = {"channel": "mail", "purpose": "marketing"}


async def contact_of(world, done, **prospect):
    lead = done(await world.ana.post("/v1/leads", {"prospect": {"name": "Lan", **prospect}}), 201)
    return f"/v1/contacts/{lead['contact']}"


async def allowed(world, done, path, channel="mail", purpose="marketing"):
    found = done(await world.ana.get(f"{path}/may-contact", channel=channel, purpose=purpose))
    return found["reason"] or found["allowed"]


async def test_silence_is_no_consent_and_consent_keeps_who_said_what_where_and_when(world, done):
    path = await contact_of(world, done)
    assert await allowed(world, done, path) == "no-consent"
    assert await allowed(world, done, path, "call", "sales") is True
    said = {**NEWS, "given": True, "source": "fair", "text": "Send me news", "occurred_at": "2026-11-01T09:00:00Z"}
    body = done(await world.ana.post(f"{path}/consents", said))
    assert body["consents"] == [
        {**NEWS, "given": True, "at": "2026-11-01T09:00:00Z", "source": "fair", "text": "Send me news"}
    ]
    assert await allowed(world, done, path) is True
    [change] = done(await world.ana.get(f"{path}/history"))["items"]
    assert (change["by"].split(":")[0], change["changes"][0]["field"]) == ("key", "consents/mail:marketing")


async def test_consent_comes_with_the_capture_and_never_by_itself(world, done):
    silent = await contact_of(world, done, email="a@donga.example")
    assert done(await world.ana.get(f"{silent}/consents"))["consents"] == []
    said = {**NEWS, "given": True, "source": "fair", "text": "Yes"}
    asked = await contact_of(world, done, email="b@donga.example", consents=[said])
    assert await allowed(world, done, asked) is True
    async with world.connect() as connection:
        added = await published(connection, ContactAdded)
        assert [list(each.contact.consents) for each in added] == [[], ["mail:marketing"]]


async def test_a_linked_capture_keeps_what_was_said_with_the_contact_that_is_there(world, done):
    path = await contact_of(world, done, email="lan@donga.example")
    said = {**NEWS, "given": True, "source": "web"}
    prospect = {"name": "Lan", "email": "lan@donga.example", "consents": [said]}
    done(await world.ana.post("/v1/leads", {"prospect": prospect, "duplicates": "link"}), 200)
    assert await allowed(world, done, path) is True
    gone = {**prospect, "consents": [{**said, "given": False}]}
    item = {"item_id": "1", "command": "capture", "prospect": gone, "duplicates": "link"}
    answer = (await world.ana.post("/v1/leads:batch", {"items": [item]})).json()["results"]
    assert answer[0]["linked"] is True
    assert await allowed(world, done, path) == "opted-out"


async def test_do_not_contact_and_who_may_lift_it(world, done, assert_problem):
    path = await contact_of(world, done)
    done(await world.ana.post(f"{path}/do-not-contact", {"source": "call", "reason": "never again"}))
    assert await allowed(world, done, path, "call", "sales") == "do-not-contact"
    assert_problem(await world.ana.post(f"{path}/do-not-contact-lifting"), 403, "forbidden")
    assert done(await world.mai.post(f"{path}/do-not-contact-lifting"))["do_not_contact"] is None
    assert_problem(await world.mai.post(f"{path}/do-not-contact-lifting"), 409, "not-barred")
    for action in ("consents", "do-not-contact", "opt-out-links"):
        body = {
            "consents": {**NEWS, "given": True, "source": "x"},
            "do-not-contact": {"source": "x"},
            "opt-out-links": NEWS,
        }[action]
        assert_problem(await world.bao.post(f"{path}/{action}", body), 404, "not-found")
    assert_problem(await world.bao.get(f"{path}/consents"), 404, "not-found")
    assert_problem(await world.bao.get(f"{path}/may-contact", **NEWS), 404, "not-found")
    assert_problem(await world.ana.get(f"{path}/may-contact", channel="x", purpose="sales"), 422, "invalid", "/channel")


async def test_a_link_withdraws_consent_without_signing_in_and_only_when_it_is_sent(world, done, assert_problem):
    said = {**NEWS, "given": True, "source": "fair"}
    path = await contact_of(world, done, consents=[said])
    link = done(await world.ana.post(f"{path}/opt-out-links", NEWS), 201)["path"]
    stranger = world.nobody
    assert done(await stranger.get(link)) == {**NEWS, "opted_out": False}
    assert await allowed(world, done, path) is True
    clicked = await stranger.raw(link, "List-Unsubscribe=One-Click", "application/x-www-form-urlencoded")
    assert done(clicked) == {**NEWS, "opted_out": True}
    answers = await asyncio.gather(*(stranger.client.post(link) for _ in range(5)))
    assert {each.status_code for each in answers} == {200}
    assert await allowed(world, done, path) == "opted-out"
    assert_problem(await stranger.client.post(link + "x"), 404, "not-found")
    async with world.connect() as connection:
        assert len(await published(connection, ContactConsentChanged)) == 1
        gone = await assert_published(connection, ContactConsentChanged)
        assert (gone.consent.given, gone.consent.source) == (False, "opt-out link")
        kept = await connection.fetchval("SELECT string_agg(row::text, '') FROM opt_out_link AS row")
        assert link.rpartition("/")[2] not in kept


async def test_nobody_plans_to_reach_whom_they_must_not(world, done, assert_problem):
    lead = done(await world.ana.post("/v1/leads", {"prospect": {"name": "Lan"}}), 201)
    planned = {"kind": "call", "status": "planned", "planned_at": "2030-01-10T09:00:00Z", "lead": lead["id"]}
    done(await world.ana.post("/v1/activities", planned), 201)
    out = {"channel": "call", "purpose": "sales", "given": False, "source": "call"}
    done(await world.ana.post(f"/v1/contacts/{lead['contact']}/consents", out))
    assert_problem(await world.ana.post("/v1/activities", planned), 409, "do-not-contact", "/lead")
    visit = {**planned, "kind": "visit", "status": "asked", "without_contact": "passing-by"}
    done(await world.ana.post("/v1/activities", visit), 201)
    done(await world.ana.post(f"/v1/contacts/{lead['contact']}/do-not-contact", {"source": "letter"}))
    assert_problem(await world.ana.post("/v1/activities", visit), 409, "do-not-contact", "/lead")
    done(await world.ana.post("/v1/activities", {"kind": "call", "lead": lead["id"], "two_way": True}), 201)
    [refused] = (await world.ana.post("/v1/activities:batch", {"items": [{"item_id": "1", **planned}]})).json()[
        "results"
    ]
    assert (refused["status"], refused["problem"]["code"]) == (409, "do-not-contact")


async def test_consent_to_a_mail_address_is_not_booked_for_another_one(world, done):
    phone, out = "+84 24 1234 5678", {**NEWS, "given": False, "source": "call"}
    path = await contact_of(world, done, email="minh@donga.example", phone=phone)
    done(await world.ana.post(f"{path}/consents", out))

    async def comes_again(email):
        other = {"name": "Lan", "email": email, "phone": phone, "consents": [{**NEWS, "given": True, "source": "form"}]}
        body = {"prospect": other, "duplicates": "link"}
        assert done(await world.ana.post("/v1/leads", body), 200)["linked"]
        item = {"item_id": "1", "command": "capture", **body}
        [result] = done(await world.ana.post("/v1/leads:batch", {"items": [item]}))["results"]
        assert result["linked"]

    await comes_again("lan@other.example")
    assert await allowed(world, done, path) == "opted-out"
    await comes_again("Minh@donga.example")
    assert await allowed(world, done, path) is True
