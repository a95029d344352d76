"""The inbox: one's own notices, page by page, read once."""

import hashlib
from uuid import uuid4

import pytest

from chassis.testing import Running
from events.catalogue.identity import ApiKeyState, Role
from events.ids import uuid7
from integration.notifications.conftest import ELSEWHERE, TENANT, a_deal, caller, hand, inbox, won


async def test_reading_a_notice_is_remembered(notifications: Running):
    await hand(notifications, won(a_deal()))
    ana = notifications.client(caller("ana"))
    (notice,) = await inbox(notifications, "ana", unread="true")
    first = (await ana.post(f"/v1/inbox/{notice['id']}/read")).json()
    again = (await ana.post(f"/v1/inbox/{notice['id']}/read")).json()
    assert first["read_at"] == again["read_at"] is not None
    assert await inbox(notifications, "ana", unread="true") == []
    assert (await ana.get("/v1/inbox/unread")).json() == {"unread": 0}


async def test_nobody_reads_the_notice_of_another(notifications: Running):
    await hand(notifications, won(a_deal()))
    (notice,) = await inbox(notifications, "ana")
    assert (await notifications.client(caller("lan")).post(f"/v1/inbox/{notice['id']}/read")).status_code == 404
    elsewhere = notifications.client(caller("ana", ELSEWHERE))
    assert (await elsewhere.post(f"/v1/inbox/{notice['id']}/read")).status_code in {404, 422}


async def test_all_can_be_marked_at_once(notifications: Running):
    await hand(notifications, *(won(a_deal()) for _ in range(5)))
    ana = notifications.client(caller("ana"))
    assert (await ana.post("/v1/inbox/read")).json() == {"marked": 5, "unread": 0}
    assert (await ana.post("/v1/inbox/read")).json() == {"marked": 0, "unread": 0}


async def test_pages_hold_each_notice_once(notifications: Running):
    await hand(notifications, *(won(a_deal()) for _ in range(7)))
    ana, seen, cursor = notifications.client(caller("ana")), [], None
    for _ in range(4):
        page = (await ana.get("/v1/inbox", params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
        seen += [notice["id"] for notice in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 7
    assert cursor is None


async def test_the_language_can_be_asked_for(notifications: Running):
    await hand(notifications, won(a_deal()))
    answer = await notifications.client(caller("ana")).get("/v1/inbox", headers={"Accept-Language": "zh-CN,en;q=0.5"})
    assert answer.json()["items"][0]["text"].startswith("赢单")


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "x"}, {"cursor": "made-up"}, {"colour": "red"}])
async def test_a_wrong_query_is_refused_by_name(notifications: Running, query):
    answer = await notifications.client(caller("ana")).get("/v1/inbox", params=query)
    assert answer.status_code in {400, 422}
    assert next(iter(query)) in answer.text


async def test_a_key_without_a_person_has_no_inbox(notifications: Running):
    secret = "s" * 43
    key = ApiKeyState(
        id=uuid7(),
        name="robot",
        secret_sha256=hashlib.sha256(secret.encode()).hexdigest(),
        roles=(Role.INTEGRATION,),
    )
    await notifications.know(TENANT, key)
    robot = notifications.client(Authorization=f"Bearer dsk_{key.id.hex}_{secret}")
    assert (await robot.get("/v1/inbox")).status_code == 403
    assert (await robot.post(f"/v1/inbox/{uuid4()}/read")).status_code == 403


async def test_a_stranger_is_asked_to_sign_in(notifications: Running):
    assert (await notifications.client().get("/v1/inbox")).status_code == 401
