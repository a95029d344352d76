"""Processes by number and start time: a number alone may belong to a stranger after a reboot or a long while."""

import os
import signal
import time
from dataclasses import dataclass
from typing import Self

import psutil

CLOCK_TOLERANCE_SECONDS = 2.0
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Self:
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return cls(pid, 0.0)

    @classmethod
    def own(cls) -> Self:
        return cls.of(os.getpid())

    def lives(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) <= CLOCK_TOLERANCE_SECONDS
            return bool(same and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False

    def signal(self, number: signal.Signals) -> None:
        if self.lives():
            psutil.Process(self.pid).send_signal(number)

    def memory_bytes(self, *, descendants: bool) -> int:
        """Pages that processes share are counted once where the system tells."""
        try:
            process = psutil.Process(self.pid)
            family = [process, *(process.children(recursive=True) if descendants else ())]
        except psutil.NoSuchProcess:
            return 0
        return sum(proportional_memory(member) for member in family)


def proportional_memory(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.uss))
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def wait_until_gone(records: list[ProcessRecord], seconds: float) -> list[ProcessRecord]:
    """Those that still live when the time is over."""
    give_up = time.monotonic() + seconds
    while (alive := [record for record in records if record.lives()]) and time.monotonic() < give_up:
        time.sleep(POLL_SECONDS)
    return alive


def end(records: list[ProcessRecord], *, gently: signal.Signals = signal.SIGTERM, seconds: float = 10) -> None:
    """Asks them to end, and ends those that do not."""
    for record in records:
        record.signal(gently)
    for record in wait_until_gone(records, seconds):
        record.signal(signal.SIGKILL)
    wait_until_gone(records, seconds)
