"""``dealstream rebuild``: read all events again into a new ledger beside the one in use, which keeps serving."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer

from dealstream.client import Client
from dealstream.errors import PlatformError
from dealstream.output import HomeOption, JsonOption, home_of, print_json, print_table, progress, say

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Rebuild the figures from the events while serving.")

Id = Annotated[str | None, typer.Argument(metavar="[ID]", help="A rebuild; the newest one if left out.")]
POLL_SECONDS = 0.5


@app.command()
def start(
    wait: Annotated[bool, typer.Option("--wait", help="Return when it has changed over or failed.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Begin one; it changes over by itself when it has caught up."""

    async def work(client: Client) -> Any:
        begun = await client.post("analytics", "/v1/rebuilds")
        return await finished(client, begun["id"]) if wait else begun

    show(ask(home, work), json=json)


@app.command()
def status(rebuild_id: Id = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """How far it is."""
    show(ask(home, lambda client: find(client, rebuild_id)), json=json)


@app.command()
def cancel(rebuild_id: Id = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Give it up: only the new ledger is dropped."""

    async def work(client: Client) -> Any:
        found = await find(client, rebuild_id)
        return await client.post("analytics", f"/v1/rebuilds/{found['id']}/cancellation")

    show(ask(home, work), json=json)


@app.command("list")
def list_rebuilds(home: HomeOption = None, json: JsonOption = False) -> None:
    """The rebuilds, newest first."""
    found = ask(home, lambda client: client.get("analytics", "/v1/rebuilds"))["items"]
    if json:
        print_json({"rebuilds": found})
    else:
        columns = ["id", "state", "requested_at", "requested_by"]
        print_table(columns, [[rebuild.get(column) or "" for column in columns] for rebuild in found])


async def find(client: Client, rebuild_id: str | None) -> Any:
    if rebuild_id:
        return await client.get("analytics", f"/v1/rebuilds/{rebuild_id}")
    newest = (await client.get("analytics", "/v1/rebuilds", limit=1))["items"]
    if not newest:
        raise PlatformError("There was no rebuild yet.", "Start one with `./dealstream rebuild start`.")
    return newest[0]


async def finished(client: Client, rebuild_id: str) -> Any:
    found = await client.get("analytics", f"/v1/rebuilds/{rebuild_id}")
    shown = 0
    with progress("events", found["records"]) as bar:
        while found["finished_at"] is None:
            await asyncio.sleep(POLL_SECONDS)
            found = await client.get("analytics", f"/v1/rebuilds/{rebuild_id}")
            bar.advance(found["records_read"] - shown)
            shown = found["records_read"]
    return found


def ask(home: str | None, work: Callable[[Client], Coroutine[Any, Any, Any]]) -> Any:
    async def asked() -> Any:
        async with Client.of(home_of(home)) as client:
            return await work(client)

    return asyncio.run(asked())


def show(rebuild: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(rebuild)
        return
    for name, value in rebuild.items():
        if value is not None:
            print(f"{name:>16}  {value}")
    say("See how far it is with `./dealstream rebuild status`.")
