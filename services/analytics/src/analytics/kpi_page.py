"""The reference page of all KPIs, drawn from their entries: ``python -m analytics kpis`` prints it."""

import sys
from collections.abc import Iterator, Sequence

from analytics.kpi import Formula, Kpi, Percentile, Share, Sum, Term, Total, Window
from analytics.kpis import KPIS

HEAD = """\
# KPIs

Drawn from `services/analytics/src/analytics/kpis/` by `./dealstream generate`. Ask for one with
`./dealstream kpi get SLUG` or `GET /v1/kpis/SLUG`; what stands behind it, with `explain`.

For all of them:

- Periods are half-open, `[from, to)`, in the tenant's zone and fiscal calendar. Rep, team and region are those at the
  event that the figure is booked on. A missing value is shown as `(none)`.
- Money is in the tenant's base currency at the rate pinned on the day the amount was set; answers write it as a number
  with the currency's decimals, exactly. Ratios are 0 to 1. Times are counted in whole seconds, around the clock.
- Without a denominator the value is null and `reason` says why. A period in which more closes were taken back than
  made has no rate either.
- `as_of` a past day: stocks of the end of that day, outcomes and wins as they stood then. Figures marked *as of:
  reckoned anew* are computed from the states of that day, which takes longer and cannot be combined with `known_at`.
- `known_at` leaves out every event that was recorded later.
- A percentile lies at place (n - 1) x rank of the sorted values and is interpolated in a straight line, exactly.
- Reopening a deal takes its close back on the day of the reopening; cohorts and cycles look at the outcome in force.
- A stock asked for by day, month and so on is that of the last day of each.
- The gauge `kpi_value` shows stocks as of now, what is expected as all that is to come, all others over 30 days.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_table(), *(line for kpi in KPIS for line in _section(kpi))]) + "\n"


def print_page(_arguments: Sequence[str]) -> int:
    """The command."""
    sys.stdout.write(page())
    return 0


def _table() -> Iterator[str]:
    yield "| slug | title | unit | booked on |"
    yield "| --- | --- | --- | --- |"
    for kpi in KPIS:
        yield f"| [`{kpi.slug}`](#{kpi.slug}) | {kpi.title} | {kpi.unit.value} | {kpi.booked_on} |"


def _section(kpi: Kpi) -> Iterator[str]:
    yield from ("", f"## {kpi.slug}", "", f"{kpi.title}, version {kpi.version}. {kpi.definition}", "")
    yield f"- Value: {_formula(kpi)}"
    yield f"- Unit: {kpi.unit.value}; booked on: {kpi.booked_on}; credited to: {kpi.credited_to}"
    if kpi.dimensions:
        always = f"; always by {', '.join(kpi.always_by)}" if kpi.always_by else ""
        time = "" if kpi.calendar else "; not by units of time"
        yield f"- Dimensions: {', '.join(kpi.dimensions)}{always}{time}"
    for name, of in kpi.apart.items():
        yield f"- Apart, `{name}`: {_sum(of)}"
    if kpi.retroactive:
        yield "- As of: reckoned anew"


def _formula(kpi: Kpi) -> str:
    match kpi.figure:
        case Total(of):
            return _sum(of)
        case Share(part, whole):
            return f"{_sum(part)} / {_sum(whole)}"
        case Percentile(measures, rank):
            named = " + ".join(f"`{measure.key}`" for measure in measures)
            return f"percentile {rank} of the single values of {named}"
        case Formula(sums):
            return "formula of " + "; ".join(f"{name}: {_sum(of)}" for name, of in sums.items())
    return "now - the time up to which every published event is folded"


def _sum(of: Sum) -> str:
    first, *others = of.terms
    return (
        ("-" if first.sign < 0 else "")
        + _term(first)
        + "".join(f" {'-' if term.sign < 0 else '+'} {_term(term)}" for term in others)
    )


def _term(term: Term) -> str:
    what = {"plain": term.of, "probability": "amount x probability", "age": "age"}[term.by]
    labels = "" if term.labels is None else f" [{', '.join(sorted(term.labels))}]"
    window = "" if term.window is Window.PERIOD else f" over {term.window.value}"
    return f"{what} of `{term.measure.key}`{labels}{window}"
