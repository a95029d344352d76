"""Every figure of the Olist funnel, computed once more, straight from the files, without a line of the platform."""

from dataclasses import dataclass
from datetime import date, datetime, time
from fractions import Fraction
from pathlib import Path

from exactness.opportunities_oracle import read


@dataclass(frozen=True)
class Lead:
    """A row of the leads, joined with its closed deal."""

    origin: str
    created: date
    sdr: str | None
    rep: str | None
    won: datetime | None

    @property
    def converted(self) -> bool:
        return self.won is not None

    @property
    def days_to_win(self) -> Fraction:
        """From the beginning of the day of first contact; a win told for before counts as the same moment."""
        seconds = (self.won - datetime.combine(self.created, time())).total_seconds()
        return max(Fraction(int(seconds), 86_400), Fraction(0))

    @property
    def won_on(self) -> date:
        return max(self.won.date(), self.created)


def leads(folder: Path) -> list[Lead]:
    closed = {row["mql_id"]: row for row in read(folder, "olist_closed_deals")}
    found = []
    for row in read(folder, "olist_marketing_qualified_leads"):
        deal = closed.get(row["mql_id"])
        found.append(
            Lead(
                origin=row["origin"] or "(none)",
                created=date.fromisoformat(row["first_contact_date"]),
                sdr=deal["sdr_id"] if deal else None,
                rep=deal["sr_id"] if deal else None,
                won=datetime.fromisoformat(deal["won_date"]) if deal else None,
            )
        )
    return found


def conversion(rows: list[Lead]) -> Fraction | None:
    return Fraction(sum(row.converted for row in rows), len(rows)) if rows else None


def mean_days(rows: list[Lead]) -> Fraction | None:
    days = [row.days_to_win for row in rows if row.converted]
    return sum(days, Fraction(0)) / len(days) if days else None
