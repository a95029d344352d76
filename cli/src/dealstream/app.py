"""The command line as a whole: its commands in groups, loaded when used; errors with their exit codes.

The help text comes from the table below alone, so that it appears at once. A command's module holds ``app``, a typer
application with one command or several.
"""

import os
import sys
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from dealstream.errors import PlatformError

COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "Run": {
        "demo": ("dealstream.demo.command", "Start a platform, fill it with a sales year, show what to try."),
        "up": ("dealstream.commands.up", "Start the platform."),
        "down": ("dealstream.commands.down", "End it; with --delete-data forget its data."),
        "status": ("dealstream.commands.status", "What runs, where, with how much memory."),
        "doctor": ("dealstream.commands.doctor", "Check this machine and the running platform; say what to do."),
    },
    "Use": {
        "kpi": ("dealstream.commands.kpi", "List, query and explain KPIs."),
        "import": ("dealstream.imports.command", "Load sales history from files."),
        "leads": ("dealstream.commands.leads", "How well leads can be scored, from a file of them."),
        "events": ("dealstream.commands.events", "List, show and follow events, and their schemas."),
    },
    "Operate": {
        "dead-letters": ("dealstream.commands.dead_letters", "Events that failed: list, show, redrive, edit, discard."),
        "rebuild": ("dealstream.commands.rebuild", "Rebuild the figures from the events while serving."),
    },
    "Develop": {
        "test": ("dealstream.commands.test", "Run the tests."),
        "check": ("dealstream.commands.check", "Run every gate: style, types, boundaries, documents."),
        "generate": ("dealstream.commands.generate", "Write the documents, schemas and dashboards drawn from code."),
        "lock": ("dealstream.commands.lock", "Renew the locked requirements."),
        "bench": ("dealstream.bench.command", "Measure throughput and latency."),
    },
}

EXIT_CODES = """\
Exit codes:
  0  done
  1  failed
  2  the command was not understood
  3  no platform runs
  4  a service refused the request
  5  a service does not answer
  6  this machine lacks something (a port, the network, a user name)
"""


class LazyGroup(TyperGroup):
    """Loads a command's module only when the command is used."""

    def list_commands(self, _context: Any) -> list[str]:
        return [name for group in COMMANDS.values() for name in group]

    def get_command(self, _context: Any, name: str) -> Any:
        found = next((group[name] for group in COMMANDS.values() if name in group), None)
        return typer.main.get_command(load(name, found[0]).app) if found else None

    def resolve_command(self, context: Any, arguments: list[str]) -> Any:
        known = self.list_commands(context)
        if arguments[0] not in known and (near := get_close_matches(arguments[0], known, n=1)):
            context.fail(f"No such command {arguments[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(context, arguments)

    def format_help(self, _context: Any, formatter: Any) -> None:
        formatter.write(help_text())


def load(name: str, module: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name and module.startswith(error.name):
            raise PlatformError(f"The command {name} is not part of this installation.") from None
        raise


def help_text() -> str:
    lines = [
        "Usage: dealstream COMMAND [OPTIONS]",
        "",
        "Dealstream: an event-driven sales platform, on this machine.",
        "",
    ]
    for title, group in COMMANDS.items():
        lines += [f"{title}:", *(f"  {name:<13} {text}" for name, (_, text) in group.items()), ""]
    lines += ["Data goes to stdout, talk to stderr; --json prints one document. COMMAND --help says more.", ""]
    return "\n".join(lines) + "\n" + EXIT_CODES


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False)


@app.callback()
def dealstream() -> None:
    """Dealstream: an event-driven sales platform, on this machine."""


def main() -> NoReturn:
    try:
        try:
            app(prog_name="dealstream")
        finally:
            sys.stdout.flush()
    except PlatformError as error:
        complain(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def complain(error: PlatformError) -> None:
    coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    label = "\x1b[31merror:\x1b[0m" if coloured else "error:"
    sys.stderr.write(f"{label} {error}\n")
    if error.hint:
        sys.stderr.write(f"{error.hint}\n")
