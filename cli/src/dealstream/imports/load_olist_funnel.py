"""The Olist funnel into the platform: each lead; for those that became sellers also qualifying, handoff and win.

The deal itself is opened by the deals service when it hears of the accepted handoff, as it always is.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from dealstream.client import BulkResult
from dealstream.imports.loading import Item, Loading, instant, start_of
from dealstream.imports.olist_funnel import DataSet, Lead, Win
from dealstream.patience import Patience


async def load(data: DataSet, loading: Loading) -> None:
    """Load all of it, each step for all leads before the next."""
    zone = await loading.zone()
    people = [{"external_id": person, "name": person, "roles": list(roles)} for person, roles in data.roles.items()]
    await loading.load("identity", "people", people)
    won = [(lead, lead.win) for lead in data.leads if lead.win is not None]
    await loading.load("leads", "leads", [_capture(lead, zone) for lead in data.leads])
    converted = await _with_status(loading, "converted")
    await _hand_over([(lead, win) for lead, win in won if lead.external_id not in converted], loading, zone)
    deals = await _accepted_deals(loading)
    wins = [_win(win, deals[lead.external_id]) for lead, win in won if lead.external_id in deals]
    await _close(wins, loading)


async def _hand_over(won: Sequence[tuple[Lead, Win]], loading: Loading, zone: ZoneInfo) -> None:
    """The file knows one date before the win, so all of this is told for that day."""
    qualified = await _with_status(loading, "qualified")
    steps: dict[str, list[Item]] = {"qualifications": [], "handoffs": [], "acceptances": []}
    for lead, win in won:
        at = {"external_id": lead.external_id, "occurred_at": start_of(lead.contacted_on, zone)}
        if lead.external_id not in qualified:
            steps["qualifications"].append({**at, "command": "qualify"})
        steps["handoffs"].append({**at, **_offer(lead, win)})
        steps["acceptances"].append({**at, "command": "accept", "account_name": f"Seller {win.seller}"})
    await loading.load("leads", "qualifications", steps["qualifications"], "/v1/leads:batch")
    await loading.load("leads", "handoffs", steps["handoffs"])
    await loading.load("leads", "acceptances", steps["acceptances"], "/v1/handoffs:batch")


async def _with_status(loading: Loading, status: str) -> set[str]:
    """External ids of the leads that stand there already, from an earlier run."""
    found = loading.client.pages("leads", "/v1/leads", status=status)
    return {lead["external_id"] async for lead in found if lead["external_id"]}


async def _accepted_deals(loading: Loading) -> dict[str, str]:
    """The deal that each accepted handoff opens, by the lead's external id."""
    found = loading.client.pages("leads", "/v1/handoffs", status="accepted")
    return {handoff["external_id"]: handoff["deal"] async for handoff in found if handoff["external_id"]}


async def _close(wins: Sequence[Item], loading: Loading) -> None:
    """Win the deals, as soon as each of them has come over from leads."""
    waiting, patience = list(wins), Patience("deals of accepted handoffs have not arrived")
    while waiting:
        results = await loading.client.bulk("deals", "/v1/deals:batch", waiting)
        waiting = [dict(result.item) for result in results if _code(result) == "not-found"]
        for result in results:
            _count(result, loading)
        loading.progress("wins", len(wins) - len(waiting), len(wins))
        if waiting:
            await patience.pause(len(waiting))


def _count(result: BulkResult, loading: Loading) -> None:
    if _code(result) == "deal-is-closed":
        loading.report.existing["wins"] += 1
    elif _code(result) != "not-found":
        loading.report_result("wins", 0, result)


def _code(result: BulkResult) -> str | None:
    problem: Mapping[str, Any] = result.problem or {}
    return problem.get("code")


def _capture(lead: Lead, zone: ZoneInfo) -> Item:
    return {
        "command": "capture",
        "external_id": lead.external_id,
        "source": lead.origin,
        "campaign": lead.landing_page,
        "occurred_at": start_of(lead.contacted_on, zone),
        "imported": True,
        **({"owner_external_id": lead.win.sdr} if lead.win else {}),
    }


def _offer(lead: Lead, win: Win) -> Item:
    return {
        "command": "offer",
        "lead_external_id": lead.external_id,
        "offered_by_external_id": win.sdr,
        "offered_to_external_id": win.rep,
        "opportunity": {"name": f"Seller {win.seller}"},
        "imported": True,
    }


def _win(win: Win, deal: str) -> Item:
    return {"command": "win", "id": deal, "occurred_at": instant(win.won_at.replace(tzinfo=UTC))}
