"""Forms on web pages: captured without credentials, held back, trapped, and silent about who is known."""

import asyncio
from urllib.parse import urlencode

import pytest

from events.catalogue.contacts import ContactAdded
from events.catalogue.leads import LeadCaptured, LeadTouched
from events.testing import FixedClock, published

FORM = {
    "name": "Contact page",
    "fields": [
        {"input": "your-name", "to": "name", "required": True},
        {"input": "your-mail", "to": "email"},
        {"input": "what", "to": "title"},
    ],
    "consents": [{"input": "news", "channel": "mail", "purpose": "marketing", "text": "Send me news."}],
    "origins": ["https://www.donga.example"],
    "source": "web-form",
    "fill_seconds_min": 0,
    "per_address_per_minute": 1000,
    "per_minute": 1000,
}
LAN = {"your-name": "Lan", "your-mail": "lan@donga.example", "what": "Pumps"}
PAGE = "https://www.donga.example"
HTML = "application/x-www-form-urlencoded"


@pytest.fixture
async def form(world, done):
    async def define(**more):
        found = done(await world.mai.post("/v1/forms", {**FORM, **more}), 201)
        return f"/v1/public/forms/{found['key']}", f"/v1/forms/{found['id']}"

    return define


async def send(world, path, fields, **more):
    return await world.nobody.post(path, {"fields": fields, **more.pop("body", {})}, **more)


async def leads(world, done):
    return done(await world.importer.get("/v1/leads"))["items"]


async def test_an_entry_becomes_a_lead_with_its_source_and_consent(world, done, form):
    path, own = await form(campaign="spring", medium="social")
    assert done(await send(world, path, {**LAN, "news": "on"}), 202) == {"received": True}
    [lead] = await leads(world, done)
    assert (lead["title"], lead["source"], lead["campaign"], lead["medium"]) == (
        "Pumps", "web-form", "spring", "social"
    )  # fmt: skip
    assert lead["captured_by"] == f"form:{own.rpartition('/')[2]}"
    reach = done(await world.importer.get(f"/v1/contacts/{lead['contact']}/consents"))
    [said] = reach["consents"]
    assert (said["given"], said["text"], said["source"]) == (True, "Send me news.", "form: Contact page")
    async with world.connect() as connection:
        [captured] = await published(connection, LeadCaptured)
        assert "donga" not in captured.model_dump_json()
        assert len(await published(connection, ContactAdded)) == 1


async def test_an_html_form_posts_its_fields_as_they_are(world, done, form, assert_problem):
    path, _ = await form()
    answer = await world.nobody.raw(path, urlencode({**LAN, "news": "on", "_entry_id": "e-1"}), HTML)
    assert done(answer, 202) == {"received": True}
    [lead] = await leads(world, done)
    assert lead["title"] == "Pumps"
    wrong = await world.nobody.raw(path, urlencode({"your-name": ""}), HTML)
    assert_problem(wrong, 422, "field-required", "/fields/your-name")
    for text in ("a=%FF", "a=%00", "bad name=x", "&".join(f"a{n}=1" for n in range(200))):
        refused = await world.nobody.raw(path, text, HTML)
        assert 400 <= refused.status_code < 500, refused.text


async def test_the_answer_never_says_whether_the_prospect_was_known(world, done, form):
    path, own = await form()
    first = await send(world, path, LAN)
    again = await send(world, path, {**LAN, "what": "More pumps"})
    trapped = await send(world, path, {**LAN, "website": "http://spam"})
    assert {(each.status_code, each.content) for each in (first, again, trapped)} == {(202, b'{"received":true}')}
    assert len({frozenset(each.headers) for each in (first, again, trapped)}) == 1
    assert len(await leads(world, done)) == 1
    async with world.connect() as connection:
        assert len(await published(connection, LeadTouched)) == 1
    [day] = done(await world.mai.get(f"{own}/tally"))["days"]
    assert (day["captured"], day["linked"], day["spam"]) == (1, 1, 1)


async def test_the_same_entry_sent_again_counts_once(world, done, form):
    path, _ = await form()
    body = {"entry_id": "e-7"}
    answers = await asyncio.gather(*(send(world, path, {"your-name": "Lan"}, body=body) for _ in range(5)))
    assert {each.status_code for each in answers} == {202}
    assert len(await leads(world, done)) == 1


async def test_what_a_human_could_put_right_is_said_by_field(world, done, form, assert_problem):
    path, _ = await form()
    for fields, code, name in (
        ({"your-mail": "x@y.example"}, "field-required", "your-name"),
        ({**LAN, "your-mail": "no mail"}, "field-wrong", "your-mail"),
        ({**LAN, "surplus": "x"}, "field-unknown", "surplus"),
        ({**LAN, "what": 5}, "invalid", "what"),
    ):
        assert_problem(await send(world, path, fields), 422, code, f"/fields/{name}")
    assert_problem(await send(world, path + "0", LAN), 404, "not-found")
    assert await leads(world, done) == []


