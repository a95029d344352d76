"""Files of rows: read whole, checked field by field, and what was not taken or put right is written down."""

import csv
import gzip
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TextIO, TypeVar

Value = TypeVar("Value")

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)


class WrongFolder(Exception):
    """The folder does not hold the files of this data set; the message says what is missing."""


class WrongValue(Exception):
    """A field of a row cannot be taken."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


@dataclass(frozen=True)
class Rejection:
    """A row that was not loaded, and why. Row 1 is the first one after the header."""

    file: str
    row: int
    field: str
    reason: str


@dataclass
class Report:
    """What an import did. ``corrected`` counts rows that a stated rule put right."""

    rows: Counter[str] = field(default_factory=Counter)
    loaded: Counter[str] = field(default_factory=Counter)
    existing: Counter[str] = field(default_factory=Counter)
    corrected: Counter[str] = field(default_factory=Counter)
    rejected: list[Rejection] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """The report as one JSON document."""
        return {
            "rows": dict(self.rows),
            "loaded": dict(self.loaded),
            "existing": dict(self.existing),
            "corrected": dict(self.corrected),
            "rejected": [vars(rejection) for rejection in self.rejected],
        }


@dataclass(frozen=True)
class Row:
    """One row of a file, whose fields are asked for by name and type."""

    file: str
    number: int
    fields: Mapping[str, str]

    def text(self, name: str) -> str:
        """A field that must be there."""
        if found := self.optional(name):
            return found
        raise WrongValue(name, "is missing")

    def optional(self, name: str) -> str | None:
        """A field that may be empty."""
        return (self.fields.get(name) or "").strip() or None

    def whole_number(self, name: str, *, least: int = 0) -> int:
        """A whole number; ``1054.0`` is one, ``1054.5`` is not."""
        text = self.text(name)
        whole, _, decimals = text.partition(".")
        if not whole.lstrip("-").isdecimal() or decimals.strip("0"):
            raise WrongValue(name, f"is not a whole number: {text!r}")
        if int(whole) < least:
            raise WrongValue(name, f"is less than {least}: {text}")
        return int(whole)

    def day(self, name: str) -> date | None:
        """A date ``YYYY-MM-DD``, if there is one."""
        return self._parsed(name, date.fromisoformat, "a date YYYY-MM-DD")

    def instant(self, name: str) -> datetime | None:
        """A time ``YYYY-MM-DD HH:MM:SS`` without zone, if there is one."""
        return self._parsed(name, datetime.fromisoformat, "a time YYYY-MM-DD HH:MM:SS")

    def one_of(self, name: str, known: Mapping[str, Value]) -> Value:
        """What the field names in another table."""
        text = self.text(name)
        if text not in known:
            raise WrongValue(name, f"names nothing known: {text!r}")
        return known[text]

    def _parsed(self, name: str, parse: Callable[[str], Value], shape: str) -> Value | None:
        text = self.optional(name)
        if text is None:
            return None
        try:
            value = parse(text)
        except ValueError:
            raise WrongValue(name, f"is not {shape}: {text!r}") from None
        day = value.date() if isinstance(value, datetime) else value
        if isinstance(day, date) and not EARLIEST <= day <= LATEST:
            raise WrongValue(name, f"is not between {EARLIEST} and {LATEST}: {text}")
        return value


def read_table(folder: Path, name: str, columns: tuple[str, ...], report: Report) -> list[Row]:
    """The rows of ``name.csv`` or ``name.csv.gz``, in order; a column that is missing is an error of the folder."""
    path = next((path for path in (folder / f"{name}.csv", folder / f"{name}.csv.gz") if path.exists()), None)
    if path is None:
        raise WrongFolder(f"{folder} has neither {name}.csv nor {name}.csv.gz")
    try:
        with _opened(path) as file:
            reader = csv.DictReader(file)
            if missing := [column for column in columns if column not in (reader.fieldnames or ())]:
                raise WrongFolder(f"{path.name} lacks the column {', '.join(missing)}")
            rows = [Row(name, number, fields) for number, fields in enumerate(reader, start=1)]
    except (UnicodeDecodeError, csv.Error, EOFError, gzip.BadGzipFile) as error:
        raise WrongFolder(f"{path.name} cannot be read: {error}") from error
    report.rows[name] = len(rows)
    return rows


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def taken(rows: list[Row], parse: Callable[[Row], Value], report: Report) -> Iterator[Value]:
    """Each row parsed; one that cannot be is put into the report and left out."""
    for row in rows:
        try:
            yield parse(row)
        except WrongValue as wrong:
            report.rejected.append(Rejection(row.file, row.number, wrong.field, wrong.reason))
