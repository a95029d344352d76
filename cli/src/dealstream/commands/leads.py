"""``dealstream leads``: what is asked of leads without a running platform."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from dealstream.output import JsonOption

app = typer.Typer(add_completion=False, no_args_is_help=True, help="How well leads can be scored.")

FileArgument = Annotated[Path | None, typer.Argument(metavar="FILE.csv", help="Leads, .csv or .csv.gz.")]
OutcomeOption = Annotated[
    str | None, typer.Option("--outcome", metavar="COLUMN", help="1 or yes where the lead converted.")
]
OrderOption = Annotated[
    str | None,
    typer.Option("--order", metavar="COLUMN", help="Time or id by which the leads came; else as they stand."),
]
LeaveOutOption = Annotated[
    list[str] | None, typer.Option("--leave-out", metavar="COLUMN", help="Do not learn from it; repeatable.")
]
OlistOption = Annotated[
    Path | None, typer.Option("--olist", metavar="DIR", help="Folder of the Marketing Funnel by Olist.")
]


@app.callback()
def leads() -> None:
    """How well leads can be scored."""


@app.command("score-report")
def score_report(
    file: FileArgument = None,
    outcome: OutcomeOption = None,
    order: OrderOption = None,
    leave_out: LeaveOutOption = None,
    olist: OlistOption = None,
    json: JsonOption = False,
) -> None:
    """Learn from the first 70 % of the leads, test on the rest, beside scikit-learn's boosting where that is there."""
    options = {"--outcome": outcome, "--order": order, "--olist": olist}
    arguments = [str(part) for name, value in options.items() if value is not None for part in (name, value)]
    for column in leave_out or ():
        arguments += ["--leave-out", column]
    arguments += ["--json"] if json else []
    arguments += ["--", str(file)] if file is not None else []
    command = [sys.executable, "-m", "leads", "score-report", *arguments]
    sys.stdout.flush()
    raise typer.Exit(subprocess.run(command, env=dict(os.environ), check=False).returncode)
