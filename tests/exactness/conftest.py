"""Both data sets loaded into a running platform: the real ones where they are at hand, made-up ones always.

``DEALSTREAM_DATA`` names the folder of the real sets; without it ``../shared/data`` beside the checkout is tried.
"""

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from dealstream.imports import crm_opportunities, load_crm_opportunities, load_olist_funnel, olist_funnel
from dealstream.imports.loading import Loading
from dealstream.imports.tables import Report
from exactness import funnel_oracle, made_up, opportunities_oracle
from running_platform import Tenant

ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get("DEALSTREAM_DATA") or ROOT.parent / "shared" / "data")


@dataclass(frozen=True)
class Loaded:
    """A firm with a data set, and the folder that it came from."""

    tenant: Tenant
    folder: Path


def sets() -> list[object]:
    real = pytest.param("real", marks=[] if REAL.is_dir() else pytest.mark.skip(reason=f"no data sets in {REAL}"))
    return ["made-up", real]


@pytest.fixture(scope="session", params=sets())
def opportunities(request, platform, tmp_path_factory) -> Loaded:
    folder = REAL
    if request.param == "made-up":
        folder = tmp_path_factory.mktemp("opportunities")
        made_up.opportunities(folder, seed=7)
    tenant = platform.found(f"opportunities-{request.param}", "Asia/Ho_Chi_Minh" if folder != REAL else "UTC")
    asyncio.run(load(tenant, folder, crm_opportunities, load_crm_opportunities))
    told = opportunities_oracle.opportunities(folder)
    wait_until(tenant, "deals-opened", len(told))
    wait_until(tenant, "deals-won", len(opportunities_oracle.won(told)))
    wait_until(tenant, "deals-lost", len(opportunities_oracle.lost(told)))
    return Loaded(tenant, folder)


@pytest.fixture(scope="session", params=sets())
def funnel(request, platform, tmp_path_factory) -> Loaded:
    folder = REAL
    if request.param == "made-up":
        folder = tmp_path_factory.mktemp("funnel")
        made_up.funnel(folder, seed=7)
    tenant = platform.found(f"funnel-{request.param}")
    asyncio.run(load(tenant, folder, olist_funnel, load_olist_funnel))
    told = funnel_oracle.leads(folder)
    wait_until(tenant, "deals-won", sum(lead.converted for lead in told))
    wait_until(tenant, "leads-created", len(told))
    return Loaded(tenant, folder)


async def load(tenant, folder, reading, loading) -> None:
    report = Report()
    data = reading.read(folder, report)
    async with tenant.client() as client:
        await loading.load(data, Loading(client, report, lambda *_: None))
    assert report.rejected == []


def wait_until(tenant: Tenant, kpi: str, count: int) -> None:
    """Until the figures have caught up with what was loaded."""
    deadline = time.monotonic() + 240
    while (found := tenant.figures(kpi)[()]["value"]) != count:
        assert time.monotonic() < deadline, f"{kpi} is {found}, not {count}"
        time.sleep(0.5)
