"""``dealstream status``: what runs, where, for how long, with how much memory."""

import asyncio
from typing import Any

import typer

from dealstream.client import Client
from dealstream.home import SERVICES, Home, State
from dealstream.output import HomeOption, JsonOption, home_of, print_json, print_table, say

app = typer.Typer(add_completion=False)
MEBIBYTE = 1024 * 1024


@app.command()
def status(home: HomeOption = None, json: JsonOption = False) -> None:
    """Exit code 3 when no platform runs."""
    chosen = home_of(home)
    state = chosen.running()
    programs = asyncio.run(look(chosen, state))
    total = sum(program["memory_mib"] for program in programs)
    if json:
        print_json({"phase": state.phase, "home": str(chosen.path), "memory_mib": total, "programs": programs})
        return
    print_table(
        ["program", "pid", "memory MiB", "ready", "address"],
        [[program[key] for key in ("name", "pid", "memory_mib", "ready", "address")] for program in programs],
        right=["pid", "memory MiB"],
    )
    say(f"{state.phase}; {total} MiB in all; home {chosen.path}")


async def look(home: Home, state: State) -> list[dict[str, Any]]:
    answers: dict[str, bool] = {}
    if state.phase == "ready":
        async with Client.of(home) as client:
            codes = await asyncio.gather(*(client.look(name, "/readyz") for name in SERVICES))
        answers = {name: code == 200 for name, (code, _) in zip(SERVICES, codes, strict=True)}  # noqa: PLR2004
    return [
        {
            "name": name,
            "pid": record.pid,
            "memory_mib": record.memory_bytes(descendants=name != "supervisor") // MEBIBYTE,
            "ready": answers.get(name, record.lives()),
            "address": state.addresses.get(name, ""),
        }
        for name, record in {**state.programs, "supervisor": state.supervisor}.items()
    ]
