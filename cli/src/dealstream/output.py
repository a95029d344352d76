"""How the command line speaks: data to stdout, talk to stderr, one JSON document with ``--json``, colour at a terminal.

NO_COLOR and the absence of a terminal are respected; progress bars show only where somebody looks.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dealstream.home import DEFAULT_PORT_BASE, Home

if TYPE_CHECKING:
    from rich.console import Console

HomeOption = Annotated[
    str | None, typer.Option("--home", metavar="DIR", help="Folder of the platform's data, logs and state.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
PortBaseOption = Annotated[
    int, typer.Option("--port-base", metavar="N", min=1024, max=65_000, help="Ports are counted from here.")
]
PORT_BASE = DEFAULT_PORT_BASE


def home_of(option: str | None) -> Home:
    from pathlib import Path  # noqa: PLC0415

    return Home(Path(option)) if option else Home.default()


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def print_json(document: Any) -> None:
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None) + "\n")


def print_json_line(document: Any) -> None:
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> None:
    """A table at a terminal; tab-separated lines where another program reads."""
    if not sys.stdout.isatty():
        for row in (headings, *rows):
            sys.stdout.write("\t".join(str(cell) for cell in row) + "\n")
        return
    from rich.box import SIMPLE  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=SIMPLE, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console().print(table)


def console() -> "Console":
    from rich.console import Console  # noqa: PLC0415

    return Console(markup=False, highlight=False)


class Bar:
    """Counts what is done; draws only at a terminal."""

    def __init__(self, advance: Any = None) -> None:
        self._advance = advance

    def advance(self, count: int = 1) -> None:
        if self._advance:
            self._advance(count)


@contextmanager
def progress(title: str, total: int) -> Iterator[Bar]:
    if not sys.stderr.isatty():
        yield Bar()
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task(title, total=total)
        yield Bar(lambda count: shown.advance(task, count))
