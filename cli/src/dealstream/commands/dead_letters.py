"""``dealstream dead-letters``: events that a service could not apply, and what to do about them.

A letter is named ``SERVICE:NUMBER``, as ``list`` prints it. Every change needs ``--why`` and is kept in an audit.
"""

import asyncio
import json as json_text
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from dealstream.client import Client
from dealstream.errors import UsageError
from dealstream.home import SERVICES
from dealstream.output import HomeOption, JsonOption, home_of, print_json, print_table, say

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Events that failed: list, show, redrive, ...")

PATH = "/v1/dead-letters"
Letter = Annotated[str, typer.Argument(metavar="SERVICE:NUMBER", help="As `dead-letters list` prints it.")]
Service = Annotated[str | None, typer.Option("--service", help=f"One of {', '.join(SERVICES)}; all if left out.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for the audit.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Try it and roll back; show what would happen.")]
Force = Annotated[bool, typer.Option("--force", help="Also what has failed three redrives.")]
Overrule = Annotated[bool, typer.Option("--overrule", help="Accept a forked history or a version that never comes.")]


@app.command("list")
def list_letters(
    service: Service = None,
    consumer: Annotated[str | None, typer.Option(help="Only of this consumer.")] = None,
    reason: Annotated[
        str | None, typer.Option(help="failed, invalid, foreign-tenant, diverged, gap or behind.")
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """What waits, in each service, the oldest first."""

    async def work(client: Client) -> list[dict[str, Any]]:
        names = chosen(service)
        lists = await asyncio.gather(*(letters(client, name, consumer=consumer, reason=reason) for name in names))
        return [letter for found in lists for letter in found]

    found = ask(home, work)
    if json:
        print_json({"dead_letters": found})
        return
    columns = ["letter", "consumer", "event_type", "reason", "error_class", "attempts", "first_at"]
    print_table(columns, [["" if letter.get(name) is None else letter[name] for name in columns] for letter in found])
    say(f"{len(found)} dead letters. `./dealstream dead-letters show LETTER` shows one, `redrive` tries it again.")


@app.command()
def show(letter: Letter, home: HomeOption = None, json: JsonOption = False) -> None:
    """One letter in full: the record as it came, the error, what was tried."""
    service, number = parse(letter)
    found = ask(home, lambda client: client.get(service, f"{PATH}/{number}"))
    if json:
        print_json(found)
        return
    for name, value in found.items():
        print(f"{name:>18}  {value if isinstance(value, str) else json_text.dumps(value, ensure_ascii=False)}")


@app.command()
def redrive(
    letter: Annotated[
        str | None, typer.Argument(metavar="[SERVICE:NUMBER]", help="One letter; else --consumer.")
    ] = None,
    why: Why = "",
    service: Service = None,
    consumer: Annotated[str | None, typer.Option(help="All that waits for this consumer.")] = None,
    error_class: Annotated[str | None, typer.Option(help="Only what failed in this way.")] = None,
    dry_run: DryRun = False,
    force: Force = False,
    overrule: Overrule = False,
    per_second: Annotated[float | None, typer.Option(min=0.1, help="Not faster than this.")] = None,
    maximum: Annotated[int | None, typer.Option(min=1, help="Not more than this many.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Try again, in order; what still fails stays."""
    terms = given(
        dry_run=dry_run, force=force, overrule=overrule, per_second=per_second, maximum=maximum, why=needed(why)
    )
    if letter:
        name, number = parse(letter)
        path, body = f"{PATH}/{number}/redrive", terms
    else:
        name, path = one(service, consumer), f"{PATH}:redrive"
        body = {**terms, **given(consumer=consumer, error_class=error_class)}
    tell(ask(home, lambda client: client.post(name, path, body)), json=json)


@app.command()
def edit(
    letter: Letter,
    data: Annotated[Path, typer.Option("--data", exists=True, dir_okay=False, help="File with the corrected JSON.")],
    why: Why = "",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Replace the letter's data; what was there is kept in the audit. Redrive it afterwards."""
    service, number = parse(letter)
    body = {"value": data.read_text("utf-8"), "why": needed(why)}
    answer = ask(home, lambda client: client.post(service, f"{PATH}/{number}/correction", body))
    if json:
        print_json(answer)
    elif answer["problem"]:
        say(f"Kept, but it cannot be read yet: {answer['problem']}")
    else:
        say(f"It can be read now. Next: ./dealstream dead-letters redrive {letter} --why ...")


@app.command()
def discard(letter: Letter, why: Why = "", home: HomeOption = None, json: JsonOption = False) -> None:
    """Take it out for good, without effect; what waited behind it goes on."""
    service, number = parse(letter)
    tell(ask(home, lambda client: client.post(service, f"{PATH}/{number}/discard", {"why": needed(why)})), json=json)


@app.command()
def stopped(service: Service = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Partitions that wait for an operator, because too much failed."""

    async def work(client: Client) -> list[dict[str, Any]]:
        answers = [(name, await client.get(name, "/v1/stopped-partitions")) for name in chosen(service)]
        return [{"service": name, **stop} for name, answer in answers for stop in answer["items"]]

    found = ask(home, work)
    if json:
        print_json({"stopped_partitions": found})
        return
    columns = list(found[0]) if found else ["service"]
    print_table(columns, [[stop[name] for name in columns] for stop in found])
    say(f"{len(found)} stopped partitions.")


@app.command()
def resume(
    consumer: Annotated[str, typer.Argument(help="As `dead-letters stopped` prints it.")],
    topic: Annotated[str, typer.Argument()],
    partition: Annotated[int, typer.Argument(min=0)],
    why: Why = "",
    home: HomeOption = None,
) -> None:
    """Let a stopped partition go on."""
    body = {"consumer": consumer, "topic": topic, "partition": partition, "why": needed(why)}
    name = one(None, consumer)
    ask(home, lambda client: client.post(name, "/v1/stopped-partitions:resume", body))
    say(f"{consumer} goes on with {topic}/{partition}.")


async def letters(client: Client, service: str, **query: Any) -> list[dict[str, Any]]:
    found = client.pages(service, PATH, **query)
    return [{"letter": f"{service}:{letter['id']}", "service": service, **letter} async for letter in found]


def parse(letter: str) -> tuple[str, str]:
    service, separator, number = letter.partition(":")
    if not separator or service not in SERVICES or not number.isdigit():
        raise UsageError(f"{letter} names no dead letter.", "Write it as `dead-letters list` prints it: deals:12.")
    return service, number


def chosen(service: str | None) -> tuple[str, ...]:
    if service is None:
        return SERVICES
    if service not in SERVICES:
        raise UsageError(f"There is no service {service}.", f"There are {', '.join(SERVICES)}.")
    return (service,)


def one(service: str | None, consumer: str | None) -> str:
    """A consumer is called after its service: ``deals.reactions``."""
    name = service or (consumer or "").partition(".")[0]
    if name not in SERVICES or consumer is None:
        raise UsageError("Which letters?", "Name one letter, or a consumer: --consumer deals.reactions.")
    return name


def needed(why: str) -> str:
    if not why.strip():
        raise UsageError("A reason is missing.", 'Say why, for the audit: --why "fixed in release 12".')
    return why


def given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def ask(home: str | None, work: Callable[[Client], Coroutine[Any, Any, Any]]) -> Any:
    async def asked() -> Any:
        async with Client.of(home_of(home)) as client:
            return await work(client)

    return asyncio.run(asked())


def tell(report: Any, *, json: bool) -> None:
    if json:
        print_json(report)
        return
    outcomes = report.get("outcomes", [report])
    columns = ["topic", "sequence_key", "applied", "skipped", "error"]
    print_table(columns, [["" if one.get(name) is None else one[name] for name in columns] for one in outcomes])
    say(f"{len(outcomes)} sequences{' tried, nothing changed' if report.get('dry_run') else ''}.")
