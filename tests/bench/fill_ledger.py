"""Fills the ledger of a tenant with a year of closed deals, and a plain table of deals with the same.

    python tests/bench/fill_ledger.py --ledger URL --deals-table URL --tenant UUID --deals 500000

The fold books the deals as it books events, and cells are summed from the ledger as a rebuild sums them. With
``--cells-only`` facts and ledger are left out, which a question about figures does not read: for sizes at which they
would take an hour. The records come from the stream of the other benches, so their days and slices are of its kind.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parent))

import asyncpg
from deal_stream import DealStream

from analytics.ledger import cells, grain
from analytics.ledger.cells import Totals
from analytics.ledger.facts import Fact, Facts
from analytics.ledger.fold import Fold, state_of, sum_up
from analytics.ledger.naming import Naming
from analytics.ledger.packing import changes
from analytics.measures import MEASURES, POSTINGS
from chassis.collector import BATCHES, spare_the_collector
from events.codec import Message, decode

SCHEMA = "ledger_v1"
FIRST, DAYS = datetime(2025, 1, 1, tzinfo=UTC), 365
PAGE = 10_000
INDEXES_AWAY = f"DROP INDEX IF EXISTS {', '.join(f'{SCHEMA}.ledger_by_{on}' for on in ('measure', 'seq', 'recording'))}"
DEALS_TABLE = """
CREATE TABLE IF NOT EXISTS deal (
    tenant_id uuid NOT NULL, id uuid NOT NULL, name text NOT NULL, rep uuid, team uuid, region uuid, source text,
    product uuid, stage text NOT NULL, status text NOT NULL, amount bigint NOT NULL, opened_on date NOT NULL,
    closed_on date, PRIMARY KEY (tenant_id, id))
"""
COVERING = "CREATE INDEX ON deal (tenant_id, closed_on) INCLUDE (rep, status, amount)"
LONG_SECONDS = 36_000


class Filling:
    """Two databases that are told the same."""

    def __init__(self, ledger: Any, table: Any, fold: Fold, tenant: UUID, *, cells_only: bool) -> None:
        self._ledger, self._table, self._fold, self._tenant = ledger, table, fold, tenant
        self._cells_only = cells_only

    async def fill(self, pages: Iterator[list[Message]]) -> None:
        if not self._cells_only:
            await self._ledger.execute(INDEXES_AWAY)
        await self._table.execute(DEALS_TABLE)
        for page in pages:
            await (self._add_to_cells(page) if self._cells_only else self._append(page))
            await self._table.copy_records_to_table("deal", records=[_row(self._tenant, each) for each in page])
        if not self._cells_only:
            await self._sum_up()
        await self._table.execute(COVERING, timeout=LONG_SECONDS)
        await self._table.execute("VACUUM ANALYZE deal", timeout=LONG_SECONDS)
        await self._ledger.execute(f"VACUUM ANALYZE {SCHEMA}.cell", timeout=LONG_SECONDS)

    async def _append(self, page: Sequence[Message]) -> None:
        async with self._ledger.transaction():
            await self._fold.fold(self._ledger, SCHEMA, page, self._new_facts(page), shard=None)

    async def _add_to_cells(self, page: Sequence[Message]) -> None:
        grain: Totals = {}
        for message in page:
            booked = await self._fold.book_state("deal", self._tenant, state_of(message))
            sum_up(grain, changes({}, booked))
        await self._add(grain)

    async def _sum_up(self) -> None:
        async with self._ledger.transaction():
            await self._ledger.execute(f"SELECT ledger_index('{SCHEMA}')", timeout=LONG_SECONDS)
            async for _, sums in grain.all_sums(self._ledger, SCHEMA, self._tenant):
                await self._add(sums)

    async def _add(self, sums: Totals) -> None:
        await cells.add(self._ledger, SCHEMA, self._tenant, 0, await self._fold.roll_up(self._tenant, sums))

    def _new_facts(self, page: Sequence[Message]) -> Facts:
        return {("deal", self._tenant): {message.aggregate_id: Fact(message.aggregate_id) for message in page}}


def _row(tenant: UUID, message: Message) -> tuple[Any, ...]:
    deal: Any = message.event.state if message.event else None
    owner, closing = deal.owner, deal.closings[-1]
    return (
        *(tenant, deal.id, deal.name, owner.person, owner.team, owner.region, deal.source, deal.product, deal.stage),
        *(closing.outcome, deal.base_minor, deal.opened_on, closing.on),
    )


async def run(arguments: argparse.Namespace) -> dict[str, int]:
    tenant = UUID(arguments.tenant)
    stream = DealStream(0, tenant=tenant).closed(arguments.after + arguments.deals, FIRST, DAYS)
    records = islice(stream, arguments.after, None)
    ledger = await asyncpg.connect(arguments.ledger, command_timeout=LONG_SECONDS)
    table = await asyncpg.connect(arguments.deals_table, command_timeout=LONG_SECONDS)
    naming = Naming(arguments.ledger)
    spare_the_collector(BATCHES)
    try:
        fold = Fold(POSTINGS, MEASURES, naming.connect)
        await Filling(ledger, table, fold, tenant, cells_only=arguments.cells_only).fill(_pages(records))
        return {
            "cells": await ledger.fetchval(f"SELECT count(*) FROM {SCHEMA}.cell"),
            "entries": await ledger.fetchval(f"SELECT count(*) FROM {SCHEMA}.ledger"),
        }
    finally:
        await naming.close()
        await table.close()
        await ledger.close()


def _pages(records: Iterator[Any]) -> Iterator[list[Message]]:
    while page := [decode(record) for record in islice(records, PAGE)]:
        yield page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ledger", required=True)
    parser.add_argument("--deals-table", required=True)
    parser.add_argument("--tenant", required=True)
    parser.add_argument("--deals", type=int, default=500_000)
    parser.add_argument("--after", type=int, default=0, help="So many are there already.")
    parser.add_argument("--cells-only", action="store_true")
    print(json.dumps(asyncio.run(run(parser.parse_args()))))  # noqa: T201 - the result


if __name__ == "__main__":
    main()
