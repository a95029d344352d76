"""Every figure of the CRM opportunities, computed once more, straight from the files.

Written from the definitions of the KPIs with plain Python, without a line of the platform: lists of rows, filtered and
counted. The rules by which the files are read are those that docs/imports.md states.
"""

import csv
import gzip
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path


@dataclass(frozen=True)
class Opportunity:
    """A row of the pipeline with its joins done."""

    rep: str
    team: str
    region: str
    product: str
    stage: str
    opened: date
    start_known: bool
    closed: date | None
    list_price: int
    value: int

    @property
    def won(self) -> bool:
        return self.stage == "Won"

    @property
    def lost(self) -> bool:
        return self.stage == "Lost"

    @property
    def amount(self) -> int:
        """Worth of the deal: what was paid once won, the list price before and when lost."""
        return self.value if self.won else self.list_price

    @property
    def amount_before_close(self) -> int:
        return self.list_price

    @property
    def cycle(self) -> int:
        return (self.closed - self.opened).days


def read(folder: Path, name: str) -> list[dict[str, str]]:
    with gzip.open(folder / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def opportunities(folder: Path) -> list[Opportunity]:
    sellers = {row["sales_agent"]: row for row in read(folder, "crm_sales_teams")}
    prices = {row["product"].replace(" ", ""): row for row in read(folder, "crm_products")}
    rows = read(folder, "crm_sales_pipeline")
    snapshot = max(row[field] for row in rows for field in ("engage_date", "close_date"))
    return [
        Opportunity(
            rep=row["sales_agent"],
            team=sellers[row["sales_agent"]]["manager"],
            region=sellers[row["sales_agent"]]["regional_office"],
            product=prices[row["product"].replace(" ", "")]["product"],
            stage=row["deal_stage"],
            opened=date.fromisoformat(row["engage_date"] or snapshot),
            start_known=bool(row["engage_date"]),
            closed=date.fromisoformat(row["close_date"]) if row["close_date"] else None,
            list_price=int(prices[row["product"].replace(" ", "")]["sales_price"]),
            value=int(row["close_value"] or 0),
        )
        for row in rows
    ]


Figure = Callable[[list[Opportunity]], Fraction | float | int | None]


def ratio(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def won(rows: Iterable[Opportunity]) -> list[Opportunity]:
    return [row for row in rows if row.won]


def lost(rows: Iterable[Opportunity]) -> list[Opportunity]:
    return [row for row in rows if row.lost]


def closed(rows: Iterable[Opportunity]) -> list[Opportunity]:
    return [row for row in rows if row.closed]


def win_rate(rows: list[Opportunity]) -> Fraction | None:
    return ratio(len(won(rows)), len(closed(rows)))


def win_rate_value(rows: list[Opportunity]) -> Fraction | None:
    return ratio(revenue(rows), sum(row.amount for row in closed(rows)))


def revenue(rows: list[Opportunity]) -> int:
    return sum(row.value for row in won(rows))


def average_deal_size(rows: list[Opportunity]) -> Fraction | None:
    return ratio(revenue(rows), len(won(rows)))


def median_deal_size(rows: list[Opportunity]) -> float | None:
    values = [row.value for row in won(rows)]
    return statistics.median(values) if values else None


def mean_cycle(rows: list[Opportunity]) -> Fraction | None:
    cycles = [row.cycle for row in won(rows) if row.start_known]
    return ratio(sum(cycles), len(cycles))


def cycle_percentile(share: Fraction) -> Figure:
    """Linear interpolation between the two neighbours of the rank, as ``percentile_cont`` does."""

    def figure(rows: list[Opportunity]) -> Fraction | None:
        cycles = sorted(row.cycle for row in won(rows) if row.start_known)
        if not cycles:
            return None
        rank = share * (len(cycles) - 1)
        below = int(rank)
        above = min(below + 1, len(cycles) - 1)
        return cycles[below] + (rank - below) * (cycles[above] - cycles[below])

    return figure


def discount_rate(rows: list[Opportunity]) -> Fraction | None:
    listed = sum(row.list_price for row in won(rows))
    return ratio(listed - revenue(rows), listed)


def engaging_conversion(rows: list[Opportunity]) -> Fraction | None:
    entered = [row for row in rows if row.stage != "Prospecting"]
    return ratio(len(won(entered)), len(entered))


def engaging_days(rows: list[Opportunity]) -> Fraction | None:
    """Mean days in the stage engaging, of visits that ended."""
    days = [row.cycle for row in closed(rows)]
    return ratio(sum(days), len(days))


def open_on(rows: list[Opportunity], day: date) -> list[Opportunity]:
    """Open at the end of the day."""
    return [row for row in rows if row.opened <= day and (row.closed is None or row.closed > day)]


def velocity(rows: list[Opportunity], day: date) -> Fraction | None:
    """Open deals x average won size x win rate / cycle days; the last three over the 365 days up to the day."""
    year = [row for row in closed(rows) if day - timedelta(days=365) < row.closed <= day]
    cycle = mean_cycle(year)
    if not won(year) or cycle is None:
        return None
    return len(open_on(rows, day)) * average_deal_size(year) * win_rate(year) / max(cycle, Fraction(1))
