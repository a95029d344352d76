"""``dealstream check``: every gate of the repository, each with its verdict; all run even when one fails."""

import time
from typing import Annotated

import typer

from dealstream import checkout
from dealstream.output import JsonOption, print_json, print_table, say

app = typer.Typer(add_completion=False)

SOURCES = ("libs", "services", "cli")
GATES: dict[str, tuple[str, ...]] = {
    "style": ("ruff", "check", "--quiet", "."),
    "format": ("ruff", "format", "--check", "--quiet", "."),
    "types": ("mypy", "--no-error-summary", *(f"{folder}" for folder in SOURCES)),
    "boundaries": ("lint-imports",),
    "rules": ("pytest", "-q", "tests/architecture"),
    "documents": ("pytest", "-q", "tests/contract/test_generated.py", "tests/contract/test_schemas.py"),
}


@app.command()
def check(
    only: Annotated[list[str] | None, typer.Argument(help=f"Gates to run: {', '.join(GATES)}.")] = None,
    json: JsonOption = False,
) -> None:
    """Style, types, boundaries between packages, rules of size and naming, documents that are up to date."""
    unknown = set(only or []) - set(GATES)
    if unknown:
        raise typer.BadParameter(f"no such gate: {', '.join(sorted(unknown))}; there are {', '.join(GATES)}")
    verdicts = [run(name) for name in (only or GATES)]
    if json:
        print_json({name: {"passed": passed, "seconds": seconds} for name, passed, seconds in verdicts})
    else:
        print_table(["gate", "verdict", "seconds"], [[name, word(passed), took] for name, passed, took in verdicts])
    raise typer.Exit(0 if all(passed for _, passed, _ in verdicts) else 1)


def run(name: str) -> tuple[str, bool, float]:
    say(f"{name} ...")
    began = time.monotonic()
    code = checkout.run(*GATES[name])
    return name, code == 0, round(time.monotonic() - began, 1)


def word(passed: bool) -> str:
    return "passed" if passed else "FAILED"
