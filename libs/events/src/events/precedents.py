"""Decisions about dead letters hold for the log: whoever reads it again meets the same records, and decides alike.

A projection that is rebuilt finds the records again that operators have corrected, discarded or let pass for the one in
use. Without this, each would wait again with all that comes after it, and the new projection could never be as complete
as the old one.
"""

import json
from collections.abc import Mapping
from typing import Any

from events import corrections
from events.audit import By
from events.batch import Subscription
from events.letters import Filter
from events.redrive import Redriver, Terms, heads


async def follow(pool: Any, subscription: Subscription, group: str, by: By) -> int:
    """What waits for the subscription, and was decided for ``group`` at the same place, is decided alike; how many."""
    redriver, tried = Redriver(pool, [subscription]), set[int]()
    while decided := [
        (head, past) for head, past in await _decided(pool, subscription, group) if head["id"] not in tried
    ]:
        for head, past in decided:
            tried.add(head["id"])
            await _decide(pool, redriver, head, past, by)
    return len(tried)


async def _decided(pool: Any, subscription: Subscription, group: str) -> list[tuple[Any, Any]]:
    async with pool.acquire() as connection:
        waiting = await heads(connection, Filter(subscription.group))
        found = [(head, await connection.fetchrow(_PRECEDENT, group, *_place(head))) for head in waiting]
    return [(head, past) for head, past in found if past is not None]


async def _decide(pool: Any, redriver: Redriver, head: Mapping[str, Any], past: Mapping[str, Any], by: By) -> None:
    if past["action"] == "discard":
        await redriver.discard(head["id"], by)
        return
    if past["action"] == "edit":
        content = json.loads(past["after"])
        headers = [(name, text.encode()) for name, text in content["headers"].items()]
        value = None if content["value"] is None else content["value"].encode()
        async with pool.acquire() as connection:
            await corrections.edit(connection, head["id"], by, value=value, headers=headers)
    sequence = Filter(head["grp"], head["topic"], sequence_key=head["sequence_key"])
    await redriver.redrive(sequence, by, Terms(force=True, overrule=past["overruled"]))


def _place(head: Mapping[str, Any]) -> tuple[str, int, int]:
    return head["topic"], head["part"], head["record_offset"]


_PRECEDENT = """
SELECT action, after, overruled FROM dead_letter_audit
WHERE grp = $1 AND topic = $2 AND part = $3 AND record_offset = $4 AND (action IN ('edit', 'discard') OR overruled)
ORDER BY id DESC LIMIT 1
"""
