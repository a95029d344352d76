"""Whose platform runs, what a crash leaves behind, and what is told when a start cannot be."""

import signal
import socket
import subprocess
import sys
import time

import pytest

from dealstream import lifecycle, platform
from dealstream.errors import NotRunning, PlatformError, Unprepared
from dealstream.home import Home, State
from dealstream.processes import ProcessRecord

HOLDS_THE_LOCK = """
import sys, time
from pathlib import Path
from dealstream.home import Home
with Home(Path(sys.argv[1])).lock():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture
def said():
    return []


def state(**changes) -> State:
    return State(**{"phase": "ready", "port_base": 8700, "supervisor": ProcessRecord(999_999_999, 1.0)} | changes)


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "60"])


def test_a_home_without_a_note_runs_nothing(home):
    with pytest.raises(NotRunning, match="No platform runs in"):
        home.running()


def test_a_note_whose_writer_is_gone_runs_nothing(home):
    with home.lock():
        home.write_state(state())
    with pytest.raises(NotRunning):
        home.running()


def test_only_one_platform_runs_in_a_home(home):
    holder = subprocess.Popen([sys.executable, "-c", HOLDS_THE_LOCK, str(home.path)], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert home.is_locked()
        with pytest.raises(PlatformError, match=r"runs in .* already"), home.lock():
            pass
    finally:
        holder.kill()
        holder.communicate()
    assert not home.is_locked()


def test_the_note_is_read_as_it_was_written(home):
    written = state(programs={"kafka": ProcessRecord(12, 3.5)}, kafka="127.0.0.1:9")
    with home.lock():
        home.write_state(written)
        assert home.state() == written
        assert home.running().address("deals") == "http://127.0.0.1:8703"


def test_a_damaged_note_is_told_with_what_to_do(home):
    home.path.mkdir()
    (home.path / "state.json").write_text("{")
    with pytest.raises(PlatformError, match="cannot be read") as raised:
        home.state()
    assert "Delete it" in raised.value.hint


def test_secrets_are_made_once_and_for_their_owner_alone(home):
    file = home.secret_file("cursor_secret")
    text = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert home.secret_file("cursor_secret").read_text() == text
    assert len(text) >= 24


def test_what_outlived_its_supervisor_is_ended_and_nothing_else(home, said):
    left, stranger = sleeper(), sleeper()
    records = {
        "deals": ProcessRecord.of(left.pid),
        "leads": ProcessRecord(stranger.pid, 1.0),  # the number was given to somebody else since
    }
    with home.lock():
        home.write_state(state(programs=records))
    try:
        assert lifecycle.stop(home, lambda name, text: said.append(text))
        assert left.wait(5) == -signal.SIGTERM
        assert stranger.poll() is None
    finally:
        for process in (left, stranger):
            process.kill()
            process.wait()
    assert home.state() is None


def test_ending_what_does_not_run_says_so(home, said):
    assert not lifecycle.stop(home, lambda name, text: said.append(text))


def test_taken_ports_are_named_with_a_way_out(home):
    plan = platform.Plan(home=home, port_base=free_base(), kafka_settings={})
    with socket.create_server(("127.0.0.1", plan.port("deals"))), pytest.raises(Unprepared) as raised:
        platform.check_ports(plan)
    assert f"{plan.port('deals')} (deals)" in str(raised.value)
    assert f"--port-base {plan.port_base + 100}" in raised.value.hint


def test_ports_of_servers_that_run_elsewhere_are_not_needed(home):
    plan = platform.Plan(
        home=home, port_base=9000, kafka_settings={}, database_url="postgresql://x@y/z", kafka="broker:9092"
    )
    assert not {"postgres", "kafka", "kafka-controller"} & plan.ports.keys()
    assert plan.database("deals") == "postgresql://x@y/dealstream_deals"


def test_a_service_hears_only_variables_meant_for_it(home, monkeypatch):
    monkeypatch.setenv("DEALSTREAM_PYTHON", "python3")
    monkeypatch.setenv("DEALSTREAM_LOG_LEVEL", "debug")
    monkeypatch.setenv("KAFKA_SASL_USERNAME", "left over")
    plan = platform.Plan(home=home, port_base=9000, kafka_settings={})
    told = platform.service_environment(plan, "deals")
    assert told["DEALSTREAM_LOG_LEVEL"] == "debug"
    assert told["DATABASE_URL"].endswith(":9010/dealstream_deals")
    assert "DEALSTREAM_PYTHON" not in told
    assert "KAFKA_SASL_USERNAME" not in told
    assert "DEALSTREAM_SMTP_HOST" not in told


async def test_a_database_server_that_does_not_answer_is_told(home):
    plan = platform.Plan(
        home=home, port_base=9000, kafka_settings={}, database_url=f"postgresql://x@127.0.0.1:{free_base()}/x"
    )
    with pytest.raises(Unprepared, match="PostgreSQL does not answer") as raised:
        await platform.create_databases(plan)
    assert "DATABASE_URL" in raised.value.hint


async def test_a_user_that_may_not_create_databases_is_told_which_are_needed(home, postgres_url, new_database):
    import asyncpg

    name = (await new_database()).rsplit("/", 1)[1].replace("test_", "user_")
    admin = await asyncpg.connect(postgres_url)
    await admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x'")
    present = [row[0] for row in await admin.fetch("SELECT datname FROM pg_database")]
    try:
        if "dealstream_identity" in present:
            pytest.fail("the tests' server holds a platform's databases; use one of its own")
        url = postgres_url.replace("postgres@", f"{name}:x@").replace("postgres:test@", f"{name}:x@")
        plan = platform.Plan(home=home, port_base=9000, kafka_settings={}, database_url=url)
        with pytest.raises(Unprepared, match="may not create databases") as raised:
            await platform.create_databases(plan)
        assert "CREATE DATABASE dealstream_deals" in raised.value.hint
    finally:
        await admin.execute(f"DROP ROLE {name}")
        await admin.close()


def test_a_detached_start_that_fails_tells_why(home, said):
    base = free_base()
    with socket.create_server(("127.0.0.1", base + 3)), pytest.raises(PlatformError) as raised:
        lifecycle.start_detached(
            platform.Plan(home=home, port_base=base, kafka_settings={}), lambda name, text: said.append(text)
        )
    assert f"{base + 3} (deals)" in str(raised.value)
    assert raised.value.exit_code == Unprepared.exit_code


def free_base() -> int:
    """A base whose ports are free as far as one can know."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1]) // 100 * 100 % 20_000 + 20_000 + int(time.monotonic()) % 50