async def test_required_fields_of_the_firm_hold_for_forms(world, done, form, assert_problem):
    definition = {"record": "lead", "key": "staff", "label": "Staff", "type": "number", "required": True}
    done(await world.ops.post("/v1/custom-fields", definition), 201)
    path, _ = await form(fields=[*FORM["fields"], {"input": "how-many", "to": "lead.staff"}])
    assert_problem(await send(world, path, LAN), 422, "field-required", "/fields/how-many")
    assert_problem(await send(world, path, {**LAN, "how-many": "many"}), 422, "wrong-type", "/fields/how-many")
    done(await send(world, path, {**LAN, "how-many": "12"}), 202)
    assert (await leads(world, done))[0]["custom"] == {"staff": 12}


async def test_an_address_and_a_form_have_their_pace_which_the_database_keeps(world, done, form):
    path, _ = await form(per_address_per_minute=5, per_minute=8)
    answers = await asyncio.gather(*(send(world, path, {**LAN, "website": "x"}) for _ in range(12)))
    assert sorted(each.status_code for each in answers) == [202] * 5 + [429] * 7
    waits = [int(each.headers["retry-after"]) for each in answers if each.status_code == 429]
    assert all(1 <= wait <= 12 for wait in waits)
    async with world.connect() as connection:
        kept = await connection.fetchval("SELECT string_agg(who, ' ') FROM public_pace")
        assert "127.0.0.1" not in kept
        await connection.execute("UPDATE public_pace SET used_until = clock_timestamp() WHERE who <> 'form'")
    more = [(await send(world, path, {**LAN, "website": "x"})).status_code for _ in range(5)]
    assert more.count(202) <= 3
    assert 429 in more


async def test_nobody_fills_a_form_in_no_time(world, done, form, assert_problem):
    world.resources.clock = clock = FixedClock(world.resources.clock.now())
    path, _ = await form(fill_seconds_min=3)
    assert_problem(await send(world, path, LAN), 422, "ticket-needed", "/ticket")
    shown = done(await world.nobody.get(path))
    assert [each["input"] for each in shown["fields"]] == ["your-name", "your-mail", "what"]
    assert shown["consents"] == [{"input": "news", "text": "Send me news.", "required": False}]
    ticket = {"ticket": shown["ticket"]}
    done(await send(world, path, LAN, body=ticket), 202)
    assert await leads(world, done) == []
    clock.advance(seconds=4)
    done(await send(world, path, LAN, body=ticket), 202)
    assert len(await leads(world, done)) == 1


async def test_pages_of_other_origins_are_refused_and_may_read_why(world, done, form, assert_problem):
    path, _ = await form()
    taken = await send(world, path, LAN, origin=PAGE)
    assert (taken.status_code, taken.headers["access-control-allow-origin"]) == (202, PAGE)
    evil = await send(world, path, LAN, origin="https://evil.example")
    assert_problem(evil, 403, "origin-not-allowed")
    wrong = await send(world, path, {}, origin=PAGE)
    assert (wrong.status_code, wrong.headers["access-control-allow-origin"]) == (422, PAGE)
    client = world.nobody.client
    asked = await client.options(path, headers={"origin": PAGE, "access-control-request-method": "POST"})
    assert (asked.status_code, asked.headers["access-control-allow-headers"]) == (204, "content-type")
    denied = await client.options(path, headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in denied.headers


async def test_who_may_define_forms_and_a_closed_one_takes_nothing(world, done, form, assert_problem):
    assert_problem(await world.ana.post("/v1/forms", FORM), 403, "forbidden")
    assert_problem(await world.ana.get("/v1/forms"), 403, "forbidden")
    path, own = await form()
    assert_problem(await world.zoe.get(own), 404, "not-found")
    assert [each["key"] for each in done(await world.mai.get("/v1/forms"))["items"]] == [path.rpartition("/")[2]]
    done(await world.mai.patch(own, {"active": False}))
    assert_problem(await send(world, path, LAN), 404, "not-found")
    nameless = {**FORM, "fields": FORM["fields"][1:]}
    assert_problem(await world.mai.post("/v1/forms", nameless), 422, "form-without-name", "/fields")
    assert_problem(await world.mai.patch(own, {"trap": "what"}), 422, "form-names-twice", "/fields")


@pytest.mark.parametrize("mail", ["x@other.example", "minh@donga.example"])
async def test_a_stranger_does_not_take_back_an_opt_out(world, done, form, mail):
    """Whoever knows the phone or the mail of a prospect."""
    path, _ = await form(fields=[*FORM["fields"], {"input": "your-phone", "to": "phone"}])
    minh = {"name": "Minh", "email": "minh@donga.example", "phone": "+84 24 1234 5678"}
    lead = done(await world.ana.post("/v1/leads", {"prospect": minh}), 201)
    contact, news = f"/v1/contacts/{lead['contact']}", {"channel": "mail", "purpose": "marketing"}
    done(await world.ana.post(f"{contact}/consents", {**news, "given": False, "source": "call"}))
    entry = {**LAN, "your-mail": mail, "your-phone": minh["phone"], "news": "on"}
    done(await send(world, path, entry), 202)
    assert len(done(await world.ana.get(f"/v1/leads/{lead['id']}"))["later_touches"]) == 1
    assert done(await world.ana.get(f"{contact}/may-contact", **news))["allowed"] is False
