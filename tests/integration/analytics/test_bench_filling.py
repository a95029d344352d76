"""What the benches ask about is what the platform itself would have: also where only cells are filled."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from chassis.migrate import migrate, sources
from folded_world import MIGRATIONS, TENANT

SCRIPT = Path(__file__).parents[2] / "bench" / "fill_ledger.py"
SUMS = """
SELECT measure, period, sum(count), sum(amount) FROM ledger_v1.cell WHERE tenant_id = $1 GROUP BY 1, 2 ORDER BY 1, 2
"""
DEALS = 40
OTHER = UUID(int=7)


async def test_cells_filled_alone_sum_up_with_those_of_a_ledger_as_if_all_were_there(
    new_database: Callable[[], Awaitable[str]],
) -> None:
    url = await new_database()
    await migrate(url, sources("analytics", MIGRATIONS))
    whole = await _filled(url, TENANT, 2 * DEALS)
    half = await _filled(url, OTHER, DEALS)
    both = await _filled(url, OTHER, DEALS, "--cells-only", "--after", str(DEALS))
    assert half != whole
    assert both == whole


async def _filled(url: str, tenant: UUID, deals: int, *options: str) -> list[Any]:
    where = ("--ledger", url, "--deals-table", url, "--tenant", str(tenant), "--deals", str(deals))
    process = await asyncio.create_subprocess_exec(sys.executable, SCRIPT, *where, *options, stdout=subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0
    assert json.loads(output)["cells"] > 0
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(SUMS, tenant)]
    finally:
        await connection.close()
