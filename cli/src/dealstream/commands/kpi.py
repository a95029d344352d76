"""``dealstream kpi``: the figures, their definitions and what is behind them."""

import asyncio
import json as json_text
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Annotated, Any

import typer

from dealstream.client import Client
from dealstream.output import HomeOption, JsonOption, home_of, print_json, print_table, say

app = typer.Typer(add_completion=False, no_args_is_help=True, help="List, query and explain KPIs.")

Slug = Annotated[str, typer.Argument(metavar="SLUG", help="As `kpi list` names it.")]
From = Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day.")]
To = Annotated[str | None, typer.Option("--to", metavar="DAY", help="The day after the last one.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DAY", help="What was the case at the end of this day.")]
KnownAt = Annotated[str | None, typer.Option("--known-at", metavar="TIME", help="What was known at this time.")]
Filter = Annotated[
    list[str] | None,
    typer.Option("--filter", metavar="DIM=VALUE", help="Only this value; a name or an id; repeatable."),
]
By = Annotated[
    list[str] | None,
    typer.Option("--by", metavar="DIM", help="One row for each value: rep, team, region, source, ..., day, month."),
]


@app.command("list")
def list_kpis(home: HomeOption = None, json: JsonOption = False) -> None:
    """Every KPI there is."""
    kpis = ask(home, lambda client: client.get("analytics", "/v1/kpis"))["items"]
    if json:
        print_json({"kpis": kpis})
    else:
        rows = [[kpi["slug"], kpi["title"], kpi["unit"], " ".join(kpi["dimensions"])] for kpi in kpis]
        print_table(["slug", "title", "unit", "dimensions"], rows)


@app.command()
def get(
    slug: Slug,
    by: By = None,
    from_: From = None,
    to: To = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    filter_: Filter = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """A KPI's value, as a whole or a row for each value of a dimension."""
    query = question(from_, to, as_of, known_at, filter_)
    answer = ask(home, lambda client: client.get("analytics", f"/v1/kpis/{slug}", by=by or None, **query))
    if json:
        print_json(answer)
    else:
        show(answer, by or [])


@app.command()
def explain(
    slug: Slug,
    from_: From = None,
    to: To = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    filter_: Filter = None,
    limit: Annotated[int, typer.Option(min=1, help="Entries to print at most.")] = 100,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """The ledger entries behind one figure, each with the event that caused it."""
    query = question(from_, to, as_of, known_at, filter_)
    found = ask(home, lambda client: explanation(client, slug, query, limit))
    if json:
        print_json(found)
        return
    entries = [
        [entry["recorded_at"], entry["event_type"], entry["id"], entry["measure"], entry["day"], adds(entry)]
        for entry in found["items"]
    ]
    print_table(["recorded", "event", "record", "measure", "day", "adds"], entries)
    say(f"{slug} is {number(found.get('value'), found)}; {len(entries)} entries shown.")


def question(
    from_: str | None, to: str | None, as_of: str | None, known_at: str | None, filter_: list[str] | None
) -> dict[str, Any]:
    return {"from": from_, "to": to, "as_of": as_of, "known_at": known_at, "filter": filter_ or None}


async def explanation(client: Client, slug: str, query: dict[str, Any], limit: int) -> Any:
    found: dict[str, Any] = {}
    cursor: str | None = None
    while True:
        page = await client.get("analytics", f"/v1/kpis/{slug}/explain", **query, limit=min(limit, 200), cursor=cursor)
        found = {**page, "items": [*found.get("items", []), *page["items"]]}
        cursor = page["next_cursor"]
        if cursor is None or len(found["items"]) >= limit:
            return {**found, "items": found["items"][:limit]}


def ask(home: str | None, work: Callable[[Client], Coroutine[Any, Any, Any]]) -> Any:
    async def asked() -> Any:
        async with Client.of(home_of(home)) as client:
            return await work(client)

    return asyncio.run(asked())


def show(answer: dict[str, Any], by: list[str]) -> None:
    rows = [
        [*(row["dimensions"].get(name, "") for name in by), number(row["value"], answer, row), row["count"]]
        for row in answer["rows"]
    ]
    unit = answer.get("currency") or answer["unit"]
    print_table([*by, f"{answer['kpi']} ({unit})", "n"], rows, right=[f"{answer['kpi']} ({unit})", "n"])
    freshness = answer.get("freshness_seconds")
    said = "not complete yet" if freshness is None else f"complete up to {freshness:.1f} s ago"
    say(f"as of {answer['as_of']}, {said}, definition {answer['version']}")


def number(value: Any, answer: dict[str, Any], row: dict[str, Any] | None = None) -> str:
    if value is None:
        return f"- ({(row or answer).get('reason') or 'no value'})"
    exact = Decimal(str(value))
    return f"{exact * 100:.1f} %" if answer["unit"] == "ratio" else f"{exact:,f}"


def adds(entry: dict[str, Any]) -> str:
    return json_text.dumps(entry["adds"])[1:-1].replace('"', "")
