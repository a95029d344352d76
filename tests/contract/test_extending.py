"""docs/extending.md works: its blocks, applied as they stand to a copy of the sources, need no further edit."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
COPIED = ("libs", "services", "docs", "deploy")

EVENT = """
import events.catalogue
from events.event import REGISTRY
from events.schema import schema_of
print(schema_of(REGISTRY["dealstream.lead.called.v1"])["required"])
"""
KPI = """
import asyncio, datetime
from analytics.kpis import BY_SLUG
from analytics.query.balances import PostingsInMemory
from analytics.query.evaluate import evaluate
from analytics.query.question import Question
question = Question(kpi=BY_SLUG["lead-junk"], now=datetime.datetime(2026, 8, 1, tzinfo=datetime.UTC))
(row,) = asyncio.run(evaluate(question, PostingsInMemory(())))
print(row.value, row.reason)
"""
RULE = """
import json, pathlib
from events.catalogue.leads import HandoffReturned
from notifications.app import TOPICS
from notifications.rules import RULES
from notifications.sentences import SENTENCES, sentence
said = pathlib.Path("libs/events/examples/dealstream.handoff.returned.v1.json").read_text("utf-8")
event = HandoffReturned.model_validate(json.loads(said)["value"])
(rule,) = (rule for rule in RULES if isinstance(event, rule.on))
assert rule.on.topic in TOPICS
assert rule.to(event, frozenset()) == {event.handoff.offered_by.person}
print(*(sentence(rule.slug, rule.facts(event), spoken) for spoken in sorted(SENTENCES[rule.slug])))
"""
DECISION = """
import datetime, uuid
from events.catalogue.leads import LeadCalled
from events.moment import Moment
from events.testing import given
from leads.lead import LEAD, CaptureLead, DisqualifyLead, LogCall
from leads.refusals import LeadIsClosed
now = Moment(at=datetime.datetime(2026, 3, 2, tzinfo=datetime.UTC), on=datetime.date(2026, 3, 2))
captured = CaptureLead(moment=now, id=uuid.UUID(int=1))
call = LogCall(moment=now, outcome="wants an offer")
given(LEAD, captured).when(call).then(LeadCalled(outcome="wants an offer"))
given(LEAD, captured, DisqualifyLead(moment=now, reason="spam")).when(call).then_refused(LeadIsClosed)
print("decided")
"""


@dataclass(frozen=True)
class Hunk:
    """Lines to find in a file, and lines to put there."""

    file: str
    old: str
    new: str


def hunks(section: str) -> list[Hunk]:
    """The differences of one section of the page."""
    text = PAGE.partition(f"## {section}")[2].partition("\n## ")[0]
    found = []
    for block in re.findall(r"```diff\n(.*?)```", text, re.DOTALL):
        for hunk in re.split(r"^@@ ", block, flags=re.MULTILINE)[1:]:
            file, _, lines = hunk.partition("\n")
            old = "".join(line[1:] for line in lines.splitlines(keepends=True) if line[0] in " -")
            new = "".join(line[1:] for line in lines.splitlines(keepends=True) if line[0] in " +")
            found.append(Hunk(file, old, new))
    return found


def applied(root: Path, section: str) -> None:
    for hunk in hunks(section):
        path = root / hunk.file
        text = path.read_text(encoding="utf-8")
        assert text.count(hunk.old) == 1, f"{hunk.file} does not have exactly one\n{hunk.old}"
        path.write_text(text.replace(hunk.old, hunk.new), encoding="utf-8")


def python(root: Path, *command: str) -> str:
    """What a program prints that imports the copy."""
    sources = [*root.glob("libs/*/src"), *root.glob("services/*/src")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sources)), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout if done.returncode == 0 else f"failed: {done.stderr}"


@pytest.fixture
def sources(tmp_path):
    for folder in COPIED:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_an_event_is_registered_with_its_schema_and_drawn(sources):
    assert python(sources, "-c", EVENT).startswith("failed")
    applied(sources, "(a)")
    assert python(sources, "-c", EVENT) == "['lead', 'occurred_at', 'outcome']\n"
    written = python(sources, "docs/generate.py", "events.md", "schemas", "asyncapi").split()
    assert "libs/events/schemas/dealstream.lead.called.v1/1.json" in written
    assert "| `dealstream.lead.called.v1` | Somebody called the prospect. | `outcome` |" in (
        sources / "docs" / "events.md"
    ).read_text(encoding="utf-8")
    assert "dealstream.lead.called.v1" in (sources / "docs" / "asyncapi.json").read_text(encoding="utf-8")


def test_a_kpi_answers_and_has_its_section_and_panel(sources):
    assert python(sources, "-c", KPI).startswith("failed")
    applied(sources, "(b)")
    assert python(sources, "-c", KPI) == "None no lead was created\n"
    assert "\n## lead-junk\n" in python(sources, "-m", "analytics", "kpis")
    assert 'kpi=\\"lead-junk\\"' in python(sources, "deploy/grafana/dashboards.py")


def test_a_rule_fires_on_its_event_and_has_its_sentence(sources):
    assert python(sources, "-c", RULE).startswith("failed")
    applied(sources, "(c)")
    assert "Your lead (source: zalo) was returned: budget not confirmed." in python(sources, "-c", RULE)


def test_an_endpoint_is_described_and_its_decision_works(sources):
    assert python(sources, "-c", DECISION).startswith("failed")
    assert "/v1/leads/{lead_id}/calls" not in json.loads(python(sources, "-m", "leads", "openapi"))["paths"]
    applied(sources, "(a)")
    applied(sources, "(d)")
    assert python(sources, "-c", DECISION) == "decided\n"
    described = json.loads(python(sources, "-m", "leads", "openapi"))["paths"]["/v1/leads/{lead_id}/calls"]["post"]
    assert described["operationId"].startswith("log_call")
    assert {"200", "404", "409", "422"} <= set(described["responses"])


@pytest.mark.parametrize(("section", "most"), [("(a)", 2), ("(b)", 1), ("(c)", 2), ("(d)", 1)])
def test_an_extension_takes_few_files(section, most):
    assert 0 < len({hunk.file for hunk in hunks(section)}) <= most
