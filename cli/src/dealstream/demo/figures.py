"""The figures that the demo shows, and when they are complete."""

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from dealstream.client import Client
from dealstream.errors import PlatformError

FIGURES = (
    "leads-created",
    "lead-conversion",
    "handoff-acceptance",
    "deals-opened",
    "deals-won",
    "win-rate",
    "revenue-won",
    "average-deal-size",
    "median-deal-size",
    "sales-cycle-p50",
    "open-pipeline",
    "weighted-pipeline",
    "discount-rate",
    "pipeline-velocity",
)

WAIT_SECONDS = 180.0
PAUSE_SECONDS = 0.3


async def figures(client: Client, slug: str) -> Any:
    """One KPI over all time, as the API answers it."""
    return await client.get("analytics", f"/v1/kpis/{slug}")


async def caught_up(client: Client, expected: Mapping[str, int]) -> None:
    """Until each counted figure has come to what was loaded; live traffic may have added to it."""
    deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
    for slug, count in expected.items():
        while (await figures(client, slug))["rows"][0]["value"] < count:
            if asyncio.get_running_loop().time() > deadline:
                raise PlatformError(
                    f"{slug} has not come to the {count} that were loaded.",
                    "See `./dealstream status` and `./dealstream dead-letters list`.",
                )
            await asyncio.sleep(PAUSE_SECONDS)


def shown(answer: Any) -> Sequence[object]:
    """A KPI as a line of the table."""
    row = answer["rows"][0] if answer["rows"] else {"value": None, "count": 0}
    return answer["kpi"], _text(row["value"], answer), row["count"]


def _text(value: Any, answer: Any) -> str:
    if value is None:
        return "-"
    exact = Decimal(str(value))
    if answer["unit"] == "ratio":
        return f"{exact * 100:.1f} %"
    digits = 0 if answer["unit"] == "count" or answer.get("currency") == "VND" else 1
    unit = answer.get("currency") or ("" if answer["unit"] == "count" else answer["unit"])
    return f"{exact:,.{digits}f} {unit}".strip()
