"""Runs the loops of a process side by side: when one ends that should not, all end, and the process says so.

A crashed relay or consumer is not restarted in place, where it may have left anything behind; the process exits with 1
after a bounded cleanup and whoever supervises it starts a fresh one.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import structlog

log = structlog.get_logger(__name__)


@dataclass
class Supervisor:
    """The loops of one process."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    """Asks every loop to end."""
    failed: bool = False
    _tasks: dict[str, "asyncio.Task[Any]"] = field(default_factory=dict)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self, name: str, loop: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(loop, name=name)
        task.add_done_callback(self._on_end)
        self._tasks[name] = task

    async def complaint(self, name: str) -> str | None:
        """For readiness: whether a loop still runs."""
        task = self._tasks.get(name)
        return None if task is not None and not task.done() else "it has ended"

    async def until_one_fails(self) -> None:
        await self._ended.wait()

    async def end(self, seconds: float) -> None:
        """Let the loops finish what they are at, then cut those that do not."""
        self.stop.set()
        running = [task for task in self._tasks.values() if not task.done()]
        if running:
            _, late = await asyncio.wait(running, timeout=seconds)
            for task in late:
                self.failed = True
                log.error("a loop did not end in time", loop=task.get_name(), seconds=seconds)
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=5)
        for task in self._tasks.values():
            with contextlib.suppress(asyncio.CancelledError, Exception):
                task.exception()

    def _on_end(self, task: "asyncio.Task[Any]") -> None:
        if self.stop.is_set() and (task.cancelled() or task.exception() is None):
            return
        self.failed = True
        error = None if task.cancelled() else task.exception()
        log.error("a loop ended", loop=task.get_name(), exc_info=error)
        self._ended.set()
