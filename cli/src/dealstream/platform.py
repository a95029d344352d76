"""The programs of one platform: which there are, in which order they start, what each is told."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from dealstream.errors import PlatformError, Unprepared
from dealstream.home import DEFAULT_PORT_BASE, OFFSETS, SERVICES, Home, port
from dealstream.local import jars, probes
from dealstream.program import Program
from dealstream.supervisor import Supervisor

KAFKA_VARIABLES = (
    "KAFKA_SECURITY_PROTOCOL",
    "KAFKA_SASL_MECHANISM",
    "KAFKA_SASL_USERNAME",
    "KAFKA_SASL_PASSWORD",
    "KAFKA_SASL_PASSWORD_FILE",
    "KAFKA_SSL_CAFILE",
)
PASSED_ON = (
    "DEALSTREAM_TOPIC_PREFIX",
    "DEALSTREAM_TOPIC_PARTITIONS",
    "DEALSTREAM_TOPIC_REPLICATION",
    "DEALSTREAM_LOG_LEVEL",
)
OWNED_HERE = ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", *KAFKA_VARIABLES)
A_READ = {
    "identity": "/v1/tenant",
    "leads": "/v1/leads",
    "deals": "/v1/deals",
    "analytics": "/v1/kpis",
    "notifications": "/v1/dead-letters",
}
NOT_YET = {0, 401, 503}
KEY_SECONDS = 60.0
ADMIN_EMAIL = "admin@example.com"
Say = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Firm:
    """Whom the platform's default tenant stands for; it counts when the tenant is founded, once."""

    name: str = "Dealstream"
    zone: str = "UTC"
    currency: str = "USD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to run: in which home, on which ports, beside which servers that run already."""

    home: Home
    port_base: int = DEFAULT_PORT_BASE
    database_url: str | None = None  # None: a PostgreSQL of our own
    kafka: str | None = None  # None: a Kafka of our own
    kafka_settings: Mapping[str, str]
    also: tuple[str, ...] = ()  # Python modules to run beside the services once they are ready
    log_format: str = "json"
    firm: Firm = Firm()

    def port(self, name: str) -> int:
        return port(self.port_base, name)

    @property
    def maintenance_url(self) -> str:
        return self.database_url or f"postgresql://postgres@127.0.0.1:{self.port('postgres')}/postgres"

    @property
    def bootstrap(self) -> str:
        return self.kafka or f"127.0.0.1:{self.port('kafka')}"

    def database(self, service: str) -> str:
        return urlunsplit(urlsplit(self.maintenance_url)._replace(path=f"/dealstream_{service}"))

    @property
    def addresses(self) -> dict[str, str]:
        """Of the services, as the client takes them."""
        return {name: f"http://127.0.0.1:{self.port(name)}" for name in SERVICES}

    @property
    def ports(self) -> dict[str, int]:
        """Those that this platform will listen on."""
        external = {"postgres"} if self.database_url else set()
        external |= {"kafka", "kafka-controller"} if self.kafka else set()
        return {name: self.port(name) for name in OFFSETS if name not in external}


def plan_from_environment(
    home: Home, port_base: int, *, also: tuple[str, ...] = (), log_format: str = "json", firm: Firm | None = None
) -> Plan:
    return Plan(
        home=home,
        port_base=port_base,
        database_url=os.environ.get("DATABASE_URL") or None,
        kafka=os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or None,
        kafka_settings={name: os.environ[name] for name in KAFKA_VARIABLES if os.environ.get(name)},
        also=also,
        log_format=log_format,
        firm=firm or Firm(),
    )


def check_ports(plan: Plan) -> None:
    taken = [f"{number} ({name})" for name, number in plan.ports.items() if is_taken(number)]
    if taken:
        raise Unprepared(
            f"Ports already in use: {', '.join(taken)}.",
            f"End the programs that use them, or choose other ports: --port-base {plan.port_base + 100}.",
        )


def is_taken(number: int) -> bool:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", number))
        except OSError:
            return True
    return False


async def start(plan: Plan, supervisor: Supervisor, say: Say) -> None:
    """Everything in order; returns when the platform can be used."""
    await supervisor.start(*await asyncio.to_thread(servers, plan, say))
    await require_servers(plan)
    await create_databases(plan)
    await supervisor.start(*(service(plan, name) for name in SERVICES))
    await found(plan)
    await until_the_key_is_known(plan)
    await supervisor.start(*(module(plan, name) for name in plan.also))


def servers(plan: Plan, say: Say) -> list[Program]:
    """Prepared, so that they only need to be run."""
    programs = [mail_catcher(plan)]
    if not plan.database_url:
        from dealstream.local import postgres  # noqa: PLC0415

        say("postgres", "preparing")
        postgres.prepare(plan.home.postgres)
        programs.append(postgres.program(plan.home.postgres, plan.port("postgres")))
    if not plan.kafka:
        from dealstream.local import kafka  # noqa: PLC0415

        say("kafka", "preparing")
        jars.fetch(lambda done, total: say("kafka", f"fetching jars: {done} of {total}"))
        kafka.prepare(plan.home.kafka, plan.port("kafka"), plan.port("kafka-controller"))
        programs.append(kafka.program(plan.home.kafka, plan.port("kafka")))
    return programs


