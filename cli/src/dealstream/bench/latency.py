"""From the request to the figure, and from the commit to Kafka, at a steady load that does not wait for anybody."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from dealstream.bench.figures import Figure, Outcome
from dealstream.bench.load import OVERLOADED, Connections, Request, milliseconds, open_load
from dealstream.bench.stage import Stage
from dealstream.bench.statistics import percentile
from dealstream.client import Client
from dealstream.platform import Plan
from events.kafka import KafkaAdmin, KafkaConsumer
from events.topics import DEALS_DEAL

RATE: Final = 100
WARM_UP_SECONDS: Final = 5
ASKED_EVERY: Final = 5
"""Every so many commands the figure is asked for, with that very command in it."""


async def latency(stage: Stage, seconds: float) -> Outcome:
    """Deals are opened at a steady rate; each fifth is waited for in the figures."""
    readable: list[float] = []
    answered: list[float] = []
    async with stage.platform() as plan, _watched(stage) as arrivals:
        load = _Load(plan, await _rep(plan), answered, readable)
        await open_load(load.call, rate=RATE, count=RATE * WARM_UP_SECONDS)
        for each in (readable, answered, arrivals):
            each.clear()
        await open_load(load.call, rate=RATE, count=int(RATE * seconds))
        await asyncio.sleep(1)
        await load.close()
        published = list(arrivals)
    return Outcome(
        (
            Figure("request_to_figure_p99", percentile(readable, 99), 300, "ms", less_is_better=True),
            Figure("commit_to_kafka_p99", percentile(published, 99), 100, "ms", less_is_better=True),
        ),
        {
            "request_to_figure_ms": _spread(readable),
            "commit_to_kafka_ms": _spread(published),
            "request_to_answer_ms": _spread(answered),
        },
    )


class _Load:
    def __init__(self, plan: Plan, owner: str, answered: list[float], readable: list[float]) -> None:
        self._deals = Connections(f"http://127.0.0.1:{plan.port('deals')}")
        self._analytics = Connections(f"http://127.0.0.1:{plan.port('analytics')}")
        self._headers = {"Authorization": f"Bearer {plan.home.api_key()}"}
        self._body = {"source": "web", "amount": {"amount": "1250.00", "currency": "USD"}, "owner": owner}
        self._answered, self._readable = answered, readable

    async def call(self, number: int, due: float) -> None:
        body = json.dumps({"name": f"Deal {number}", **self._body}).encode()
        answer = await self._deals.ask(Request("/v1/deals", self._headers, body))
        self._answered.append(milliseconds(answer, due, 201))
        if number % ASKED_EVERY == 0 and answer.status != OVERLOADED:
            deal = json.loads(answer.body)
            path = f"/v1/kpis/deals-opened?after=deal:{deal['id']}@{deal['version']}"
            self._readable.append(milliseconds(await self._analytics.ask(Request(path, self._headers)), due, 200))

    async def close(self) -> None:
        await self._deals.close()
        await self._analytics.close()


async def _rep(plan: Plan) -> str:
    """Somebody to own the deals."""
    async with Client(plan.addresses, plan.home.api_key()) as client:
        person = {"name": "Ana Example", "email": "ana@example.com", "roles": ["rep"]}
        return str((await client.post("identity", "/v1/people", person))["id"])


@asynccontextmanager
async def _watched(stage: Stage) -> AsyncIterator[list[float]]:
    """Milliseconds from the time in each event (the database's clock when it was written) to its arrival here."""
    arrivals: list[float] = []
    settings = stage.kafka(stage.prefix)
    async with KafkaAdmin(settings) as admin:
        ends = await admin.end_offsets(await admin.partitions([DEALS_DEAL.name]))
    reader = KafkaConsumer(settings)
    await reader.start()
    reader.assign(ends)
    for place, end in ends.items():
        reader.seek(place, end)

    async def read() -> None:
        while True:
            for records in (await reader.poll(0.2)).values():
                now = time.time()
                for record in records:
                    at = dict(record.headers)["ce_time"].decode()
                    arrivals.append((now - datetime.fromisoformat(at).timestamp()) * 1000)

    reading = asyncio.create_task(read())
    try:
        yield arrivals
    finally:
        reading.cancel()
        await asyncio.wait([reading])
        await reader.stop()


def _spread(milliseconds: list[float]) -> dict[str, float]:
    return {f"p{percent}": round(percentile(milliseconds, percent), 1) for percent in (50, 90, 99, 100)}
