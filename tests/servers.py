"""Starts the servers that tests talk to: containers where a Docker engine answers, else the embedded ones.

All are context managers which end what they started.
"""

import asyncio
import gc
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dealstream.local import jars, probes
from dealstream.local import kafka as local_kafka
from dealstream.local import postgres as local_postgres
from dealstream.program import Program

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

# Long transactions and prepared ones are among the situations tested; durability against power loss is not.
POSTGRES_SETTINGS = {
    "fsync": "off",
    "max_connections": "400",
    "max_prepared_transactions": "20",
    "wal_level": "logical",
}
READY_SECONDS = 180
POSTGRES_IMAGE = "postgres:18"
KAFKA_IMAGE = "apache/kafka:4.2.1"


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a superuser's connection to the maintenance database."""
    with postgres_container() if docker_has(POSTGRES_IMAGE) else embedded_postgres() as url:
        yield url


@contextmanager
def kafka() -> Iterator[str]:
    """The bootstrap servers of a broker that does not create topics by itself."""
    with kafka_container() if docker_has(KAFKA_IMAGE) else embedded_kafka() as bootstrap:
        yield bootstrap


@contextmanager
def embedded_postgres(settings: dict[str, str] | None = None) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="dealstream-") as name:
        folder, port = Path(name) / "postgres", free_port()
        Path(name).chmod(0o755)  # the server may run as another user
        local_postgres.prepare(folder)
        with running(local_postgres.program(folder, port, settings={**POSTGRES_SETTINGS, **(settings or {})})):
            yield local_postgres.url(port)


@contextmanager
def embedded_kafka() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="dealstream-") as name:
        folder, port, controller_port = Path(name), free_port(), free_port()
        jars.fetch()
        local_kafka.prepare(folder, port, controller_port)
        with running(local_kafka.program(folder, port)):
            yield local_kafka.bootstrap(port)


@contextmanager
def running(program: Program) -> Iterator[subprocess.Popen[bytes]]:
    """Runs the program from the moment it is ready until the block ends."""
    with tempfile.TemporaryFile() as log, ExitStack() as stack:
        process = subprocess.Popen(program.command, stdout=log, stderr=log, **program.start_arguments())
        stack.callback(end, process, program)
        give_up = time.monotonic() + READY_SECONDS
        while not asyncio.run(program.ready()):
            if process.poll() is not None or time.monotonic() > give_up:
                log.seek(0)
                raise RuntimeError(f"{program.name} did not start:\n{log.read().decode()}")
            time.sleep(0.1)
        yield process


def end(process: subprocess.Popen[bytes], program: Program) -> None:
    process.send_signal(program.stop_signal)
    try:
        process.wait(program.stop_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


@cache
def docker_has(image: str) -> bool:
    """Whether an engine answers that has the image or can fetch it."""
    import docker
    from docker.errors import DockerException, ImageNotFound

    # The client of an engine that does not answer drops its socket without closing it.
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        try:
            with closing(docker.from_env(timeout=60)) as client:
                try:
                    client.images.get(image)
                except ImageNotFound:
                    client.images.pull(image)
        except DockerException:
            return False
        finally:
            gc.collect()
    return True


def container(image: str, port: int, host_port: int) -> "DockerContainer":
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.container import DockerContainer

    testcontainers_config.ryuk_disabled = True  # what is started here is ended here
    return DockerContainer(image).with_bind_ports(port, host_port)


@contextmanager
def postgres_container() -> Iterator[str]:
    port = free_port()
    command = ["postgres", *(part for key, value in POSTGRES_SETTINGS.items() for part in ("-c", f"{key}={value}"))]
    server = container(POSTGRES_IMAGE, 5432, port).with_command(command)
    with server.with_envs(POSTGRES_HOST_AUTH_METHOD="trust") as started:
        wait(lambda: probes.postgres_answers(local_postgres.url(port)), lambda: str(started.get_logs()))
        yield local_postgres.url(port)


@contextmanager
def kafka_container() -> Iterator[str]:
    """On a port chosen before: a broker must know the address at which its clients reach it."""
    port = free_port()
    with container(KAFKA_IMAGE, 9092, port).with_envs(**kafka_container_settings(port)) as started:
        wait(lambda: probes.kafka_answers(f"127.0.0.1:{port}"), lambda: str(started.get_logs()))
        yield f"127.0.0.1:{port}"


def wait(ready: Callable[[], Coroutine[Any, Any, bool]], log: Callable[[], str]) -> None:
    give_up = time.monotonic() + READY_SECONDS
    while not asyncio.run(ready()):
        if time.monotonic() > give_up:
            raise RuntimeError(f"not ready after {READY_SECONDS} seconds:\n{log()}")
        time.sleep(0.2)


def kafka_container_settings(port: int) -> dict[str, str]:
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    }
