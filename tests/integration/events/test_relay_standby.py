"""A relay that is connected to a standby refuses: a standby's snapshots do not list the transactions in progress."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

import servers
from dealstream.local import postgres as local_postgres
from events.errors import ReadOnlyDatabase
from events.kafka import KafkaSettings
from events.recovery import require_own_history
from events.relay import Relay
from relay_world import QUICK, SOURCE


@contextmanager
def a_standby(primary: str) -> Iterator[str]:
    """The URL of a hot standby that streams from the primary."""
    with tempfile.TemporaryDirectory(prefix="dealstream-") as name:
        Path(name).chmod(0o755)  # the server may run as another user
        folder, port = Path(name) / "postgres", servers.free_port()
        account = local_postgres.unprivileged_account()
        data = local_postgres.place(folder, account)
        backup = local_postgres.binary("pg_basebackup", account)
        local_postgres.run_as(account, [str(backup), "-d", primary, "-D", str(data), "-R", "-c", "fast"])
        with servers.running(local_postgres.program(folder, port, settings={**servers.POSTGRES_SETTINGS})):
            yield local_postgres.url(port)


@pytest.mark.fault
def test_a_relay_on_a_standby_refuses_and_says_why() -> None:
    with servers.embedded_postgres() as primary, a_standby(primary) as standby:
        asyncio.run(refuses(standby))


async def refuses(standby: str) -> None:
    async with asyncpg.create_pool(standby, min_size=1, max_size=3) as pool:
        async with pool.acquire() as connection:
            with pytest.raises(ReadOnlyDatabase):
                await require_own_history(connection, 1)
        relay, stop = Relay(pool, KafkaSettings(bootstrap_servers="127.0.0.1:1"), SOURCE, QUICK), asyncio.Event()
        running = asyncio.create_task(relay.run(stop))
        async with asyncio.timeout(10):
            while relay.refusal is None:
                await asyncio.sleep(0.02)
        assert "standby" in relay.refusal
        assert not relay.leading
        stop.set()
        await running
