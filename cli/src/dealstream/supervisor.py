"""Runs programs: in order, each awaited until it is ready; again when one crashes; ended in the reverse order.

Output goes to one log file a program, directly, so that programs outlive an accident of the supervisor with their
output intact. Ending is bounded: who does not leave in its time is killed.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dealstream.errors import PlatformError
from dealstream.processes import ProcessRecord
from dealstream.program import Program

POLL_SECONDS = 0.1
STEADY_SECONDS = 60.0
FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
LINES_SHOWN = 15
KILL_SECONDS = 5.0


class ProgramFailed(PlatformError):
    """A program ended, or did not become ready, while the platform started."""

    def __init__(self, program: Program, what: str, log: Path) -> None:
        super().__init__(f"{program.name} {what}. The end of its log:\n{tail(log)}", f"The whole log: {log}")


@dataclass(frozen=True, slots=True)
class Setting:
    """What the programs of one supervisor share."""

    logs: Path
    say: Callable[[str, str], None]
    changed: Callable[[], None]
    first_delay_seconds: float


class Supervisor:
    def __init__(
        self,
        logs: Path,
        *,
        changed: Callable[[dict[str, ProcessRecord]], None] = lambda _: None,
        say: Callable[[str, str], None] = lambda _name, _text: None,
        first_delay_seconds: float = FIRST_DELAY_SECONDS,
    ) -> None:
        self._setting = Setting(logs, say, lambda: changed(self.records), first_delay_seconds)
        self._waves: list[list[Child]] = []

    async def start(self, *programs: Program) -> None:
        """One wave: started together; returns when all are ready, raises ``ProgramFailed`` when one cannot be."""
        self._setting.logs.mkdir(parents=True, exist_ok=True)
        wave = [Child(program, self._setting) for program in programs]
        self._waves.append(wave)
        try:
            async with asyncio.TaskGroup() as group:
                for child in wave:
                    group.create_task(child.start())
        except* PlatformError as failures:
            raise failures.exceptions[0] from None  # the others were only cancelled with it

    async def stop(self) -> None:
        """Ends the waves, the last one first, and awaits each."""
        while self._waves:
            await asyncio.gather(*(child.stop() for child in self._waves.pop()))

    @property
    def records(self) -> dict[str, ProcessRecord]:
        children = (child for wave in self._waves for child in wave)
        return {child.program.name: child.record for child in children if child.record}


class Child:
    """One program: its present process, and the task that starts it again."""

    def __init__(self, program: Program, setting: Setting) -> None:
        self.program = program
        self.record: ProcessRecord | None = None
        self._setting = setting
        self._log = setting.logs / f"{program.name}.log"
        self._keeper: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        began = time.monotonic()
        process = await self._spawn()
        while not await self.program.ready():
            if process.returncode is not None:
                raise ProgramFailed(self.program, f"ended with code {process.returncode}", self._log)
            if time.monotonic() - began > self.program.ready_seconds:
                raise ProgramFailed(self.program, f"was not ready in {self.program.ready_seconds:g} seconds", self._log)
            await asyncio.sleep(POLL_SECONDS)
        self._say(f"ready after {time.monotonic() - began:.1f} s")
        self._keeper = asyncio.create_task(self._keep(process))

    async def stop(self) -> None:
        if self._keeper:
            self._keeper.cancel()
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(self.program.stop_signal)
        if not await ends(process, self.program.stop_seconds):
            self._say("did not end in time and is killed")
        kill_group(process.pid)
        await ends(process, KILL_SECONDS)

    async def _keep(self, process: asyncio.subprocess.Process) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            code = await process.wait()
            kill_group(process.pid)
            failures = 1 if time.monotonic() - began > STEADY_SECONDS else failures + 1
            delay = min(LONGEST_DELAY_SECONDS, self._setting.first_delay_seconds * 2 ** (failures - 1))
            reason = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
            self._say(f"{reason}; it starts again in {delay:.1f} s")
            await asyncio.sleep(delay)
            process = await self._spawn()

    async def _spawn(self) -> asyncio.subprocess.Process:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.program.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self.program.start_arguments(),
            )
        self.record = ProcessRecord.of(self._process.pid)
        self._setting.changed()
        return self._process

    def _say(self, text: str) -> None:
        self._setting.say(self.program.name, text)


async def ends(process: asyncio.subprocess.Process, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await process.wait()
            return True
    return False


def kill_group(pid: int) -> None:
    """Whatever the program started and left behind; each program leads a session of its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def tail(log: Path) -> str:
    with contextlib.suppress(FileNotFoundError):
        lines = log.read_text("utf-8", errors="replace").splitlines()[-LINES_SHOWN:]
        return "\n".join(f"  {line}" for line in lines)
    return ""
