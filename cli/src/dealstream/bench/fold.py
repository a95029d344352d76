"""Folding deal events: the real consumer on real Kafka, one process, against FastStream; and rebuilding.

What the processes do is seen from outside: how far the consumer's offsets and the facts have come in the database.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import psutil

from dealstream.bench.figures import Figure, Outcome
from dealstream.bench.stage import Stage, cpu_seconds, fetched, peak_megabytes
from dealstream.bench.statistics import Sample, rate_between
from dealstream.errors import PlatformError

WARM_UP = 4_000
SAMPLE_SECONDS = 0.1
PATIENCE_SECONDS = 1800.0
FEW = 5_000

OFFSETS = "SELECT coalesce(sum(next_offset), 0)::bigint FROM consumer_offset WHERE grp = 'analytics.ledger'"
VERSIONS = "SELECT coalesce(sum(version), 0)::bigint FROM ledger_v1.fact"
REBUILT = "SELECT state FROM rebuild ORDER BY requested_at DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is folded."""

    aggregates_many: int
    events: int
    events_one_by_one: int
    workers: tuple[int, ...]


FULL = Sizes(aggregates_many=500_000, events=60_000, events_one_by_one=4_000, workers=(1, 4, 12))
QUICK = Sizes(aggregates_many=50_000, events=20_000, events_one_by_one=2_000, workers=(4,))


@dataclass(frozen=True, slots=True)
class Folded:
    """What one process did."""

    rate: float
    cpu_per_event: float
    """CPU seconds, of the process and, where the server is ours, of PostgreSQL."""
    peak_megabytes: float

    @property
    def told(self) -> dict[str, float]:
        return {
            "events a second": round(self.rate),
            "CPU us an event": round(self.cpu_per_event * 1e6),
            "MB at most": round(self.peak_megabytes),
        }


async def fold(stage: Stage, sizes: Sizes) -> Outcome:
    """Throughput against FastStream at few aggregates, and then a rebuild of what was folded."""
    async with _log(stage, FEW, sizes.events) as prefix:
        async with stage.database() as url, _worker(stage, url, prefix) as worker:
            few = await _folded(stage, url, worker, FEW, sizes.events)
            rebuilt = await _rebuilt(stage, url, worker, FEW + WARM_UP + sizes.events)
        one_by_one = {
            workers: await _faststream(stage, prefix, workers, sizes.events_one_by_one) for workers in sizes.workers
        }
    fastest = max(one_by_one.values(), key=lambda folded: folded.rate)
    return Outcome(
        (
            Figure("fold_to_faststream", few.rate / fastest.rate, 20, "times"),
            Figure("rebuild_to_live", few.cpu_per_event / rebuilt.cpu_per_event, 1.5, "times"),
        ),
        {
            "ledger": few.told,
            "rebuild": rebuilt.told,
            "fold_to_faststream_by_cpu": round(fastest.cpu_per_event / few.cpu_per_event, 1),
            **{f"faststream with {workers} workers": folded.told for workers, folded in one_by_one.items()},
        },
    )


async def growth(stage: Stage, sizes: Sizes) -> Outcome:
    """Memory, and what an event costs as aggregates grow: CPU time, because walls stretch with whatever else runs."""
    measured = []
    for aggregates in (FEW, sizes.aggregates_many):
        async with (
            _log(stage, aggregates, sizes.events) as prefix,
            stage.database() as url,
            _worker(stage, url, prefix) as worker,
        ):
            measured.append(await _folded(stage, url, worker, aggregates, sizes.events))
    few, many = measured
    return Outcome(
        (
            Figure("fold_memory", max(few.peak_megabytes, many.peak_megabytes), 250, "MB", less_is_better=True),
            Figure("fold_growth", many.cpu_per_event / few.cpu_per_event, 1.3, "times", less_is_better=True),
        ),
        {f"{FEW:,} aggregates": few.told, f"{sizes.aggregates_many:,} aggregates": many.told},
    )


@asynccontextmanager
async def _log(stage: Stage, aggregates: int, events: int) -> AsyncIterator[str]:
    """Topics with the opening of each deal, a warm-up, and the events to be measured."""
    prefix = f"fold-{secrets.token_hex(3)}."
    await stage.topics(prefix)
    numbers = ("--aggregates", str(aggregates), "--events", str(WARM_UP + events))
    await stage.script("produce_deals.py", "--kafka", stage.plan.bootstrap, "--prefix", prefix, *numbers)
    yield prefix


@asynccontextmanager
async def _worker(stage: Stage, url: str, prefix: str) -> AsyncIterator[psutil.Process]:
    environment = stage.environment(url, prefix)
    await stage.migrated("analytics", environment)
    async with stage.process("-m", "analytics", "consumers", environment=environment, name="fold") as worker:
        yield worker


async def _folded(stage: Stage, url: str, worker: psutil.Process, aggregates: int, events: int) -> Folded:
    begin = aggregates + WARM_UP
    return await _watched(stage, url, worker, OFFSETS, (begin, begin + events))


async def _faststream(stage: Stage, prefix: str, workers: int, events: int) -> Folded:
    async with stage.database() as url:
        await stage.migrated("analytics", stage.environment(url, prefix))
        where = ("--kafka", stage.plan.bootstrap, "--prefix", prefix, "--database", url, "--workers", str(workers))
        path = stage.script_path("faststream_fold.py")
        async with stage.process(path, *where, name=f"faststream-{workers}") as process:
            return await _watched(stage, url, process, VERSIONS, (FEW, FEW + events))


async def _watched(stage: Stage, url: str, process: psutil.Process, question: str, span: tuple[float, float]) -> Folded:
    """The rate between two counts, and the CPU time that went by between them."""
    begin, end = span
    connection = await asyncpg.connect(url)
    samples: list[Sample] = []
    spent: list[Sample] = []
    give_up = time.monotonic() + PATIENCE_SECONDS
    try:
        while not samples or samples[-1].done < end:
            stage.require_running(process, give_up)
            done = float(await connection.fetchval(question))
            samples.append(Sample(time.perf_counter(), done))
            spent.append(Sample(cpu_seconds(process.pid, stage.postgres_pid), done))
            await asyncio.sleep(SAMPLE_SECONDS)
    finally:
        await connection.close()
    return Folded(rate_between(samples, begin, end), 1 / rate_between(spent, begin, end), peak_megabytes(process))


async def _rebuilt(stage: Stage, url: str, worker: psutil.Process, events: int) -> Folded:
    """All of it: reading, summing, auditing, taking over."""
    pids = (worker.pid, stage.postgres_pid)
    began, spent = time.perf_counter(), cpu_seconds(*pids)
    await stage.script("request_rebuild.py", "--database", url)
    while (state := await fetched(url, REBUILT)) != "done":
        if state in {"failed", "cancelled"}:
            raise PlatformError(f"The rebuild is {state}.")
        await asyncio.sleep(SAMPLE_SECONDS)
    seconds, cpu = time.perf_counter() - began, cpu_seconds(*pids) - spent
    return Folded(events / seconds, cpu / events, peak_megabytes(worker))
