"""Servers for one run of benchmarks, and the processes measured on them.

The stage starts a PostgreSQL and a Kafka of its own in a folder that it deletes at the end, or uses those that
DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS name. What belongs to a measure (databases, topics) has names of its own.
"""

import asyncio
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from dealstream import checkout, platform
from dealstream.errors import PlatformError, Unprepared
from dealstream.home import SERVICES, Home
from dealstream.local import postgres, probes
from dealstream.platform import Plan
from dealstream.program import Program
from dealstream.supervisor import Supervisor, tail
from events.kafka import KafkaAdmin, KafkaSettings
from events.topics import TOPICS

STATEMENTS = {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track_planning": "on"}
"""Time inside the database is read from there."""

END_SECONDS = 20
READY_SECONDS = 60


class Stage:
    """Where benchmarks run."""

    def __init__(self, plan: Plan, servers: Supervisor, say: platform.Say) -> None:
        self.plan = plan
        self._servers = servers
        self._say = say
        self._logs: dict[int, Path] = {}

    @property
    def postgres_pid(self) -> int | None:
        """None when the server is not ours."""
        record = self._servers.records.get("postgres")
        return record.pid if record else None

    @property
    def prefix(self) -> str:
        """Of the platform's topics."""
        return os.environ["DEALSTREAM_TOPIC_PREFIX"]

    def kafka(self, prefix: str) -> KafkaSettings:
        return KafkaSettings(bootstrap_servers=self.plan.bootstrap, topic_prefix=prefix)

    async def topics(self, prefix: str) -> KafkaSettings:
        """All topics of an installation under a prefix of its own."""
        settings = self.kafka(prefix)
        async with KafkaAdmin(settings) as admin:
            await admin.ensure_topics(TOPICS)
        return settings

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """A fresh database; dropped at the end."""
        name = f"bench_{secrets.token_hex(4)}"
        administrator = await asyncpg.connect(self.plan.maintenance_url)
        try:
            await administrator.execute(f"CREATE DATABASE {name}")
            yield self.plan.maintenance_url.rpartition("/")[0] + "/" + name
        finally:
            await administrator.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            await administrator.close()

    @asynccontextmanager
    async def platform(self) -> AsyncIterator[Plan]:
        """All services, founded, on the servers of the stage."""
        await platform.create_databases(self.plan)
        services = Supervisor(self.plan.home.logs, say=self._say)
        try:
            programs = [platform.service(self.plan, name) for name in SERVICES]
            await services.start(platform.mail_catcher(self.plan), *programs)
            await platform.found(self.plan)
            await platform.until_the_key_is_known(self.plan)
            yield self.plan
        finally:
            await services.stop()

    @asynccontextmanager
    async def api(self, name: str) -> AsyncIterator["Server"]:
        """A service of the founded platform that answers requests and does nothing else."""
        environment = platform.service_environment(self.plan, name)
        async with self.process("-m", name, "api", environment=environment, name=f"{name}-api") as process:
            server = Server(f"http://127.0.0.1:{self.plan.port(name)}", process)
            await self.until(server.is_ready, process)
            yield server

    def environment(self, url: str, prefix: str, **more: str) -> dict[str, str]:
        """For a service of its own, beside a platform or without one."""
        own = platform.service_environment(self.plan, "analytics")
        own |= {"DATABASE_URL": url, "DEALSTREAM_TOPIC_PREFIX": prefix, "DEALSTREAM_LOG_LEVEL": "warning"}
        return {**own, **more}

    @asynccontextmanager
    async def process(
        self, *arguments: str, environment: Mapping[str, str] | None = None, name: str = "bench"
    ) -> AsyncIterator[psutil.Process]:
        """A Python process that runs for as long as the block; it is told to end, and killed if it does not."""
        path = self.plan.home.logs / f"{name}.log"
        with path.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, *arguments), env=environment, stdout=log, stderr=log
            )
        self._logs[process.pid] = path
        try:
            yield psutil.Process(process.pid)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                try:
                    await asyncio.wait_for(process.wait(), END_SECONDS)
                except TimeoutError:
                    process.kill()
                    await process.wait()

    def script_path(self, name: str) -> str:
        return str(checkout.root() / "tests" / "bench" / name)

    async def script(self, name: str, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
        """Run a script of ``tests/bench`` to its end; answers the last line that it printed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, self.script_path(name), *arguments),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            output, errors = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            raise
        if process.returncode:
            raise PlatformError(f"{name} failed: {errors.decode(errors='replace')[-3000:]}")
        return output.decode().strip().rpartition("\n")[2]

    async def until(self, ready: Callable[[], Awaitable[bool]], process: psutil.Process) -> None:
        """Wait for a process to be ready."""
        give_up = time.monotonic() + READY_SECONDS
        while not await ready():
            self.require_running(process, give_up)
            await asyncio.sleep(0.1)

    def require_running(self, process: psutil.Process, give_up: float) -> None:
        """Raise when it has ended or does not come to the point, with what it last said."""
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < give_up:
            return
        raise PlatformError(f"A process of the benchmark failed:\n{tail(self._logs[process.pid])}")

    async def migrated(self, service: str, environment: Mapping[str, str]) -> None:
        """The tables of a service, made by the service itself."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", service, "migrate"), env=environment, stdout=asyncio.subprocess.DEVNULL
        )
        if await process.wait():
            raise PlatformError(f"{service} could not make its tables.")


