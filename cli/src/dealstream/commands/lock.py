"""``dealstream lock``: renew the locked requirements from the packages' own files."""

import typer

from dealstream import checkout, locks
from dealstream.output import say

app = typer.Typer(add_completion=False)


@app.command()
def lock() -> None:
    """Pins that still fit stay as they are; delete a lock file to move to the newest versions."""
    locks.renew(checkout.root())
    say("The lock files are renewed; look at the difference, then run the tests.")
