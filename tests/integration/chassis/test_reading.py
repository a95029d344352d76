"""Reads: pages behind signed cursors, ETags, and nothing of other tenants."""

from uuid import uuid4

from chassis.paging import Cursors
from chassis.principal import Principal
from chassis.testing import Running
from events.catalogue.identity import Role
from integration.chassis.conftest import caller
from integration.chassis.notes import tenant_state


async def test_pages_follow_each_other_without_gap_or_double(notes: Running, rep: Principal) -> None:
    client = notes.client(rep)
    items = [{"item_id": str(n), "name": f"N{n}"} for n in range(25)]
    await client.post("/v1/notes:batch", json={"items": items})
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "10", **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/v1/notes", params=query)).json()
        seen += [note["name"] for note in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [f"N{n}" for n in range(25)]


async def test_a_cursor_is_only_good_where_it_came_from(notes: Running, rep: Principal) -> None:
    secret = notes.resources.cursor_secret
    good = Cursors(secret, rep.tenant, "notes").write([uuid4()])
    client = notes.client(rep)
    assert (await client.get("/v1/notes", params={"cursor": good})).status_code == 200
    flipped = ("B" if good[0] == "A" else "A") + good[1:]
    elsewhere = Cursors(secret, uuid4(), "notes").write([uuid4()])
    other_list = Cursors(secret, rep.tenant, "other").write([uuid4()])
    for wrong in (flipped, good[:-4], good + "x", elsewhere, other_list, ""):
        reply = await client.get("/v1/notes", params={"cursor": wrong})
        assert (reply.status_code, reply.json()["code"]) == (400, "wrong-cursor"), wrong


async def test_a_good_copy_is_not_sent_again(notes: Running, rep: Principal) -> None:
    client = notes.client(rep)
    note = (await client.post("/v1/notes", json={"name": "A"})).json()
    path = f"/v1/notes/{note['id']}"
    read = await client.get(path)
    assert (read.status_code, read.headers["etag"]) == (200, '"1"')
    for copy in ('"1"', 'W/"1"', '"0", "1"', "*"):
        same = await client.get(path, headers={"If-None-Match": copy})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", '"1"')
    assert (await client.get(path, headers={"If-None-Match": '"0"'})).status_code == 200


async def test_a_list_holds_only_the_tenants_own(notes: Running, rep: Principal) -> None:
    other = tenant_state()
    await notes.know(other.id, other)
    await notes.client(rep).post("/v1/notes", json={"name": "A"})
    page = await notes.client(caller(other.id, Role.ADMIN)).get("/v1/notes")
    assert page.json() == {"items": [], "next_cursor": None}
