"""``dealstream test``: the tests, with pytest's own options after it."""

import os

import typer

from dealstream import checkout

app = typer.Typer(add_completion=False)
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command(context_settings=PASS_ON)
def test(context: typer.Context) -> None:
    """Run all tests, or those named: `./dealstream test tests/unit -k money`.

    Servers come from DEALSTREAM_TEST_DATABASE_URL and DEALSTREAM_TEST_KAFKA, else from containers, else embedded.
    """
    chosen = context.args or ["-q", *in_parallel()]
    raise typer.Exit(checkout.run("pytest", *chosen))


def in_parallel() -> list[str]:
    """Two workers share one PostgreSQL and one Kafka; more would starve them on small machines."""
    return ["-n", "2", "--dist", "loadfile"] if (os.cpu_count() or 1) > 1 else []
