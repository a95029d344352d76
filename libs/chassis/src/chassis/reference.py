"""Reference tables of a service, drawn from code: its settings and its metrics, as Markdown.

``python -m <service> settings`` and ``python -m <service> metrics`` print them; ``./dealstream generate`` keeps what
they print under ``docs``. A setting or metric is described where it is declared and nowhere else.
"""

import inspect
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, get_args, get_origin

from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from chassis.service import Service

_GENERATED = "by `./dealstream generate`."


def settings_page(service: Service) -> str:
    """Every environment variable that the service reads."""
    own = service.settings
    rows = [_setting(own.variables()[name], field) for name, field in own.model_fields.items()]
    return _page(
        f"Settings of {service.name}",
        f"Drawn from `{own.__module__}` and `chassis.settings` {_GENERATED}",
        "Environment variables, read once at the start. Each may be given as a file: `<variable>_FILE` names it. A "
        "`DEALSTREAM_` variable that is not in this table is refused.",
        ("variable", "default", "secret", "meaning"),
        rows,
    )


def metrics_page(service: Service) -> str:
    """Every metric that the service tells of itself."""
    rows = [_metric(metric) for metric in sorted(declared_metrics(), key=lambda metric: str(metric._name))]  # noqa: SLF001
    return _page(
        f"Metrics of {service.name}",
        f"Drawn from `events.metrics`, `chassis.metrics` and the service's own {_GENERATED}",
        "`GET /metrics`, text format of Prometheus. Beside these stand the client library's `process_*`, `python_*`. A "
        "histogram has `_bucket`, `_sum` and `_count`.",
        ("name", "type", "labels", "meaning"),
        rows,
    )


def declared_metrics() -> Iterator[MetricWrapperBase]:
    """The metrics that our own code declares; the client library knows them by their names only."""
    found = {id(each): each for each in REGISTRY._names_to_collectors.values()}  # noqa: SLF001 - there is no public way
    return (each for each in found.values() if isinstance(each, MetricWrapperBase))


def exposed_names(metric: MetricWrapperBase) -> tuple[str, ...]:
    """The names under which Prometheus stores it."""
    name, type_ = str(metric._name), str(metric._type)  # noqa: SLF001
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(type_, ("",))
    return tuple(f"{name}{ending}" for ending in endings)


def labels_of(metric: MetricWrapperBase) -> tuple[str, ...]:
    return tuple(metric._labelnames)  # noqa: SLF001


def _metric(metric: MetricWrapperBase) -> Sequence[str]:
    name, type_ = str(metric._name), str(metric._type)  # noqa: SLF001
    shown = f"{name}_total" if type_ == "counter" else name
    labels = ", ".join(f"`{label}`" for label in labels_of(metric))
    return f"`{shown}`", type_, labels, str(metric._documentation)  # noqa: SLF001


def _setting(variable: str, field: FieldInfo) -> Sequence[str]:
    secret = SecretStr in (field.annotation, *get_args(field.annotation))
    limits = _limits(field)
    meaning = " ".join(inspect.cleandoc(field.description or "").replace("``", "`").split())
    return f"`{variable}`", _default(field), "yes" if secret else "", f"{meaning} {limits}".strip()


def _default(field: FieldInfo) -> str:
    value = field.default
    if field.is_required():
        return "(required)"
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, bool):
        value = str(value).lower()
    return "" if value in {None, ""} else f"`{value}`"


def _limits(field: FieldInfo) -> str:
    choices = [each for each in (field.annotation, *get_args(field.annotation)) if get_origin(each) is Literal]
    if choices:
        return f"One of {', '.join(f'`{choice}`' for choice in get_args(choices[0]))}."
    least, most = (
        next((bound for mark in field.metadata if (bound := getattr(mark, side, None)) is not None), None)
        for side in ("ge", "le")
    )
    return "" if least is None else f"{least} to {most}."


def _page(title: str, source: str, head: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    table = [columns, ["---"] * len(columns), *rows]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in table]
    return "\n".join([f"# {title}", "", source, "", head, "", *lines, ""])
