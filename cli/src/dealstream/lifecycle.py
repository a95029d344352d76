"""From nothing to a running platform and back: in the foreground, detached, and ended from elsewhere."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

from dealstream import platform, processes
from dealstream.errors import PlatformError
from dealstream.home import Home, State
from dealstream.platform import Plan, Say
from dealstream.processes import ProcessRecord
from dealstream.supervisor import Supervisor, tail

START_SECONDS = 300.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.1


async def run(plan: Plan, say: Say, when_ready: Callable[[State], None]) -> None:
    """Runs the platform in this process until Ctrl-C or SIGTERM; raises what keeps it from starting."""
    stop = stop_on_signals()
    with plan.home.lock():
        end_leftovers(plan.home, say)
        rotate_logs(plan.home)
        note = State(
            phase="starting",
            port_base=plan.port_base,
            supervisor=ProcessRecord.own(),
            database_url=plan.maintenance_url,
            kafka=plan.bootstrap,
            kafka_settings={name: text for name, text in plan.kafka_settings.items() if name != "KAFKA_SASL_PASSWORD"},
        )
        plan.home.write_state(note)
        await supervise(plan, say, when_ready, stop)


async def supervise(plan: Plan, say: Say, when_ready: Callable[[State], None], stop: asyncio.Event) -> None:
    supervisor = Supervisor(
        plan.home.logs, changed=lambda records: plan.home.change_state(programs=dict(records)), say=say
    )
    try:
        await unless(stop, start(plan, supervisor, say, when_ready))
        await stop.wait()
        plan.home.change_state(phase="stopping")
    except PlatformError as error:
        failure = {"phase": "failed", "detail": str(error), "hint": error.hint, "exit_code": error.exit_code}
        await supervisor.stop()
        plan.home.change_state(programs={}, **failure)
        raise
    finally:
        await supervisor.stop()
    plan.home.forget_state()


async def start(plan: Plan, supervisor: Supervisor, say: Say, when_ready: Callable[[State], None]) -> None:
    platform.check_ports(plan)
    await platform.start(plan, supervisor, say)
    plan.home.change_state(phase="ready")
    when_ready(plan.home.running())


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Awaits the work, or drops it when asked to stop."""
    task, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not task.done():
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def start_detached(plan: Plan, say: Say) -> State:
    """Starts a supervisor of its own session and returns when the platform is ready; raises why it is not."""
    plan.home.logs.mkdir(parents=True, exist_ok=True)
    words = ["--home", str(plan.home.path), "--port-base", str(plan.port_base)]
    words += [word for name in plan.also for word in ("--also", name)]
    words += ["--firm", plan.firm.name, plan.firm.zone, plan.firm.currency]
    with (plan.home.logs / "platform.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dealstream.supervise", *words],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return await_ready(plan.home, process, say)


def await_ready(home: Home, process: subprocess.Popen[bytes], say: Say) -> State:
    told: set[str] = set()
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        ended = process.poll() is not None
        state = home.state()
        if state and state.supervisor.pid == process.pid:  # else it is the note of an earlier run
            for name in [name for name in state.programs if name not in told]:
                told.add(name)
                say(name, "starting")
            if state.phase == "ready" and not ended:
                return state
            if ended and state.phase == "failed":
                raise failure(state)
        if ended:
            log = home.logs / "platform.log"
            raise PlatformError(f"The platform ended while it started:\n{tail(log)}", f"See {log}.")
        time.sleep(POLL_SECONDS)
    raise PlatformError(f"The platform was not ready in {START_SECONDS:.0f} seconds.", f"See the logs in {home.logs}.")


def failure(state: State) -> PlatformError:
    error = PlatformError(state.detail, state.hint)
    error.exit_code = state.exit_code
    return error


def stop(home: Home, say: Say) -> bool:
    """Ends the platform of this home, and exactly that; false when nothing ran."""
    state = home.state()
    if state is None:
        return False
    ran = state.supervisor.lives()
    state.supervisor.signal(signal.SIGTERM)
    if processes.wait_until_gone([state.supervisor], STOP_SECONDS):
        say("platform", "did not end in time and is killed")
        processes.end([state.supervisor], seconds=1)
    ran |= end_leftovers(home, say)
    home.forget_state()
    return ran


def end_leftovers(home: Home, say: Say) -> bool:
    """Programs that outlived their supervisor, for instance because it was killed."""
    state = home.state()
    alive = {name: record for name, record in state.programs.items() if record.lives()} if state else {}
    if not alive:
        return False
    say("platform", f"ending what an earlier run left behind: {', '.join(alive)}")
    servers = [alive.pop(name) for name in ("postgres", "kafka") if name in alive]
    processes.end(list(alive.values()))
    processes.end(servers, gently=signal.SIGINT)
    return True


def rotate_logs(home: Home) -> None:
    """The last run's logs stay beside the present one's."""
    for log in home.logs.glob("*.log"):
        if log.name != "platform.log":
            log.replace(log.with_suffix(".log.1"))


def stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
