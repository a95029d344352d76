"""Leads with their outcomes, read from files: any table with a column for the outcome, or the two files of Olist. Pure.

Nothing of a file but the outcome is known to the reader: what the other columns are is found by the learner.
"""

import csv
import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from leads.scoring.learning.values import place_in_order, text_of

CONVERTED = frozenset({"1", "1.0", "true", "yes", "y", "won", "converted", "closed won"})
"""Spellings of a lead that was won, in small letters."""


class WrongFile(Exception):
    """The file cannot be read as leads with outcomes; the message says why."""


@dataclass(frozen=True)
class LeadSet:
    """Leads in the order in which they came, and what became of each: 1 converted, 0 not."""

    rows: Sequence[Mapping[str, object]]
    outcomes: Sequence[int]

    def parted(self, share: float) -> "tuple[LeadSet, LeadSet]":
        """The first share of the leads, and the rest."""
        first = round(share * len(self.rows))
        return (
            LeadSet(self.rows[:first], self.outcomes[:first]),
            LeadSet(self.rows[first:], self.outcomes[first:]),
        )


def read_table(path: Path, outcome: str, order: str | None = None, left_out: Sequence[str] = ()) -> LeadSet:
    """A CSV file; rows without an outcome are left out. Without ``order`` the rows came as they stand."""
    rows = list(_rows(path))
    for column in filter(None, (outcome, order, *left_out)):
        if rows and column not in rows[0]:
            raise WrongFile(f"{path.name} has no column {column!r}; it has {', '.join(rows[0])}.")
    rows = [row for row in rows if text_of(row[outcome]) is not None]
    if order is not None:
        rows.sort(key=lambda row: place_in_order(row[order]))
    hidden = {outcome, *left_out}
    features = [{name: value for name, value in row.items() if name not in hidden} for row in rows]
    return LeadSet(features, _outcomes(path, [str(row[outcome]) for row in rows]))


def read_olist(folder: Path) -> LeadSet:
    """Marketing-qualified leads by the day of first contact; converted is who stands among the closed deals.

    The columns of the closed deals (seller, segment, revenue and so on) exist for closed ones only, and no lead is
    scored by them.
    """
    closed = {row["mql_id"] for row in _rows(_found(folder, "olist_closed_deals"))}
    rows = sorted(
        _rows(_found(folder, "olist_marketing_qualified_leads")),
        key=lambda row: (str(row["first_contact_date"]), str(row["mql_id"])),
    )
    return LeadSet(rows, [int(row["mql_id"] in closed) for row in rows])


def _found(folder: Path, name: str) -> Path:
    for path in (folder / f"{name}.csv", folder / f"{name}.csv.gz"):
        if path.exists():
            return path
    raise WrongFile(f"{folder} has neither {name}.csv nor {name}.csv.gz.")


def _rows(path: Path) -> Iterator[dict[str, object]]:
    try:
        with _opened(path) as file:
            for row in csv.DictReader(file):
                yield {name: value for name, value in row.items() if name is not None}
    except (OSError, UnicodeDecodeError, csv.Error, EOFError) as error:
        raise WrongFile(f"{path} cannot be read: {error}") from error


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _outcomes(path: Path, texts: Sequence[str]) -> list[int]:
    values = {" ".join(text.split()).casefold() for text in texts}
    if len(values) != 2 or len(values & CONVERTED) != 1:  # noqa: PLR2004 - won and not
        shown = ", ".join(sorted(values)[:6])
        raise WrongFile(f"The outcome in {path.name} must be yes or no, 1 or 0; it is {shown or 'missing'}.")
    [won] = values & CONVERTED
    return [int(" ".join(text.split()).casefold() == won) for text in texts]
