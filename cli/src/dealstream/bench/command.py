"""``dealstream bench``: benchmarks on servers of their own, ratios first; a missed bar is shown as missed."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Annotated, Any, Final, NamedTuple

import asyncpg
import typer

from dealstream.bench import machine
from dealstream.bench.figures import Outcome, as_json, as_row
from dealstream.bench.load import WrongAnswer
from dealstream.bench.stage import Stage, stage
from dealstream.errors import PlatformError
from dealstream.output import JsonOption, PortBaseOption, print_json, print_table, say

app = typer.Typer(add_completion=False)

PORT_BASE: Final = 9900
Run = Callable[[Stage], Awaitable[Outcome]]


class Sizing(NamedTuple):
    quick: bool
    full: bool


def benches(sizing: Sizing) -> Mapping[str, Run]:
    """By name, in the order in which they run."""
    from dealstream.bench import commands, fold, latency, leads, queries, relay  # noqa: PLC0415 (the list is asked often)

    quick, full = sizing
    folded = fold.QUICK if quick else fold.FULL
    return {
        "fold": partial(fold.fold, sizes=folded),
        "growth": partial(fold.growth, sizes=folded),
        "relay": partial(relay.relay, events=20_000 if quick else 100_000),
        "latency": partial(latency.latency, seconds=10 if quick else 40),
        "queries": partial(queries.queries, deals=50_000 if quick else 500_000, many=5_000_000 if full else None),
        "commands": partial(commands.commands, seconds=2 if quick else 6, rounds=3 if quick else 5),
        "leads": partial(leads.leads, sizes=leads.QUICK if quick else leads.FULL),
    }


@app.command()
def bench(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Just these; without a name all.")
    ] = None,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller sizes: a look, not a measure.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Also what takes an hour: five million deals.")] = False,
    port_base: PortBaseOption = PORT_BASE,
    json: JsonOption = False,
) -> None:
    """Measure throughput and latency against plain tools that do the same."""
    known = benches(Sizing(quick, full))
    unknown = set(names or ()) - set(known)
    if unknown:
        raise typer.BadParameter(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    chosen = {name: known[name] for name in known if not names or name in names}
    try:
        outcomes = asyncio.run(run(chosen, port_base))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    figures = [figure for outcome in outcomes.values() for figure in outcome.figures]
    if json:
        print_json(as_json(figures))
    else:
        print_table(["figure", "value", "bar", "unit", "", "off"], [as_row(figure) for figure in figures])
    raise typer.Exit(0 if len(outcomes) == len(chosen) and all(figure.met for figure in figures) else 1)


async def run(chosen: Mapping[str, Run], port_base: int) -> dict[str, Outcome]:
    _end_on_signals()
    described = machine.described()
    say(", ".join(f"{name} {value}" for name, value in described.items()))
    outcomes: dict[str, Outcome] = {}
    async with stage(port_base, _quiet) as where:
        for name, measure in chosen.items():
            say(f"{name} ... (load {machine.load()})")
            try:
                outcomes[name] = await measure(where)
                tell(outcomes[name])
            except* (PlatformError, WrongAnswer, OSError, EOFError, asyncpg.PostgresError) as failed:
                say(f"  {name} FAILED: {failed.exceptions[0]}")
    return outcomes


def _end_on_signals() -> None:
    """Whatever ends a run ends its servers too: a cancelled one leaves its stage in order."""
    running = asyncio.current_task()
    if running is not None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, running.cancel)


def tell(outcome: Outcome) -> None:
    for figure in outcome.figures:
        say("  " + "  ".join(as_row(figure)))
    for name, value in outcome.details.items():
        say(f"    {name}: {shown(value)}")


def shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number:,}" for name, number in value.items())
    if isinstance(value, list):
        return " -> ".join(f"{number:,}" for number in value)
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _quiet(_name: str, _text: str) -> None:
    return None
