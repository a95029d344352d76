"""A supervisor starts in order, awaits readiness, restarts what crashes, ends in the reverse order and in time."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from dealstream.processes import ProcessRecord
from dealstream.program import Program
from dealstream.supervisor import ProgramFailed, Supervisor

WRITES_AND_WAITS = """
import pathlib, signal, sys, time
folder, name, stubborn = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "stubborn"
def note(what):
    with (folder / "story").open("a") as story:
        story.write(f"{name} {what}\\n")
def leave(*_):
    note("ends")
    if not stubborn:
        sys.exit(0)
signal.signal(signal.SIGTERM, leave)
note("starts")
(folder / name).touch()
while True:
    time.sleep(0.05)
"""


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


class World:
    """Programs that tell their story in one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.supervisor = Supervisor(
            folder / "logs", say=lambda name, text: self.said.append(f"{name} {text}"), first_delay_seconds=0.05
        )

    def program(self, name: str, *, manner: str = "polite", stop_seconds: float = 5) -> Program:
        async def ready() -> bool:
            return (self.folder / name).exists()

        command = (sys.executable, "-c", WRITES_AND_WAITS, str(self.folder), name, manner)
        return Program(name=name, command=command, ready=ready, stop_seconds=stop_seconds)

    @property
    def story(self) -> list[str]:
        return (self.folder / "story").read_text().splitlines()

    async def until(self, condition) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.02)


async def test_a_wave_starts_when_the_one_before_is_ready_and_ends_before_it(world):
    await world.supervisor.start(world.program("database"))
    await world.supervisor.start(world.program("service"))
    await world.supervisor.stop()
    assert world.story == ["database starts", "service starts", "service ends", "database ends"]


async def test_a_crashed_program_starts_again_as_a_new_process(world):
    await world.supervisor.start(world.program("service"))
    first = world.supervisor.records["service"]
    os.kill(first.pid, signal.SIGKILL)
    await world.until(lambda: world.story.count("service starts") == 2)
    assert world.supervisor.records["service"].pid != first.pid
    assert any("ended by SIGKILL" in text for text in world.said)
    await world.supervisor.stop()


async def test_a_program_that_ends_while_starting_is_told_with_the_end_of_its_log(world):
    async def never() -> bool:
        return False

    broken = Program(name="broken", command=(sys.executable, "-c", "print('no disk'); exit(7)"), ready=never)
    with pytest.raises(ProgramFailed, match=r"broken ended with code 7(.|\n)*no disk"):
        await world.supervisor.start(world.program("service"), broken)
    await world.supervisor.stop()


async def test_a_program_that_is_not_ready_in_time_is_told_so(world):
    async def never() -> bool:
        return False

    slow = Program(name="slow", command=("sleep", "60"), ready=never, ready_seconds=0.2)
    with pytest.raises(ProgramFailed, match=r"slow was not ready in 0\.2 seconds"):
        await world.supervisor.start(slow)
    await world.supervisor.stop()


async def test_a_program_that_does_not_leave_is_killed(world):
    await world.supervisor.start(world.program("service", manner="stubborn", stop_seconds=0.2))
    record = world.supervisor.records["service"]
    await world.supervisor.stop()
    assert not record.lives()
    assert "service did not end in time and is killed" in world.said


async def test_a_program_stopped_by_a_signal_while_it_waits_to_start_again_stays_away(world):
    await world.supervisor.start(world.program("service"))
    os.kill(world.supervisor.records["service"].pid, signal.SIGKILL)
    await world.until(lambda: any("starts again" in text for text in world.said))
    await world.supervisor.stop()
    started = world.story.count("service starts")
    await asyncio.sleep(0.3)
    assert world.story.count("service starts") == started


async def test_output_is_kept_in_a_log_for_each_program(world):
    async def told() -> bool:
        return "hello" in (world.folder / "logs" / "talker.log").read_text()

    talker = Program(
        name="talker", command=(sys.executable, "-uc", "import time; print('hello'); time.sleep(60)"), ready=told
    )
    await world.supervisor.start(talker)
    await world.supervisor.stop()


def test_a_process_is_known_by_its_start_time_too():
    own = ProcessRecord.own()
    assert own.lives()
    assert not ProcessRecord(own.pid, own.started - 60).lives()
