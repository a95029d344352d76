"""What bulk capture reaches beside bare COPY of the same rows: leads, contacts and their outbox rows.

    python tests/bench/bulk_capture.py --database URL --leads 20000

Both sides write to one database of their own. The bulk side is ``POST /v1/leads:batch``, 200 captures a request, over
ASGI without a network: input, decisions, locks, state, outbox, reply. The bare side is COPY by asyncpg of the very rows
that the bulk side left, a transaction for each 200 leads, with nothing decided.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

import asyncpg
from made_up_prospects import MadeUp, prospects

from chassis.testing import running
from leads.app import SERVICE
from two_firms import HERE

AT_ONCE = 200
TABLES = ("contact", "lead", "outbox_event")


def batches(count: int, seed: int) -> Iterator[bytes]:
    """Requests ready to send."""
    made_up = prospects(seed)
    for begin in range(0, count, AT_ONCE):
        items = [_item(f"{seed}-{begin + place}", each) for place, each in enumerate(islice(made_up, AT_ONCE))]
        yield json.dumps({"items": items}).encode()


def _item(name: str, each: MadeUp) -> dict[str, Any]:
    prospect = {"name": each.name, "email": each.mail, "phone": each.phone, "company": each.company}
    capture = {"command": "capture", "external_id": name, "title": "12 pumps", "source": "fair", "campaign": "spring"}
    return {"item_id": name, **capture, "prospect": prospect}


async def bulk(here: Any, count: int, seed: int, senders: int) -> float:
    """Leads a second by the API, several senders at once."""
    client = here.client(HERE.principal("integration"))
    waiting = list(batches(count, seed))
    began = time.perf_counter()

    async def send() -> None:
        while waiting:
            body = waiting.pop()
            reply = await client.post("/v1/leads:batch", content=body, headers={"content-type": "application/json"})
            assert reply.status_code == 200, reply.text[:500]

    await asyncio.gather(*(send() for _ in range(senders)))
    return count / (time.perf_counter() - began)


async def bare(url: str, count: int, senders: int) -> float:
    """Leads a second by COPY of the rows that the bulk side left last, into the emptied tables."""
    connection = await asyncpg.connect(url)
    rows, columns = {}, {}
    for table in TABLES:
        found = await connection.fetch(f"SELECT * FROM {table} LIMIT {3 * count}")
        kept = [name for name in found[0].keys() if name not in {"seq", "xid", "txid"}]  # noqa: SIM118 - a Record
        columns[table] = kept
        rows[table] = [tuple(row[name] for name in kept) for row in found]
    await connection.execute(f"TRUNCATE {', '.join(TABLES)}")
    parts = count // AT_ONCE
    waiting = list(range(parts))
    began = time.perf_counter()

    async def copy() -> None:
        own = await asyncpg.connect(url)
        while waiting:
            part = waiting.pop()
            async with own.transaction():
                for table in TABLES:
                    share = len(rows[table]) // parts
                    records = rows[table][part * share : (part + 1) * share]
                    await own.copy_records_to_table(table, records=records, columns=columns[table])
        await own.close()

    await asyncio.gather(*(copy() for _ in range(senders)))
    speed = count / (time.perf_counter() - began)
    await connection.close()
    return speed


async def measure(url: str, count: int, rounds: int, senders: int) -> dict[str, Any]:
    apart = []
    async with running(SERVICE, url, tenants=[HERE.tenant]) as here:
        await here.know(HERE.id, *HERE.states())
        await bulk(here, AT_ONCE * 5, 99, senders)
        for seed in range(1, rounds + 1):
            await here.resources.pool.execute(f"TRUNCATE {', '.join(TABLES)}")
            by_bulk = await bulk(here, count, seed, senders)
            by_copy = await bare(url, count, senders)
            apart.append((by_bulk, by_copy))
    ratios = [by_bulk / by_copy for by_bulk, by_copy in apart]
    return {
        "bulk_per_second": [round(by_bulk) for by_bulk, _ in apart],
        "copy_per_second": [round(by_copy) for _, by_copy in apart],
        "ratio_median": round(statistics.median(ratios), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--leads", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--senders", type=int, default=2)
    chosen = parser.parse_args()
    figures = asyncio.run(measure(chosen.database, chosen.leads, chosen.rounds, chosen.senders))
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
