"""``dealstream demo``: a platform with a year of sales in it, its figures, and what to try."""

import asyncio
import time
from typing import Annotated, Any

import typer

from dealstream import lifecycle
from dealstream.client import Client
from dealstream.commands.up import already_running, tell
from dealstream.demo import firm
from dealstream.demo.figures import FIGURES, caught_up, figures, shown
from dealstream.demo.filling import Note, fill
from dealstream.demo.year import Year
from dealstream.errors import PlatformError
from dealstream.home import Home, State
from dealstream.output import PORT_BASE, HomeOption, JsonOption, PortBaseOption, home_of, print_json, print_table, say
from dealstream.platform import ADMIN_EMAIL, Firm, plan_from_environment
from dealstream.steps import Steps

app = typer.Typer(add_completion=False)

DetachOption = Annotated[bool, typer.Option("--detach", help="Return when it is ready; `down` ends it.")]
ExitOption = Annotated[bool, typer.Option("--exit", help="End the platform once the figures are printed.")]

LIVE = "dealstream.demo.live"


@app.command()
def demo(
    home: HomeOption = None,
    port_base: PortBaseOption = PORT_BASE,
    detach: DetachOption = False,
    exit_: ExitOption = False,
    json: JsonOption = False,
) -> None:
    """Start a platform, load a year of an invented firm through the HTTP APIs, print its figures, and stay up.

    A second run keeps the data of the first; `down --delete-data` forgets it. A platform that runs already is used, and
    goes on afterwards.
    """
    began = time.monotonic()
    chosen = home_of(home)
    running = already_running(chosen)
    state = running or start(chosen, port_base)
    try:
        told = asyncio.run(loaded(chosen, state))
        show(chosen, state, told, time.monotonic() - began, json=json)
        if not running and not detach and not exit_:
            stay(chosen)
    finally:
        if not running and not detach:
            lifecycle.stop(chosen, tell)


def start(home: Home, port_base: int) -> State:
    """A platform of our own whose default tenant is the demo's firm."""
    said = Firm(firm.NAME, firm.ZONE, firm.BASE_CURRENCY)
    return lifecycle.start_detached(plan_from_environment(home, port_base, also=(LIVE,), firm=said), tell)


async def loaded(home: Home, state: State) -> list[Any]:
    """The figures, once the year is loaded and folded."""
    with Steps() as steps:
        async with Client(state.addresses, home.api_key()) as client:
            say("Loading a year of sales through the HTTP APIs ...")
            report = await fill(client, home.demo_note, steps.progress)
            if report is None:
                say("The year was loaded by an earlier run and is kept.")
            elif report.rejected:
                first = report.rejected[0]
                say(f"{len(report.rejected)} records were refused; the first: {first.field}: {first.reason}")
            await caught_up(client, Year(Note.of(home.demo_note).end).totals())
            return [await figures(client, slug) for slug in FIGURES]


def show(home: Home, state: State, told: list[Any], seconds: float, *, json: bool) -> None:
    """The figures as one document, or a table with addresses, logins and three things to try."""
    if json:
        print_json({"kpis": told, "services": state.addresses, "home": str(home.path), "seconds": round(seconds, 1)})
        return
    print_table(("figure", "value", "n"), [shown(each) for each in told], right=("value", "n"))
    for name, address in state.addresses.items():
        say(f"{name:>14}  {address}{'' if name == 'inbox' else '/docs'}")
    say(f"{'metrics':>14}  {state.address('analytics')}/metrics")
    say(f"{'sign in':>14}  {ADMIN_EMAIL}, password in {home.password_file}")
    say(f"""
Ready after {seconds:.0f} s. Three things to try:
  ./dealstream kpi get win-rate --by rep           who wins, with numerator and denominator
  ./dealstream events tail                         what happens right now, event by event
  ./dealstream kpi explain deals-won --limit 5     the events behind a number
""")


def stay(home: Home) -> None:
    """Until Ctrl-C, or until the platform is ended from elsewhere."""
    say("Slow traffic goes on. Ctrl-C ends the platform; its data is kept.")
    try:
        while home.is_locked():
            time.sleep(1)
    except KeyboardInterrupt:
        return
    raise PlatformError("The platform was ended from elsewhere.", f"See the logs in {home.logs}.")
