"""Shows what is written to a folder of logs, each line with the name of its program."""

import asyncio
import contextlib
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

POLL_SECONDS = 0.25


class Follower:
    """Between entering and leaving, new lines of ``*.log`` go to stderr."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._positions: dict[Path, int] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self.show_new_lines()

    async def _follow(self) -> None:
        while True:
            self.show_new_lines()
            await asyncio.sleep(POLL_SECONDS)

    def show_new_lines(self) -> None:
        for log in sorted(self._folder.glob("*.log")):
            for line in self._new_lines(log):
                sys.stderr.write(f"{log.stem:>14} | {line}\n")

    def _new_lines(self, log: Path) -> list[str]:
        with contextlib.suppress(FileNotFoundError), log.open("rb") as file:
            size = file.seek(0, 2)
            begin = self._positions.get(log, 0)
            file.seek(begin if begin <= size else 0)  # a shorter file is a new one
            content = file.read()
            whole = content[: content.rfind(b"\n") + 1]
            self._positions[log] = file.tell() - len(content) + len(whole)
            return whole.decode("utf-8", errors="replace").splitlines()
        return []
