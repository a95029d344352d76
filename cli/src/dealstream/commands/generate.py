"""``dealstream generate``: write what is drawn from code; ``docs/generate.py`` says what that is."""

import subprocess
import sys
from typing import Annotated

import typer

from dealstream import checkout

app = typer.Typer(add_completion=False)


@app.command()
def generate(
    words: Annotated[list[str] | None, typer.Argument(help="Only files whose path holds one of these words.")] = None,
    amend: Annotated[
        bool, typer.Option("--amend", help="Replace the newest revision of a changed schema; only before its release.")
    ] = False,
) -> None:
    """Write the documents, schemas and dashboards that are drawn from code, and name those that changed."""
    program = str(checkout.root() / "docs" / "generate.py")
    options = ["--amend"] if amend else []
    raise typer.Exit(subprocess.run([sys.executable, program, *options, *(words or [])], check=False).returncode)
