"""A command with what makes it safe (authentication, idempotency, row-level security, outbox) against bare FastAPI.

Both capture a lead: one row of state, one of outbox, in the same tables, one uvicorn worker each, in turns.
"""

import itertools
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from dealstream.bench.figures import Figure, Outcome
from dealstream.bench.load import Request, closed_load
from dealstream.bench.stage import Server, Stage, cpu_seconds
from dealstream.bench.statistics import median

CONNECTIONS = 32
BARE = 30
"""Its port, from the port base."""


async def commands(stage: Stage, seconds: float, rounds: int) -> Outcome:
    """Requests a second over some connections, the median of the rounds; and CPU time of the server a request."""
    async with stage.platform() as plan:
        key = plan.home.api_key()
    async with stage.api("leads") as ours, _bare(stage) as bare:
        for server in (ours, bare):
            await _round(server, key, seconds)
        rates: dict[str, list[float]] = {"ours": [], "bare": []}
        spent: dict[str, list[float]] = {"ours": [], "bare": []}
        for _ in range(rounds):
            for name, server in (("ours", ours), ("bare", bare)):
                rate, cpu = await _round(server, key, seconds)
                rates[name].append(rate)
                spent[name].append(cpu)
    ratios = [mine / plain for mine, plain in zip(rates["ours"], rates["bare"], strict=True)]
    return Outcome(
        (Figure("command_to_bare_handler", median(ratios), 0.6, "times"),),
        {
            "commands_per_second": [round(rate) for rate in rates["ours"]],
            "bare_requests_per_second": [round(rate) for rate in rates["bare"]],
            "server_cpu_microseconds_per_request": {name: round(median(times) * 1e6) for name, times in spent.items()},
        },
    )


@asynccontextmanager
async def _bare(stage: Stage) -> AsyncIterator[Server]:
    port = stage.plan.port_base + BARE
    where = ("--database", stage.plan.database("leads"), "--port", str(port))
    async with stage.process(stage.script_path("bare_command.py"), *where, name="bare-command") as process:
        server = Server(f"http://127.0.0.1:{port}", process)
        await stage.until(server.is_ready, process)
        yield server


async def _round(server: Server, key: str, seconds: float) -> tuple[float, float]:
    """Requests a second, CPU seconds of the server a request."""
    before = cpu_seconds(server.process.pid)
    rate = await closed_load(server.address, _requests(key), connections=CONNECTIONS, seconds=seconds, status=201)
    return rate, (cpu_seconds(server.process.pid) - before) / (rate * seconds)


def _requests(key: str) -> Iterator[Request]:
    body = {"title": "Refrigerated trucks for the north", "source": "web", "campaign": "spring", "medium": "cpc"}
    mark = secrets.token_hex(4)
    for number in itertools.count():
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": f"{mark}-{number}"}
        yield Request("/v1/leads", headers, json.dumps(body).encode())
