"""How fast one process folds deal events into the ledger, what an event costs as aggregates grow, and how much memory.

    python tests/bench/fold_bench.py --database URL [--aggregates 5000] [--events 20000] [--batch 2000] [--json]

The records are decoded, judged by the watermark and folded in the consumer's own batch transaction; only Kafka is left
out. Warm-up is excluded. ``--rebuild`` appends without cells and then sums them, as a rebuild does.
"""

import argparse
import asyncio
import json
import resource
import secrets
import sys
import time
from pathlib import Path
from typing import Any

import asyncpg

sys.path.insert(0, str(Path(__file__).parent))

from deal_stream import DealStream

from analytics.ledger import cells, grain
from analytics.ledger.fold import Fold
from analytics.ledger.naming import Naming
from analytics.ledger.projection import GROUP, Projector, tenants
from analytics.measures import FOLDED, MEASURES, POSTINGS
from chassis.collector import BATCHES, spare_the_collector
from chassis.database import open_pool
from chassis.migrate import migrate, sources
from events import offsets
from events.batch import Slice, Subscription, commit
from events.codec import Received
from events.partition import Partition

MIGRATIONS = Path(__file__).parents[2] / "services" / "analytics" / "migrations"
PLACE = Partition("deals.deal", 0)
CHUNK = 20_000
WITHOUT_INDEXES = "DROP INDEX ledger_v1.ledger_by_measure, ledger_v1.ledger_by_seq, ledger_v1.ledger_by_recording"


class Bench:
    """One database, one process."""

    def __init__(self, pool: Any, naming: Naming, *, batch: int, keeps_cells: bool) -> None:
        self.pool = pool
        self.fold = Fold(POSTINGS, MEASURES, naming.connect)
        projector = Projector(self.fold, keeps_cells=keeps_cells)
        self._subscription = Subscription.to(GROUP, FOLDED, projector.handle, watermarks=projector)
        self._batch = batch
        self._position = 0

    async def begin(self) -> None:
        async with self.pool.acquire() as connection:
            claimed = await offsets.claim(connection, GROUP, "bench", {PLACE: 0})
        self._position = claimed[PLACE].next_offset

    async def take(self, records: list[Received]) -> tuple[float, float]:
        """Wall seconds and CPU seconds of this process."""
        wall, cpu = time.perf_counter(), time.process_time()
        for start in range(0, len(records), self._batch):
            piece = records[start : start + self._batch]
            await commit(self.pool, self._subscription, [Slice(PLACE, self._position, piece)])
            self._position = piece[-1].offset + 1
        return time.perf_counter() - wall, time.process_time() - cpu

    async def sum_up(self) -> float:
        """Indexes and cells at the end of a rebuild."""
        wall = time.perf_counter()
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT ledger_index('ledger_v1')", timeout=3600)
            for tenant in await tenants(connection, "ledger_v1"):
                async for _, sums in grain.all_sums(connection, "ledger_v1", tenant):
                    await cells.add(connection, "ledger_v1", tenant, 0, await self.fold.roll_up(tenant, sums))
        return time.perf_counter() - wall


async def measure(url: str, aggregates: int, events: int, batch: int, *, rebuild: bool) -> dict[str, float]:
    """Everything in one run on a fresh database."""
    await migrate(url, sources("analytics", MIGRATIONS))
    pool = await open_pool(url, size=4, name="bench")
    naming = Naming(url)
    spare_the_collector(BATCHES)
    try:
        bench = Bench(pool, naming, batch=batch, keeps_cells=not rebuild)
        await bench.begin()
        if rebuild:
            await pool.execute(
                "DROP INDEX ledger_v1.ledger_by_measure, ledger_v1.ledger_by_seq, ledger_v1.ledger_by_recording"
            )
        stream = DealStream(aggregates)
        await _warm_up(bench, stream)
        wall = cpu = 0.0
        for _ in range(max(1, events // CHUNK)):
            spent = await bench.take(list(stream.events(min(CHUNK, events))))
            wall, cpu = wall + spent[0], cpu + spent[1]
        if rebuild:
            wall += await bench.sum_up()
        return await _figures(pool, events, wall, cpu)
    finally:
        await naming.close()
        await pool.close()


async def _warm_up(bench: Bench, stream: DealStream) -> None:
    stock: list[Received] = []
    for one in stream.stock():
        stock.append(one)
        if len(stock) == CHUNK:
            await bench.take(stock)
            stock = []
    if stock:
        await bench.take(stock)
    await bench.take(list(stream.events(4_000)))


async def _figures(pool: Any, events: int, wall: float, cpu: float) -> dict[str, float]:
    count = await pool.fetchval("SELECT count(*) FROM ledger_v1.ledger")
    return {
        "events_per_second": round(events / wall),
        "microseconds_per_event": round(wall / events * 1e6, 1),
        "process_microseconds_per_event": round(cpu / events * 1e6, 1),
        "resident_megabytes_max": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "facts": await pool.fetchval("SELECT count(*) FROM ledger_v1.fact"),
        "ledger_entries": count,
        "cells": await pool.fetchval("SELECT count(*) FROM ledger_v1.cell"),
        "slices": await pool.fetchval("SELECT count(*) FROM slice"),
    }


async def on_a_fresh_database(arguments: argparse.Namespace) -> dict[str, float]:
    name = f"bench_{secrets.token_hex(4)}"
    administrator = await asyncpg.connect(arguments.database)
    try:
        await administrator.execute(f"CREATE DATABASE {name}")
        url = arguments.database.rpartition("/")[0] + "/" + name
        return await measure(url, arguments.aggregates, arguments.events, arguments.batch, rebuild=arguments.rebuild)
    finally:
        await administrator.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await administrator.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", required=True)
    parser.add_argument("--aggregates", type=int, default=5_000)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=2_000)
    parser.add_argument("--rebuild", action="store_true")
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    if arguments.profile:
        import cProfile
        import pstats

        with cProfile.Profile() as profile:
            found = asyncio.run(on_a_fresh_database(arguments))
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(40)
    else:
        found = asyncio.run(on_a_fresh_database(arguments))
    print(json.dumps(found, indent=2))  # noqa: T201 - the result


if __name__ == "__main__":
    main()
