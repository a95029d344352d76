"""Each query of the dashboards and alerts parses, and names only metrics and labels that exist."""

import json
import re
import subprocess
import sys
from pathlib import Path

import promql_parser
import pytest

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARDS = ROOT / "deploy" / "grafana" / "dashboards"
SERVICES = ("identity", "leads", "deals", "analytics", "notifications")

OF_THE_SCRAPE = frozenset({"service", "instance", "job", "le", "__name__"})
OF_PROMETHEUS = {
    "up": frozenset(),
    "process_cpu_seconds_total": frozenset(),
    "process_resident_memory_bytes": frozenset(),
}
"""Metrics that Prometheus itself and its client library make."""

ASK = """
import json, sys
from importlib import import_module
for service in sys.argv[1:]:
    import_module(f"{service}.app")
from chassis.reference import declared_metrics, exposed_names, labels_of
print(json.dumps({name: labels_of(metric) for metric in declared_metrics() for name in exposed_names(metric)}))
"""


@pytest.fixture(scope="module")
def known():
    """The labels of each metric by its name in Prometheus; asked elsewhere, as other tests declare metrics too."""
    done = subprocess.run([sys.executable, "-c", ASK, *SERVICES], capture_output=True, text=True, check=True)
    return OF_PROMETHEUS | {name: frozenset(labels) for name, labels in json.loads(done.stdout).items()}


def queries():
    """Every query, with where it stands."""
    text = ALERTS.read_text(encoding="utf-8")
    for alert, query in re.findall(r"- alert: (\w+)\n +expr: (?:>\n)?((?:.|\n)+?)\n +(?:for|labels):", text):
        yield f"alert {alert}", " ".join(query.split())
    for path in sorted(DASHBOARDS.glob("*.json")):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel.get("targets", ()):
                yield f"{path.stem}: {panel['title']}", target["expr"]


QUERIES = list(queries())


def test_every_alert_and_every_chart_is_looked_at():
    alerts = re.findall(r"- alert: (\w+)", ALERTS.read_text(encoding="utf-8"))
    charts = [
        panel
        for path in DASHBOARDS.glob("*.json")
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]
        if panel["type"] != "row"
    ]
    assert charts
    assert len(QUERIES) >= len(alerts) + len(charts)


@pytest.mark.parametrize(("where", "query"), QUERIES, ids=[where for where, _ in QUERIES])
def test_a_query_names_only_what_exists(known, where, query):
    assert wrong(query, known) == [], where


@pytest.mark.parametrize(
    ("query", "finding"),
    [
        ("sum(no_such_metric)", "no_such_metric"),
        ('dlq_depth{colour="red"}', "colour"),
        ("sum by (colour) (dlq_depth)", "colour"),
        ("rate(dead_lettered[5m])", "dead_lettered"),
    ],
)
def test_a_wrong_query_is_noticed(known, query, finding):
    assert wrong(query, known) == [finding]


def test_a_query_that_does_not_parse_is_noticed(known):
    with pytest.raises(ValueError, match=r"."):
        wrong("sum(dlq_depth", known)


def wrong(query, known):
    """Names of metrics and labels that nobody makes."""
    findings, labels = [], set(OF_THE_SCRAPE)
    expression = promql_parser.parse(query)
    for selector in selectors(expression):
        if selector.name not in known:
            findings.append(selector.name)
            continue
        labels |= known[selector.name]
        own = known[selector.name] | OF_THE_SCRAPE
        findings += [matcher.name for matcher in selector.matchers.matchers if matcher.name not in own]
    if not findings:
        findings += [label for label in grouped(expression) if label not in labels]
    return findings


def selectors(expression):
    match expression:
        case promql_parser.VectorSelector():
            yield expression
        case promql_parser.MatrixSelector():
            yield expression.vector_selector
        case _:
            for part in parts(expression):
                yield from selectors(part)


def grouped(expression):
    """Labels named in ``by (...)``."""
    if isinstance(expression, promql_parser.AggregateExpr) and expression.modifier is not None:
        yield from expression.modifier.labels
    for part in parts(expression):
        yield from grouped(part)


def parts(expression):
    match expression:
        case promql_parser.BinaryExpr():
            return [expression.lhs, expression.rhs]
        case promql_parser.Call():
            return list(expression.args)
        case promql_parser.AggregateExpr() | promql_parser.ParenExpr() | promql_parser.UnaryExpr():
            return [expression.expr]
        case promql_parser.SubqueryExpr():
            return [expression.expr]
    return []
