"""``dealstream down``: end the platform, and forget its data if asked to."""

import shutil
from typing import Annotated

import typer

from dealstream import lifecycle
from dealstream.errors import PlatformError
from dealstream.home import Home
from dealstream.output import HomeOption, JsonOption, home_of, print_json, say

app = typer.Typer(add_completion=False)


@app.command()
def down(
    home: HomeOption = None,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete databases, events, mails, secrets and logs as well.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """End the platform of this home: exactly the processes that its note names."""
    chosen = home_of(home)
    ended = lifecycle.stop(chosen, lambda name, text: say(f"{name:>14}  {text}"))
    if chosen.is_locked():
        raise PlatformError(f"The platform in {chosen.path} is just starting.", "Try again in a moment.")
    if delete_data:
        forget(chosen)
    if json:
        print_json({"ended": ended, "deleted": delete_data, "home": str(chosen.path)})
    else:
        say("The platform ended." if ended else f"No platform ran in {chosen.path}.")
        if delete_data:
            say(f"The data in {chosen.path} is deleted.")


def forget(home: Home) -> None:
    from dealstream.local import postgres  # noqa: PLC0415

    if home.postgres.exists():
        postgres.forget(home.postgres)
    for folder in (home.kafka, home.mail, home.logs, home.path / "secrets"):
        shutil.rmtree(folder, ignore_errors=True)
    home.demo_note.unlink(missing_ok=True)
