"""``dealstream up``: start the platform, in the foreground or detached."""

import asyncio
import sys
from typing import Annotated

import typer

from dealstream import lifecycle
from dealstream.commands.following import Follower
from dealstream.home import Home, State
from dealstream.output import PORT_BASE, HomeOption, JsonOption, PortBaseOption, home_of, print_json, say
from dealstream.platform import ADMIN_EMAIL, Plan, plan_from_environment

app = typer.Typer(add_completion=False)
DetachOption = Annotated[bool, typer.Option("--detach", help="Return when it is ready; `down` ends it.")]
LogsOption = Annotated[bool, typer.Option("--logs", help="Show the programs' output too, each line with its name.")]


@app.command()
def up(
    home: HomeOption = None,
    port_base: PortBaseOption = PORT_BASE,
    detach: DetachOption = False,
    logs: LogsOption = False,
    json: JsonOption = False,
) -> None:
    """Start PostgreSQL, Kafka and the services; Ctrl-C ends them.

    DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS name servers that run already. A second `up` says that it runs.
    """
    chosen = home_of(home)
    if state := already_running(chosen):
        say(f"The platform runs already in {chosen.path}.")
        show(chosen, state, json=json)
        return
    plan = plan_from_environment(chosen, port_base, log_format="text" if logs and sys.stderr.isatty() else "json")
    if detach:
        show(chosen, lifecycle.start_detached(plan, tell), json=json)
    else:
        asyncio.run(foreground(plan, logs=logs, json=json))


def already_running(home: Home) -> State | None:
    state = home.state()
    return state if state and state.phase in {"ready", "starting"} and home.is_locked() else None


async def foreground(plan: Plan, *, logs: bool, json: bool) -> None:
    def ready(state: State) -> None:
        show(plan.home, state, json=json)
        say("Ctrl-C ends the platform.")

    async with Follower(plan.home.logs) if logs else nothing():
        await lifecycle.run(plan, tell, ready)


def nothing() -> asyncio.Lock:
    return asyncio.Lock()  # entered and left without effect


def tell(name: str, text: str) -> None:
    say(f"{name:>14}  {text}")


def show(home: Home, state: State, *, json: bool) -> None:
    """Where everything is: to stdout as JSON, or to people on stderr."""
    if json:
        print_json(summary(home, state))
        return
    for name, address in state.addresses.items():
        say(f"{name:>14}  {address}{'' if name == 'inbox' else '/docs'}")
    say(f"{'sign in':>14}  {ADMIN_EMAIL}, password in {home.password_file}")
    say(f"{'logs':>14}  {home.logs}")


def summary(home: Home, state: State) -> dict[str, object]:
    return {
        "phase": state.phase,
        "home": str(home.path),
        "port_base": state.port_base,
        "services": state.addresses,
        "database_url": state.database_url,
        "kafka": state.kafka,
        "api_key_file": str(home.api_key_file),
        "admin": {"email": ADMIN_EMAIL, "password_file": str(home.password_file)},
    }
