"""Everything in the repository that is drawn from code: event schemas, AsyncAPI, OpenAPI, reference tables.

``./dealstream generate`` writes it; ``tests/contract/test_generated.py`` fails when what is committed differs from what
the code says now. A changed event schema becomes a further revision, or with ``--amend`` replaces the newest one, which
is right only while no release carries it.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import events.catalogue  # noqa: F401 - completes the registry
from events import asyncapi
from events.event import REGISTRY, Event
from events.schema import history, rendered, schema_of
from events.topics import TOPICS

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = ROOT / "libs" / "events" / "schemas"
SERVICES = ("identity", "leads", "deals", "analytics", "notifications")


def artifacts() -> Iterator[tuple[Path, str]]:
    """Each generated file with its content, event schemas apart."""
    yield ROOT / "docs" / "asyncapi.json", json.dumps(asyncapi.document("0.1.0"), indent=1, ensure_ascii=False) + "\n"
    yield ROOT / "docs" / "events.md", events_page()
    for service in SERVICES:
        for folder, command in (("openapi", "openapi"), ("settings", "settings"), ("metrics", "metrics")):
            ending = "json" if command == "openapi" else "md"
            yield ROOT / "docs" / folder / f"{service}.{ending}", printed_by(service, command)
    yield ROOT / "docs" / "kpis.md", printed_by("analytics", "kpis")


def stale_schemas() -> Iterator[tuple[Path, str]]:
    """The next revision of each event schema that differs from its newest committed one."""
    for name, event_type in sorted(REGISTRY.items()):
        schema = schema_of(event_type)
        revisions = history(SCHEMAS, name)
        if not revisions or revisions[-1] != schema:
            yield SCHEMAS / name / f"{len(revisions) + 1}.json", rendered(schema)


def printed_by(service: str, command: str) -> str:
    """What ``python -m <service> <command>`` prints."""
    done = subprocess.run([sys.executable, "-m", service, command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"python -m {service} {command} failed:\n{done.stderr}")
    return done.stdout


def events_page() -> str:
    """The reference of all events, topic by topic."""
    lines = [
        "# Events",
        "",
        "Drawn from `libs/events/src/events/catalogue` by `./dealstream generate`. Envelope and promises:",
        "[libs/events/README.md](../libs/events/README.md). For machines: [asyncapi.json](asyncapi.json). Each event also",
        "has its JSON Schema under `libs/events/schemas` and one real message under `libs/events/examples`.",
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


def main() -> None:
    """Write what is stale and name it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--amend", action="store_true", help="replace the newest schema revision instead of adding one")
    amend = parser.parse_args().amend
    for path, content in [*stale_schemas(), *artifacts()]:
        target = path
        if amend and path.is_relative_to(SCHEMAS) and path.stem != "1":
            target = path.with_stem(str(int(path.stem) - 1))
        if not target.exists() or target.read_text(encoding="utf-8") != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
            print(target.relative_to(ROOT))


if __name__ == "__main__":
    main()