@asynccontextmanager
async def stage(port_base: int, say: platform.Say) -> AsyncIterator[Stage]:
    """Start the servers; end and forget them."""
    checkout.root()
    home = Home(Path(tempfile.mkdtemp(prefix="dealstream-bench-")))
    home.path.chmod(0o755)  # PostgreSQL may run under another account
    os.environ.setdefault("DEALSTREAM_TOPIC_PREFIX", f"bench-{secrets.token_hex(3)}.")
    plan = platform.plan_from_environment(home, port_base)
    platform.check_ports(plan)
    supervisor = Supervisor(home.logs, say=say)
    try:
        await supervisor.start(*await asyncio.to_thread(_servers, plan, say))
        await platform.require_servers(plan)
        await _require_no_platform(plan)
        yield Stage(plan, supervisor, say)
    finally:
        await supervisor.stop()
        await asyncio.to_thread(_forget, home)


def _servers(plan: Plan, say: platform.Say) -> list[Program]:
    """As a platform has them, but the mail catcher; PostgreSQL also counts what statements take."""
    programs = [program for program in platform.servers(plan, say) if program.name == "kafka"]
    if not plan.database_url:
        programs.append(postgres.program(plan.home.postgres, plan.port("postgres"), settings=STATEMENTS))
    return programs


async def _require_no_platform(plan: Plan) -> None:
    connection = await asyncpg.connect(plan.maintenance_url, timeout=10)
    try:
        if await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname LIKE 'dealstream\\_%'"):
            raise Unprepared(
                "The PostgreSQL server given holds a platform's databases, which a benchmark would fill.",
                "Unset DATABASE_URL, or name a server without a platform.",
            )
    finally:
        await connection.close()


def _forget(home: Home) -> None:
    postgres.forget(home.postgres)
    shutil.rmtree(home.path, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Server:
    """A process that answers HTTP."""

    address: str
    process: psutil.Process

    async def is_ready(self) -> bool:
        return await probes.http_answers(f"{self.address}/readyz")


def cpu_seconds(*pids: int | None) -> float:
    """CPU seconds of these processes and all that they ever started and saw end."""
    total = 0.0
    for pid in pids:
        if pid is None:
            continue
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            try:
                times = each.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system + (times.children_user + times.children_system if each == process else 0)
    return total


def peak_megabytes(process: psutil.Process) -> float:
    """The most memory it ever had resident; where the system does not tell, what it has now."""
    try:
        for line in Path(f"/proc/{process.pid}/status").read_text("ascii").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return float(process.memory_info().rss) / 2**20


async def fetched(url: str, statement: str, *values: Any) -> Any:
    """One value from a database."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement, *values)
    finally:
        await connection.close()
