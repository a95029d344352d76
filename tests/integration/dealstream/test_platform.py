"""The platform as a user runs it: started detached with its own servers, asked, hurt, ended."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dealstream.home import SERVICES, Home

KPI_FIELDS = {"kpi", "version", "unit", "as_of", "freshness_seconds", "rows"}
ROW_FIELDS = {"dimensions", "value", "numerator", "denominator", "count"}
OURS = ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS")

pytestmark = pytest.mark.timeout(300)


class Platform:
    """One platform in a home of its own."""

    def __init__(self, folder: Path, port_base: int) -> None:
        self.home = Home(folder / "home")
        self.port_base = port_base

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dealstream", *words, "--home", str(self.home.path)],
            env={name: value for name, value in os.environ.items() if name not in OURS},
            capture_output=True,
            text=True,
            check=False,
        )

    def up(self) -> subprocess.CompletedProcess[str]:
        return self.run("up", "--detach", "--json", "--port-base", str(self.port_base))

    def document(self, *words: str):
        done = self.run(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def pid(self, program: str) -> int:
        return self.home.running().programs[program].pid


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    started = Platform(tmp_path_factory.mktemp("platform"), 21_000 + os.getpid() % 300 * 30)
    try:
        done = started.up()
        assert done.returncode == 0, done.stderr
        yield started
    finally:
        started.run("down", "--delete-data")


def tenant_founded(platform):
    done = platform.run("events", "tail", "--from-beginning", "--until-now", "--type", "tenant.founded", "--json")
    (event,) = [json.loads(line) for line in done.stdout.splitlines()]
    return event


def until(condition, seconds: float = 60) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.2)


def test_everything_runs_and_is_ready(platform):
    found = platform.document("status")
    assert found["phase"] == "ready"
    assert {program["name"] for program in found["programs"]} == {*SERVICES, "mail", "postgres", "kafka", "supervisor"}
    assert all(program["ready"] for program in found["programs"])
    assert found["memory_mib"] < 2048


def test_a_second_up_says_that_it_runs(platform):
    before = platform.pid("kafka")
    done = platform.up()
    assert done.returncode == 0
    assert "runs already" in done.stderr
    assert json.loads(done.stdout)["services"]["deals"] == f"http://127.0.0.1:{platform.port_base + 3}"
    assert platform.pid("kafka") == before


def test_a_kpi_is_answered_in_the_promised_shape(platform):
    answer = platform.document("kpi", "get", "win-rate")
    assert answer.keys() >= KPI_FIELDS
    (row,) = answer["rows"]
    assert row.keys() >= ROW_FIELDS
    assert (row["value"], row["numerator"], row["denominator"]) == (None, 0, 0)


def test_all_kpis_are_listed(platform):
    slugs = {kpi["slug"] for kpi in platform.document("kpi", "list")["kpis"]}
    assert {"win-rate", "revenue-won", "open-pipeline"} <= slugs


def test_what_the_api_refuses_has_its_own_exit_code_and_a_reason(platform):
    done = platform.run("kpi", "get", "win-rate", "--by", "shoe-size", "--json")
    assert (done.returncode, done.stdout) == (4, "")
    assert "shoe-size" in done.stderr


def test_events_come_out_of_kafka_one_object_a_line(platform):
    event = tenant_founded(platform)
    assert event["type"] == "dealstream.tenant.founded.v1"
    assert event["data"]["tenant"]["slug"] == "default"
    assert platform.document("events", "show", event["id"]) == event


def test_a_killed_service_comes_back(platform):
    before = platform.pid("deals")
    os.kill(before, signal.SIGKILL)
    until(lambda: platform.pid("deals") != before)
    until(lambda: platform.run("doctor").returncode == 0)


def test_down_ends_all_of_it_and_up_finds_its_data_again(platform):
    founded = tenant_founded(platform)
    records = [*platform.home.running().programs.values(), platform.home.running().supervisor]
    assert platform.document("down")["ended"] is True
    assert not [record for record in records if record.lives()]
    assert platform.run("status").returncode == 3
    assert platform.up().returncode == 0
    assert tenant_founded(platform) == founded


def test_what_a_killed_supervisor_left_behind_is_ended_by_the_next_start(platform):
    state = platform.home.running()
    os.kill(state.supervisor.pid, signal.SIGKILL)
    until(lambda: not platform.home.is_locked())
    assert platform.run("status").returncode == 3
    assert state.programs["kafka"].lives()
    done = platform.up()
    assert done.returncode == 0, done.stderr
    assert not [name for name, record in state.programs.items() if record.lives()]
