"""The figures that the demo shows, and when they are complete."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from dealstream.client import Client
from dealstream.patience import Patience

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


async def figures(client: Client, slug: str) -> Any:
    """One KPI over all time, as the API answers it."""
    return await client.get("analytics", f"/v1/kpis/{slug}")


async def caught_up(client: Client, expected: Mapping[str, int]) -> None:
    """Until each counted figure has come to what was loaded; live traffic may have added to it."""
    for slug, count in expected.items():
        patience = Patience(f"of {count} {slug} are not in the figures yet")
        while (missing := count - (await figures(client, slug))["rows"][0]["value"]) > 0:
            await patience.pause(missing)


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
