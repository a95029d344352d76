"""``dealstream import``: load a data set into the running platform and report every row that was not taken."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from dealstream.client import Client
from dealstream.errors import PlatformError, UsageError
from dealstream.home import Home
from dealstream.imports import crm_opportunities, load_crm_opportunities, load_olist_funnel, olist_funnel
from dealstream.imports.loading import Loading
from dealstream.imports.tables import Report, WrongFolder
from dealstream.output import HomeOption, JsonOption, home_of, print_json, print_table, say
from dealstream.steps import Steps

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Load sales history from files.")

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Folder with the files, .csv or .csv.gz.")]

Load = Callable[[Any, Loading], Awaitable[None]]

SHOWN_REJECTIONS = 20


@app.command("crm-opportunities")
def import_crm_opportunities(folder: FolderArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """CRM Sales Opportunities: crm_accounts, crm_products, crm_sales_teams, crm_sales_pipeline."""
    _import(home_of(home), folder, crm_opportunities.read, load_crm_opportunities.load, json=json)


@app.command("olist-funnel")
def import_olist_funnel(folder: FolderArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Marketing Funnel by Olist: olist_marketing_qualified_leads, olist_closed_deals."""
    _import(home_of(home), folder, olist_funnel.read, load_olist_funnel.load, json=json)


def _import(home: Home, folder: Path, read: Callable[[Path, Report], Any], load: Load, *, json: bool) -> None:
    state = home.running()
    report = Report()
    try:
        data = read(folder, report)
    except WrongFolder as wrong:
        raise UsageError(str(wrong), "Name the folder that holds the files; docs/imports.md lists them.") from wrong
    asyncio.run(_load(Client(state.addresses, home.api_key()), data, load, report))
    show(report, json=json)
    if report.rejected:
        raise PlatformError(
            f"{len(report.rejected)} rows were not taken; all others are loaded.",
            "Mend them in the files and run the import again: what is there already stays as it is.",
        )


async def _load(client: Client, data: Any, load: Load, report: Report) -> None:
    with Steps() as steps:
        async with client:
            await load(data, Loading(client, report, steps.progress))


def show(report: Report, *, json: bool) -> None:
    """The report: one document, or a table for people and the rejected rows beneath it."""
    if json:
        print_json(report.as_json())
        return
    nouns = dict.fromkeys([*report.loaded, *report.existing])
    rows = [(noun, report.loaded[noun], report.existing[noun]) for noun in nouns]
    print_table(("records", "loaded", "already there"), rows, right=("loaded", "already there"))
    for rule, count in report.corrected.items():
        say(f"{count:>6} rows: {rule}")
    for rejection in report.rejected[:SHOWN_REJECTIONS]:
        say(f"{rejection.file} row {rejection.row}, {rejection.field}: {rejection.reason}")
    if len(report.rejected) > SHOWN_REJECTIONS:
        say(f"... and {len(report.rejected) - SHOWN_REJECTIONS} more; --json prints all.")
