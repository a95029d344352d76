"""Everything in the repository that is drawn from code: schemas, AsyncAPI, OpenAPI, reference tables, dashboards.

``./dealstream generate`` writes it; ``tests/contract/test_generated.py`` fails when what is committed differs from what
the code says now. A changed event schema becomes a further revision, or with ``--amend`` replaces the newest one, which
is right only while no release carries it. Words limit it to the files whose path holds one of them.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from threading import Lock

import events.catalogue  # noqa: F401 - completes the registry
from events import asyncapi
from events.event import REGISTRY, Event
from events.schema import history, rendered, schema_of
from events.topics import TOPICS

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = ROOT / "libs" / "events" / "schemas"
SERVICES = ("identity", "leads", "deals", "analytics", "notifications")


PROCESSES = 2
"""So many services are asked at once."""

ASK = """
import json, sys
from importlib import import_module
from chassis.run import PRINTED
service = import_module(f"{sys.argv[1]}.app").SERVICE
print(json.dumps({name: page(service) for name, page in PRINTED.items()}))
"""
"""One process a service, because the metrics of all services in one process could not be told apart."""


def artifacts() -> Iterator[tuple[Path, Callable[[], str]]]:
    """Each generated file with what draws it, event schemas apart."""
    yield ROOT / "docs" / "asyncapi.json", asyncapi_document
    yield ROOT / "docs" / "events.md", events_page
    for service in SERVICES:
        for page, ending in (("openapi", "json"), ("settings", "md"), ("metrics", "md")):
            yield ROOT / "docs" / page / f"{service}.{ending}", partial(reference, service, page)
    yield ROOT / "docs" / "kpis.md", partial(printed_by, "-m", "analytics", "kpis")
    for board in ("event-path", "business"):
        yield ROOT / "deploy" / "grafana" / "dashboards" / f"{board}.json", partial(dashboard, board)


def drawn(wanted: Callable[[Path], bool] = lambda _path: True) -> list[tuple[Path, str]]:
    """The wanted files with the content that they should have."""
    chosen = [(path, draw) for path, draw in artifacts() if wanted(path)]
    with ThreadPoolExecutor(PROCESSES) as threads:
        contents = list(threads.map(lambda each: each[1](), chosen))
    return [(path, content) for (path, _), content in zip(chosen, contents, strict=True)]


def stale_schemas() -> Iterator[tuple[Path, str]]:
    """The next revision of each event schema that differs from its newest committed one."""
    for name, event_type in sorted(REGISTRY.items()):
        schema = schema_of(event_type)
        revisions = history(SCHEMAS, name)
        if not revisions or revisions[-1] != schema:
            yield SCHEMAS / name / f"{len(revisions) + 1}.json", rendered(schema)


def printed_by(*command: str) -> str:
    """What ``python <command>`` prints."""
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(f"python {' '.join(command)} failed:\n{done.stderr}")
    return done.stdout


def reference(service: str, page: str) -> str:
    """What ``python -m <service> <page>`` prints."""
    with _asking[service]:
        return pages(service)[page]


_asking = {service: Lock() for service in SERVICES}


@cache
def pages(service: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(printed_by("-c", ASK, service))
    return found


@cache
def dashboards() -> dict[str, object]:
    boards: dict[str, object] = json.loads(printed_by("deploy/grafana/dashboards.py"))
    return boards


def dashboard(name: str) -> str:
    """A Grafana dashboard."""
    return as_json(dashboards()[name])


def asyncapi_document() -> str:
    return as_json(asyncapi.document("0.1.0"))


def as_json(document: object) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def events_page() -> str:
    """The reference of all events, topic by topic."""
    lines = [
        "# Events",
        "",
        "Drawn from `libs/events/src/events/catalogue` by `./dealstream generate`. Envelope and promises:",
        "[libs/events/README.md](../libs/events/README.md). For machines: [asyncapi.json](asyncapi.json). Each event",
        "also has its JSON Schema under `libs/events/schemas` and one real message under `libs/events/examples`.",
    ]
    for topic in TOPICS:
        kept = "newest state of each aggregate" if topic.compacted else "for ever"
        lines += [
            "",
            f"## `{topic.name}`",
            "",
            f"Sent by {topic.owner}; read by {', '.join(topic.consumers) or 'outside systems'}.",
            f"Key `tenant:{topic.aggregate} id`, {topic.partitions} partitions, kept: {kept}.",
            "",
            "| type | what happened | fields beside the state |",
            "| --- | --- | --- |",
        ]
        lines += [event_row(event_type) for event_type in REGISTRY.values() if event_type.topic == topic]
    return "\n".join(lines) + "\n"


def event_row(event_type: type[Event]) -> str:
    """One event version as a row of the table."""
    said = (event_type.__doc__ or "").strip().partition("\n")[0]
    own = [name for name in event_type.model_fields if name not in {"occurred_at", event_type.topic.aggregate}]
    return f"| `{event_type.type}` | {said} | {', '.join(f'`{name}`' for name in own)} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write what is stale and name it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--amend", action="store_true", help="replace the newest schema revision instead of adding one")
    parser.add_argument("words", nargs="*", help="only files whose path holds one of these words")
    chosen = parser.parse_args(arguments)

    def wanted(path: Path) -> bool:
        return not chosen.words or any(word in str(path.relative_to(ROOT)) for word in chosen.words)

    schemas = [(replaced(path) if chosen.amend else path, text) for path, text in stale_schemas() if wanted(path)]
    for path, content in [*schemas, *drawn(wanted)]:
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
            print(path.relative_to(ROOT))


def replaced(path: Path) -> Path:
    """The newest revision in place of the one to come; the first stays the first."""
    return path.with_stem(str(max(1, int(path.stem) - 1)))


if __name__ == "__main__":
    main()
