"""The scorecard beside scikit-learn's gradient boosting, on leads that it has not seen; and what files are refused."""

import json

import pytest

import made_up_leads
from exactness import made_up
from exactness.conftest import REAL
from leads.scoring.report.command import reported, score_report
from leads.scoring.report.files import LeadSet, WrongFile, read_olist, read_table

LEAST_AUC_RATIO, MOST_BRIER_RATIO = 0.95, 1.1


def test_columns_that_interact_are_scored_nearly_as_well_as_by_boosting(tmp_path):
    path = tmp_path / "leads.csv"
    made_up_leads.write(path, rows=9000, seed=7)
    report, talk = reported(read_table(path, "Converted", "Lead Number"))
    assert (report["rows"], report["trained_on"], report["tested_on"], talk) == (9000, 6300, 2700, [])
    assert report["auc_ratio"] >= LEAST_AUC_RATIO
    assert report["brier_ratio"] <= MOST_BRIER_RATIO
    assert {each["column"] for each in report["left_out"]} >= {"Prospect ID", "Lead Number"}


OLIST = {"made-up": (500, 108)} | ({"real": (8000, 842)} if REAL.is_dir() else {})
"""Leads, and those that closed: real ones where they are at hand; made-up ones, which close by chance, always."""


@pytest.mark.parametrize("name", OLIST)
def test_the_leads_of_olist_are_scored_nearly_as_well_as_by_boosting(name, tmp_path):
    made_up.funnel(tmp_path, seed=7)
    report, _ = reported(read_olist(REAL if name == "real" else tmp_path))
    assert (report["rows"], report["converted"]) == OLIST[name]
    assert report["auc_ratio"] >= LEAST_AUC_RATIO
    assert report["brier_ratio"] <= MOST_BRIER_RATIO


def test_without_the_yardstick_the_own_figures_are_printed(tmp_path, monkeypatch, capsys):
    import sys

    path = tmp_path / "leads.csv"
    made_up_leads.write(path, rows=600, seed=7)
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    assert score_report([str(path), "--outcome", "Converted", "--json"]) == 0
    printed = capsys.readouterr()
    report = json.loads(printed.out)
    assert (report["auc_boosting"], report["auc_ratio"], report["brier_boosting"]) == (None, None, None)
    assert report["auc"] > 0.8
    assert "dealstream check" in printed.err


def test_a_table_is_read_in_the_order_asked_for(tmp_path):
    path = tmp_path / "leads.csv"
    path.write_text("id,won,when\n2,yes,2026-03-02\n10,no,2026-03-01\n3,,2026-01-01\n", encoding="utf-8")
    assert read_table(path, "won", "id").outcomes == [1, 0]
    assert read_table(path, "won", "when").outcomes == [0, 1]
    assert read_table(path, "won", left_out=["when"]).rows == [{"id": "2"}, {"id": "10"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id\n1\n", "no column 'won'"),
        ("id,won\n1,yes\n2,maybe\n3,no\n", "must be yes or no"),
        ("id,won\n1,1\n", "must be yes or no"),
        ("", "must be yes or no"),
    ],
)
def test_a_table_without_outcomes_is_refused(tmp_path, text, said):
    path = tmp_path / "leads.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WrongFile, match=said):
        read_table(path, "won")


def test_errors_have_their_exit_codes(tmp_path, capsys):
    few = tmp_path / "few.csv"
    few.write_text("id,won\n" + "".join(f"{number},{number % 2}\n" for number in range(40)), encoding="utf-8")
    assert score_report([str(few), "--outcome", "won"]) == 1
    assert score_report([str(tmp_path / "none.csv"), "--outcome", "won"]) == 2
    assert score_report(["--olist", str(tmp_path)]) == 2
    assert score_report([]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("error: ") == 4


def test_the_first_share_is_taught():
    leads = LeadSet([{"n": number} for number in range(10)], [0] * 10)
    taught, tested = leads.parted(0.7)
    assert ([row["n"] for row in taught.rows][-1], len(tested.rows)) == (6, 3)
