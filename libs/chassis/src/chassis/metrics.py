"""Every metric of the chassis: name, type, labels, meaning. Those of messaging are in ``events.metrics``."""

import asyncio
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

from events.metrics import EVENTLOOP_LAG

CONTENT_TYPE = "text/plain; version=1.0.0; charset=utf-8"

REQUEST_SECONDS = Histogram(
    "http_server_request_duration_seconds",
    "Time from the first byte of a request to the last of its answer",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REPLAYED = Counter("http_server_idempotent_replays_total", "Requests answered with the reply stored under their key")
RETRIED = Counter("unit_of_work_retries_total", "Transactions done again after a conflict with another one")
BUILD = Gauge("build_info", "Always 1; what runs here", ["service", "version", "python"])
POOL_SIZE = Gauge("database_pool_connections", "Connections of the pool", ["state"])

_NAP_SECONDS = 0.5
_routes: dict[tuple[str, str, int], Any] = {}


def observe_request(scope: Any, status: int, seconds: float) -> None:
    """Count a request under the template of its route, so that ids make no series; unknown addresses share one."""
    route = scope.get("route")
    key = (scope["method"] if route else "-", getattr(route, "path_format", "-"), status)
    histogram = _routes.get(key)
    if histogram is None:
        histogram = _routes[key] = REQUEST_SECONDS.labels(*map(str, key))
    histogram.observe(seconds)


def describe_build(service: str) -> None:
    BUILD.labels(service, service_version(service), platform.python_version()).set(1)


def service_version(service: str) -> str:
    """Version of the installed package of a service; "0" where it runs uninstalled."""
    for package in (f"dealstream-{service}", service):
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return "0"


def exposition() -> bytes:
    """Everything known, in the text format of Prometheus."""
    return generate_latest(REGISTRY)


async def watch_loop(pool: Any, stop: asyncio.Event) -> None:
    """Measure how late the event loop wakes: what blocks it blocks every request."""
    while not stop.is_set():
        began = time.perf_counter()
        await asyncio.sleep(_NAP_SECONDS)
        EVENTLOOP_LAG.set(max(0.0, time.perf_counter() - began - _NAP_SECONDS))
        POOL_SIZE.labels("open").set(pool.get_size())
        POOL_SIZE.labels("idle").set(pool.get_idle_size())
