"""``python -m <service>``: without more, API, relay and consumers in one process; or one of them; or a task.

    python -m deals                     all of it (migrations first, unless DEALSTREAM_MIGRATE=false)
    python -m deals api | relay | consumers
    python -m deals migrate             apply outstanding migrations and end
    python -m deals relay recover | reshard | republish | release    what an operator does to the outbox
    python -m deals openapi | settings | metrics           print the reference; needs no server and no settings

Exit codes: 0 ended as asked, 1 a loop failed or a task was refused, 2 wrong command or settings.
"""

import asyncio
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

import asyncpg
import structlog
import uvloop

from chassis import logs, openapi, reference, relay_commands
from chassis.application import described
from chassis.migrate import MigrationRefused, migrate
from chassis.process import ROLES, run
from chassis.service import Service
from chassis.settings import Settings, WrongSettings
from events.errors import EventsError

_WRONG = 2

PRINTED: Mapping[str, Callable[[Service], str]] = {
    "openapi": lambda service: openapi.as_text(described(service)),
    "settings": reference.settings_page,
    "metrics": reference.metrics_page,
}
"""The reference of a service by the command that prints it."""


def main(service: Service, arguments: Sequence[str] | None = None) -> NoReturn:
    """Do what the command line says and exit."""
    command, *rest = list(sys.argv[1:] if arguments is None else arguments) or ["all"]
    if command in service.commands:
        sys.exit(service.commands[command](rest))
    known = ("all", *ROLES, "migrate", *PRINTED)
    if command not in known or (rest and command != "relay"):
        _complain(f"usage: python -m {service.name} [{' | '.join((*known, *service.commands))}]")
    if command in PRINTED:
        sys.stdout.write(PRINTED[command](service))
        sys.exit(0)
    task = relay_commands.parsed(service, rest) if rest else None
    try:
        settings = service.settings.from_environment()
    except WrongSettings as error:
        _complain(str(error))
    # A task answers on stdout, so its talk goes elsewhere.
    stream = sys.stdout if task is None else sys.stderr
    logs.configure(form=settings.log_format, level=settings.log_level, service=service.name, stream=stream)
    if task is not None:
        sys.exit(uvloop.run(_task_done(service, settings, task)))
    sys.exit(uvloop.run(_done(service, settings, command)))


async def _task_done(service: Service, settings: Settings, task: Namespace) -> int:
    try:
        done = await relay_commands.carry_out(service, settings, task)
    except (EventsError, asyncpg.PostgresError, OSError) as error:
        sys.stderr.write(f"refused: {error}\n")
        return 1
    sys.stdout.write(f"{done.line}\n")
    sys.stderr.write(f"{done.sentence}\n")
    return 0


async def _done(service: Service, settings: Settings, command: str) -> int:
    log = structlog.get_logger(__name__)
    try:
        if command == "migrate":
            applied = await migrate(settings.database_url.get_secret_value(), service.sources)
            log.info("migrated", applied=len(applied))
            return 0
        return await run(service, settings, ROLES if command == "all" else (command,))
    except (MigrationRefused, OSError) as error:
        log.error("cannot start", error=str(error))  # noqa: TRY400 - the text says it all
        return 1
    except asyncio.CancelledError:
        return 1


def _complain(text: str) -> NoReturn:
    sys.stderr.write(f"{text}\n")
    sys.exit(_WRONG)
