"""SIGSTOP for longer than the relay's lease and the session in the consumer group, with a second process beside.

The second process takes everything over; the first wakes up in the belief that it still leads and still owns its
partitions. Requests that were under way in it are sent again to the other, with the same key.
"""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

from events.kafka.consumer import SESSION_TIMEOUT_SECONDS
from faults.stage import Stage

pytestmark = [pytest.mark.fault, pytest.mark.timeout(400)]

DOUBLED = ("leads", "deals", "analytics", "notifications")


async def test_who_wakes_up_after_another_took_over_changes_nothing(stage: Stage) -> None:
    async with AsyncExitStack() as beside:
        for name in DOUBLED:
            await beside.enter_async_context(stage.processes.beside(name))
        async with stage.load() as load:
            await load.until(20)
            began = time.monotonic()
            with stage.processes.frozen(*DOUBLED, "identity"):
                await load.until(40)
                await asyncio.sleep(began + SESSION_TIMEOUT_SECONDS + 5 - time.monotonic())
                await stage.observer.caught_up()
            await load.until(40)
        await stage.check()
