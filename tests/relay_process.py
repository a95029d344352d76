"""A relay in a process of its own, to be killed or frozen: ``python relay_process.py '{"url": .., "kafka": .., ..}'``.

It says ``leading`` on its output once it leads. ``die_at`` names the crash point at which it kills itself, at its
``die_after``-th passing.
"""

import asyncio
import json
import os
import signal
import sys
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import asyncpg

from events.crash_points import installed
from events.kafka import KafkaSettings
from events.relay import Relay, RelayOptions


async def main(wanted: dict[str, Any]) -> None:
    pool = await asyncpg.create_pool(wanted["url"], min_size=1, max_size=5)
    kafka = KafkaSettings(bootstrap_servers=wanted["kafka"], topic_prefix=wanted["prefix"], partitions=3)
    options = RelayOptions(lease=timedelta(seconds=wanted["lease_seconds"]), page_size=wanted["page_size"])
    relay, stop = Relay(pool, kafka, "/dealstream/deals", options), asyncio.Event()
    with installed(death(wanted["die_at"], wanted["die_after"])) if wanted["die_at"] else nullcontext():
        running = asyncio.create_task(relay.run(stop))
        while not relay.leading:
            await asyncio.sleep(0.02)
        sys.stdout.write("leading\n")
        sys.stdout.flush()
        await running


def death(name: str, passing: int) -> Any:
    passed = 0

    def pass_through(point: str) -> None:
        nonlocal passed
        passed += point == name
        if passed == passing:
            os.kill(os.getpid(), signal.SIGKILL)

    return pass_through


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
