"""A loop that takes one short step after the other in the background, each a transaction of its own.

What is under way is in the database: a process that dies leaves a step undone and nothing half done, and whoever runs
next goes on. A step that fails for a reason that passes is tried again at the next beat; where each firm has its own
steps, one firm's failure holds up no other.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import structlog

from chassis.database import FAILURES, acquired
from chassis.refusals import Refusal
from chassis.resources import Resources
from chassis.ticking import pause

Background = Callable[[Resources, asyncio.Event], Awaitable[None]]
Step = Callable[[Resources], Awaitable[bool]]
"""Does some of the work; answers whether there may be more."""

Each = TypeVar("Each")

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


async def one_by_one(
    resources: Resources,
    name: str,
    find: Callable[[Any], Awaitable[Sequence[Each]]],
    step: Callable[[Each], Awaitable[int]],
) -> int:
    """Take the step for each of what ``find`` finds on a connection, mostly tenants; answers what the steps did in all.

    Where one fails, the others are taken all the same.
    """
    done = 0
    for each in await _found(resources, name, find):
        try:
            done += await step(each)
        except (*FAILURES, Refusal) as failure:
            _log.warning(
                "a step in the background failed, will be tried again", work=name, of=str(each), reason=str(failure)
            )
    return done


async def _found(resources: Resources, name: str, find: Callable[[Any], Awaitable[Sequence[Each]]]) -> Sequence[Each]:
    try:
        async with acquired(resources.pool) as connection:
            return await find(connection)
    except (*FAILURES, Refusal) as failure:
        _log.warning(
            "nothing could be looked for in the background, will be tried again", work=name, reason=str(failure)
        )
        return ()
