"""The ledger's partitions are there before anything is recorded in their month."""

from collections.abc import Awaitable, Callable

from analytics.app import SERVICE
from analytics.upkeep import make_partitions
from chassis.testing import running

PARTITIONS = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'ledger_v1.ledger'::regclass"


async def test_partitions_of_this_month_and_the_next_are_made_once(new_database: Callable[[], Awaitable[str]]) -> None:
    async with running(SERVICE, await new_database()) as service:
        pool = service.resources.pool
        assert await pool.fetchval(PARTITIONS) == 0
        for _ in range(2):
            await make_partitions(service.resources)
            assert await pool.fetchval(PARTITIONS) == 2