async def require_servers(plan: Plan) -> None:
    """Servers that are not ours were not awaited by anybody yet."""
    plain = plan.kafka_settings.get("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT") == "PLAINTEXT"
    if plan.kafka and plain and not await probes.kafka_answers(plan.kafka):
        raise Unprepared(f"No Kafka broker answers at {plan.kafka}.", "Check KAFKA_BOOTSTRAP_SERVERS, or unset it.")


async def create_databases(plan: Plan) -> None:
    import asyncpg  # noqa: PLC0415

    try:
        connection = await asyncpg.connect(plan.maintenance_url, timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise Unprepared(f"PostgreSQL does not answer: {error}", "Check DATABASE_URL, or unset it.") from error
    try:
        present = {row[0] for row in await connection.fetch("SELECT datname FROM pg_database")}
        for name in (f"dealstream_{service}" for service in SERVICES):
            if name not in present:
                await connection.execute(f'CREATE DATABASE "{name}"')
    except asyncpg.InsufficientPrivilegeError as error:
        names = " ".join(f"CREATE DATABASE dealstream_{service};" for service in SERVICES)
        raise Unprepared(
            f"The user of DATABASE_URL may not create databases: {error}",
            f"Give it the right (ALTER ROLE ... CREATEDB CREATEROLE), or create them for it: {names}",
        ) from error
    finally:
        await connection.close()


def service(plan: Plan, name: str) -> Program:
    return Program(
        name=name,
        command=(sys.executable, "-m", name),
        environment=service_environment(plan, name),
        directory=plan.home.path,
        ready=lambda: probes.http_answers(f"http://127.0.0.1:{plan.port(name)}/readyz"),
        stop_seconds=20,
    )


def service_environment(plan: Plan, name: str) -> dict[str, str]:
    own = {
        "DATABASE_URL": plan.database(name),
        "KAFKA_BOOTSTRAP_SERVERS": plan.bootstrap,
        "DEALSTREAM_PORT": str(plan.port(name)),
        "DEALSTREAM_IDENTITY_URL": f"http://127.0.0.1:{plan.port('identity')}",
        "DEALSTREAM_CURSOR_SECRET_FILE": str(plan.home.secret_file("cursor_secret")),
        "DEALSTREAM_LOG_FORMAT": plan.log_format,
        "DEALSTREAM_POOL_SIZE": "12",
        "DEALSTREAM_SHUTDOWN_SECONDS": "10",
    }
    if name == "notifications":
        own |= {"DEALSTREAM_SMTP_HOST": "127.0.0.1", "DEALSTREAM_SMTP_PORT": str(plan.port("smtp"))}
    return {**inherited_environment(), **plan.kafka_settings, **own}


def inherited_environment() -> dict[str, str]:
    """A service refuses variables of ours that it does not know, so only those meant for it are passed on."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in OWNED_HERE and (not name.startswith("DEALSTREAM_") or name in PASSED_ON)
    }


async def found(plan: Plan) -> None:
    """The tenant that everything here uses, its administrator and the key of this command line; once."""
    arguments = {
        "slug": "default",
        "name": plan.firm.name,
        "zone": plan.firm.zone,
        "currency": plan.firm.currency,
        "admin-email": ADMIN_EMAIL,
        "admin-password-file": plan.home.password_file,
        "api-key-file": plan.home.api_key_file,
    }
    words = [str(word) for key, value in arguments.items() for word in (f"--{key}", value)]
    done = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "identity", "found", *words),
        env=service_environment(plan, "identity"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await done.communicate()
    if done.returncode != 0:
        raise PlatformError(f"The default tenant was not founded:\n{output.decode(errors='replace')}")


async def until_the_key_is_known(plan: Plan) -> None:
    """Services learn of keys by events, a moment after they were made."""
    key = plan.home.api_key()
    give_up = time.monotonic() + KEY_SECONDS
    for name, path in A_READ.items():
        url = f"http://127.0.0.1:{plan.port(name)}{path}"
        while await probes.http_status(url, authorization=f"Bearer {key}") in NOT_YET:
            if time.monotonic() > give_up:
                raise PlatformError(f"{name} does not take the API key.", f"See {plan.home.logs / name}.log.")
            await asyncio.sleep(0.1)


def mail_catcher(plan: Plan) -> Program:
    ports = ("--smtp-port", str(plan.port("smtp")), "--page-port", str(plan.port("inbox")))
    return Program(
        name="mail",
        command=(sys.executable, "-m", "dealstream.local.mail", "--folder", str(plan.home.mail), *ports),
        environment=inherited_environment(),
        ready=lambda: probes.http_answers(f"http://127.0.0.1:{plan.port('inbox')}/messages"),
    )


def module(plan: Plan, name: str) -> Program:
    """A module of ours that runs beside the services; it finds the platform through its home."""
    return Program(
        name=name.rsplit(".", maxsplit=1)[-1],
        command=(sys.executable, "-m", name, "--home", str(plan.home.path)),
        environment=inherited_environment(),
        directory=plan.home.path,
        ready=always,
    )


async def always() -> bool:
    return True
