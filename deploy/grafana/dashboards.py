"""The Grafana dashboards as code: ``./dealstream generate`` writes them to ``dashboards/*.json``.

Two boards: the path of an event (is everything flowing, and where does it wait?) and the business (what do the figures
say?), whose panels are the KPI entries. Run as a program it prints both. tests/contract/test_dashboards.py checks that
each query parses and names only metrics and labels that exist.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from analytics.kpi import Freshness, Kpi, Unit
from analytics.kpis import KPIS

Json = dict[str, Any]

WIDTH, PANEL_WIDTH, PANEL_HEIGHT = 24, 8, 7


@dataclass(frozen=True)
class Panel:
    """One chart: its queries with their legends, and the unit of its axis."""

    title: str
    queries: tuple[tuple[str, str], ...]
    unit: str = "short"
    says: str = ""
    least: int | None = 0


@dataclass(frozen=True)
class Row:
    """A heading with its panels."""

    title: str
    panels: tuple[Panel, ...]


SERVICE = 'service=~"$service"'


def rate(metric: str, matchers: str = "", over: str = "5m") -> str:
    """How fast a counter grows."""
    return f"rate({metric}{{{matchers}}}[{over}])" if matchers else f"rate({metric}[{over}])"


def percentile_99(histogram: str, by: str, matchers: str = "") -> str:
    return f"histogram_quantile(0.99, sum by ({by}, le) ({rate(f'{histogram}_bucket', matchers)}))"


GROUP = "{{messaging_consumer_group_name}}"

REQUESTS = rate("http_server_request_duration_seconds_count", SERVICE)
FAILURES = rate("http_server_request_duration_seconds_count", f'{SERVICE},status=~"5.."')

EVENT_PATH = (
    Row(
        "Requests",
        (
            Panel(
                "Requests a second",
                (
                    (
                        f"sum by (service) (rate(http_server_request_duration_seconds_count{{{SERVICE}}}[1m]))",
                        "{{service}}",
                    ),
                ),
                "reqps",
            ),
            Panel(
                "Share that fails (5xx)",
                ((f"sum by (service) ({FAILURES}) / sum by (service) ({REQUESTS})", "{{service}}"),),
                "percentunit",
            ),
            Panel(
                "Time of a request, 99th percentile",
                ((percentile_99("http_server_request_duration_seconds", "service", SERVICE), "{{service}}"),),
                "s",
            ),
        ),
    ),
    Row(
        "Events",
        (
            Panel(
                "Events published a second",
                (
                    (
                        "sum by (messaging_destination_name) (rate(messaging_client_sent_messages_total[1m]))",
                        "{{messaging_destination_name}}",
                    ),
                ),
            ),
            Panel(
                "From the outbox to Kafka, 99th percentile",
                ((percentile_99("outbox_publish_latency_seconds", "service"), "{{service}}"),),
                "s",
            ),
            Panel(
                "Oldest event not yet published",
                ((f"max by (service) (outbox_oldest_unpublished_seconds{{{SERVICE}}})", "{{service}}"),),
                "s",
                "Above a few seconds: Kafka or the relay is away. Nothing is lost meanwhile.",
            ),
            Panel("Consumer lag", (("max by (group) (kafka_consumergroup_group_lag_seconds)", "{{group}}"),), "s"),
            Panel(
                "Events handled a second",
                (
                    (
                        "sum by (messaging_consumer_group_name) (rate(messaging_client_consumed_messages_total[1m]))",
                        GROUP,
                    ),
                ),
            ),
            Panel(
                "Time of a batch, 99th percentile",
                ((percentile_99("messaging_process_duration_seconds", "messaging_consumer_group_name"), GROUP),),
                "s",
            ),
            Panel("Dead letters", (("sum by (group, topic) (dlq_depth)", "{{group}} {{topic}}"),)),
            Panel("Blocked sequences", (("sum by (group, reason) (sequences_blocked)", "{{group}} {{reason}}"),)),
            Panel("Stopped partitions", (("sum by (group) (consumer_stopped_partitions)", "{{group}}"),)),
        ),
    ),
    Row(
        "Database",
        (
            Panel(
                "Connections",
                ((f"sum by (service, state) (database_pool_connections{{{SERVICE}}})", "{{service}} {{state}}"),),
            ),
            Panel(
                "Transactions done again",
                ((f"sum by (service) (rate(unit_of_work_retries_total{{{SERVICE}}}[5m]))", "{{service}}"),),
            ),
            Panel("Leases held", ((f"sum by (service) (outbox_lease_held{{{SERVICE}}})", "{{service}}"),)),
        ),
    ),
    Row(
        "Process",
        (
            Panel("Processor", ((f"rate(process_cpu_seconds_total{{{SERVICE}}}[1m])", "{{service}}"),), "percentunit"),
            Panel("Memory", ((f"process_resident_memory_bytes{{{SERVICE}}}", "{{service}}"),), "bytes"),
            Panel(
                "Event loop late by", ((f"max by (service) (eventloop_lag_seconds{{{SERVICE}}})", "{{service}}"),), "s"
            ),
        ),
    ),
)


UNITS = {
    Unit.MONEY: ("Money, in the tenant's base currency", "short"),
    Unit.MONEY_A_DAY: ("Money a day", "short"),
    Unit.COUNT: ("Counts", "short"),
    Unit.RATIO: ("Rates", "percentunit"),
    Unit.DAYS: ("Days", "d"),
    Unit.HOURS: ("Hours", "h"),
    Unit.SECONDS: ("Freshness", "s"),
}
"""Heading and Grafana unit of each unit of a KPI, in the order of the board."""


def business_rows() -> Iterator[Row]:
    """A row for each unit, a panel for each KPI."""
    for unit, (title, shown_as) in UNITS.items():
        if panels := tuple(kpi_panel(kpi, shown_as) for kpi in KPIS if kpi.unit is unit):
            yield Row(title, panels)


def kpi_panel(kpi: Kpi, shown_as: str) -> Panel:
    """A KPI as a chart; its description is the definition."""
    if isinstance(kpi.figure, Freshness):
        return Panel(kpi.title, (("max(kpi_freshness_seconds)", "behind"),), shown_as, kpi.definition)
    legend = "{{tenant}} {{stage}}" if kpi.always_by else "{{tenant}}"
    query = f'max by (tenant, stage) (kpi_value{{kpi="{kpi.slug}",tenant=~"$tenant"}})'
    return Panel(kpi.title, ((query, legend),), shown_as, kpi.definition, least=None)


def board(uid: str, title: str, rows: Iterable[Row], variables: Iterable[Json] = ()) -> Json:
    """A dashboard as Grafana provisions it."""
    panels: list[Json] = []
    top = 0
    for row in rows:
        panels.append(_heading(row.title, len(panels) + 1, top))
        top += 1
        for place, panel in enumerate(row.panels):
            left, down = place * PANEL_WIDTH % WIDTH, place * PANEL_WIDTH // WIDTH * PANEL_HEIGHT
            panels.append(_chart(panel, len(panels) + 1, left, top + down))
        top += -(-len(row.panels) * PANEL_WIDTH // WIDTH) * PANEL_HEIGHT
    return {
        "uid": uid,
        "title": title,
        "tags": ["dealstream"],
        "schemaVersion": 39,
        "timezone": "browser",
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": list(variables)},
        "panels": panels,
    }


def variable(name: str, metric: str) -> Json:
    """Choose one value of a label, several or all."""
    return {
        "name": name,
        "type": "query",
        "datasource": {"type": "prometheus", "uid": "prometheus"},
        "query": f"label_values({metric}, {name})",
        "includeAll": True,
        "multi": True,
        "current": {"text": "All", "value": "$__all"},
        "refresh": 2,
    }


def boards() -> dict[str, Json]:
    """All dashboards by file name."""
    service, tenant = variable("service", "build_info"), variable("tenant", "kpi_value")
    return {
        "event-path": board("dealstream-events", "Dealstream: the path of an event", EVENT_PATH, [service]),
        "business": board("dealstream-business", "Dealstream: the business", business_rows(), [tenant]),
    }


def _heading(title: str, id_: int, top: int) -> Json:
    return {"id": id_, "type": "row", "title": title, "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": top}, "panels": []}


def _chart(panel: Panel, id_: int, left: int, top: int) -> Json:
    return {
        "id": id_,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.says,
        "datasource": {"type": "prometheus", "uid": "prometheus"},
        "gridPos": {"h": PANEL_HEIGHT, "w": PANEL_WIDTH, "x": left, "y": top},
        "fieldConfig": {
            "defaults": {"unit": panel.unit, **({} if panel.least is None else {"min": panel.least})},
            "overrides": [],
        },
        "targets": [
            {"refId": chr(ord("A") + place), "expr": query, "legendFormat": legend}
            for place, (query, legend) in enumerate(panel.queries)
        ],
    }


if __name__ == "__main__":
    print(json.dumps(boards()))
