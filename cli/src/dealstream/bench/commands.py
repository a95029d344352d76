"""A command with what makes it safe (authentication, idempotency, row-level security, outbox) against bare FastAPI.

Both capture a lead: one row of state, one of outbox, in the same tables, one uvicorn worker each, in turns.
"""

import itertools
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import psutil

from dealstream import platform
from dealstream.bench.figures import Figure, Outcome
from dealstream.bench.load import Request, closed_load
from dealstream.bench.stage import Stage, cpu_seconds
from dealstream.bench.statistics import median
from dealstream.local import probes

CONNECTIONS = 32
OURS, BARE = 30, 31
"""Ports from the port base."""


async def commands(stage: Stage, seconds: float, rounds: int) -> Outcome:
    """Requests a second over some connections, the median of the rounds; and CPU time of the server a request."""
    async with stage.platform() as plan:
        key = plan.home.api_key()
    async with _servers(stage) as (ours, bare):
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


class Server:
    def __init__(self, address: str, process: psutil.Process) -> None:
        self.address = address
        self.process = process


@asynccontextmanager
async def _servers(stage: Stage) -> AsyncIterator[tuple[Server, Server]]:
    """The leads service answers requests and does nothing else; so does the bare application beside it."""
    plan = stage.plan
    ours, bare = plan.port_base + OURS, plan.port_base + BARE
    environment = platform.service_environment(plan, "leads") | {"DEALSTREAM_PORT": str(ours)}
    own = ("--database", plan.database("leads"), "--port", str(bare))
    async with (
        stage.process("-m", "leads", "api", environment=environment, name="leads-api") as first,
        stage.process(stage.script_path("bare_command.py"), *own, name="bare-command") as second,
    ):
        servers = (Server(f"http://127.0.0.1:{ours}", first), Server(f"http://127.0.0.1:{bare}", second))
        await stage.until(lambda: probes.http_answers(f"{servers[0].address}/readyz"), first)
        await stage.until(lambda: probes.http_answers(f"{servers[1].address}/readyz"), second)
        yield servers


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
