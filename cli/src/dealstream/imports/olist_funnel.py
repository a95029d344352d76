"""The data set "Marketing Funnel by Olist": leads with their origin, and those that became sellers. Pure reading.

How its quirks are handled is stated in docs/imports.md; nothing is dropped without a line in the report.
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from dealstream.imports.tables import Report, Row, WrongValue, read_table, taken

EMPTY_PAGE = "d41d8cd98f00b204e9800998ecf8427e"
"""MD5 of nothing: the lead came from no landing page."""


@dataclass(frozen=True)
class Win:
    """How a lead ended well: who qualified it, who sold, and when (UTC)."""

    seller: str
    sdr: str
    rep: str
    won_at: datetime
    segment: str | None


@dataclass(frozen=True)
class Lead:
    """A lead; ``origin`` absent is another thing than ``unknown``."""

    external_id: str
    contacted_on: date
    landing_page: str | None
    origin: str | None
    win: Win | None


@dataclass(frozen=True)
class DataSet:
    """Both files, joined; ``roles`` has what each person does."""

    leads: tuple[Lead, ...]
    roles: dict[str, tuple[str, ...]]


def read(folder: Path, report: Report) -> DataSet:
    """Read, join and check the two files of ``folder``."""
    columns = ("mql_id", "first_contact_date", "landing_page_id", "origin")
    contacts = read_table(folder, "olist_marketing_qualified_leads", columns, report)
    deals = read_table(
        folder, "olist_closed_deals", ("mql_id", "seller_id", "sdr_id", "sr_id", "won_date", "business_segment"), report
    )
    seen: set[str] = set()
    parsed = {lead.external_id: lead for lead in taken(contacts, lambda row: _lead(row, seen, report), report)}
    wins: dict[str, Win] = {}
    wins.update(taken(deals, lambda row: _win(row, parsed, wins), report))
    leads = tuple(_with_win(lead, wins.get(lead.external_id), report) for lead in parsed.values())
    return DataSet(leads=leads, roles=_roles(wins))


def _lead(row: Row, seen: set[str], report: Report) -> Lead:
    contacted = row.day("first_contact_date")
    if contacted is None:
        raise WrongValue("first_contact_date", "is missing")
    external_id = row.text("mql_id")
    if external_id in seen:
        raise WrongValue("mql_id", f"occurs a second time: {external_id}")
    seen.add(external_id)
    page = row.optional("landing_page_id")
    if page == EMPTY_PAGE:
        report.corrected["landing page is the MD5 of nothing: none"] += 1
        page = None
    return Lead(external_id, contacted, page, row.optional("origin"), None)


def _win(row: Row, leads: dict[str, Lead], wins: dict[str, Win]) -> tuple[str, Win]:
    lead = row.one_of("mql_id", leads)
    if lead.external_id in wins:
        raise WrongValue("mql_id", f"is closed a second time: {lead.external_id}")
    won_at = row.instant("won_date")
    if won_at is None:
        raise WrongValue("won_date", "is missing")
    people = (row.text("seller_id"), row.text("sdr_id"), row.text("sr_id"))
    return lead.external_id, Win(*people, won_at, row.optional("business_segment"))


def _with_win(lead: Lead, win: Win | None, report: Report) -> Lead:
    if win is not None and win.won_at.date() < lead.contacted_on:
        report.corrected["won before the first contact: booked on the day of the first contact"] += 1
        win = Win(win.seller, win.sdr, win.rep, datetime.combine(lead.contacted_on, datetime.min.time()), win.segment)
    return Lead(lead.external_id, lead.contacted_on, lead.landing_page, lead.origin, win)


def _roles(wins: dict[str, Win]) -> dict[str, tuple[str, ...]]:
    sdrs, reps = {win.sdr for win in wins.values()}, {win.rep for win in wins.values()}
    return {
        person: tuple(role for role, holders in (("sdr", sdrs), ("rep", reps)) if person in holders)
        for person in sorted(sdrs | reps)
    }
