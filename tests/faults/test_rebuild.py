"""Rebuilds of the figures under load: killed in the midst, raced by processes that come and go, cancelled."""

import asyncio
from typing import Any

import pytest

from faults.stage import Stage

pytestmark = [pytest.mark.fault, pytest.mark.timeout(400)]


async def test_a_rebuild_is_killed_and_finishes_while_others_come_and_go(stage: Stage) -> None:
    """Consumers of analytics beside make the group rebalance; the rebuild goes on in whichever process is alive."""
    async with stage.load() as load:
        await load.until(20)
        begun = await stage.start_rebuild()
        async with stage.processes.beside("analytics", "consumers") as beside:
            await stage.processes.killed_and_back("analytics")
            await load.until(20)
            beside.kill()
        async with stage.processes.beside("analytics", "consumers"):
            done = await finished(stage, begun["id"])
        assert (done["state"], done["detail"]) == ("done", None)
        assert done["records_read"] >= done["records"] > 0
    await stage.check()
    assert (await stage.audited_ledger()) == done["ledger"]


async def test_a_cancelled_rebuild_leaves_the_figures_as_they_were(stage: Stage) -> None:
    async with stage.load() as load:
        await load.until(20)
        serving = await stage.audited_ledger()
        begun = await stage.start_rebuild()
        await stage.operate("analytics", f"/v1/rebuilds/{begun['id']}/cancellation", post=True)
        assert (await finished(stage, begun["id"]))["state"] == "cancelled"
        assert await stage.audited_ledger() == serving
    await stage.check()


async def finished(stage: Stage, id_: str) -> Any:
    async with asyncio.timeout(240):
        while (found := await stage.operate("analytics", f"/v1/rebuilds/{id_}"))["finished_at"] is None:
            await asyncio.sleep(0.3)
    return found
