"""Relays as processes: killed at each crash point, frozen and woken. Nothing is lost, the order is kept."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest

from events import crash_points
from relay_world import World, applied, opened

SCRIPT = Path(__file__).parents[2] / "relay_process.py"

pytestmark = pytest.mark.fault


@asynccontextmanager
async def a_relay_process(world: World, die_at: str | None = None, die_after: int = 1) -> AsyncIterator[Process]:
    wanted = {
        "url": world.url,
        "kafka": world.kafka.bootstrap_servers,
        "prefix": world.kafka.topic_prefix,
        "lease_seconds": 1.5,
        "page_size": 5,
        "die_at": die_at,
        "die_after": die_after,
    }
    process = await asyncio.create_subprocess_exec(sys.executable, SCRIPT, json.dumps(wanted), stdout=PIPE)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def says_leading(process: Process) -> None:
    assert process.stdout
    async with asyncio.timeout(30):
        while await process.stdout.readline() != b"leading\n":
            assert process.returncode is None


@pytest.mark.parametrize("name", [name for name in crash_points.RELAY if name != "relay.after_quarantine"])
async def test_a_relay_killed_at_any_point_loses_nothing(world: World, name: str) -> None:
    deals = [uuid4() for _ in range(3)]
    for version in range(1, 9):
        await world.commit(*(opened(deal, version) for deal in deals))
    passing = 3 if name in {"relay.after_read_page", "relay.after_send", "relay.after_advance"} else 1
    async with a_relay_process(world, name, passing) as doomed:
        assert await asyncio.wait_for(doomed.wait(), 40) == -signal.SIGKILL
    async with a_relay_process(world):
        messages = await world.receives(24)
    assert applied(messages) == {deal: list(range(1, 9)) for deal in deals}
    assert len(messages) <= 24 + 5, "more than one page was sent twice"


async def test_a_frozen_relay_that_wakes_up_after_another_took_over_moves_nothing(world: World) -> None:
    deal = uuid4()
    async with a_relay_process(world) as frozen:
        await says_leading(frozen)
        await world.commit(opened(deal, 1))
        await world.receives(1)
        frozen.send_signal(signal.SIGSTOP)
        for version in range(2, 11):
            await world.commit(opened(deal, version))
        async with a_relay_process(world) as second:
            await says_leading(second)
            assert applied(await world.receives(10)) == {deal: list(range(1, 11))}
            epoch = await world.value("SELECT epoch FROM outbox_cursor")
            frozen.send_signal(signal.SIGCONT)
            await world.commit(opened(deal, 11))
            assert applied(await world.receives(11)) == {deal: list(range(1, 12))}
            await asyncio.sleep(1)
            assert await world.value("SELECT epoch FROM outbox_cursor") == epoch
            assert applied(await world.received()) == {deal: list(range(1, 12))}
