"""Every figure reckoned the long way, straight from the definitions of the KPIs and the states of a world.

Nothing here knows of postings, measures or cells: each figure walks over all leads, handoffs or deals and looks at what
happened until the day asked for. ``seen`` yields what each figure sees, ``figure`` makes the value of what was seen.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from statistics import median
from typing import Any

from kpi_seen import (
    Seen,
    activities,
    closes,
    cost_of_leads,
    cost_of_wins,
    entries,
    expected,
    handoffs,
    lead_wins,
    leads,
    opened,
    pipeline,
    plans,
    responses,
    said_of_leads,
    stays,
    wins,
)

# Figures


def total(what: str) -> Callable[[list[Seen]], Any]:
    return lambda seen: sum((Fraction(one.value) for one in seen if one.what == what), Fraction())


def ratio(part: str, *whole: str) -> Callable[[list[Seen]], Any]:
    def reckon(seen: list[Seen]) -> Any:
        terms = [total(what)(seen) for what in whole]
        if min(terms) < 0 or sum(terms) <= 0:
            return None
        return Fraction(total(part)(seen)) / sum(terms)

    return reckon


def ratio_of_all(part: tuple[str, ...], rest: tuple[str, ...]) -> Callable[[list[Seen]], Any]:
    """One or more kinds of things over these and the rest."""

    def reckon(seen: list[Seen]) -> Any:
        ours, others = (sum((total(what)(seen) for what in group), Fraction()) for group in (part, rest))
        return ours / (ours + others) if ours + others else None

    return reckon


def mean(what: str) -> Callable[[list[Seen]], Any]:
    def reckon(seen: list[Seen]) -> Any:
        values = [one.value for one in seen if one.what == what]
        return Fraction(sum(values)) / len(values) if values else None

    return reckon


def at_rank(what: str, rank: Fraction) -> Callable[[list[Seen]], Any]:
    def reckon(seen: list[Seen]) -> Any:
        values = sorted(Fraction(one.value) for one in seen if one.what == what)
        if not values:
            return None
        if rank == Fraction(1, 2):
            return median(values)
        whole, rest = divmod((len(values) - 1) * rank, 1)
        after = values[min(int(whole) + 1, len(values) - 1)]
        return values[int(whole)] * (1 - rest) + after * rest

    return reckon


HALF, P75, P90 = Fraction(1, 2), Fraction(3, 4), Fraction(9, 10)
_PROSPECTS = ("converted", "pending", "disqualified")

FIGURES: dict[str, tuple[Callable[..., Iterator[Seen]], Callable[[list[Seen]], Any]]] = {
    "leads-created": (leads, total("created")),
    "lead-conversion": (leads, ratio("converted", *_PROSPECTS)),
    "lead-win-conversion": (lead_wins, ratio("led to a win", *_PROSPECTS)),
    "cost-per-lead": (cost_of_leads, ratio("spent", "created")),
    "cost-per-conversion": (cost_of_wins, ratio("spent", "won")),
    "lead-calibration-predicted": (said_of_leads("system"), mean("said")),
    "lead-calibration-real": (said_of_leads("system"), mean("came")),
    "lead-calibration-brier": (said_of_leads("system"), mean("apart")),
    "lead-estimates-predicted": (said_of_leads("rep"), mean("said")),
    "lead-estimates-real": (said_of_leads("rep"), mean("came")),
    "lead-estimates-brier": (said_of_leads("rep"), mean("apart")),
    "lead-response-time": (responses, mean("hours")),
    "lead-response-time-p50": (responses, at_rank("hours", HALF)),
    "lead-response-time-p90": (responses, at_rank("hours", P90)),
    "lead-response-working-time": (responses, mean("working hours")),
    "lead-response-working-time-p50": (responses, at_rank("working hours", HALF)),
    "lead-response-assignment": (responses, mean("until held")),
    "lead-response-reaction": (responses, mean("since held")),
    "lead-response-breaches": (responses, ratio("breached", "breached", "met")),
    "handoff-acceptance": (handoffs, ratio("accepted", "offered")),
    "handoffs-returned": (handoffs, total("returned")),
    "time-to-accept": (handoffs, mean("hours")),
    "time-to-accept-p50": (handoffs, at_rank("hours", HALF)),
    "time-to-accept-p90": (handoffs, at_rank("hours", P90)),
    "deals-opened": (opened, total("opened")),
    "deals-won": (closes, total("won")),
    "deals-lost": (closes, total("lost")),
    "win-rate": (closes, ratio("won", "won", "lost")),
    "win-rate-value": (closes, ratio("value won", "value won", "value lost")),
    "revenue-won": (closes, total("revenue")),
    "average-deal-size": (closes, ratio("value won", "won")),
    "median-deal-size": (wins, at_rank("size", HALF)),
    "sales-cycle": (wins, mean("cycle")),
    "sales-cycle-p50": (wins, at_rank("cycle", HALF)),
    "sales-cycle-p90": (wins, at_rank("cycle", P90)),
    "lead-to-win-cycle": (wins, mean("from lead")),
    "lead-to-win-cycle-p50": (wins, at_rank("from lead", HALF)),
    "open-pipeline": (pipeline, total("open value")),
    "open-deals": (pipeline, total("open")),
    "weighted-pipeline": (expected, total("expected")),
    "conversion-by-stage": (entries, ratio("passed", "entered")),
    "time-in-stage": (stays, mean("all stays")),
    "time-in-stage-p50": (stays, at_rank("all stays", HALF)),
    "time-in-stage-p75": (stays, at_rank("all stays", P75)),
    "time-in-stage-latest": (stays, mean("latest stay")),
    "time-in-stage-latest-p50": (stays, at_rank("latest stay", HALF)),
    "activities-done": (activities, total("done")),
    "visits-done": (activities, total("visit")),
    "customers-visited": (activities, total("visited")),
    "visits-verified": (activities, ratio("verified", "visit")),
    "visit-flags": (activities, total("flag")),
    "visit-plan-fulfilment": (
        plans,
        ratio("visit done", "visit done", "visit no-show", "visit cancelled", "visit open", "visit moved late"),
    ),
    "no-show-rate": (plans, ratio_of_all(("visit no-show", "meeting no-show"), ("visit done", "meeting done"))),
    "discount-rate": (closes, ratio("discount", "list")),
}
"""What each figure sees and how it is reckoned; pipeline velocity is made of others, see ``velocity``."""

APART: dict[str, dict[str, tuple[Callable[..., Iterator[Seen]], str]]] = {
    "lead-conversion": {"pending": (leads, "pending"), "junk": (leads, "junk")},
    "lead-response-time": {"unanswered": (responses, "unanswered")},
    "lead-response-working-time": {"unanswered": (responses, "unanswered")},
    "lead-response-breaches": {what: (responses, what) for what in ("running", "excused")},
    "handoff-acceptance": {what: (handoffs, what) for what in ("pending", "expired", "failed")},
    "average-deal-size": {"zero_value": (wins, "zero")},
    "sales-cycle": {"excluded": (wins, "unknown")},
    "weighted-pipeline": {
        "overdue": (expected, "overdue"),
        "undated": (expected, "undated"),
        "won": (closes, "value won"),
    },
    "conversion-by-stage": {"still_in": (entries, "still in")},
    "visit-plan-fulfilment": {
        "no_show": (plans, "visit no-show"),
        "moved_late": (plans, "visit moved late"),
        "open": (plans, "visit open"),
        "unplanned": (plans, "visit unplanned"),
    },
    "time-in-stage": {"excluded": (stays, "unknown")},
}


def velocity(seen_open: list[Seen], seen_closes: list[Seen], seen_wins: list[Seen], day: date) -> Any:
    """Open deals x average won size x win rate / cycle days; the last three over 365 days."""
    year = [one for one in seen_closes if one.on and day - timedelta(days=365) < one.on <= day]
    cycles = [
        one.value for one in seen_wins if one.what == "cycle" and one.on and day - timedelta(days=365) < one.on <= day
    ]
    won, lost, worth = (total(what)(year) for what in ("won", "lost", "value won"))
    if won <= 0 or won + lost <= 0 or not cycles:
        return None
    days = max(Fraction(1), Fraction(sum(cycles)) / len(cycles))
    return Fraction(total("open")(seen_open)) * Fraction(worth, won) * Fraction(won, won + lost) / days
