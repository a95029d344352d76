"""What an operator runs on the outbox of a service: ``python -m <service> relay <task>``.

    relay recover                       once, after the database was restored or copied, with writers and relays stopped
    relay reshard N                     divide the outbox among N relays, with relays stopped; DEALSTREAM_RELAY_SHARDS=N
    relay republish --from T --to T     send again what was written in [from, to); Kafka lost it, the outbox has 7 days
    relay release AGGREGATE_ID          let the relay send again what Kafka refused, once the cause is removed

Each writes one JSON object on stdout, for scripts, and a sentence on stderr, for people. The first two refuse while a
relay holds the lease; the others may run beside it. Consumers skip by version what they have, so sending too much does
no harm.
"""

import argparse
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.database import open_pool
from chassis.service import Service
from chassis.settings import MOST_RELAY_SHARDS, Settings
from events import quarantine, recovery
from events.envelope import source_of
from events.republish import republish


class Done(NamedTuple):
    """What a task did, for scripts and for people."""

    figures: dict[str, Any]
    sentence: str

    @property
    def line(self) -> str:
        return json.dumps(self.figures)


Task = Callable[[Any, Service, Settings, argparse.Namespace], Awaitable[Done]]


def parsed(service: Service, words: Sequence[str]) -> argparse.Namespace:
    """The command line behind ``relay``; a wrong one ends the process with 2."""
    parser = argparse.ArgumentParser(prog=f"python -m {service.name} relay")
    tasks = parser.add_subparsers(dest="task", required=True)
    tasks.add_parser("recover", help="carry the cursor over to a restored or copied database; stop relays and writers")
    divided = tasks.add_parser("reshard", help="divide the outbox among so many relays; stop relays")
    divided.add_argument("shards", type=_shards, metavar="N")
    again = tasks.add_parser("republish", help="send again what was written in a time")
    for name, text in (("from", "from this time on"), ("to", "before this time")):
        again.add_argument(f"--{name}", dest=f"{name}_at", type=_instant, required=True, help=f"{text}, RFC 3339")
    freed = tasks.add_parser("release", help="send again what Kafka refused of an aggregate")
    freed.add_argument("aggregate_id", type=UUID)
    found = parser.parse_args(list(words))
    if found.task == "republish" and found.from_at >= found.to_at:
        again.error("--from must be before --to")
    return found


async def carry_out(service: Service, settings: Settings, words: argparse.Namespace) -> Done:
    """Do it and say what was done."""
    url = settings.database_url.get_secret_value()
    pool = await open_pool(url, size=2, name=f"{service.name}-operator")
    try:
        return await _TASKS[words.task](pool, service, settings, words)
    finally:
        await pool.close()


async def _recover(pool: Any, _service: Service, _settings: Settings, _words: argparse.Namespace) -> Done:
    async with pool.acquire() as connection:
        waiting = await recovery.recover(connection)
    figures = {"task": "recover", "waiting": waiting}
    return Done(figures, f"The outbox belongs to this server now; {waiting} event(s) wait to be published.")


async def _reshard(pool: Any, _service: Service, _settings: Settings, words: argparse.Namespace) -> Done:
    async with pool.acquire() as connection:
        await recovery.reshard(connection, words.shards)
    figures = {"task": "reshard", "shards": words.shards}
    return Done(figures, f"{words.shards} shard(s): start the relays with DEALSTREAM_RELAY_SHARDS={words.shards}.")


async def _republish(pool: Any, service: Service, settings: Settings, words: argparse.Namespace) -> Done:
    sent = await republish(pool, settings.kafka, source_of(service.name), words.from_at, words.to_at)
    times = {"from": words.from_at.isoformat(), "to": words.to_at.isoformat()}
    return Done({"task": "republish", **times, "sent": sent}, f"{sent} event(s) sent again.")


async def _release(pool: Any, _service: Service, _settings: Settings, words: argparse.Namespace) -> Done:
    async with pool.acquire() as connection:
        released = await quarantine.release(connection, words.aggregate_id)
    figures = {"task": "release", "aggregate_id": str(words.aggregate_id), "released": released}
    return Done(figures, f"{released} event(s) of {words.aggregate_id} go to the relay again.")


_TASKS: dict[str, Task] = {"recover": _recover, "reshard": _reshard, "republish": _republish, "release": _release}


def _shards(text: str) -> int:
    shards = int(text)
    if not 1 <= shards <= MOST_RELAY_SHARDS:
        raise argparse.ArgumentTypeError(f"between 1 and {MOST_RELAY_SHARDS}")
    return shards


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
