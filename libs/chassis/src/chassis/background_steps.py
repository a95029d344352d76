"""A loop that takes one short step after the other in the background, each a transaction of its own.

What is under way is in the database: a process that dies leaves a step undone and nothing half done, and whoever runs
next goes on. A step that fails for a reason that passes is tried again at the next beat.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from chassis.database import FAILURES
from chassis.refusals import Refusal
from chassis.resources import Resources
from chassis.ticking import pause

Background = Callable[[Resources, asyncio.Event], Awaitable[None]]
Step = Callable[[Resources], Awaitable[bool]]
"""Does some of the work; answers whether there may be more."""

_log = structlog.get_logger(__name__)


def step_by_step(
    name: str, step: Step, *, beat_seconds: float
) -> Callable[[Resources, asyncio.Event], Awaitable[None]]:
    """The loop, for ``Service.background``."""

    async def run(resources: Resources, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                more = await step(resources)
            except (*FAILURES, Refusal) as failure:
                _log.warning("a step in the background failed, will be tried again", work=name, reason=str(failure))
                more = False
            if not more:
                await pause(stop, beat_seconds)

    run.__name__ = name
    return run
