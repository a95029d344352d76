"""``python -m leads score-report``: learn from the first 70 % of a file's leads, test on the rest.

Exit codes: 0 reported, 1 the outcomes do not suffice, 2 the file or the command cannot be understood.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from leads.scoring.learning.quality import area_under_curve, brier_score
from leads.scoring.learning.training import Learnt, OutcomesTooFew, learn
from leads.scoring.report.boosting import NoYardstick, boosted
from leads.scoring.report.files import LeadSet, WrongFile, read_olist, read_table
from leads.scoring.serving import Scored, Scorer

TAUGHT_SHARE = 0.7
DIGITS = 4


def score_report(arguments: Sequence[str]) -> int:
    """Print the figures; data to stdout, talk to stderr."""
    asked = _parser().parse_args(arguments)
    try:
        report, talk = reported(_read(asked))
    except WrongFile as wrong:
        sys.stderr.write(f"error: {wrong}\n")
        return 2
    except OutcomesTooFew as few:
        sys.stderr.write(f"error: outcomes do not suffice to learn from: {few}\n")
        return 1
    for line in talk:
        sys.stderr.write(f"{line}\n")
    sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n" if asked.json else _as_text(report))
    return 0


def reported(leads: LeadSet) -> tuple[dict[str, Any], list[str]]:
    """The report as one document, and what should be said beside it."""
    taught, tested = leads.parted(TAUGHT_SHARE)
    learnt = learn(taught.rows, taught.outcomes)
    scorer = Scorer(learnt.scorecard)
    scored = [scorer.score(row) for row in tested.rows]
    said = [each.probability for each in scored]
    talk: list[str] = []
    best_area: float | None = None
    best_brier: float | None = None
    try:
        best_area, best_brier = boosted(learnt.columns, taught, tested)
    except NoYardstick as missing:
        talk.append(str(missing))
    area, brier = area_under_curve(said, tested.outcomes), brier_score(said, tested.outcomes)
    report = {
        "rows": len(leads.rows),
        "trained_on": len(taught.rows),
        "tested_on": len(tested.rows),
        "converted": sum(leads.outcomes),
        "auc": _shown(area),
        "auc_boosting": _shown(best_area),
        "auc_ratio": _ratio(area, best_area),
        "brier": _shown(brier),
        "brier_boosting": _shown(best_brier),
        "brier_ratio": _ratio(brier, best_brier),
        **_described(learnt, scored),
    }
    return report, talk


def _described(learnt: Learnt, scored: Sequence[Scored]) -> dict[str, Any]:
    """What the scorecard looks at, the strongest first, and what it does not look at."""
    strength: dict[tuple[str, ...], float] = {}
    for each in scored:
        for contribution in each.contributions:
            columns = contribution.columns
            strength[columns] = strength.get(columns, 0.0) + abs(contribution.log_odds) / len(scored)
    ranked = sorted(strength.items(), key=lambda each: -each[1])
    return {
        "features": [{"columns": list(columns), "mean_log_odds": round(mean, DIGITS)} for columns, mean in ranked],
        "left_out": [{"column": each.name, "why": each.left_out} for each in learnt.columns if each.left_out],
        "penalty": learnt.way.strength,
        "pairs": learnt.way.pairs,
    }


def _read(asked: argparse.Namespace) -> LeadSet:
    if asked.olist is not None:
        return read_olist(asked.olist)
    if asked.file is None or asked.outcome is None:
        raise WrongFile("name a file and its --outcome column, or --olist DIR.")
    return read_table(asked.file, asked.outcome, asked.order, asked.leave_out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="leads score-report", description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE.csv", help="leads, .csv or .csv.gz")
    parser.add_argument("--outcome", metavar="COLUMN", help="1 or yes where the lead converted")
    parser.add_argument("--order", metavar="COLUMN", help="time or id by which the leads came; else as they stand")
    parser.add_argument("--leave-out", metavar="COLUMN", action="append", default=[], help="do not learn from it")
    parser.add_argument("--olist", type=Path, metavar="DIR", help="folder of the Marketing Funnel by Olist")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser


def _shown(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


def _ratio(own: float | None, other: float | None) -> float | None:
    return None if own is None or not other else round(own / other, DIGITS)


def _as_text(report: dict[str, Any]) -> str:
    lines = [f"{name:<15} {'-' if value is None else value}" for name, value in report.items() if _is_plain(value)]
    lines += [f"{' and '.join(each['columns']):<50} {each['mean_log_odds']:.3f}" for each in report["features"]]
    lines += [f"{each['column']:<50} left out: {each['why']}" for each in report["left_out"]]
    return "\n".join(lines) + "\n"


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, int | float)
