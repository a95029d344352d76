"""One process of a service from start to end: migrate, open, serve, relay, consume, and close within a bound.

On SIGTERM: ``/readyz`` fails, streams end, requests finish, then relay and consumers finish their batch and leave, then
the pool closes. ``shutdown_seconds`` bounds it all.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
import structlog
import uvicorn
from starlette.types import ASGIApp

from chassis import idempotency, metrics
from chassis.application import probed, served
from chassis.authenticator import Authenticator
from chassis.collector import REQUESTS, spare_the_collector
from chassis.database import FAILURES, acquired, open_pool
from chassis.directory import Directory
from chassis.directory_consumer import directory_consumer, group_of
from chassis.directory_listener import listen
from chassis.health import Health
from chassis.migrate import migrate
from chassis.public_holidays import keep_loaded
from chassis.refusals import Unavailable
from chassis.resources import Resources
from chassis.service import Background, Service
from chassis.settings import Settings
from chassis.supervision import Supervisor
from chassis.ticking import pause
from events.consumer import Consumer
from events.envelope import source_of
from events.kafka import KafkaAdmin
from events.recoverability import is_transient
from events.relay import Relay, RelayOptions

GRACEFUL_SECONDS = 3
"""How long open requests may take once SIGTERM came; streams are told to end before that."""
SWEEP_SECONDS = 600.0
LOOKUP_CONNECTIONS = 2
TOPICS_RETRY_SECONDS = 1.0
OUTAGE_SECONDS = 1.0

ROLES = ("api", "relay", "consumers")

log = structlog.get_logger(__name__)


@asynccontextmanager
async def opened(service: Service, settings: Settings) -> AsyncIterator[Resources]:
    """The resources of a process, closed again at the end of the block."""
    url = settings.database_url.get_secret_value()
    pool = await open_pool(url, size=settings.pool_size, name=service.name)
    # A pool of its own: it is asked inside transactions, which may hold every connection of the other one.
    lookups = await open_pool(url, size=LOOKUP_CONNECTIONS, name=f"{service.name}-directory")
    directory = Directory(lookups)
    try:
        yield Resources(
            service=service.name,
            settings=settings,
            pool=pool,
            kafka=settings.kafka,
            directory=directory,
            authenticator=Authenticator.of(settings.identity_url, directory),
        )
    finally:
        await _close(pool)
        await _close(lookups)


async def run(service: Service, settings: Settings, roles: tuple[str, ...] = ROLES) -> int:
    """Run until SIGTERM or SIGINT; answers the exit code, 1 when a loop failed."""
    if settings.migrate:
        await migrate(settings.database_url.get_secret_value(), service.sources)
    metrics.describe_build(service.name)
    async with opened(service, settings) as resources:
        supervisor = Supervisor()
        health = Health.of(resources, service.sources)
        spare_the_collector(REQUESTS)
        with _told_to_stop(resources.stopping):
            _start(service, resources, roles, supervisor, health)
            app = (served if "api" in roles else probed)(service, resources, health)
            await _serve(app, resources, supervisor, health)
            await supervisor.end(settings.shutdown_seconds)
    log.info("ended", failed=supervisor.failed)
    return 1 if supervisor.failed else 0


def _start(
    service: Service, resources: Resources, roles: tuple[str, ...], supervisor: Supervisor, health: Health
) -> None:
    """Start the loops of the roles; each one is a check of readiness."""
    url = resources.settings.database_url.get_secret_value()
    loops: dict[str, Any] = {
        "directory": listen(resources.directory, url, supervisor.stop),
        "event-loop": metrics.watch_loop(resources.pool, supervisor.stop),
        "sweeper": _sweep(resources, supervisor.stop),
    }
    if service.asks_for_working_time:
        loops["holidays"] = keep_loaded(resources.pool, supervisor.stop)
    if "relay" in roles:
        relays = _relays(service, resources)
        loops["relay"] = _with_topics(service, resources, relays, supervisor.stop)
        health.checks["relay-allowed"] = _relay_check(relays)
    consumers = _consumers(service, resources)
    resources.subscriptions = tuple(consumer.subscription for consumer in consumers)
    if "consumers" in roles:
        for consumer in consumers:
            loops[f"consumer {consumer.group}"] = consumer.run(supervisor.stop)
            health.consumers[consumer.group] = consumer.health
        for background in service.background:
            if (name := f"background {background.__name__}") in loops:
                raise ValueError(f"two loops are called {name}: one would run in the place of the other")
            loops[name] = _through_outages(background, resources, supervisor.stop)
    for name, loop in loops.items():
        supervisor.start(name, loop)
        health.checks[name] = _loop_check(supervisor, name)


def _consumers(service: Service, resources: Resources) -> list[Consumer]:
    own = list(service.consumers(resources))
    if all(consumer.group != group_of(service.name) for consumer in own):
        own.insert(0, directory_consumer(resources))
    return own


def _relays(service: Service, resources: Resources) -> list[Relay]:
    """One for each shard, all woken together."""
    shards = resources.settings.relay_shards
    options = [RelayOptions(shard=shard, shards=shards) for shard in range(shards)]
    relays = [Relay(resources.pool, resources.kafka, source_of(service.name), each) for each in options]

    def wake() -> None:
        for relay in relays:
            relay.wake()

    resources.wake_relay = wake
    return relays


async def _with_topics(service: Service, resources: Resources, relays: Sequence[Relay], stop: asyncio.Event) -> None:
    """The service makes the topics it owns before it relays; Kafka may come up later than the service."""
    while not stop.is_set():
        try:
            async with KafkaAdmin(resources.kafka) as admin:
                await admin.ensure_topics(service.topics)
            break
        except OSError as error:
            log.warning("kafka cannot be reached", error=str(error))
            await pause(stop, TOPICS_RETRY_SECONDS)
    async with asyncio.TaskGroup() as group:
        for relay in relays:
            group.create_task(relay.run(stop))


async def _through_outages(background: Background, resources: Resources, stop: asyncio.Event) -> None:
    """A server that is away for a while is no reason to end the process, whose API says so and waits."""
    while not stop.is_set():
        try:
            await background(resources, stop)
        except Exception as error:
            if not (is_transient(error) or isinstance(error, Unavailable)):
                raise
            log.warning("background loop waits", loop=background.__name__, error=repr(error))
            await pause(stop, OUTAGE_SECONDS)
        else:
            return


async def _sweep(resources: Resources, stop: asyncio.Event) -> None:
    """Forget replies kept longer than promised."""
    while not stop.is_set():
        await pause(stop, SWEEP_SECONDS)
        try:
            async with acquired(resources.pool) as connection:
                await idempotency.forget_old(connection)
        except (Unavailable, *FAILURES) as error:
            log.warning("stored replies were not swept", error=str(error))


class _Server(uvicorn.Server):
    """Signals are ours: uvicorn would end before the loops do."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(app: ASGIApp, resources: Resources, supervisor: Supervisor, health: Health) -> None:
    """Serve until told to stop or until a loop fails."""
    settings = resources.settings
    server = _Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            loop="none",
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACEFUL_SECONDS,
        )
    )
    serving = asyncio.create_task(_served(server))
    stopping = asyncio.create_task(resources.stopping.wait())
    failing = asyncio.create_task(supervisor.until_one_fails())
    health.started = True
    await asyncio.wait((serving, stopping, failing), return_when=asyncio.FIRST_COMPLETED)
    resources.stopping.set()
    server.should_exit = True
    failing.cancel()
    if not await serving:
        supervisor.failed = True


async def _served(server: uvicorn.Server) -> bool:
    """Whether the server could start; a port in use makes uvicorn exit, which here only ends the process in order."""
    try:
        await server.serve()
    except SystemExit:
        return False
    return server.started


@contextmanager
def _told_to_stop(stopping: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopping.set)
    try:
        yield
    finally:
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)


def _loop_check(supervisor: Supervisor, name: str) -> Any:
    return lambda: supervisor.complaint(name)


def _relay_check(relays: Sequence[Relay]) -> Any:
    async def check() -> str | None:
        return next((relay.refusal for relay in relays if relay.refusal), None)

    return check


async def _close(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    try:
        await asyncio.wait_for(pool.close(), 5)
    except TimeoutError:
        pool.terminate()
