"""Dead letters over HTTP: seen by those who may, within their tenant, redriven by the handler of the consumer."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from chassis.principal import Principal
from chassis.testing import Running
from events.batch import Subscription
from events.catalogue.identity import Role, TenantState
from events.codec import Message
from events.topics import IDENTITY_TEAM
from integration.chassis.conftest import caller
from integration.chassis.notes import tenant_state

GROUP = "notes.reactions"


async def park(notes: Running, tenant: object, key: str) -> int:
    """A letter that cannot be read, as the consumer would park it."""
    await notes.resources.pool.execute(
        "INSERT INTO blocked_sequence (grp, topic, sequence_key, reason) VALUES ($1, 'identity.team', $2, 'invalid')",
        GROUP,
        key,
    )
    letter: int = await notes.resources.pool.fetchval(
        "INSERT INTO dead_letter (grp, topic, sequence_key, part, record_offset, timestamp_ms, record_value,"
        " header_names, header_values, tenant_id, reason, error_class, error_detail, stack_hash)"
        " VALUES ($1, 'identity.team', $2, 0, (SELECT count(*) FROM dead_letter), 0, 'x', '{}', '{}', $3, 'invalid',"
        " 'InvalidMessage', 'no', 'h') RETURNING id",
        GROUP,
        key,
        tenant,
    )
    return letter


async def test_only_those_who_look_after_the_whole_see_dead_letters(notes: Running, rep: Principal) -> None:
    for path in ("/v1/dead-letters", "/v1/dead-letter-groups", "/v1/dead-letters/1", "/v1/stopped-partitions"):
        assert (await notes.client(rep).get(path)).status_code == 403


async def test_letters_are_listed_shown_corrected_and_redriven(notes: Running, admin: Principal) -> None:
    async def handle(connection: Any, messages: Sequence[Message]) -> None:
        raise AssertionError("nothing here can be read")

    notes.resources.subscriptions = (Subscription.to(GROUP, (IDENTITY_TEAM,), handle),)
    client = notes.client(admin)
    first, second = await park(notes, None, "a"), await park(notes, admin.tenant, "b")
    page = (await client.get("/v1/dead-letters", params={"limit": 1})).json()
    assert [item["id"] for item in page["items"]] == [first]
    rest = (await client.get("/v1/dead-letters", params={"limit": 1, "cursor": page["next_cursor"]})).json()
    assert ([item["id"] for item in rest["items"]], rest["next_cursor"]) == ([second], None)
    [group] = (await client.get("/v1/dead-letter-groups")).json()["items"]
    assert (group["consumer"], group["sequences"]) == (GROUP, 2)
    shown = (await client.get(f"/v1/dead-letters/{first}")).json()
    assert (shown["value"], shown["decodes"]) == ("x", False)
    corrected = await client.post(f"/v1/dead-letters/{first}/correction", json={"why": "typo", "value": "{}"})
    assert corrected.json()["problem"]
    redrive = {"consumer": GROUP, "why": "again", "dry_run": True}
    report = (await client.post("/v1/dead-letters:redrive", json=redrive)).json()
    assert (report["dry_run"], report["done"], report["failed"]) == (True, 0, 2)
    gone = await client.post(f"/v1/dead-letters/{second}/discard", json={"why": "nobody needs it"})
    assert gone.status_code == 200, gone.text
    assert (await client.get(f"/v1/dead-letters/{second}")).status_code == 404


async def test_wrong_requests_are_refused(notes: Running, admin: Principal) -> None:
    client = notes.client(admin)
    assert (await client.post("/v1/dead-letters:redrive", json={"consumer": "x"})).status_code == 422
    unknown = await client.post("/v1/dead-letters:redrive", json={"consumer": "x", "why": "y"})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/consumer")
    assert (await client.get("/v1/dead-letters/99999999999999999999")).status_code == 404
    resume = {"consumer": "x", "topic": "y", "partition": 0, "why": "z"}
    assert (await client.post("/v1/stopped-partitions:resume", json=resume)).status_code == 409


async def test_letters_of_other_tenants_are_not_seen(notes: Running, admin: Principal, tenant: TenantState) -> None:
    other = tenant_state()
    await notes.know(other.id, other)
    letter, unreadable = await park(notes, tenant.id, "a"), await park(notes, None, "b")
    stranger = notes.client(caller(other.id, Role.ADMIN))
    assert (await stranger.get("/v1/dead-letters")).json()["items"] == []
    assert (await stranger.get(f"/v1/dead-letters/{letter}")).status_code == 404
    assert (await notes.client(admin).get(f"/v1/dead-letters/{letter}")).status_code == 200
    assert (await notes.client(admin).get(f"/v1/dead-letters/{unreadable}")).status_code == 404
    assert uuid4() != tenant.id


async def test_the_position_of_a_partition_is_not_one_tenants_to_move(notes: Running, admin: Principal) -> None:
    resume = {"consumer": "x", "topic": "y", "partition": 0, "why": "z"}
    path, client = "/v1/stopped-partitions:resume", notes.client(admin)
    assert (await client.post(path, json={**resume, "next_offset": 7})).json()["code"] == "being-worked-on"
    other = tenant_state()
    await notes.know(other.id, other)
    assert (await client.post(path, json={**resume, "next_offset": 7})).status_code == 403
    assert (await client.post(path, json=resume)).json()["code"] == "being-worked-on"
