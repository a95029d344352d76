"""Injuries to the processes of a platform, each known by the platform's own note: killed, frozen, doubled.

Whatever is frozen is thawed when its block ends, whatever was started beside is ended.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from dealstream.local import probes
from dealstream.platform import plan_from_environment, service_environment
from dealstream.processes import ProcessRecord
from running_platform import WIDTH, RunningPlatform

BACK_SECONDS = 120.0


class Processes:
    """The processes of one platform."""

    def __init__(self, platform: RunningPlatform) -> None:
        self.platform = platform
        self._beside: dict[str, list[str]] = {}
        self._free_ports = list(range(platform.port_base + 23, platform.port_base + WIDTH))

    def addresses(self, service: str) -> list[str]:
        """Where a service answers: the platform's own process, and those started beside it."""
        return [self.platform.addresses[service], *self._beside.get(service, [])]

    def kill(self, *names: str) -> None:
        """``kill -9``, of all named at the same moment."""
        for record in [self.record(name) for name in names]:
            record.signal(signal.SIGKILL)

    async def killed_and_back(self, *names: str) -> None:
        """Killed, and started again by the supervisor; returns when they answer."""
        before = {name: self.record(name) for name in names}
        self.kill(*names)
        await self.back(before)

    async def back(self, before: dict[str, ProcessRecord]) -> None:
        """Each runs as another process than before, and answers."""
        async with asyncio.timeout(BACK_SECONDS):
            for name, record in before.items():
                while self.record(name) == record or not await self._answers(name):
                    await asyncio.sleep(0.1)

    @asynccontextmanager
    async def away(self, name: str) -> AsyncIterator[None]:
        """Killed each time that it comes back, while the block runs; then it is let come back."""
        killing = asyncio.create_task(self._kill_for_ever(name))
        try:
            yield
        finally:
            killing.cancel()
            await asyncio.wait([killing])
        async with asyncio.timeout(BACK_SECONDS):
            while not (self.record(name).lives() and await self._answers(name)):
                await asyncio.sleep(0.1)

    async def _kill_for_ever(self, name: str) -> None:
        while True:
            self.kill(name)
            await asyncio.sleep(0.05)

    @contextmanager
    def frozen(self, *names: str) -> Iterator[None]:
        """SIGSTOP while the block runs."""
        records = [self.record(name) for name in names]
        for record in records:
            record.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for record in records:
                record.signal(signal.SIGCONT)

    @asynccontextmanager
    async def beside(self, service: str, *roles: str) -> AsyncIterator[subprocess.Popen[bytes]]:
        """Another process of the service (or of one of its roles), ready; ended gently when the block ends."""
        port = self._free_ports.pop(0)
        address = f"http://127.0.0.1:{port}"
        process = self._start(service, roles, port)
        try:
            async with asyncio.timeout(BACK_SECONDS):
                while not await probes.http_answers(f"{address}/readyz"):
                    assert process.poll() is None, f"{service} beside ended with {process.returncode}"
                    await asyncio.sleep(0.1)
            if not roles:
                self._beside.setdefault(service, []).append(address)
            yield process
        finally:
            with suppress(ValueError):
                self._beside.get(service, []).remove(address)
            await asyncio.to_thread(ended, process)
            self._free_ports.append(port)

    def _start(self, service: str, roles: tuple[str, ...], port: int) -> subprocess.Popen[bytes]:
        plan = plan_from_environment(self.platform.home, self.platform.port_base)
        environment = {**service_environment(plan, service), "DEALSTREAM_PORT": str(port)}
        with (self.platform.home.logs / f"{service}-beside.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", service, *roles], env=environment, stdout=log, stderr=log, cwd=os.sep
            )

    def record(self, name: str) -> ProcessRecord:
        """The present process of a program."""
        return self.platform.home.running().programs[name]

    async def _answers(self, name: str) -> bool:
        if name == "kafka":
            return await probes.kafka_answers(self.platform.home.running().kafka)
        if name == "postgres":
            return await probes.postgres_answers(self.platform.home.running().database_url)
        return await probes.http_answers(f"{self.platform.addresses[name]}/readyz")


def ended(process: subprocess.Popen[bytes]) -> None:
    """Asked to end, and killed if it does not."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
