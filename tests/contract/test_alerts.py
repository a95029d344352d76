"""Alerts are valid, fire on their cause and on nothing else, and each has its runbook."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RUNBOOKS = ROOT / "docs" / "runbooks"
PARTS = ("## What is seen", "## What it means", "## What to do", "## How to know it is over")


@pytest.fixture(scope="module")
def alerts():
    text = (PROMETHEUS / "alerts.yml").read_text(encoding="utf-8")
    return re.findall(r"- alert: (\w+)", text)


def promtool(*arguments):
    found = shutil.which("promtool")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("promtool is not installed: apt-get install prometheus")
        pytest.skip("promtool is not installed: apt-get install prometheus")
    return subprocess.run([found, *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False)


def test_the_rules_are_valid():
    done = promtool("check", "rules", "alerts.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_on_its_cause_and_is_silent_without_it():
    done = promtool("test", "rules", "alerts_test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_expectation_is_noticed(tmp_path):
    for file in PROMETHEUS.iterdir():
        shutil.copy(file, tmp_path)
    tests = (tmp_path / "alerts_test.yml").read_text(encoding="utf-8")
    (tmp_path / "alerts_test.yml").write_text(tests.replace("90x40", "50x40", 1), encoding="utf-8")
    assert promtool("test", "rules", str(tmp_path / "alerts_test.yml")).returncode != 0


def test_each_alert_is_tested_firing_and_silent(alerts):
    text = (PROMETHEUS / "alerts_test.yml").read_text(encoding="utf-8")
    for alert in alerts:
        cases = re.findall(rf"alertname: {alert}\n\s+exp_alerts:( \[\])?\n", text)
        assert sorted(bool(silent) for silent in cases) == [False, True], alert


def test_each_alert_has_a_page_and_each_page_an_alert(alerts):
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == set(alerts)


def test_each_page_has_its_four_parts():
    for page in RUNBOOKS.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert [part for part in PARTS if part not in text] == [], page.name
