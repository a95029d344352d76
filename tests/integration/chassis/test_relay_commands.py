"""What an operator types: each task does its work, answers in JSON, and refuses while a relay makes it unsafe."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from events import quarantine
from events.recovery import require_own_history
from integration.chassis.test_process import start
from relay_world import QUICK, World, a_world, different, opened


@pytest_asyncio.fixture
async def world(
    new_database: Callable[[], Awaitable[str]], kafka_servers: str, topic_prefix: str
) -> AsyncIterator[World]:
    async with a_world(await new_database(), kafka_servers, topic_prefix) as found:
        yield found


async def relay(world: World, *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, what stands on stdout, what was said on stderr."""
    process = await start(
        "relay",
        *words,
        DATABASE_URL=world.url,
        KAFKA_BOOTSTRAP_SERVERS=world.kafka.bootstrap_servers,
        DEALSTREAM_TOPIC_PREFIX=world.kafka.topic_prefix,
    )
    out, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, json.loads(out or "{}"), errors.decode()


async def test_recover_and_reshard_refuse_while_a_relay_leads(world: World) -> None:
    async with world.relaying():
        await world.commit(opened(uuid4()))
        await world.receives(1)
        for words in (("recover",), ("reshard", "2")):
            code, answer, said = await relay(world, *words)
            assert (code, answer) == (1, {})
            assert "stop all relays" in said
    await world.commit(opened(uuid4()))
    assert (await relay(world, "recover"))[:2] == (0, {"task": "recover", "waiting": 1})
    code, answer, said = await relay(world, "reshard", "2")
    assert (code, answer) == (0, {"task": "reshard", "shards": 2})
    assert "DEALSTREAM_RELAY_SHARDS=2" in said
    assert await world.value("SELECT array_agg(shard ORDER BY shard) FROM outbox_cursor WHERE shards = 2") == [0, 1]


async def test_an_outbox_that_no_relay_has_seen_needs_no_dividing(world: World) -> None:
    assert (await relay(world, "reshard", "3"))[0] == 0
    assert await world.value("SELECT count(*) FROM outbox_cursor") == 0


async def test_republish_sends_again_beside_a_relay(world: World) -> None:
    async with world.relaying(QUICK):
        await world.commit(opened(uuid4()), opened(uuid4()))
        await world.receives(2)
        now = datetime.now(UTC)
        begin, end = ((now + timedelta(hours=hours)).isoformat() for hours in (-1, 1))
        code, answer, _ = await relay(world, "republish", "--from", begin, "--to", end)
        assert (code, answer) == (0, {"task": "republish", "from": begin, "to": end, "sent": 2})
        messages = await world.received()
    assert (len(messages), len(different(messages))) == (4, 2)


async def test_release_lets_the_relay_try_again(world: World) -> None:
    deal = uuid4()
    await world.commit(opened(deal))
    async with world.pool.acquire() as connection:
        await require_own_history(connection, 1)
        row = await connection.fetchrow("SELECT seq, created_at FROM outbox_event")
        await quarantine.hold(connection, [(row, "too large")])
    answer = {"task": "release", "aggregate_id": str(deal), "released": 1}
    assert (await relay(world, "release", str(deal)))[:2] == (0, answer)
    async with world.relaying():
        await world.receives(1)


@pytest.mark.parametrize(
    "words",
    [
        ("rebuild",),
        ("reshard", "0"),
        ("reshard", "many"),
        ("republish", "--from", "2026-01-02"),
        ("republish", "--from", "2026-01-02", "--to", "2026-01-01"),
        ("release", "a deal"),
    ],
)
async def test_a_wrong_command_line_does_nothing(world: World, words: tuple[str, ...]) -> None:
    code, answer, said = await relay(world, *words)
    assert (code, answer) == (2, {})
    assert "usage:" in said
