"""What an operator runs on the outbox of a service: ``python -m <service> relay recover | republish | release``.

    relay recover                       once, after the database was restored or copied, with writers and relays stopped
    relay republish --from T --to T     send again what was written in [from, to); Kafka lost it, the outbox has 7 days
    relay release AGGREGATE_ID          let the relay send again what Kafka refused, once the cause is removed

Each says what it did on stdout. Consumers skip by version what they have, so sending too much does no harm.
"""

import argparse
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chassis.database import open_pool
from chassis.service import Service
from chassis.settings import Settings
from events import quarantine, recovery
from events.envelope import source_of
from events.republish import republish

Task = Callable[[Any, Service, Settings, argparse.Namespace], Awaitable[str]]


def parsed(service: Service, words: Sequence[str]) -> argparse.Namespace:
    """The command line behind ``relay``; a wrong one ends the process with 2."""
    parser = argparse.ArgumentParser(prog=f"python -m {service.name} relay")
    tasks = parser.add_subparsers(dest="task", required=True)
    tasks.add_parser("recover", help="carry the cursor over to a restored or copied database")
    again = tasks.add_parser("republish", help="send again what was written in a time")
    for name, text in (("from", "from this time on"), ("to", "before this time")):
        again.add_argument(f"--{name}", dest=f"{name}_at", type=_instant, required=True, help=f"{text}, RFC 3339")
    freed = tasks.add_parser("release", help="send again what Kafka refused of an aggregate")
    freed.add_argument("aggregate_id", type=UUID)
    return parser.parse_args(list(words))


async def carry_out(service: Service, settings: Settings, words: argparse.Namespace) -> str:
    """Do it and say what was done."""
    url = settings.database_url.get_secret_value()
    pool = await open_pool(url, size=2, name=f"{service.name}-operator")
    try:
        return await _TASKS[words.task](pool, service, settings, words)
    finally:
        await pool.close()


async def _recover(pool: Any, _service: Service, _settings: Settings, _words: argparse.Namespace) -> str:
    async with pool.acquire() as connection:
        waiting = await recovery.recover(connection)
    return f"The outbox belongs to this server now; {waiting} event(s) wait to be published."


async def _republish(pool: Any, service: Service, settings: Settings, words: argparse.Namespace) -> str:
    sent = await republish(pool, settings.kafka, source_of(service.name), words.from_at, words.to_at)
    return f"{sent} event(s) sent again."


async def _release(pool: Any, _service: Service, _settings: Settings, words: argparse.Namespace) -> str:
    async with pool.acquire() as connection:
        released = await quarantine.release(connection, words.aggregate_id)
    return f"{released} event(s) of {words.aggregate_id} go to the relay again."


_TASKS: dict[str, Task] = {"recover": _recover, "republish": _republish, "release": _release}


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
